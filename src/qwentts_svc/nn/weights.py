"""Named tensors of a checkpoint directory, handed out one by one straight into the model's memory and dtype.

Owns the open files and the record of what was taken; ``finish`` turns what is left over into an error, so that a
checkpoint of another architecture cannot load by half. Knows nothing about the model.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType, TracebackType

import numpy as np
import numpy.typing as npt
import torch

from qwentts_svc.errors import ModelError
from qwentts_svc.fields import read_json
from qwentts_svc.nn.safefile import SafeFile, TensorInfo

PICKLE_SUFFIXES = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle")

SCRATCH_BYTES = 8 * 1024 * 1024
"""Read at a time when a tensor changes dtype or device on the way: the price of a conversion in memory."""


class Weights:
    """The tensors of one or more safetensors files. A context manager; not thread-safe."""

    def __init__(self, source: Path, files: Iterable[SafeFile]) -> None:
        self._source = source
        self._files = tuple(files)
        self._where: dict[str, tuple[SafeFile, TensorInfo]] = {}
        self._taken: set[str] = set()
        for file in self._files:
            for name, info in file.tensors.items():
                if name in self._where:
                    raise ModelError(f"{file.path}: tensor {name} is also in {self._where[name][0].path.name}")
                self._where[name] = (file, info)

    def __enter__(self) -> Weights:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the files. Tensors that were taken or mapped stay valid."""
        for file in self._files:
            file.close()

    @property
    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """Every tensor's shape by name."""
        return MappingProxyType({name: info.shape for name, (_, info) in self._where.items()})

    def has(self, name: str) -> bool:
        return name in self._where

    def dtype(self, name: str) -> torch.dtype:
        """The dtype ``name`` is stored in."""
        return self._find(name, None)[1].dtype

    def check(self, name: str, shape: tuple[int, ...]) -> None:
        """Raises ModelError when the tensor is missing or has another shape."""
        self._find(name, shape)

    def take(
        self, name: str, shape: tuple[int, ...], dtype: torch.dtype, device: torch.device | str = "cpu"
    ) -> torch.Tensor:
        """A new contiguous tensor. Raises ModelError when it is missing or has another shape."""
        self._find(name, shape)
        target = torch.empty(shape, dtype=dtype, device=device)
        self.take_into(name, target)
        return target

    def take_into(self, name: str, target: torch.Tensor) -> None:
        """Fill ``target`` (any strides, dtype and device) with the tensor of its shape; no copy in between when
        ``target`` is contiguous CPU memory of the stored dtype."""
        file, info = self._find(name, tuple(target.shape))
        if target.dtype.is_floating_point:
            _check_floating(file, name, info)
        self._taken.add(name)
        if not info.nbytes:
            return
        with torch.no_grad():
            if target.device.type == "cpu" and target.dtype == info.dtype and target.is_contiguous():
                file.read_into(info.begin, _bytes_of(target))
            else:
                _convert(file, info, target)

    def map(self, name: str, shape: tuple[int, ...], *, floating: bool = False) -> torch.Tensor:
        """The tensor in its stored dtype over the mapped file, without a copy: its pages are read when touched and
        shared with the page cache. Copied only where the file holds it unaligned. ``floating``: refuse integers."""
        file, info = self._find(name, shape)
        if floating:
            _check_floating(file, name, info)
        if not info.nbytes or info.begin % info.dtype.itemsize:
            return self.take(name, shape, info.dtype)
        self._taken.add(name)
        return file.map(info)

    def skip(self, names: Iterable[str]) -> None:
        """Leave out tensors that the model does not use; names that are not there are no error."""
        self._taken.update(names)

    def finish(self, prefixes: Iterable[str] = ("",)) -> None:
        """Raise ModelError when a tensor under one of ``prefixes`` was neither taken nor skipped."""
        heads = tuple(prefixes)
        surplus = sorted(name for name in self._where if name not in self._taken and name.startswith(heads))
        if surplus:
            more = f" and {len(surplus) - 4} more" if len(surplus) > 4 else ""
            raise ModelError(f"{self._source}: tensors that this model does not have: {', '.join(surplus[:4])}{more}")

    def _find(self, name: str, shape: tuple[int, ...] | None) -> tuple[SafeFile, TensorInfo]:
        found = self._where.get(name)
        if found is None:
            raise ModelError(f"{self._source}: tensor {name} is missing")
        if shape is not None and found[1].shape != shape:
            stored = list(found[1].shape)
            raise ModelError(
                f"{found[0].path}: tensor {name} has shape {stored}, the configuration asks for {list(shape)}"
            )
        return found


