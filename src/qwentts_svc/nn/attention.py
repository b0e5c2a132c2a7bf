"""Attention over paged keys and values: the interface, and the portable backend.

A *decode* call has one query per row, each row with its own length and pages. A *prefill* call has the tokens of
several sequences packed one after another; each sequence attends to its own pages only. Keys and values of the call's
own tokens are in the pages before either is called.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from qwentts_svc.nn.kv import PagedKV


@dataclass(frozen=True, slots=True)
class Span:
    """Consecutive tokens of one sequence in a packed prefill: ``count`` tokens from packed row ``row``, at positions
    ``start``.. of a sequence whose pages are ``table`` (int64 [pages], enough for ``start + count`` positions)."""

    row: int
    count: int
    start: int
    table: Tensor


@dataclass(frozen=True, slots=True)
class DecodePlan:
    """What all layers of a decode step share. ``index`` int64 [rows]: where keys and values are written; ``lengths``
    [rows], own position included; ``table`` [rows, pages]; ``mask``: additive; in the types that the backend wants."""

    index: Tensor
    lengths: Tensor
    table: Tensor
    mask: Tensor | None


@dataclass(frozen=True, slots=True)
class PackedSpans:
    """All spans for a kernel that takes sequences of different lengths: int32 cumulative lengths [spans + 1] of queries
    and keys, the largest of each, and int32 ``table`` [spans, pages]."""

    queries: Tensor
    keys: Tensor
    most_queries: int
    most_keys: int
    table: Tensor


@dataclass(frozen=True, slots=True)
class PrefillPlan:
    """What all layers of a prefill share. ``index`` int64 [tokens]: where keys and values are written; one mask per
    span (additive), or the packed form of all spans, as the backend wants it."""

    index: Tensor
    spans: tuple[Span, ...]
    masks: tuple[Tensor, ...] = ()
    packed: PackedSpans | None = None


class AttentionBackend(Protocol):
    """One way to attend. ``block_multiple``: page sizes must be a multiple of it."""

    block_multiple: int

    def plan_decode(self, positions: Tensor, table: Tensor, kv: PagedKV) -> DecodePlan:
        """positions int64 [rows]; table int64 [rows, pages], padded with the scratch block."""

    def decode(self, q: Tensor, kv: PagedKV, layer: int, plan: DecodePlan) -> Tensor:
        """q [rows, heads, head_dim] -> [rows, heads * head_dim]."""

    def plan_prefill(self, spans: Sequence[Span], rows: int, kv: PagedKV) -> PrefillPlan:
        """``rows``: packed tokens including padding at the end."""

    def prefill(self, q: Tensor, kv: PagedKV, layer: int, plan: PrefillPlan) -> Tensor:
        """q [rows, heads, head_dim] -> [rows, heads * head_dim]; padding rows get zeros."""


def write_index(positions: Tensor, table: Tensor, block_size: int) -> Tensor:
    """Flat position of every row's own token: int64 [rows]."""
    block = table.gather(1, (positions // block_size)[:, None])[:, 0]
    return block * block_size + positions % block_size


def span_index(spans: Sequence[Span], rows: int, kv: PagedKV) -> Tensor:
    """Flat position of every packed token; padding goes to the scratch block."""
    index = torch.full((rows,), kv.scratch_block * kv.block_size, dtype=torch.int64, device=kv.k.device)
    for span in spans:
        positions = torch.arange(span.start, span.start + span.count, device=kv.k.device)
        index[span.row : span.row + span.count] = (
            span.table[positions // kv.block_size] * kv.block_size + positions % kv.block_size
        )
    return index


def length_mask(lengths: Tensor, total: int, dtype: torch.dtype) -> Tensor:
    """Additive [rows, total]: 0 for keys before the row's length, a number that softmax turns into exactly 0 beyond."""
    keys = torch.arange(total, device=lengths.device)
    hidden = keys[None, :] >= lengths[:, None]
    return torch.zeros(hidden.shape, dtype=dtype, device=lengths.device).masked_fill_(hidden, masked_value(dtype))


def masked_value(dtype: torch.dtype) -> float:
    """Far below any score, yet finite, so that a key set that is masked as a whole gives no NaN."""
    return torch.finfo(dtype).min / 2


class SdpaAttention:
    """Pages gathered into rows, then the framework's fused attention. Any device; bits may depend on the batch."""

    block_multiple = 1

    def plan_decode(self, positions: Tensor, table: Tensor, kv: PagedKV) -> DecodePlan:
        lengths = positions + 1
        mask = length_mask(lengths, table.shape[1] * kv.block_size, kv.k.dtype)[:, None, None, :]
        return DecodePlan(write_index(positions, table, kv.block_size), lengths, table, mask)

    def decode(self, q: Tensor, kv: PagedKV, layer: int, plan: DecodePlan) -> Tensor:
        k, v = kv.gather(layer, plan.table)
        rows, heads, dim = q.shape
        # The queries that share a key head stand where a sequence of queries would.
        grouped = q.reshape(rows, k.shape[2], -1, dim)
        out = F.scaled_dot_product_attention(grouped, k.transpose(1, 2), v.transpose(1, 2), attn_mask=plan.mask)
        return out.reshape(rows, heads * dim)

    def plan_prefill(self, spans: Sequence[Span], rows: int, kv: PagedKV) -> PrefillPlan:
        masks: list[Tensor] = []
        for span in spans:
            lengths = torch.arange(span.start + 1, span.start + span.count + 1, device=kv.k.device)
            masks.append(length_mask(lengths, span.start + span.count, kv.k.dtype))
        return PrefillPlan(span_index(spans, rows, kv), tuple(spans), tuple(masks))

    def prefill(self, q: Tensor, kv: PagedKV, layer: int, plan: PrefillPlan) -> Tensor:
        rows, heads, dim = q.shape
        out = torch.zeros(rows, heads * dim, dtype=q.dtype, device=q.device)
        for span, mask in zip(plan.spans, plan.masks, strict=True):
            k, v = kv.gather(layer, span.table[None])
            stop = span.start + span.count
            keys, values = (t[:, :stop].transpose(1, 2) for t in (k, v))
            own = q[span.row : span.row + span.count].reshape(span.count, keys.shape[1], -1, dim)
            grouped = own.permute(1, 2, 0, 3).reshape(1, keys.shape[1], -1, dim)
            group = heads // keys.shape[1]
            seen = F.scaled_dot_product_attention(grouped, keys, values, attn_mask=mask.repeat(group, 1))
            seen = seen.reshape(keys.shape[1], group, span.count, dim).permute(2, 0, 1, 3)
            out[span.row : span.row + span.count] = seen.reshape(span.count, heads * dim)
        return out
