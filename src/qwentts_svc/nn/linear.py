"""Matrix products with the model's weights, in several implementations, and products whose bits depend on a row alone.

``dense`` works everywhere; ``packed`` keeps the weight in oneDNN's own layout (CPU, float32 and bfloat16) and reads it
once for any small batch; ``int8`` keeps 8-bit weights with one scale per output channel (weight-only quantization).

A kernel may choose its order of summation by the number of rows, so the same row can get other bits in another batch.
``RowRule`` says for which row counts it does not: found by trying (``row_rule``), not by trust in a library version.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

import torch
import torch.nn.functional as F
from torch import Tensor

from qwentts_svc.errors import ModelError

LinearKind: TypeAlias = Literal["auto", "dense", "packed", "int8"]

PACK_FROM_ELEMENTS = 1 << 20
"""Smaller weights stay in the cache, where the dense kernel has less overhead per call."""


QUANTIZE_ROWS = 512
"""Weight rows widened at a time while they are quantized."""

DENSE_UNIT = 4
"""A small dense product that needs more rows than this to be invariant costs more than the packed one."""


class Linear(Protocol):
    """``x @ weight.T (+ bias)``: x [rows, in] -> [rows, out], a new tensor."""

    in_features: int
    out_features: int

    def __call__(self, x: Tensor) -> Tensor: ...


class DenseLinear:
    """The plain product; any device, any floating dtype.

    A CPU's float32 weight is laid out anew, column by column, and the given tensor is not kept: at a few rows that
    product is up to a third faster than the one with the rows of the checkpoint, and its order of summation does not
    change with the number of rows (docs/log.md).
    """

    def __init__(self, weight: Tensor, bias: Tensor | None = None) -> None:
        self.out_features, self.in_features = weight.shape
        turned = weight.device.type == "cpu" and weight.dtype == torch.float32
        self._weight = weight.t().contiguous() if turned else weight.t()
        self._bias = bias

    def __call__(self, x: Tensor) -> Tensor:
        if self._bias is None:
            return torch.mm(x, self._weight)
        return torch.addmm(self._bias, x, self._weight)


class PackedLinear:
    """The product over a weight that oneDNN laid out beforehand; the given tensor is not kept."""

    def __init__(self, weight: Tensor, bias: Tensor | None = None) -> None:
        self.out_features, self.in_features = weight.shape
        self._weight = torch.ops.mkldnn._reorder_linear_weight(weight, 8)
        self._bias = bias
        self._product = torch.ops.mkldnn._linear_pointwise.default

    def __call__(self, x: Tensor) -> Tensor:
        out: Tensor = self._product(x, self._weight, self._bias, "none", [], "")
        return out


class Int8Linear:
    """8-bit weights, one scale per output channel; activations keep their dtype. Half the memory traffic of bfloat16.

    The fused CPU kernel takes bfloat16 activations; otherwise the weight is widened on the fly: that saves memory only.
    """

    def __init__(self, weight: Tensor, bias: Tensor | None = None) -> None:
        self.out_features, self.in_features = weight.shape
        self._weight = torch.empty(weight.shape, dtype=torch.int8, device=weight.device)
        self._scale = torch.empty(weight.shape[0], dtype=weight.dtype, device=weight.device)
        for start in range(0, weight.shape[0], QUANTIZE_ROWS):
            part = slice(start, start + QUANTIZE_ROWS)
            wide = weight[part].float()
            self._scale[part] = (wide.abs().amax(dim=1) / 127.0).clamp(min=1e-12)
            steps = wide / self._scale[part].float()[:, None]
            self._weight[part] = steps.round_().clamp_(-127, 127).to(torch.int8)
        self._bias = bias
        self._fused = weight.device.type == "cpu" and weight.dtype == torch.bfloat16

    def __call__(self, x: Tensor) -> Tensor:
        if self._fused:
            out = torch._weight_int8pack_mm(x, self._weight, self._scale)
        else:
            out = F.linear(x, self._weight.to(x.dtype)) * self._scale
        return out if self._bias is None else out + self._bias


GROUP = 8
"""Larger row counts are multiples of it; smaller ones are powers of two."""


@dataclass(frozen=True, slots=True)
class RowRule:
    """Products of ``allowed_rows`` from ``unit`` up, at most ``chunk`` rows at a time, give each row bits that depend
    on it alone."""

    unit: int
    chunk: int


def allowed_rows(rows: int, unit: int) -> int:
    """The least row count that holds ``rows`` and that a rule of ``unit`` covers; ``rows`` itself when unit is 1."""
    if unit == 1:
        return rows
    if rows > GROUP:
        return -(-rows // GROUP) * GROUP
    return max(unit, 1 << (rows - 1).bit_length())


class InvariantLinear:
    """A product in pieces of at most ``rule.chunk`` rows. Raises ValueError for a row count that the rule forbids."""

    def __init__(self, inner: Linear, rule: RowRule) -> None:
        self.in_features, self.out_features = inner.in_features, inner.out_features
        self.rule = rule
        self._inner = inner

    def __call__(self, x: Tensor) -> Tensor:
        rows = x.shape[0]
        if rows != allowed_rows(rows, self.rule.unit):
            raise ValueError(f"{rows} rows are not allowed from {self.rule.unit} up")
        if rows <= self.rule.chunk:
            return self._inner(x)
        return torch.cat([self._inner(piece) for piece in torch.split(x, self.rule.chunk)])


CANDIDATE_RULES = (
    RowRule(2, 32),
    RowRule(4, 32),
    RowRule(2, 8),
    RowRule(8, 32),
    RowRule(4, 8),
    RowRule(8, 16),
    RowRule(8, 8),
)
PROBED_ROWS = (2, 4, 8, 16, 24, 32)


def row_rule(linear: Linear, dtype: torch.dtype, device: torch.device | str = "cpu") -> RowRule:
    """Find the most generous rule that holds for ``linear`` by comparing bits over row counts and row positions.

    Raises ModelError when even a fixed count of 8 rows gives a row different bits at different places.
    """
    generator = torch.Generator().manual_seed(20)
    data = torch.randn(1 + max(PROBED_ROWS), linear.in_features, generator=generator).to(device, dtype)
    row, others = data[0], data[1:]
    seen: dict[int, Tensor | None] = {}

    def bits(rows: int) -> Tensor | None:
        """The row's result in a batch of ``rows``; None when it depends on the place."""
        if rows not in seen:
            results = []
            for place in range(rows):
                x = others[:rows].clone()
                x[place] = row
                results.append(linear(x)[place])
            same = all(torch.equal(result, results[0]) for result in results)
            seen[rows] = results[0].clone() if same else None
        return seen[rows]

    def holds(rule: RowRule) -> bool:
        results = [bits(size) for size in PROBED_ROWS if rule.unit <= size <= rule.chunk]
        first = results[0]
        return first is not None and all(other is not None and torch.equal(other, first) for other in results)

    for rule in CANDIDATE_RULES:
        if holds(rule):
            return rule
    raise ModelError(
        "this platform's matrix kernels give a row different bits at different places of a batch; "
        "set runtime.numerics = 'fast'"
    )


