"""The end of speech without a click: half a Hann window over the last few milliseconds."""

from __future__ import annotations

import numpy as np

from qwentts_svc.types import Pcm


def fade_out(pcm: Pcm) -> Pcm:
    """A copy that falls from full level to exactly nothing over its whole length."""
    fall = 0.5 * (1.0 + np.cos(np.linspace(0.0, np.pi, len(pcm), dtype=np.float32)))
    faded: Pcm = (pcm * fall).astype(np.float32)
    return faded
