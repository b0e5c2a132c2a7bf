"""A stack of transformer blocks over flat token rows: what the talker and the code predictor have in common.

Knows nothing of positions, caches or batches: the caller brings the rotation of every row and a function that stores
keys and values and attends.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from torch import Tensor

from qwentts_svc.nn.linear import Linear
from qwentts_svc.nn.norms import RmsNorm, silu_gate
from qwentts_svc.nn.rope import Rotation, rotate


@dataclass(frozen=True, slots=True)
class BlockWeights:
    """One block. ``qkv``: rows of q, then k, then v; ``qk_norm``: over each head, with the query weight for
    each query head, then the key weight for each key head; ``gate_up``: rows of gate, then up."""

    input_norm: RmsNorm
    qkv: Linear
    qk_norm: RmsNorm
    out: Linear
    post_norm: RmsNorm
    gate_up: Linear
    down: Linear


@dataclass(frozen=True, slots=True)
class StackDims:
    heads: int
    kv_heads: int
    head_dim: int


class Attend(Protocol):
    """Store k, v [rows, kv_heads, head_dim] of ``layer`` and attend with q [rows, heads, head_dim]; returns
    [rows, heads * head_dim]."""

    def __call__(self, layer: int, q: Tensor, k: Tensor, v: Tensor) -> Tensor: ...


LayerHook: TypeAlias = Callable[[int, Tensor], None]
"""Called with a layer's number and its output; for inspection."""


@dataclass(frozen=True, slots=True)
class Stack:
    """Blocks and the final normalisation."""

    dims: StackDims
    blocks: tuple[BlockWeights, ...]
    norm: RmsNorm

    def run(self, x: Tensor, turn: Rotation, attend: Attend, on_layer: LayerHook | None = None) -> Tensor:
        """x [rows, hidden] -> final-normed hidden [rows, hidden]."""
        for layer, block in enumerate(self.blocks):
            x = self._block(layer, block, x, turn, attend)
            if on_layer is not None:
                on_layer(layer, x)
        return self.norm(x)

    def _block(self, layer: int, block: BlockWeights, x: Tensor, turn: Rotation, attend: Attend) -> Tensor:
        dims = self.dims
        qkv = block.qkv(block.input_norm(x)).view(x.shape[0], -1, dims.head_dim)
        rotated = dims.heads + dims.kv_heads
        qk = rotate(block.qk_norm(qkv[:, :rotated]), turn)
        seen = attend(layer, qk[:, : dims.heads], qk[:, dims.heads :], qkv[:, rotated:])
        x = x + block.out(seen)
        return x + block.down(silu_gate(block.gate_up(block.post_norm(x))))
