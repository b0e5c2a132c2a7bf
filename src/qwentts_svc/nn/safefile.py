"""One safetensors file, read through its file descriptor: the header checked against the file, bytes on demand.

Reading (``pread``) instead of mapping keeps the process small: a mapped page counts as memory of the process until the
mapping goes, a page read through a descriptor never does. No pickle is ever opened.
"""

from __future__ import annotations

import json
import math
import mmap
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TypeGuard

import torch

from qwentts_svc.errors import ModelError

MAX_HEADER_BYTES = 100_000_000

DTYPES: dict[str, torch.dtype] = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "I64": torch.int64,
    "I32": torch.int32,
    "I16": torch.int16,
    "I8": torch.int8,
    "U8": torch.uint8,
    "BOOL": torch.bool,
}


@dataclass(frozen=True, slots=True)
class TensorInfo:
    """Where a tensor lies. ``begin``: absolute offset in the file, bytes."""

    dtype: torch.dtype
    shape: tuple[int, ...]
    begin: int

    @property
    def nbytes(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize


class SafeFile:
    """An open file. ``tensors`` maps names to places. Raises ModelError for anything but a whole safetensors file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._fd = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
        except FileNotFoundError:
            raise ModelError(f"{path}: missing") from None
        except OSError as error:
            raise ModelError(f"{path}: cannot be opened ({error.strerror})") from error
        try:
            self.tensors = _read_header(path, self._fd)
        except BaseException:
            self.close()
            raise

    def read_into(self, offset: int, target: memoryview) -> None:
        """Fill ``target`` with the bytes at ``offset``. Raises ModelError when the file ends or fails early."""
        done = 0
        while done < len(target):
            try:
                count = os.preadv(self._fd, [target[done:]], offset + done)
            except OSError as error:
                raise ModelError(f"{self.path}: reading failed ({error.strerror})") from error
            if count == 0:
                raise ModelError(f"{self.path}: the file shrank while it was read")
            done += count

    def map(self, info: TensorInfo) -> torch.Tensor:
        """The tensor over a private mapping of just its pages, which lives as long as the tensor does. Writing to it
        changes neither the file nor anyone else's view."""
        skip = info.begin % mmap.ALLOCATIONGRANULARITY
        try:
            pages = mmap.mmap(self._fd, info.nbytes + skip, access=mmap.ACCESS_COPY, offset=info.begin - skip)
        except (OSError, ValueError) as error:
            raise ModelError(f"{self.path}: cannot be mapped ({error})") from error
        count = math.prod(info.shape)
        return torch.frombuffer(pages, dtype=info.dtype, count=count, offset=skip).view(info.shape)

    def close(self) -> None:
        """Close the descriptor; mapped tensors stay valid."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def _read_header(path: Path, fd: int) -> dict[str, TensorInfo]:
    size = os.fstat(fd).st_size
    prefix = os.pread(fd, 8, 0)
    length = int.from_bytes(prefix, "little")
    if len(prefix) < 8 or not 2 <= length <= MAX_HEADER_BYTES:
        raise ModelError(f"{path}: not a safetensors file")
    start = 8 + length
    head = os.pread(fd, length, 8)
    if not head.startswith(b"{"):
        raise ModelError(f"{path}: not a safetensors file")
    if start > size:
        raise ModelError(f"{path}: truncated inside its header ({size} bytes, the header alone needs {start})")
    try:
        header = json.loads(head.decode("utf-8"))
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise ModelError(f"{path}: not a safetensors file (its header is not JSON)") from error
    if not isinstance(header, dict):
        raise ModelError(f"{path}: not a safetensors file (its header is not an object)")
    header.pop("__metadata__", None)
    tensors: dict[str, TensorInfo] = {}
    end = start
    for name, (info, stop) in sorted(
        ((name, _entry(path, name, raw, start)) for name, raw in header.items()),
        key=lambda item: (item[1][0].begin, item[1][1]),
    ):
        if info.begin != end:
            raise ModelError(f"{path}: tensor {name} overlaps another one or leaves a hole")
        tensors[name], end = info, stop
    if end > size:
        raise ModelError(f"{path}: truncated ({size} bytes, its tensors need {end})")
    if end < size:
        raise ModelError(f"{path}: {size - end} bytes follow the last tensor")
    return tensors


def _entry(path: Path, name: str, raw: object, start: int) -> tuple[TensorInfo, int]:
    """Check one header entry: (place, end of its bytes), both absolute."""
    if not isinstance(raw, dict):
        raise ModelError(f"{path}: tensor {name}: malformed header entry")
    dtype, shape, offsets = raw.get("dtype"), raw.get("shape"), raw.get("data_offsets")
    if not isinstance(dtype, str) or dtype not in DTYPES:
        raise ModelError(f"{path}: tensor {name}: dtype {dtype!r} is not supported")
    if not _are_sizes(shape) or not _are_sizes(offsets) or len(offsets) != 2:
        raise ModelError(f"{path}: tensor {name}: malformed shape or offsets")
    info = TensorInfo(DTYPES[dtype], tuple(shape), start + offsets[0])
    if offsets[1] - offsets[0] != info.nbytes:
        raise ModelError(f"{path}: tensor {name}: {offsets[1] - offsets[0]} bytes for a shape of {info.nbytes} bytes")
    return info, start + offsets[1]


def _are_sizes(value: object) -> TypeGuard[list[int]]:
    return isinstance(value, list) and all(type(item) is int and 0 <= item < 2**62 for item in value)
