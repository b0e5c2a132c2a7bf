"""Root-mean-square normalisation."""

from __future__ import annotations

import torch
from torch import Tensor


def rms_norm(x: Tensor, weight: Tensor, eps: float) -> Tensor:
    """``weight * x / sqrt(mean(x^2) + eps)`` over the last axis; a new tensor of x's dtype.

    The quotient is computed in float32 and rounded to the model's dtype before it is multiplied by ``weight``, which
    is what the checkpoints were trained with. Leading axes of ``weight`` broadcast against those of ``x``.
    """
    wide = x.float()
    scale = wide.square().sum(-1, keepdim=True).mul_(1.0 / x.shape[-1]).add_(eps).rsqrt_()
    return (wide * scale).to(x.dtype) * weight


def silu_gate(x: Tensor) -> Tensor:
    """``silu(first half) * second half`` of the last axis."""
    gate, up = x.chunk(2, dim=-1)
    return torch.nn.functional.silu(gate) * up
