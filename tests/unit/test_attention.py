"""Every attention backend computes causal attention over its pages; the page-wise one with bits of the row alone."""

from __future__ import annotations

import math
import random
from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from support import flash_stand_in

from qwentts_svc.errors import ModelError
from qwentts_svc.nn.attention import AttentionBackend, SdpaAttention, Span
from qwentts_svc.nn.attention_choice import choose_attention, default_block_size
from qwentts_svc.nn.attention_flash import FlashAttention
from qwentts_svc.nn.attention_pagewise import PagewiseAttention
from qwentts_svc.nn.kv import PagedKV

KV_HEADS, GROUP, DIM = 2, 2, 16
CPU = torch.device("cpu")


class Sequence:
    """Keys, values and queries of one sequence, stored in random blocks."""

    def __init__(self, length: int, blocks: list[int], seed: int, dtype: torch.dtype) -> None:
        generator = torch.Generator().manual_seed(seed)
        self.length = length
        self.q = torch.randn(length, KV_HEADS * GROUP, DIM, generator=generator).to(dtype)
        self.k, self.v = (torch.randn(length, KV_HEADS, DIM, generator=generator).to(dtype) for _ in range(2))
        self.table = torch.tensor(blocks)

    def store(self, kv: PagedKV) -> None:
        places = torch.arange(self.length)
        index = self.table[places // kv.block_size] * kv.block_size + places % kv.block_size
        kv.write(0, index, self.k, self.v)

    def expected(self, position: int) -> torch.Tensor:
        keys, values = (t[: position + 1].double().repeat_interleave(GROUP, dim=1) for t in (self.k, self.v))
        scores = torch.einsum("hd,mhd->hm", self.q[position].double(), keys) / math.sqrt(DIM)
        return torch.einsum("hm,mhd->hd", torch.softmax(scores, -1), values).flatten()


def make(lengths: list[int], block: int, dtype: torch.dtype = torch.float32) -> tuple[PagedKV, list[Sequence]]:
    torch.set_num_threads(1)
    counts = [-(-length // block) for length in lengths]
    order = list(range(sum(counts) + 3))
    random.Random(7).shuffle(order)
    kv = PagedKV(1, len(order), block, KV_HEADS, DIM, dtype)
    kv.k.normal_()
    kv.v.normal_()
    rows = [
        Sequence(n, [order.pop() for _ in range(c)], i, dtype)
        for i, (n, c) in enumerate(zip(lengths, counts, strict=True))
    ]
    for row in rows:
        row.store(kv)
    return kv, rows


def decode(backend: AttentionBackend, kv: PagedKV, picks: list[tuple[Sequence, int]]) -> torch.Tensor:
    pages = max(position // kv.block_size + 1 for _, position in picks)
    table = torch.full((len(picks), pages), kv.scratch_block)
    for index, (row, position) in enumerate(picks):
        used = position // kv.block_size + 1
        table[index, :used] = row.table[:used]
    plan = backend.plan_decode(torch.tensor([position for _, position in picks]), table, kv)
    return backend.decode(torch.stack([row.q[position] for row, position in picks]), kv, 0, plan)


def prefill(backend: AttentionBackend, kv: PagedKV, parts: list[tuple[Sequence, int, int]], pad: int) -> torch.Tensor:
    spans, pieces, at = [], [], 0
    for row, start, stop in parts:
        spans.append(Span(at, stop - start, start, row.table[: -(-stop // kv.block_size)]))
        pieces.append(row.q[start:stop])
        at += stop - start
    q = torch.cat([*pieces, torch.zeros(pad, KV_HEADS * GROUP, DIM, dtype=pieces[0].dtype)])
    return backend.prefill(q, kv, 0, backend.plan_prefill(spans, len(q), kv))


BACKENDS = [
    pytest.param(SdpaAttention(), 16, torch.float32, 1e-5, id="sdpa"),
    pytest.param(PagewiseAttention(), 16, torch.float32, 1e-5, id="pagewise"),
    pytest.param(PagewiseAttention(), 128, torch.float32, 1e-5, id="pagewise-large-blocks"),
    pytest.param(FlashAttention(flash_stand_in), 256, torch.bfloat16, 2e-2, id="flash"),
]


@pytest.mark.parametrize(("backend", "block", "dtype", "tolerance"), BACKENDS)
def test_decode_attends_to_exactly_the_own_positions(
    backend: AttentionBackend, block: int, dtype: torch.dtype, tolerance: float
) -> None:
    kv, rows = make([1, 40, 300, 17], block, dtype)
    picks = [(row, position) for row in rows for position in {0, row.length // 2, row.length - 1}]
    out = decode(backend, kv, picks)
    expected = torch.stack([row.expected(position) for row, position in picks])
    torch.testing.assert_close(out.double(), expected, rtol=0, atol=tolerance)


@pytest.mark.parametrize(("backend", "block", "dtype", "tolerance"), BACKENDS)
def test_prefill_of_packed_pieces_attends_like_one_sequence_each(
    backend: AttentionBackend, block: int, dtype: torch.dtype, tolerance: float
) -> None:
    kv, rows = make([90, 5, 300], block, dtype)
    parts = [(rows[0], 33, 90), (rows[1], 0, 5), (rows[2], 250, 300)]
    out = prefill(backend, kv, parts, pad=3)
    expected = torch.stack([row.expected(p) for row, start, stop in parts for p in range(start, stop)])
    torch.testing.assert_close(out[:-3].double(), expected, rtol=0, atol=tolerance)
    assert not out[-3:].any()


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_pagewise_decode_gives_a_row_the_same_bits_in_any_company(data: st.DataObject) -> None:
    kv, rows = make([400, 130, 64, 65, 1, 20], 16)
    backend = PagewiseAttention()
    pick = st.sampled_from(rows).flatmap(lambda row: st.tuples(st.just(row), st.integers(0, row.length - 1)))
    picks = data.draw(st.lists(pick, min_size=1, max_size=12))
    together = decode(backend, kv, picks)
    for index, alone in enumerate(picks):
        assert torch.equal(decode(backend, kv, [alone])[0], together[index])


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(1, 199), max_size=4, unique=True))
def test_pagewise_prefill_gives_the_same_bits_wherever_it_is_cut(cuts: list[int]) -> None:
    kv, rows = make([200, 30], 16)
    backend = PagewiseAttention()
    whole = prefill(backend, kv, [(rows[0], 0, 200)], pad=0)
    edges = [0, *sorted(cuts), 200]
    pieces = [prefill(backend, kv, [(rows[1], 0, 30), (rows[0], a, b)], pad=2)[30:-2] for a, b in pairwise(edges)]
    assert torch.equal(torch.cat(pieces), whole)


def test_flash_is_refused_with_a_reason_where_it_cannot_run() -> None:
    with pytest.raises(ModelError, match="NVIDIA GPU"):
        choose_attention("flash", CPU, torch.bfloat16, 128, invariant=False)
    with pytest.raises(ModelError, match="invariant"):
        choose_attention("flash", CPU, torch.bfloat16, 128, invariant=True)


def test_auto_takes_the_portable_backend_on_a_cpu() -> None:
    fast = choose_attention("auto", CPU, torch.float32, 64, invariant=False)
    exact = choose_attention("auto", CPU, torch.float32, 64, invariant=True)
    assert isinstance(fast, SdpaAttention)
    assert isinstance(exact, PagewiseAttention)
    assert default_block_size(fast) == default_block_size(exact) == 16
    assert default_block_size(FlashAttention(flash_stand_in)) == 256


def test_cleared_and_copied_blocks_hold_what_they_should() -> None:
    kv, rows = make([40], 16)
    source = int(rows[0].table[0])
    target = next(block for block in range(kv.blocks) if block not in rows[0].table.tolist())
    kv.copy_block(source, target)
    assert torch.equal(kv.k[:, target], kv.k[:, source])
    assert torch.equal(kv.v[:, target], kv.v[:, source])
    kv.clear(torch.tensor([source]))
    assert not kv.k[:, source].any()
    assert kv.k[:, target].any()
