"""Attention whose bits depend on the row alone: every piece of work has a fixed shape and a fixed order.

Keys are taken in pages of ``PAGE`` positions. Each page is attended to on its own (always the same shape, however many
pages or rows there are), which gives a partial output and the log of its softmax denominator. The partial results are
then weighted and added as a binary tree over neighbouring pages: pages beyond a row's length weigh exactly nothing, so
the number of pages that the batch happens to need does not matter. Prefill does the same for ``QUERIES`` tokens at a
time, so a prompt may be cut into prefills anywhere.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from qwentts_svc.nn.attention import DecodePlan, PrefillPlan, Span, length_mask, span_index, write_index
from qwentts_svc.nn.kv import PagedKV

PAGE = 64
"""Positions that are reduced in one piece; a multiple of the KV block size, or the block size itself if larger."""

QUERIES = 32


class PagewiseAttention:
    """See the module. Costs about as much as the fused attention over gathered pages."""

    block_multiple = 1

    def plan_decode(self, positions: Tensor, table: Tensor, kv: PagedKV) -> DecodePlan:
        table = _whole_pages(table, kv)
        lengths = positions + 1
        page = _page(kv)
        mask = length_mask(lengths, table.shape[1] * kv.block_size, kv.k.dtype)
        return DecodePlan(write_index(positions, table, kv.block_size), lengths, table, mask.reshape(-1, 1, 1, page))

    def decode(self, q: Tensor, kv: PagedKV, layer: int, plan: DecodePlan) -> Tensor:
        rows, heads, dim = q.shape
        k, v = kv.gather(layer, plan.table)
        kv_heads, page = k.shape[2], _page(kv)
        pages = k.shape[1] // page
        own = q.reshape(rows, 1, kv_heads, -1, dim).expand(-1, pages, -1, -1, -1)
        keys, values = (t.view(rows * pages, page, kv_heads, dim).transpose(1, 2) for t in (k, v))
        assert plan.mask is not None
        out, weight = _attend(own.reshape(rows * pages, kv_heads, -1, dim), keys, values, plan.mask)
        out = _combine(out.view(rows, pages, kv_heads, -1, dim), weight.view(rows, pages, kv_heads, -1))
        return out.to(q.dtype).reshape(rows, heads * dim)

    def plan_prefill(self, spans: Sequence[Span], rows: int, kv: PagedKV) -> PrefillPlan:
        pieces: list[Span] = []
        masks: list[Tensor] = []
        page = _page(kv)
        for span in spans:
            table = _whole_pages(span.table[None], kv)[0]
            total = table.shape[0] * kv.block_size
            for offset in range(0, span.count, QUERIES):
                count, start = min(QUERIES, span.count - offset), span.start + offset
                # Queries beyond the last token of a piece see everything; their results are dropped.
                lengths = torch.arange(start + 1, start + 1 + QUERIES, device=kv.k.device)
                mask = length_mask(lengths, total, kv.k.dtype)
                pieces.append(Span(span.row + offset, count, start, table))
                masks.append(mask.view(QUERIES, -1, page).transpose(0, 1).unsqueeze(1))
        return PrefillPlan(span_index(spans, rows, kv), tuple(pieces), tuple(masks))

    def prefill(self, q: Tensor, kv: PagedKV, layer: int, plan: PrefillPlan) -> Tensor:
        rows, heads, dim = q.shape
        result = torch.zeros(rows, heads * dim, dtype=q.dtype, device=q.device)
        for piece, mask in zip(plan.spans, plan.masks, strict=True):
            k, v = kv.gather(layer, piece.table[None])
            kv_heads, page = k.shape[2], _page(kv)
            pages, group = k.shape[1] // page, heads // kv_heads
            keys, values = (t.view(pages, page, kv_heads, dim).transpose(1, 2) for t in (k, v))
            own = q[piece.row : piece.row + piece.count]
            if piece.count < QUERIES:
                own = F.pad(own, (0, 0, 0, 0, 0, QUERIES - piece.count))
            own = own.view(QUERIES, kv_heads, group, dim).permute(1, 2, 0, 3).reshape(1, kv_heads, -1, dim)
            out, weight = _attend(own.expand(pages, -1, -1, -1), keys, values, mask.repeat(1, 1, group, 1))
            out = _combine(out[None], weight[None])[0].view(kv_heads, group, QUERIES, dim).permute(2, 0, 1, 3)
            result[piece.row : piece.row + piece.count] = out.reshape(QUERIES, heads * dim)[: piece.count].to(q.dtype)
        return result


def _page(kv: PagedKV) -> int:
    return max(PAGE, kv.block_size)


def _whole_pages(table: Tensor, kv: PagedKV) -> Tensor:
    """Pad the table with the scratch block to a whole number of reduction pages."""
    per_page = _page(kv) // kv.block_size
    missing = -table.shape[1] % per_page
    return F.pad(table, (0, missing), value=kv.scratch_block) if missing else table


def _attend(q: Tensor, k: Tensor, v: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """q [pages, heads, n, dim], k and v [pages, heads, page, dim], additive mask [pages, 1, 1 or n, page] ->
    output [pages, heads, n, dim] and log-sum-exp float32 [pages, heads, n]."""
    if q.device.type == "cpu":
        fused: tuple[Tensor, Tensor] = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu.default(
            q, k, v, attn_mask=mask
        )
        return fused
    scores = torch.matmul(q, k.transpose(-1, -2)).float() * (1.0 / math.sqrt(q.shape[-1])) + mask.float()
    total = torch.logsumexp(scores, dim=-1)
    return torch.matmul(torch.exp(scores - total[..., None]).to(v.dtype), v), total


def _combine(out: Tensor, total: Tensor) -> Tensor:
    """Weigh the pages' outputs: out [rows, pages, heads, n, dim], total [rows, pages, heads, n] -> float32
    [rows, heads, n, dim]."""
    if out.shape[1] == 1:
        return out[:, 0].float()
    weight = torch.exp(total - total.amax(dim=1, keepdim=True))
    summed = _tree_sum(out.float() * weight[..., None])
    return summed / _tree_sum(weight)[..., None]


def _tree_sum(x: Tensor) -> Tensor:
    """Sum over axis 1, neighbours first: trailing zeros change neither the order of the other terms nor the result."""
    while x.shape[1] > 1:
        if x.shape[1] % 2:
            even, odd = x[:, :-1:2], x[:, 1::2]
            x = torch.cat((even + odd, x[:, -1:]), dim=1)
        else:
            x = x[:, 0::2] + x[:, 1::2]
    return x[:, 0]
