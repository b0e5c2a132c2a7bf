"""Reference audio from a caller: bytes or a file in a common format to mono PCM at one rate."""

from __future__ import annotations

import io
import math
from pathlib import Path

import numpy as np
import soundfile
import soxr

from qwentts_svc.errors import InputError
from qwentts_svc.types import Pcm

FORMATS = ("WAV", "WAVEX", "RF64", "FLAC", "OGG", "MP3", "AIFF")

MIN_SECONDS = 0.2
MAX_SECONDS = 60.0
MAX_BYTES = 32 * 1024 * 1024
MAX_CHANNELS = 8
RATES = (4000, 384000)

SILENT_PEAK = 1e-3
"""Recordings that never get louder (-60 dB of full scale) hold no voice: a muted microphone, channels that cancel."""

_BLOCK_FRAMES = 65536


class _ForwardReader(soundfile.SoundFile):  # type: ignore[misc]  # the library is untyped
    """Reads straight on. The library otherwise seeks after every read, which fails at the end of a FLAC stream whose
    header leaves the length open."""

    def seekable(self) -> bool:
        return False


def decode_audio(
    source: bytes | Path,
    rate: int,
    *,
    min_s: float = MIN_SECONDS,
    max_s: float = MAX_SECONDS,
    max_bytes: int = MAX_BYTES,
    field: str = "ref_audio",
) -> Pcm:
    """float32 [samples] mono at ``rate`` Hz: channels averaged, then resampled (soxr HQ).

    Lengths are judged by what really decodes, block by block, so a small file cannot unfold into a large one. Blocks
    the caller while it decodes. Raises InputError (``field``) for what is missing, too large, not audio, too short,
    too long, silent, or holds samples that are not finite.
    """
    data = _load(source, max_bytes, field)
    name = f"{source}" if isinstance(source, Path) else "the audio"
    try:
        with _ForwardReader(io.BytesIO(data)) as file:
            source_rate, channels = file.samplerate, file.channels
            if file.format not in FORMATS:
                raise InputError(f"{name} is {file.format}; use WAV, FLAC, Ogg or MP3", field=field)
            if channels > MAX_CHANNELS or not RATES[0] <= source_rate <= RATES[1]:
                raise InputError(
                    f"{name} has {channels} channels at {source_rate} Hz, which is not speech", field=field
                )
            mono = _read_mono(file, int(max_s * source_rate), name, max_s, field)
    except soundfile.LibsndfileError as error:
        raise InputError(f"{name} cannot be read as audio; use WAV, FLAC, Ogg or MP3", field=field) from error
    if len(mono) < min_s * source_rate or not len(mono):
        seconds = len(mono) / source_rate
        raise InputError(f"{name} is too short: {seconds:.2f} s, at least {min_s:g} s are needed", field=field)
    if not np.isfinite(mono).all():
        raise InputError(f"{name} holds samples that are not finite numbers", field=field)
    if np.abs(mono).max() < SILENT_PEAK:
        raise InputError(f"{name} is silent; give a recording of a voice", field=field)
    return mono if source_rate == rate else resample(mono, source_rate, rate)


def resample(pcm: Pcm, source_rate: int, target_rate: int) -> Pcm:
    """float32 mono to another rate at once (soxr HQ), ``ceil(samples * (target_rate / source_rate))`` long.

    The length is the reference's own, rounding of the float64 product included: codes of the last frame depend on it.
    """
    found = np.asarray(soxr.resample(pcm, source_rate, target_rate, quality="HQ"), dtype=np.float32)
    size = math.ceil(len(pcm) * (target_rate / source_rate))
    return found[:size] if len(found) >= size else np.pad(found, (0, size - len(found)))


def _load(source: bytes | Path, max_bytes: int, field: str) -> bytes:
    if isinstance(source, Path):
        try:
            size = source.stat().st_size
            data = source.read_bytes() if size <= max_bytes else b""
        except FileNotFoundError:
            raise InputError(f"{source} does not exist", field=field) from None
        except OSError as error:
            raise InputError(f"{source} cannot be read ({error.strerror or error})", field=field) from error
    else:
        data, size = source, len(source)
    if size > max_bytes:
        raise InputError(f"the audio has {size} bytes; at most {max_bytes} are taken", field=field)
    if not data:
        raise InputError("the audio is empty", field=field)
    return data


def _read_mono(file: soundfile.SoundFile, limit: int, name: str, max_s: float, field: str) -> Pcm:
    """All of the file, one channel. A file's own statement of its length is not trusted."""
    blocks: list[Pcm] = []
    total = 0
    while True:
        block = file.read(_BLOCK_FRAMES, dtype="float32", always_2d=True)
        if not len(block):
            break
        total += len(block)
        if total > limit:
            raise InputError(f"{name} is too long: at most {max_s:g} s are taken", field=field)
        blocks.append(block.mean(axis=1, dtype=np.float32))
    return np.concatenate(blocks) if blocks else np.zeros(0, dtype=np.float32)
