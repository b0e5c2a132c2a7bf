"""Per-row mailbox: engine events in (on the loop), a non-blocking take and a wake-up out.

The engine bounds what lies in it through ``produced_frames``/``consumed_frames``; it therefore needs no limit here.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from qwentts_svc.runtime.messages import Failed, Finished, FramesOut, RowEvent
from qwentts_svc.types import FinishReason


class Mailbox:
    """Events of one row, in order, ending with ``Finished`` or ``Failed``. Each put calls ``notify``."""

    __slots__ = ("_events", "_notify", "consumed_frames", "parked", "produced_frames", "row_id", "terminal")

    def __init__(self, row_id: int, notify: Callable[[], None]) -> None:
        self.row_id = row_id
        self.produced_frames = 0
        self.consumed_frames = 0
        self.parked = False
        self.terminal = False
        """True once the terminal event has been put (not necessarily taken)."""
        self._notify = notify
        self._events: deque[RowEvent] = deque()

    def put(self, event: RowEvent) -> None:
        """Loop side of delivery. Nothing is accepted after the terminal event."""
        if self.terminal:
            return
        self.terminal = isinstance(event, Finished | Failed)
        self._events.append(event)
        self._notify()

    def take(self) -> RowEvent | None:
        """The next event, or None when there is none yet."""
        return self._events.popleft() if self._events else None

    @property
    def complete(self) -> bool:
        """Only the terminal event of a row that has said everything is left to take."""
        last = self._events[0] if len(self._events) == 1 else None
        return isinstance(last, Finished) and last.reason is FinishReason.COMPLETE

    def waiting_samples(self) -> int:
        """Samples of audio that lie here untaken."""
        return sum(len(event.pcm) for event in self._events if isinstance(event, FramesOut))
