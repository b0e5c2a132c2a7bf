"""Joining separately generated segments without a click: Hann-shaped fades of a few milliseconds."""

from __future__ import annotations

import numpy as np

from qwentts_svc.types import Pcm

DEFAULT_FADE_MS = 8.0
"""Long enough to hide a step, too short to be heard as a fade (5-10 ms)."""


def hann_rise(samples: int) -> Pcm:
    """float32 [samples] rising from near 0 to near 1; ``hann_rise(n) + hann_rise(n)[::-1] == 1``."""
    phase = (np.arange(samples) + 0.5) * (np.pi / (2 * max(samples, 1)))
    rise: Pcm = (np.sin(phase) ** 2).astype(np.float32)
    return rise


def crossfade(tail: Pcm, head: Pcm) -> Pcm:
    """Mix two equally long pieces, from ``tail`` to ``head``. New float32 [samples]."""
    rise = hann_rise(len(tail))
    mixed: Pcm = (tail * rise[::-1] + head * rise).astype(np.float32)
    return mixed


def fade_out(pcm: Pcm, sample_rate: int, fade_ms: float = DEFAULT_FADE_MS) -> Pcm:
    """A copy whose last ``fade_ms`` (or all of it, when shorter) fall to silence."""
    faded: Pcm = np.array(pcm, dtype=np.float32)
    samples = min(len(faded), round(sample_rate * fade_ms / 1000))
    if samples:
        faded[-samples:] *= hann_rise(samples)[::-1]
    return faded


class CrossfadeJoiner:
    """Joins segments that arrive in pieces. Holds back at most ``fade_ms`` of audio; each join shortens the whole by
    the overlap, which is ``fade_ms`` or, where a segment is shorter than that, the segment's length. The result does
    not depend on the pieces.
    """

    def __init__(self, sample_rate: int, fade_ms: float = DEFAULT_FADE_MS) -> None:
        self._fade = round(sample_rate * fade_ms / 1000)
        self._tail: Pcm = np.zeros(0, dtype=np.float32)
        """Joined and not given out yet: what a next segment would be mixed with. Between calls at most the fade."""
        self._head: Pcm | None = None
        """The start of a segment while it is shorter than the tail it will be mixed with; None: no join is open."""

    def push(self, pcm: Pcm) -> Pcm:
        """More audio of the present segment; returns what may be played now."""
        piece: Pcm = np.asarray(pcm, dtype=np.float32)
        if self._head is None:
            self._tail = np.concatenate([self._tail, piece])
        else:
            self._head = np.concatenate([self._head, piece])
            if len(self._head) >= len(self._tail):
                self._join()
        return self._release(self._fade)

    def next_segment(self) -> None:
        """The present segment is complete; another one follows."""
        self._join()
        self._head = np.zeros(0, dtype=np.float32)

    def finish(self) -> Pcm:
        """The last segment is complete: the rest."""
        self._join()
        return self._release(0)

    def _join(self) -> None:
        """Mix the end of the tail with the start of the head, over as much as both have."""
        if self._head is None:
            return
        overlap = min(len(self._tail), len(self._head))
        kept = len(self._tail) - overlap
        mixed = crossfade(self._tail[kept:], self._head[:overlap])
        self._tail = np.concatenate([self._tail[:kept], mixed, self._head[overlap:]])
        self._head = None

    def _release(self, keep: int) -> Pcm:
        """Everything but the last ``keep`` samples."""
        cut = max(0, len(self._tail) - keep)
        out, self._tail = self._tail[:cut], self._tail[cut:]
        return out
