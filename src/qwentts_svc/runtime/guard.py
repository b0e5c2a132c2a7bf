"""Runaway guard: speech out of proportion to its text, loops, endless near-silence. Pure; numpy only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from qwentts_svc.runtime.rows import Row
from qwentts_svc.types import Pcm

SILENCE_PEAK = 10 ** (-60 / 20)
"""Near-silence: every sample below -60 dBFS."""

LOOP_PERIODS = range(1, 9)
"""Loops of so many frames are looked for; longer repetition may be what the text says."""

_CHECK_EVERY = 16


@dataclass(frozen=True, slots=True)
class GuardLimits:
    """``loop_frames``: stop after this many frames of one repeated pattern of codes; ``silence_frames``: after this
    many near-silent frames in a row; 0 switches either off. ``retries``: attempts with another seed for a row of
    which nothing was heard yet."""

    loop_frames: int = 100
    silence_frames: int = 100
    retries: int = 1


def over_budget(row: Row) -> bool:
    """More frames than the text can need."""
    return row.budget_frames is not None and row.frames_done > row.budget_frames


def is_looping(row: Row, limits: GuardLimits) -> bool:
    """The last ``loop_frames`` frames are a pattern of at most 8 frames, said at least twice, in every codebook. Looked
    at now and then: a loop does not go away."""
    length = limits.loop_frames
    if length <= 0 or row.frames_done < length or row.frames_done % _CHECK_EVERY:
        return False
    tail = row.codes[-length:]
    return any(2 * period <= length and np.array_equal(tail[period:], tail[:-period]) for period in LOOP_PERIODS)


def silent_prefix_frames(pcm: Pcm, frame_samples: int) -> int:
    """Leading whole frames of ``pcm`` that are near-silent."""
    peaks = np.abs(pcm.reshape(-1, frame_samples)).max(axis=1, initial=0.0)
    loud = np.flatnonzero(peaks >= SILENCE_PEAK)
    return int(loud[0]) if len(loud) else len(peaks)


def silent_suffix_frames(pcm: Pcm, frame_samples: int) -> int:
    """Trailing whole frames of ``pcm`` that are near-silent."""
    return silent_prefix_frames(pcm[::-1], frame_samples)
