"""Where texts are prepared: a little of one at once on the event loop, more of it on a worker thread.

Knows nothing of texts: it is given pieces of work and about how many characters they have to look at closely.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

__all__ = ["INLINE_LOAD", "SLICE_CHARS", "Workbench"]

INLINE_LOAD = 32
"""So little text (words as a language model writes them, a short sentence) is not worth the way to a worker."""
SLICE_CHARS = 500
"""A worker is given no more at a time, so that what is ready is spoken and others get their turn."""
_HOLD_S = 0.001
"""After so much work on the loop others get a turn there."""


class Workbench:
    """Shared by all sessions; lives on the event loop.

    One worker at a time: they share one interpreter, so that more of them would be no faster, and the loop would wait
    its turn among them.
    """

    def __init__(self) -> None:
        self._turn = asyncio.Semaphore(1)
        self._held_s = 0.0
        """Work on the loop since it was last given away here."""

    async def do(self, work: Callable[[], object], load: int) -> None:
        """Run ``work``. When this returns or raises, also when it is cancelled, ``work`` is not running any more."""
        if load <= INLINE_LOAD:
            start = time.perf_counter()
            work()
            self._held_s += time.perf_counter() - start
            if self._held_s >= _HOLD_S:
                self._held_s = 0.0
                await asyncio.sleep(0)
            return
        async with self._turn:
            await _ended(asyncio.ensure_future(asyncio.to_thread(work)))


async def _ended(job: asyncio.Future[object]) -> None:
    """Wait for ``job`` to its end. A thread cannot be stopped, and nobody else may be given the text that is under it:
    whoever is cancelled meanwhile is told so afterwards."""
    cancelled: asyncio.CancelledError | None = None
    while not job.done():
        try:
            await asyncio.wait((job,))
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        job.exception()  # nobody is left to hear of it
        raise cancelled
    job.result()
