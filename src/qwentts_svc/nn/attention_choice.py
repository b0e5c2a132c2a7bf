"""Which attention backend a device, a dtype and the configuration come to."""

from __future__ import annotations

import importlib.util
from typing import Literal, TypeAlias

import torch

from qwentts_svc.errors import ModelError
from qwentts_svc.nn.attention import AttentionBackend, SdpaAttention
from qwentts_svc.nn.attention_flash import PACKAGE, load_flash
from qwentts_svc.nn.attention_pagewise import PagewiseAttention

AttentionKind: TypeAlias = Literal["auto", "sdpa", "flash"]

SDPA_BLOCK = 16


def choose_attention(
    kind: AttentionKind, device: torch.device, dtype: torch.dtype, head_dim: int, *, invariant: bool
) -> AttentionBackend:
    """``auto`` takes flash where it can run and results need not be invariant. Raises ModelError when ``flash`` is
    asked for and cannot be had."""
    if invariant:
        if kind == "flash":
            raise ModelError("attention 'flash' cannot keep runtime.numerics = 'invariant'; use 'fast' or 'sdpa'")
        return PagewiseAttention()
    can_flash = (
        device.type == "cuda"
        and dtype in (torch.float16, torch.bfloat16)
        and importlib.util.find_spec(PACKAGE) is not None
    )
    if kind == "flash" or (kind == "auto" and can_flash):
        return load_flash(device, dtype, head_dim)
    return SdpaAttention()


def default_block_size(attention: AttentionBackend) -> int:
    """The page size that suits the backend."""
    return max(SDPA_BLOCK, attention.block_multiple)
