"""Where speech goes: a WAV file, a raw PCM file, or raw PCM on stdout. Samples are the server's own conversion."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from qwentts_svc.errors import InputError, IoError

if TYPE_CHECKING:
    from qwentts_svc.types import Codes, Pcm

STDOUT: Final = "-"


class AudioSink:
    """Takes float32 PCM and writes it at once. ``target``: ``-`` or a path; ``.wav`` gets a header, the rest none.

    The file is opened with the first write, so that a request that fails early leaves nothing behind.
    """

    def __init__(self, target: str, sample_format: str, *, packet_ms: int = 0) -> None:
        self.samples = 0
        self._target = target
        self._float = sample_format == "f32"
        self._wav = target != STDOUT and target.lower().endswith(".wav")
        self._packet_ms = packet_ms
        self._sample_rate = 0
        self._file: BinaryIO | None = None
        if target == STDOUT and sys.stdout.isatty():
            raise InputError("--out - writes raw audio; send stdout to a file or a pipe", field="out")
        check_writable(target, "out")

    def write(self, pcm: Pcm, sample_rate: int) -> None:
        """Write float32 PCM [samples]. Raises IoError when the disk refuses it, BrokenPipeError on stdout."""
        self._sample_rate = sample_rate
        file = self._open()
        self.samples += len(pcm)
        step = max(1, self._packet_ms * sample_rate // 1000) if self._packet_ms else max(1, len(pcm))
        for start in range(0, len(pcm), step):
            self._put(file, encode(pcm[start : start + step], as_float=self._float))
            if self._target == STDOUT:
                file.flush()

    def close(self, sample_rate: int) -> None:
        """Finish the file; an empty speech becomes an empty file of the right form."""
        self._sample_rate = self._sample_rate or sample_rate
        file = self._open()
        try:
            if self._wav and file.seekable():
                file.seek(0)
                file.write(self._header(self.samples))
            file.flush()
            if file is not sys.stdout.buffer:
                file.close()
        except BrokenPipeError:
            raise
        except OSError as error:
            raise IoError(f"cannot write {self._target}: {error.strerror}") from None

    def abandon(self) -> None:
        """Close after a failure; what was written stays."""
        if self._file is not None and self._file is not sys.stdout.buffer:
            with suppress(OSError):  # what could not be written has been reported already
                self._file.close()

    @property
    def seconds(self) -> float:
        """Speech written so far."""
        return self.samples / self._sample_rate if self._sample_rate else 0.0

    def _open(self) -> BinaryIO:
        if self._file is None:
            if self._target == STDOUT:
                self._file = sys.stdout.buffer
            else:
                try:
                    self._file = open(self._target, "wb")  # noqa: SIM115  closed by close() or abandon()
                except OSError as error:
                    raise InputError(f"--out: cannot write {self._target}: {error.strerror}", field="out") from None
            if self._wav:
                self._put(self._file, self._header(None))
        return self._file

    def _put(self, file: BinaryIO, data: bytes) -> None:
        try:
            file.write(data)
        except BrokenPipeError:
            raise
        except OSError as error:
            raise IoError(f"cannot write {self._target}: {error.strerror}") from None

    def _header(self, samples: int | None) -> bytes:
        from qwentts_svc.audio.wav import wav_header

        return wav_header(self._sample_rate, samples, floats=self._float)


def encode(pcm: Pcm, *, as_float: bool) -> bytes:
    """float32 [samples] -> little-endian f32 or s16 bytes."""
    from qwentts_svc.audio.levels import to_s16

    return pcm.astype("<f4", copy=False).tobytes() if as_float else to_s16(pcm).astype("<i2", copy=False).tobytes()


def write_codes(path: str, codes: Codes) -> None:
    """Save int64 [frames, groups] under exactly this name. Raises InputError when it cannot be written."""
    import numpy as np

    try:
        with open(path, "wb") as file:
            np.save(file, codes)
    except OSError as error:
        raise InputError(f"--codes-out: cannot write {path}: {error.strerror}", field="codes-out") from None


def check_writable(target: str, option: str) -> None:
    """Find out before the model is loaded. Raises InputError."""
    if target == STDOUT:
        return
    path = Path(target)
    if not target or path.is_dir():
        raise InputError(f"--{option}: '{target}' is not a file name", field=option)
    if not path.parent.is_dir():
        raise InputError(f"--{option}: directory '{path.parent}' does not exist", field=option)
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise InputError(f"--{option}: no permission to write '{target}'", field=option)
