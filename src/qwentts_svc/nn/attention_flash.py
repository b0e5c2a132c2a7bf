"""Attention through the flash-attn package (NVIDIA GPUs): packed prefill of unequal lengths, and decode over pages.

The package is imported only when this backend is asked for. Its paged kernels take pages of a multiple of 256
positions, float16 or bfloat16, and int32 tables and lengths.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from itertools import accumulate
from typing import Any, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from qwentts_svc.errors import ModelError
from qwentts_svc.nn.attention import DecodePlan, PackedSpans, PrefillPlan, Span, span_index, write_index
from qwentts_svc.nn.kv import PagedKV

PAGE_MULTIPLE = 256
MAX_HEAD_DIM = 256
PACKAGE = "flash_attn"


class FlashFunctions(Protocol):
    """What is used of the package."""

    flash_attn_varlen_func: Any
    flash_attn_with_kvcache: Any


class FlashAttention:
    """Decode and prefill straight over the pages, nothing is gathered. No host synchronisation."""

    block_multiple = PAGE_MULTIPLE

    def __init__(self, functions: FlashFunctions) -> None:
        self._varlen = functions.flash_attn_varlen_func
        self._paged = functions.flash_attn_with_kvcache

    def plan_decode(self, positions: Tensor, table: Tensor, kv: PagedKV) -> DecodePlan:
        index = write_index(positions, table, kv.block_size)
        return DecodePlan(index, (positions + 1).to(torch.int32), table.to(torch.int32), None)

    def decode(self, q: Tensor, kv: PagedKV, layer: int, plan: DecodePlan) -> Tensor:
        out: Tensor = self._paged(
            q.unsqueeze(1),
            kv.k[layer],
            kv.v[layer],
            cache_seqlens=plan.lengths,
            block_table=plan.table,
            causal=True,
        )
        return out.reshape(q.shape[0], -1)

    def plan_prefill(self, spans: Sequence[Span], rows: int, kv: PagedKV) -> PrefillPlan:
        device, pages = kv.k.device, max(span.table.shape[0] for span in spans)
        stops = [span.start + span.count for span in spans]
        packed = PackedSpans(
            queries=_cumulative([span.count for span in spans], device),
            keys=_cumulative(stops, device),
            most_queries=max(span.count for span in spans),
            most_keys=max(stops),
            table=torch.stack(
                [F.pad(span.table, (0, pages - span.table.shape[0]), value=kv.scratch_block) for span in spans]
            ).to(torch.int32),
        )
        return PrefillPlan(span_index(spans, rows, kv), tuple(spans), packed=packed)

    def prefill(self, q: Tensor, kv: PagedKV, layer: int, plan: PrefillPlan) -> Tensor:
        packed = plan.packed
        assert packed is not None
        used = plan.spans[-1].row + plan.spans[-1].count
        # The causal mask is aligned to the last key, so a span that starts inside its sequence sees what came before.
        out: Tensor = self._varlen(
            q[:used],
            kv.k[layer],
            kv.v[layer],
            packed.queries,
            packed.keys,
            packed.most_queries,
            packed.most_keys,
            causal=True,
            block_table=packed.table,
        )
        return F.pad(out.reshape(used, -1), (0, 0, 0, q.shape[0] - used))


def load_flash(device: torch.device, dtype: torch.dtype, head_dim: int) -> FlashAttention:
    """The backend, if this device, dtype and installation can run it. Raises ModelError that says what is missing."""
    if device.type != "cuda" or not torch.cuda.is_available():
        raise ModelError("attention 'flash' needs an NVIDIA GPU; use attention 'sdpa' on this device")
    if dtype not in (torch.float16, torch.bfloat16):
        raise ModelError(f"attention 'flash' needs float16 or bfloat16, not {dtype}; set model.dtype or use 'sdpa'")
    if head_dim > MAX_HEAD_DIM or head_dim % 8:
        raise ModelError(f"attention 'flash' cannot take heads of {head_dim} values; use 'sdpa'")
    try:
        functions = importlib.import_module(PACKAGE)
    except ImportError as error:
        raise ModelError(
            "attention 'flash' needs the flash-attn package: pip install 'qwentts-svc[gpu]', or use attention 'sdpa'"
        ) from error
    return FlashAttention(functions)


def _cumulative(counts: list[int], device: torch.device) -> Tensor:
    return torch.tensor([0, *accumulate(counts)], dtype=torch.int32, device=device)
