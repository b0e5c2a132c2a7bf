"""Where the listener is in the text: marks on the timeline of all audio given in a session, and a model of a player.

Positions are milliseconds of the session's audio, counted from its start and never taken back.
"""

from __future__ import annotations

from bisect import bisect_right


class Heard:
    """Belongs to one session. ``now_s`` is monotonic seconds."""

    def __init__(self) -> None:
        self.given_ms = 0.0
        """All audio given to the listener."""
        self._dry_s = 0.0
        """When a player that plays in real time, or that has told its position, will have played all of it."""
        self._marks: list[tuple[float, int, int]] = []
        """(position, segment, offset in its text) at the end of each piece of audio of the segments in work."""

    def give(self, duration_ms: float, segment: int, text_end: int, now_s: float) -> None:
        """Audio has been handed out; it speaks ``segment`` up to ``text_end``."""
        self.given_ms += duration_ms
        self._dry_s = max(self._dry_s, now_s) + duration_ms / 1000
        self._marks.append((self.given_ms, segment, text_end))

    def acknowledge(self, played_ms: float, now_s: float) -> None:
        """The listener has told its position: replaces the estimate."""
        self._dry_s = now_s + max(0.0, self.given_ms - played_ms) / 1000

    def position_ms(self, now_s: float) -> float:
        """How much has been heard, as far as known."""
        return max(0.0, self.given_ms - max(0.0, self._dry_s - now_s) * 1000)

    def reached(self, position_ms: float) -> tuple[int, int] | None:
        """(segment, offset in its text) heard at a position; None before the first mark of the segments in work."""
        index = bisect_right(self._marks, position_ms, key=lambda mark: mark[0])
        return self._marks[index - 1][1:] if index else None

    def ended(self, segment: int) -> None:
        """A segment needs its marks no more."""
        self._marks = [mark for mark in self._marks if mark[1] != segment]

    def dropped(self, now_s: float) -> None:
        """The listener throws away what it has not played."""
        self._dry_s = min(self._dry_s, now_s)
        self._marks.clear()
