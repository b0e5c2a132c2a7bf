"""One line on stderr that is rewritten while work goes on; nothing at all when stderr is not a terminal."""

from __future__ import annotations

import sys
import time


class Progress:
    """Call ``show`` as often as you like and ``clear`` at the end."""

    def __init__(self, *, every_s: float = 0.1) -> None:
        self._on = sys.stderr.isatty()
        self._every_s = every_s
        self._last_s = float("-inf")
        self._width = 0

    def show(self, text: str) -> None:
        """Replace the line."""
        now = time.monotonic()
        if not self._on or now - self._last_s < self._every_s:
            return
        self._last_s = now
        print(f"\r{text:<{self._width}}", end="", file=sys.stderr, flush=True)
        self._width = len(text)

    def clear(self) -> None:
        """Wipe the line."""
        if self._width:
            print(f"\r{'':<{self._width}}\r", end="", file=sys.stderr, flush=True)
            self._width = 0
