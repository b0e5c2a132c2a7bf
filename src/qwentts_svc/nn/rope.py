"""Rotary positions, half-split: the pair (i, i + head_dim / 2) turns by ``position * theta^(-2i / head_dim)``."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor


class Rotation(NamedTuple):
    """Cosines and signed sines of some positions, each [tokens, 1, head_dim] in the model's dtype."""

    cos: Tensor
    sin: Tensor

    def rows(self, index: slice) -> Rotation:
        """The rotation of some of the tokens."""
        return Rotation(self.cos[index], self.sin[index])


def inverse_frequencies(head_dim: int, theta: float, device: torch.device | str = "cpu") -> Tensor:
    """float32 [head_dim / 2]."""
    exponents = torch.arange(0, head_dim, 2, dtype=torch.float32, device=device) / head_dim
    return 1.0 / (theta**exponents)


def rotation(positions: Tensor, frequencies: Tensor, dtype: torch.dtype) -> Rotation:
    """Angles in float32, then cast. positions: int64 [tokens]; frequencies: float32 [head_dim / 2]."""
    angles = positions.to(torch.float32)[:, None] * frequencies
    cos, sin = angles.cos(), angles.sin()
    return Rotation(
        torch.cat((cos, cos), dim=-1).to(dtype)[:, None, :],
        torch.cat((-sin, sin), dim=-1).to(dtype)[:, None, :],
    )


def rotate(x: Tensor, turn: Rotation) -> Tensor:
    """Turn every head of x [tokens, heads, head_dim]; a new tensor."""
    swapped = torch.roll(x, x.shape[-1] // 2, dims=-1)
    return torch.addcmul(x * turn.cos, swapped, turn.sin)
