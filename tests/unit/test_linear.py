"""Linears: kinds agree, and a row rule that was found keeps its promise."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from qwentts_svc.errors import ModelError
from qwentts_svc.nn.linear import (
    DenseLinear,
    Int8Linear,
    InvariantLinear,
    LinearFactory,
    PackedLinear,
    RowRule,
    allowed_rows,
    row_rule,
)

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def _no_grad() -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)


class PlaceDependent:
    """A product whose bits depend on where a row stands."""

    in_features, out_features = 8, 4

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        return x[:, :4] * (1 + torch.arange(len(x))[:, None] * 1e-3)


class CountDependent:
    """A product whose bits depend on how many rows there are, from 16 up."""

    in_features, out_features = 8, 4

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        return x[:, :4] * (1.001 if len(x) >= 16 else 1.0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_packed_and_int8_agree_with_the_dense_product(dtype: torch.dtype) -> None:
    weight, bias, x = torch.randn(48, 64), torch.randn(48), torch.randn(5, 64)
    exact = x @ weight.T + bias
    for made, tolerance in (
        (DenseLinear(weight.to(dtype), bias.to(dtype)), 0.03),
        (PackedLinear(weight.to(dtype), bias.to(dtype)), 0.03),
        (Int8Linear(weight.to(dtype), bias.to(dtype)), 0.05),
    ):
        error = (made(x.to(dtype)).float() - exact).abs().mean() / exact.abs().mean()
        assert error < tolerance


@settings(max_examples=20, deadline=None)
@given(rows=st.integers(1, 70), place=st.integers(0, 69), width=st.sampled_from([16, 48, 112, 192]))
def test_an_invariant_linear_gives_a_row_the_same_bits_anywhere(rows: int, place: int, width: int) -> None:
    factory = LinearFactory("auto", torch.float32, CPU, invariant=True)
    linear = factory(torch.randn(96, width))
    row = torch.randn(width)
    alone = torch.randn(allowed_rows(1, factory.unit), width)
    alone[0] = row
    crowd = torch.randn(allowed_rows(rows, factory.unit), width)
    crowd[place % len(crowd)] = row
    assert torch.equal(linear(alone)[0], linear(crowd)[place % len(crowd)])


def test_a_kernel_that_depends_on_the_row_count_gets_small_pieces() -> None:
    rule = row_rule(CountDependent(), torch.float32)
    assert rule.chunk == 8
    linear = InvariantLinear(CountDependent(), rule)
    x = torch.randn(32, 8)
    assert torch.equal(linear(x), torch.cat([linear(part) for part in x.split(8)]))


def test_a_kernel_that_depends_on_the_place_is_refused() -> None:
    with pytest.raises(ModelError, match="numerics"):
        row_rule(PlaceDependent(), torch.float32)


def test_a_row_count_that_the_rule_does_not_cover_is_refused() -> None:
    linear = InvariantLinear(DenseLinear(torch.randn(4, 8)), RowRule(4, 8))
    with pytest.raises(ValueError, match="not allowed"):
        linear(torch.randn(3, 8))


def test_allowed_rows_are_powers_of_two_then_multiples_of_eight() -> None:
    assert [allowed_rows(rows, 2) for rows in (1, 2, 3, 5, 8, 9, 17)] == [2, 2, 4, 8, 8, 16, 24]
    assert allowed_rows(1, 8) == 8
    assert allowed_rows(5, 1) == 5


def test_packed_is_refused_for_a_dtype_it_does_not_know() -> None:
    with pytest.raises(ModelError, match="oneDNN"):
        LinearFactory("packed", torch.float16, CPU, invariant=False)
