"""Reference audio as a caller sends it -> what a voice is made from. Blocks; runs in a worker thread."""

from __future__ import annotations

from typing import Final

import numpy as np

from qwentts_svc.audio.decode import decode_audio
from qwentts_svc.types import Pcm

FIELD: Final = "reference.audio"
MIN_S: Final = 1.0
TAIL_S: Final = 0.5
"""Silence after the reference, without which a clone may echo the end of it."""


def read_reference(audio: bytes, rate: int, *, max_s: float, append_silence: bool) -> Pcm:
    """Decode WAV, FLAC, Ogg or MP3 to float32 [samples] mono at ``rate`` Hz. Raises InputError."""
    pcm = decode_audio(audio, rate, min_s=MIN_S, max_s=max_s, field=FIELD)
    if append_silence:
        pcm = np.concatenate([pcm, np.zeros(round(TAIL_S * rate), np.float32)])
    return pcm
