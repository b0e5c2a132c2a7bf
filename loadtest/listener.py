"""A listener who plays audio in real time from its first chunk on, and notices what is heard and where it breaks."""

from __future__ import annotations

import numpy as np

AUDIBLE = 10 ** (-60 / 20)
"""-60 dBFS as an amplitude."""


def audible_offset_s(pcm: bytes, sample_rate: int) -> float | None:
    """Seconds from the start of s16 samples to the first one above -60 dBFS; None when all are below."""
    samples = np.frombuffer(pcm, "<i2")
    loud = np.flatnonzero(np.abs(samples.astype(np.int32)) > AUDIBLE * 32768)
    return float(loud[0]) / sample_rate if len(loud) else None


class Listener:
    """Times are monotonic seconds, given by the caller. ``prebuffer_s``: how long playback waits after the first
    chunk of a segment, so that small delays cannot be heard."""

    def __init__(self, prebuffer_s: float = 0.1) -> None:
        self._prebuffer_s = prebuffer_s
        self._ends_s: float | None = None
        """When the audio received so far has been played."""
        self._heard_s: float | None = None
        """The same without a prebuffer."""
        self._segment: int | None = None
        self._arrived_s = 0.0
        self.underruns = 0
        self.gaps_s: list[float] = []
        self.audible_at_s: float | None = None

    def feed(self, pcm: bytes, sample_rate: int, segment: int, now_s: float) -> None:
        """Take a chunk. An underrun is counted when playback had run out inside a segment."""
        duration_s = len(pcm) / 2 / sample_rate
        starts_s = now_s if self._heard_s is None else max(now_s, self._heard_s)
        if self.audible_at_s is None and (offset_s := audible_offset_s(pcm, sample_rate)) is not None:
            self.audible_at_s = starts_s + offset_s
        self._heard_s = starts_s + duration_s
        if segment == self._segment and self._ends_s is not None:
            self.gaps_s.append(now_s - self._arrived_s)
            if now_s > self._ends_s:
                self.underruns += 1
                self._ends_s = now_s + self._prebuffer_s
        else:
            # A pause between two segments is nobody's fault: the text may not have been there.
            self._ends_s = max(now_s + self._prebuffer_s, self._ends_s or 0.0)
        self._ends_s += duration_s
        self._segment, self._arrived_s = segment, now_s
