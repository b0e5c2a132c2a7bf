"""Near-silence: what a listener cannot hear need not be waited for."""

from __future__ import annotations

from qwentts_svc.audio.levels import peak_dbfs, rms_dbfs
from qwentts_svc.types import Pcm

__all__ = ["MAX_TRIM_FRAMES", "SILENCE_DBFS", "LeadingSilence", "is_silent", "peak_dbfs", "rms_dbfs"]

SILENCE_DBFS = -60.0
"""Audio whose peak stays below this is not heard."""

MAX_TRIM_FRAMES = 4
"""At most this many leading frames are left out, lest a quiet voice lose its first sound."""


def is_silent(pcm: Pcm, threshold_dbfs: float = SILENCE_DBFS) -> bool:
    """True when no sample reaches the threshold."""
    return peak_dbfs(pcm) < threshold_dbfs


class LeadingSilence:
    """Finds how many whole frames at the start of a stream are near-silent, frame by frame."""

    def __init__(
        self, samples_per_frame: int, *, threshold_dbfs: float = SILENCE_DBFS, max_frames: int = MAX_TRIM_FRAMES
    ) -> None:
        self._samples_per_frame = samples_per_frame
        self._threshold_dbfs = threshold_dbfs
        self._left = max_frames
        self.skipped_frames = 0

    @property
    def done(self) -> bool:
        """True once sound was found or the limit was reached: everything from here on is kept."""
        return self._left <= 0

    def frames_to_skip(self, pcm: Pcm) -> int:
        """Leading frames of ``pcm`` (whole frames, in order of the stream) to leave out."""
        skip = 0
        while not self.done and (skip + 1) * self._samples_per_frame <= len(pcm):
            start = skip * self._samples_per_frame
            if not is_silent(pcm[start : start + self._samples_per_frame], self._threshold_dbfs):
                self._left = 0
                break
            self._left -= 1
            skip += 1
        self.skipped_frames += skip
        return skip