class LinearFactory:
    """Makes the linears of one model: the kind by device, dtype and size; with ``invariant``, each under its row rule.

    ``unit``: every batch must have an allowed number of rows of it (see ``allowed_rows``); 1 unless invariant.
    """

    def __init__(self, kind: LinearKind, dtype: torch.dtype, device: torch.device, *, invariant: bool) -> None:
        self._packable = device.type == "cpu" and dtype in (torch.float32, torch.bfloat16) and torch._C._has_mkldnn
        if kind == "packed" and not self._packable:
            raise ModelError("linear 'packed' needs a CPU with oneDNN, and float32 or bfloat16")
        self.unit = 1
        self._kind, self._dtype, self._device, self._invariant = kind, dtype, device, invariant
        self._rules: dict[tuple[int, int, type[Linear]], RowRule] = {}

    def __call__(self, weight: Tensor, bias: Tensor | None = None, *, quantize: bool = True) -> Linear:
        """Take over ``weight`` [out, in]. ``quantize`` False keeps full precision under kind ``int8``."""
        if self._kind == "int8" and quantize:
            return self._ruled(Int8Linear(weight, bias))
        packs = self._kind != "dense" and self._packable
        if packs and (self._kind == "packed" or weight.numel() >= PACK_FROM_ELEMENTS):
            return self._ruled(PackedLinear(weight, bias))
        dense = DenseLinear(weight, bias)
        if packs and self._invariant and self._rule(dense).unit > DENSE_UNIT:
            return self._ruled(PackedLinear(weight, bias))
        return self._ruled(dense)

    def _rule(self, linear: Linear) -> RowRule:
        key = (linear.in_features, linear.out_features, type(linear))
        if key not in self._rules:
            self._rules[key] = row_rule(linear, self._dtype, self._device)
        return self._rules[key]

    def _ruled(self, linear: Linear) -> Linear:
        if not self._invariant:
            return linear
        rule = self._rule(linear)
        self.unit = max(self.unit, rule.unit)
        return InvariantLinear(linear, rule)
