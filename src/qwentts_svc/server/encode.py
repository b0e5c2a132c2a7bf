"""PCM of one segment -> encoded packets of about ``chunk_ms``. One encoder per segment: a container format gives one
complete file per segment, and nothing of an interrupted segment can leak into the next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np

from qwentts_svc.audio.formats import AudioFormat, encode_whole, make_encoder
from qwentts_svc.audio.packetizer import Packetizer
from qwentts_svc.server.convert import Output
from qwentts_svc.server.pb.qwentts.v1 import tts_pb2 as pb
from qwentts_svc.types import AudioChunk, Pcm

FORMATS: Final[dict[int, AudioFormat]] = {
    pb.AUDIO_FORMAT_PCM_S16: AudioFormat.PCM_S16LE,
    pb.AUDIO_FORMAT_PCM_F32: AudioFormat.PCM_F32LE,
    pb.AUDIO_FORMAT_WAV: AudioFormat.WAV,
    pb.AUDIO_FORMAT_FLAC: AudioFormat.FLAC,
    pb.AUDIO_FORMAT_OGG_OPUS: AudioFormat.OGG_OPUS,
    pb.AUDIO_FORMAT_MULAW: AudioFormat.MULAW,
    pb.AUDIO_FORMAT_ALAW: AudioFormat.ALAW,
}
SAMPLE_BYTES: Final[dict[int, int]] = {
    pb.AUDIO_FORMAT_PCM_S16: 2,
    pb.AUDIO_FORMAT_PCM_F32: 4,
    pb.AUDIO_FORMAT_WAV: 2,
    pb.AUDIO_FORMAT_MULAW: 1,
    pb.AUDIO_FORMAT_ALAW: 1,
}
"""Of the formats whose size follows from the duration."""
MIN_FIRST_MS: Final = 20


def least_bytes(output: Output, chunk: AudioChunk) -> int:
    """Bytes that ``chunk`` comes to at least; 0 for compressed formats."""
    samples = len(chunk.pcm) * output.sample_rate // chunk.sample_rate
    return samples * SAMPLE_BYTES.get(output.format, 0)


@dataclass(frozen=True, slots=True)
class Packet:
    """Encoded audio; times are within the segment, at the model's own pace."""

    data: bytes
    start_ms: float
    end_ms: float
    text_end: int | None = None

    @property
    def duration_ms(self) -> float:
        """Audio in it."""
        return self.end_ms - self.start_ms


class SegmentEncoder(Protocol):
    """Takes the chunks of one segment in order; gives packets."""

    def feed(self, chunk: AudioChunk) -> Iterator[Packet]:
        """Packets that ``chunk`` completes."""

    def finish(self) -> Iterator[Packet]:
        """The rest of the segment."""


class StreamedSegment:
    """Packets as soon as they are full; the first one leaves with the first chunk."""

    def __init__(self, output: Output, source_rate: int) -> None:
        self._encoder = make_encoder(FORMATS[output.format], source_rate, output.sample_rate)
        self._chunk_ms = output.chunk_ms
        self._packetizer: Packetizer | None = None
        self._covered_ms = 0.0
        """Audio before this moment has left; an encoder that buffers makes it lag behind what went in."""
        self._marks: list[tuple[float, int]] = []

    def feed(self, chunk: AudioChunk) -> Iterator[Packet]:
        """Packets that ``chunk`` completes. Yields nothing while the encoder holds everything back."""
        if self._packetizer is None:
            first_ms = min(self._chunk_ms, max(MIN_FIRST_MS, len(chunk.pcm) * 1000 // chunk.sample_rate))
            self._packetizer = Packetizer(chunk.sample_rate, self._chunk_ms, first_ms=first_ms)
        if chunk.text_end is not None:
            self._marks.append((chunk.end_ms, chunk.text_end))
        for piece in self._packetizer.push(chunk.pcm):
            data = self._encoder.encode(piece.pcm)
            if data:
                yield self._packet(data, piece.end_ms)

    def finish(self) -> Iterator[Packet]:
        """The rest of the segment."""
        rest = self._packetizer.finish() if self._packetizer is not None else None
        data, end_ms = b"", self._covered_ms
        if rest is not None:
            data, end_ms = self._encoder.encode(rest.pcm), rest.end_ms
        data += self._encoder.finish()
        if data or end_ms > self._covered_ms:
            yield self._packet(data, end_ms)

    def _packet(self, data: bytes, end_ms: float) -> Packet:
        start_ms, self._covered_ms = self._covered_ms, end_ms
        text_end: int | None = None
        while self._marks and self._marks[0][0] <= end_ms + 0.5:
            text_end = self._marks.pop(0)[1]
        return Packet(data, start_ms, end_ms, text_end)


class WholeSegment:
    """All of a segment in one packet, with true lengths in the header of a container."""

    def __init__(self, output: Output, source_rate: int) -> None:
        self._output, self._rate = output, source_rate
        self._pieces: list[Pcm] = []

    def feed(self, chunk: AudioChunk) -> Iterator[Packet]:
        """Keeps ``chunk``; gives nothing yet."""
        self._pieces.append(chunk.pcm)
        return iter(())

    def finish(self) -> Iterator[Packet]:
        """Everything."""
        pcm = np.concatenate(self._pieces)
        data = encode_whole(pcm, FORMATS[self._output.format], self._rate, self._output.sample_rate)
        yield Packet(data, 0.0, len(pcm) * 1000 / self._rate)
