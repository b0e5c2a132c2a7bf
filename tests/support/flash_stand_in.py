"""The two functions of flash-attn 2 that the product calls: same signatures, same checks, plain arithmetic."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def _check(condition: bool, message: str) -> None:
    if not condition:
        raise RuntimeError(message)


def _check_cache(q: Tensor, k: Tensor, v: Tensor, block_table: Tensor, batch: int) -> None:
    _check(q.dtype in (torch.float16, torch.bfloat16), "FlashAttention only support fp16 and bf16 data type")
    _check(k.dtype == q.dtype and v.dtype == q.dtype, "query, key and value must have the same dtype")
    _check(all(t.stride(-1) == 1 for t in (q, k, v)), "Input tensor must have contiguous last dimension")
    _check(block_table.dtype == torch.int32, "block_table must have dtype torch.int32")
    _check(block_table.stride(-1) == 1, "block_table must have contiguous last dimension")
    _check(block_table.shape[0] == batch, "block_table must have shape (batch_size, max_num_blocks_per_seq)")
    _check(k.shape[1] % 256 == 0, "Paged KV cache block size must be divisible by 256")
    _check(k.shape == v.shape, "k and v must have the same shape")
    _check(q.shape[-1] == k.shape[-1] <= 256, "FlashAttention forward only supports head dimension at most 256")
    _check(q.shape[-1] % 8 == 0, "head dimension must be a multiple of 8")
    _check(q.shape[-2] % k.shape[2] == 0, "Number of heads in key/value must divide number of heads in query")


def _attend(q: Tensor, k: Tensor, v: Tensor, scale: float | None, causal: bool) -> Tensor:
    """q [n, heads, dim], k and v [m, kv_heads, dim]; causal mask aligned to the bottom right corner."""
    group = q.shape[1] // k.shape[1]
    keys, values = (t.float().repeat_interleave(group, dim=1) for t in (k, v))
    scores = torch.einsum("nhd,mhd->hnm", q.float(), keys) * (scale or 1 / math.sqrt(q.shape[-1]))
    if causal:
        n, m = scores.shape[1:]
        seen = torch.arange(m)[None, :] <= torch.arange(n)[:, None] + (m - n)
        scores = scores.masked_fill(~seen, float("-inf"))
    weights = torch.softmax(scores, dim=-1).nan_to_num(0.0)
    return torch.einsum("hnm,mhd->nhd", weights, values).to(q.dtype)


def flash_attn_varlen_func(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    cu_seqlens_q: Tensor,
    cu_seqlens_k: Tensor,
    max_seqlen_q: int,
    max_seqlen_k: int,
    dropout_p: float = 0.0,
    softmax_scale: float | None = None,
    causal: bool = False,
    window_size: tuple[int, int] = (-1, -1),
    softcap: float = 0.0,
    alibi_slopes: Tensor | None = None,
    deterministic: bool = False,
    return_attn_probs: bool = False,
    block_table: Tensor | None = None,
) -> Tensor:
    batch = cu_seqlens_q.numel() - 1
    _check(block_table is not None, "the stand-in knows paged caches only")
    assert block_table is not None
    _check_cache(q, k, v, block_table, batch)
    for lengths in (cu_seqlens_q, cu_seqlens_k):
        _check(lengths.dtype == torch.int32, "cu_seqlens must have dtype int32")
        _check(lengths.is_contiguous() and lengths.shape == (batch + 1,), "cu_seqlens must have shape (batch_size + 1)")
    _check(int(cu_seqlens_q[-1]) == q.shape[0], "cu_seqlens_q must end at total_q")
    _check(isinstance(max_seqlen_q, int) and isinstance(max_seqlen_k, int), "max_seqlen must be int")
    _check(max_seqlen_q == int(cu_seqlens_q.diff().max()), "max_seqlen_q is wrong")
    _check(max_seqlen_k == int(cu_seqlens_k.diff().max()), "max_seqlen_k is wrong")
    out = torch.empty_like(q)
    for row in range(batch):
        start, stop = int(cu_seqlens_q[row]), int(cu_seqlens_q[row + 1])
        keys = int(cu_seqlens_k[row + 1] - cu_seqlens_k[row])
        pages = block_table[row].long()
        own_k, own_v = (t[pages].flatten(0, 1)[:keys] for t in (k, v))
        out[start:stop] = _attend(q[start:stop], own_k, own_v, softmax_scale, causal)
    return out


def flash_attn_with_kvcache(
    q: Tensor,
    k_cache: Tensor,
    v_cache: Tensor,
    k: Tensor | None = None,
    v: Tensor | None = None,
    rotary_cos: Tensor | None = None,
    rotary_sin: Tensor | None = None,
    cache_seqlens: int | Tensor | None = None,
    cache_batch_idx: Tensor | None = None,
    cache_leftpad: Tensor | None = None,
    block_table: Tensor | None = None,
    softmax_scale: float | None = None,
    causal: bool = False,
    window_size: tuple[int, int] = (-1, -1),
    softcap: float = 0.0,
    rotary_interleaved: bool = True,
    alibi_slopes: Tensor | None = None,
    num_splits: int = 0,
    return_softmax_lse: bool = False,
) -> Tensor:
    _check(q.dim() == 4, "q must have shape (batch_size, seqlen, nheads, headdim)")
    assert block_table is not None
    assert isinstance(cache_seqlens, Tensor)
    _check_cache(q, k_cache, v_cache, block_table, q.shape[0])
    _check(cache_seqlens.dtype == torch.int32, "seqlens_k must have dtype int32")
    _check(cache_seqlens.shape == (q.shape[0],), "seqlens_k must have shape (batch_size)")
    out = torch.empty_like(q)
    for row in range(q.shape[0]):
        pages, keys = block_table[row].long(), int(cache_seqlens[row])
        own_k, own_v = (t[pages].flatten(0, 1)[:keys] for t in (k_cache, v_cache))
        out[row] = _attend(q[row], own_k, own_v, softmax_scale, causal)
    return out
