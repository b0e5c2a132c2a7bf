"""WAV around 16-bit mono PCM: a header for a stream whose length nobody knows yet, and a writer for files."""

from __future__ import annotations

import struct
from types import TracebackType
from typing import BinaryIO

from qwentts_svc.audio.levels import to_s16
from qwentts_svc.errors import IoError
from qwentts_svc.types import Pcm

OPEN_LENGTH = 0xFFFFFFFF
"""What the size fields say in a stream: read until the end."""

_HEADER = struct.Struct("<4sI4s4sIHHIIHH4sI")
_FORMAT_BYTES = 16
_PCM = 1
_FLOAT = 3


def wav_header(sample_rate: int, samples: int | None = None, *, floats: bool = False) -> bytes:
    """The 44 bytes before mono samples (signed 16-bit, or 32-bit float). ``samples`` None: the length is open."""
    width = 4 if floats else 2
    size = OPEN_LENGTH if samples is None else samples * width
    if size + _HEADER.size - 8 > OPEN_LENGTH:
        size = OPEN_LENGTH
    riff = OPEN_LENGTH if size == OPEN_LENGTH else size + _HEADER.size - 8
    return _HEADER.pack(
        b"RIFF",
        riff,
        b"WAVE",
        b"fmt ",
        _FORMAT_BYTES,
        _FLOAT if floats else _PCM,
        1,
        sample_rate,
        sample_rate * width,
        width,
        width * 8,
        b"data",
        size,
    )


class WavWriter:
    """Writes PCM to an open binary file as it comes. On close the header gets the true length where the file can seek;
    a pipe keeps the open one. The file itself stays open. Raises IoError when writing fails."""

    def __init__(self, file: BinaryIO, sample_rate: int, *, floats: bool = False) -> None:
        self._file = file
        self._rate = sample_rate
        self._floats = floats
        self._samples = 0
        self._closed = False
        self._start = file.tell() if file.seekable() else None
        self._put(wav_header(sample_rate, None, floats=floats))

    def __enter__(self) -> WavWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def write(self, pcm: Pcm) -> None:
        """Append float32 [samples]."""
        self._put(pcm.astype("<f4").tobytes() if self._floats else to_s16(pcm).astype("<i2").tobytes())
        self._samples += len(pcm)

    def close(self) -> None:
        """Complete the header. Harmless when called twice."""
        if self._closed:
            return
        self._closed = True
        if self._start is not None:
            end = self._file.tell()
            self._file.seek(self._start)
            self._put(wav_header(self._rate, self._samples, floats=self._floats))
            self._file.seek(end)

    def _put(self, data: bytes) -> None:
        try:
            self._file.write(data)
        except OSError as error:
            raise IoError(f"the WAV file cannot be written ({error.strerror or error})") from error
