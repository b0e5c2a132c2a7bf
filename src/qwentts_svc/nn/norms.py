"""Root-mean-square normalisation and the gate of the feed-forward layers."""

from __future__ import annotations

import math

import torch
from torch import Tensor


class RmsNorm:
    """``weight * x / sqrt(mean(x^2) + eps)`` over the last axis; a new tensor of x's dtype.

    The quotient is computed in float32 and rounded to the model's dtype before it is multiplied by ``weight``, which
    is what the checkpoints were trained with; in float32, where that rounding does nothing, the constant factor
    sqrt(width) is part of the weight. Leading axes of ``weight`` broadcast against those of x.
    """

    def __init__(self, weight: Tensor, eps: float) -> None:
        width, device = weight.shape[-1], weight.device
        self._folds = weight.dtype == torch.float32
        self._weight = weight * math.sqrt(width) if self._folds else weight
        # One-element tensors: a Python number would be converted anew at each of some hundred calls per frame.
        self._floor = torch.tensor([eps * width], dtype=torch.float32, device=device)
        self._root = torch.tensor([math.sqrt(width)], dtype=torch.float32, device=device)

    def __call__(self, x: Tensor) -> Tensor:
        if self._folds:
            return x * (x.square().sum(-1, keepdim=True) + self._floor).rsqrt_() * self._weight
        wide = x.float()
        scale = (wide.square().sum(-1, keepdim=True) + self._floor).rsqrt_() * self._root
        return (wide * scale).to(x.dtype) * self._weight


def silu_gate(x: Tensor) -> Tensor:
    """``silu(first half) * second half`` of the last axis."""
    gate, up = x.chunk(2, dim=-1)
    return torch.nn.functional.silu(gate) * up