def _check_floating(file: SafeFile, name: str, info: TensorInfo) -> None:
    """Integers where numbers are meant are a quantised checkpoint, whose scales nobody here would apply."""
    if not info.dtype.is_floating_point:
        kind = str(info.dtype).removeprefix("torch.")
        raise ModelError(
            f"{file.path}: tensor {name} is stored as {kind}; weights must be float32, float16 or bfloat16"
        )


def open_weights(directory: Path, file: str = "model.safetensors") -> Weights:
    """Open ``directory/file``, or the shards that ``directory/file.index.json`` lists.

    Raises ModelError for a missing directory or file, a truncated or foreign file, an index that names absent shards
    or tensors, and a directory that has its weights only as pickles, which are never loaded.
    """
    if not directory.is_dir():
        raise ModelError(f"{directory}: no such directory")
    single, index = directory / file, directory / f"{file}.index.json"
    if single.exists():
        return _open(single, [single])
    if not index.exists():
        raise _no_weights(directory, file)
    entries = read_json(index).section("weight_map")
    shards: dict[str, set[str]] = {}
    for tensor, name in entries.items(lambda fields, key: fields.text(key)):
        if Path(name).name != name or not name.endswith(".safetensors"):
            raise ModelError(f"{index}: {name!r} is not the name of a safetensors file in this directory")
        shards.setdefault(name, set()).add(tensor)
    if not shards:
        raise ModelError(f"{index}: weight_map is empty")
    absent = sorted(name for name in shards if not (directory / name).is_file())
    if absent:
        raise ModelError(f"{index}: shards are missing: {', '.join(absent)}")
    weights = _open(index, [directory / name for name in sorted(shards)])
    for tensors in shards.values():
        for tensor in sorted(tensors):
            if not weights.has(tensor):
                weights.close()
                raise ModelError(f"{index}: tensor {tensor} is in none of the shards")
    return weights


def weight_files(directory: Path, file: str = "model.safetensors") -> tuple[Path, ...]:
    """The files that ``open_weights`` would read, sorted by name. Raises ModelError like it."""
    with open_weights(directory, file) as weights:
        return tuple(part.path for part in weights._files)


def _open(source: Path, paths: Iterable[Path]) -> Weights:
    files: list[SafeFile] = []
    try:
        files.extend(map(SafeFile, paths))
        return Weights(source, files)
    except BaseException:
        for file in files:
            file.close()
        raise


def _no_weights(directory: Path, file: str) -> ModelError:
    pickles = sorted(path.name for path in directory.iterdir() if path.suffix in PICKLE_SUFFIXES)
    if pickles:
        return ModelError(
            f"{directory}: has its weights as pickles only ({', '.join(pickles[:4])}), which can run code when loaded; "
            f"convert them to {file}"
        )
    return ModelError(f"{directory / file}: missing")


def _bytes_of(tensor: torch.Tensor) -> memoryview:
    """The memory of a contiguous CPU tensor."""
    flat: npt.NDArray[np.uint8] = tensor.detach().reshape(-1).view(torch.uint8).numpy()
    return flat.data


def _convert(file: SafeFile, info: TensorInfo, target: torch.Tensor) -> None:
    """Fill ``target`` through a small buffer, so that no second copy of the tensor ever exists."""
    count = math.prod(info.shape)
    step = min(count, SCRATCH_BYTES // info.dtype.itemsize)
    scratch = torch.empty(step, dtype=info.dtype)
    buffer = _bytes_of(scratch)
    whole = target if target.is_contiguous() else torch.empty(info.shape, dtype=target.dtype, device=target.device)
    flat = whole.view(-1)
    for start in range(0, count, step):
        size = min(step, count - start)
        file.read_into(info.begin + start * info.dtype.itemsize, buffer[: size * info.dtype.itemsize])
        flat[start : start + size].copy_(scratch[:size])
    if whole is not target:
        target.copy_(whole)
