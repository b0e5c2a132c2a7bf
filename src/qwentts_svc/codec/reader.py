"""Reads a codec's tensors by name while its layers are built, in float32, so that constants can be folded before the
weights take their final dtype. In checking mode nothing is read: only names and shapes are compared with the file."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from qwentts_svc.errors import ModelError
from qwentts_svc.nn.weights import Weights

__all__ = ["TensorReader"]


@dataclass(frozen=True, slots=True)
class TensorReader:
    """``prefix`` leads every name. ``dtype``, ``device``: where finished weights go. ``check_only``: nothing is read;
    tensors come out as views of one zero, good for their shape alone."""

    weights: Weights
    prefix: str
    dtype: torch.dtype
    device: torch.device
    check_only: bool = False

    def at(self, name: str) -> TensorReader:
        """The reader of a part."""
        return TensorReader(self.weights, f"{self.prefix}{name}.", self.dtype, self.device, self.check_only)

    def read(self, name: str, *shape: int) -> Tensor:
        """A float32 tensor on the CPU. Raises ModelError for a missing tensor or another shape."""
        full = self.prefix + name
        if not self.check_only:
            return self.weights.take(full, shape, torch.float32)
        if not self.weights.has(full):
            raise ModelError(f"tensor {full} is missing")
        stored = self.weights.shapes[full]
        if stored != shape:
            raise ModelError(f"tensor {full} has shape {list(stored)}, the configuration asks for {list(shape)}")
        self.weights.skip((full,))
        # Not the meta device: some of its operators load the framework's compiler, which takes seconds.
        return torch.zeros(()).expand(shape)

    def skip(self, name: str, *shape: int) -> None:
        """Check a tensor that the model does not use."""
        checker = TensorReader(self.weights, self.prefix, self.dtype, self.device, check_only=True)
        checker.read(name, *shape)

    def place(self, tensor: Tensor) -> Tensor:
        """A weight in its final dtype and place."""
        return tensor if self.check_only else tensor.to(self.device, self.dtype)

    def place_wide(self, tensor: Tensor) -> Tensor:
        """A weight that stays float32."""
        return tensor if self.check_only else tensor.to(self.device)
