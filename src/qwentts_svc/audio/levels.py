"""Checks of PCM (float32 mono in [-1, 1]) and its 16-bit form."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from qwentts_svc.errors import DecodeError
from qwentts_svc.types import Pcm

S16_SCALE = 32768


def require_finite(pcm: Pcm) -> None:
    """Raise DecodeError when a sample is NaN or infinite: it must never reach a listener as noise."""
    if not np.isfinite(pcm).all():
        raise DecodeError("the model produced samples that are not finite numbers")


def to_s16(pcm: Pcm) -> npt.NDArray[np.int16]:
    """Signed 16-bit samples: x * 32768, rounded half to even, clipped to [-32768, 32767].

    16-bit audio divided by 32768 survives the way back unchanged. Raises DecodeError for NaN and infinity.
    """
    require_finite(pcm)
    scaled = np.rint(np.asarray(pcm, dtype=np.float32) * np.float32(S16_SCALE))
    samples: npt.NDArray[np.int16] = np.clip(scaled, -S16_SCALE, S16_SCALE - 1).astype(np.int16)
    return samples
