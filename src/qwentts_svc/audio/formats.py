"""PCM to the bytes a caller asked for, piece by piece: resampling, then a container or raw samples.

Raw PCM and G.711 bytes are the same for any split of the input; compressed streams decode to the same audio.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

import numpy as np
import soxr

from qwentts_svc.audio.container import ContainerSink
from qwentts_svc.audio.levels import require_finite, to_s16
from qwentts_svc.audio.wav import wav_header
from qwentts_svc.errors import DecodeError, InputError
from qwentts_svc.types import Pcm

MIN_RATE = 8000
MAX_RATE = 48000
OPUS_RATES = (8000, 12000, 16000, 24000, 48000)


class AudioFormat(StrEnum):
    """Encodings of mono speech."""

    PCM_S16LE = "pcm_s16le"
    PCM_F32LE = "pcm_f32le"
    WAV = "wav"
    """Signed 16-bit; streamed with an open length."""
    FLAC = "flac"
    """16-bit."""
    OGG_OPUS = "ogg_opus"
    MULAW = "mulaw"
    """G.711, 8 bits per sample, no header."""
    ALAW = "alaw"


class Sink(Protocol):
    """Samples at the target rate to bytes."""

    def write(self, pcm: Pcm) -> bytes: ...

    def close(self) -> bytes: ...


class StreamEncoder:
    """One stream of audio in one format. Not thread-safe; drop it to abandon the stream."""

    def __init__(self, sink: Sink, source_rate: int, target_rate: int) -> None:
        self._sink = sink
        self._resampler = (
            None if source_rate == target_rate else soxr.ResampleStream(source_rate, target_rate, 1, dtype="float32")
        )
        self._finished = False

    def encode(self, pcm: Pcm) -> bytes:
        """Bytes that are ready after ``pcm`` (float32 [samples] at the source rate, in [-1, 1]; more is clipped).

        May be empty while a filter or a codec's block fills. Raises DecodeError for NaN and infinity.
        """
        if self._finished:
            raise DecodeError("the audio stream was already finished")
        require_finite(pcm)
        samples = np.ascontiguousarray(pcm, dtype=np.float32)
        if self._resampler is not None:
            samples = self._resampler.resample_chunk(samples)
        return self._sink.write(samples)

    def finish(self) -> bytes:
        """The rest of the stream; nothing can follow. A stream without a sample is empty, a WAV header apart."""
        if self._finished:
            return b""
        self._finished = True
        out = b""
        if self._resampler is not None:
            out = self._sink.write(self._resampler.resample_chunk(np.zeros(0, dtype=np.float32), last=True))
        return out + self._sink.close()


def make_encoder(fmt: AudioFormat, source_rate: int, target_rate: int) -> StreamEncoder:
    """An encoder from float32 PCM at ``source_rate`` to ``fmt`` at ``target_rate``. Raises InputError for a rate that
    the format cannot carry."""
    check_rate(fmt, target_rate)
    return StreamEncoder(_sink(fmt, target_rate), source_rate, target_rate)


def encode_whole(pcm: Pcm, fmt: AudioFormat, source_rate: int, target_rate: int) -> bytes:
    """All of a recording at once, with its true length in the header. Raises InputError and DecodeError like the
    streaming encoder."""
    check_rate(fmt, target_rate)
    encoder = StreamEncoder(_sink(fmt, target_rate, whole=True), source_rate, target_rate)
    return encoder.encode(pcm) + encoder.finish()


def check_rate(fmt: AudioFormat, rate: int) -> None:
    """Raise InputError unless ``fmt`` can carry ``rate`` Hz."""
    if fmt is AudioFormat.OGG_OPUS and rate not in OPUS_RATES:
        allowed = ", ".join(map(str, OPUS_RATES))
        raise InputError(f"sample rate {rate} does not go with Opus; use {allowed}", field="sample_rate_hz")
    if not MIN_RATE <= rate <= MAX_RATE:
        raise InputError(f"sample rate {rate} is outside {MIN_RATE} to {MAX_RATE}", field="sample_rate_hz")


def _sink(fmt: AudioFormat, rate: int, *, whole: bool = False) -> Sink:
    match fmt:
        case AudioFormat.PCM_S16LE:
            return _S16()
        case AudioFormat.WAV:
            return _WholeWav(rate) if whole else _S16(wav_header(rate))
        case AudioFormat.PCM_F32LE:
            return _F32()
        case AudioFormat.FLAC:
            return ContainerSink(rate, "FLAC", "PCM_16", whole=whole)
        case AudioFormat.OGG_OPUS:
            return ContainerSink(rate, "OGG", "OPUS", whole=whole)
        case AudioFormat.MULAW:
            return ContainerSink(rate, "RAW", "ULAW", whole=whole)
        case AudioFormat.ALAW:
            return ContainerSink(rate, "RAW", "ALAW", whole=whole)


class _S16:
    """Little-endian 16-bit samples after an optional header."""

    def __init__(self, header: bytes = b"") -> None:
        self._header = header

    def write(self, pcm: Pcm) -> bytes:
        header, self._header = self._header, b""
        return header + to_s16(pcm).astype("<i2", copy=False).tobytes()

    def close(self) -> bytes:
        header, self._header = self._header, b""
        return header


class _WholeWav:
    """16-bit WAV whose header comes last in time and first in the bytes."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._data = bytearray()

    def write(self, pcm: Pcm) -> bytes:
        self._data += to_s16(pcm).astype("<i2", copy=False).tobytes()
        return b""

    def close(self) -> bytes:
        return wav_header(self._rate, len(self._data) // 2) + bytes(self._data)


class _F32:
    """Little-endian floats as they are, not clipped."""

    def write(self, pcm: Pcm) -> bytes:
        return pcm.astype("<f4", copy=False).tobytes()

    def close(self) -> bytes:
        return b""
