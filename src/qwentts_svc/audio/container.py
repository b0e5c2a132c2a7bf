"""libsndfile as a stream: it writes into a buffer in memory that is emptied as it fills."""

from __future__ import annotations

import io
from typing import Any

import soundfile

from qwentts_svc.audio.levels import to_s16
from qwentts_svc.errors import DecodeError
from qwentts_svc.types import Pcm

OPUS_PAGE_MS = 60.0
"""Audio per Ogg page: what a listener waits for at most beyond the codec itself (libsndfile's own default: 1 s)."""

FLAC_LEVEL = 0.0
"""The level with the short blocks: 1152 samples instead of 4096 wait for a block to fill, for a few percent in size."""

_SET_OGG_PAGE_LATENCY_MS = 0x1302


class DrainBuffer:
    """What libsndfile takes for a file. Bytes already drained cannot be changed any more: writes to them, with which an
    encoder would complete its header, are dropped, so that the header keeps saying "length unknown"."""

    def __init__(self) -> None:
        self._base = 0
        self._data = bytearray()
        self._position = 0

    def write(self, data: bytes) -> int:
        start = self._position - self._base
        self._position += len(data)
        piece = bytes(data)
        if start < 0:
            piece, start = piece[-start:] if -start < len(piece) else b"", 0
        if start > len(self._data):
            self._data.extend(bytes(start - len(self._data)))
        self._data[start : start + len(piece)] = piece
        return len(data)

    def read(self, size: int = -1) -> bytes:
        """Nothing written is ever read back."""
        return b""

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        origin = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._base + len(self._data)}[whence]
        self._position = max(0, origin + offset)
        return self._position

    def tell(self) -> int:
        return self._position

    def drain(self) -> bytes:
        """Take what is there."""
        out = bytes(self._data)
        self._base += len(self._data)
        self._data.clear()
        return out


class ContainerSink:
    """Samples to a libsndfile format. Anything but Opus is given 16-bit samples, rounded by this program's one rule."""

    def __init__(self, rate: int, container: str, subtype: str, *, whole: bool = False) -> None:
        """``whole``: give out nothing before the end, so that the header can state the length."""
        self._whole = whole
        self._empty = True
        self._buffer = DrainBuffer()
        self._floats = subtype == "OPUS"
        self._file = soundfile.SoundFile(
            self._buffer,
            "w",
            samplerate=rate,
            channels=1,
            subtype=subtype,
            format=container,
            compression_level=FLAC_LEVEL if container == "FLAC" else None,
        )
        if self._floats:
            _set_page_latency(self._file, OPUS_PAGE_MS)

    def write(self, pcm: Pcm) -> bytes:
        if len(pcm):
            self._empty = False
            try:
                self._file.write(pcm.clip(-1.0, 1.0) if self._floats else to_s16(pcm))
            except soundfile.LibsndfileError as error:
                raise DecodeError("the audio could not be encoded") from error
        return b"" if self._whole else self._buffer.drain()

    def close(self) -> bytes:
        """The rest; nothing at all when there was no sample, because these containers have no empty form that readers
        accept."""
        self._file.close()
        rest = self._buffer.drain()
        return b"" if self._empty else rest


def _set_page_latency(file: Any, milliseconds: float) -> None:
    """Without this an Ogg stream would come in pieces of a second. The binding has no public name for it; where its
    inner names change, the stream only comes in larger pieces."""
    library, ffi, handle = (
        getattr(soundfile, "_snd", None),
        getattr(soundfile, "_ffi", None),
        getattr(file, "_file", None),
    )
    if library is None or ffi is None or handle is None:
        return
    value = ffi.new("double*", milliseconds)
    library.sf_command(handle, _SET_OGG_PAGE_LATENCY_MS, value, ffi.sizeof("double"))
