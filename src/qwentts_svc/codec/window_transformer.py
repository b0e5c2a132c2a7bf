"""The decoder's transformer over frames: causal attention within a sliding window, its keys and values in a ring.

Norm weights and layer scales are folded into the neighbouring matrices when the layers are built.
The halves of each head that rotate together are stored side by side (the rows of the query and key matrices are
reordered alike, which no score can tell), so that a rotation is one complex product.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from qwentts_svc.codec.kernels import WHOLE_ROWS, Linear
from qwentts_svc.codec.layers import Trace
from qwentts_svc.codec.state import StreamCursor

__all__ = ["HeadShape", "WindowLayer", "WindowTransformer", "interleave_halves"]


@dataclass(frozen=True, slots=True)
class HeadShape:
    """Attention dimensions; ``window`` counts the keys a query sees, itself included."""

    heads: int
    kv_heads: int
    head_dim: int
    window: int
    rope_theta: float


def interleave_halves(weight: Tensor, heads: int) -> Tensor:
    """Reorder rows (h, half, i) to (h, i, half): [heads * head_dim, ...] -> same shape."""
    return weight.view(heads, 2, -1, *weight.shape[1:]).transpose(1, 2).reshape(weight.shape)


@dataclass(frozen=True, slots=True)
class WindowLayer:
    """One layer's matrices: ``qkv`` [q | k | v] with the first norm's weight, ``out`` and ``down`` with their layer
    scales, ``gate_up`` [gate | up] with the second norm's weight."""

    qkv: Linear
    out: Linear
    gate_up: Linear
    down: Linear


@dataclass(frozen=True, slots=True)
class _Places:
    """What all layers of one call share. ``turn``: complex64 [R, T, 1, head_dim / 2]; ``entries``: int64 [R * T * kv],
    flat ring entries of the new keys; ``mask``: bool [R, 1, Q, ring], True where the query sees the entry; Q is T, on a
    CPU at least ``WHOLE_ROWS``: queries behind the last frame are computed for nothing."""

    turn: Tensor
    entries: Tensor
    mask: Tensor


class WindowTransformer:
    """[R, T, latent] -> [R, T, latent]; T must fit the ring beside the window (``ring >= window - 1 + T``)."""

    def __init__(
        self, shape: HeadShape, enter: Linear, layers: tuple[WindowLayer, ...], leave: Linear, eps: float
    ) -> None:
        self.shape = shape
        self.layers = layers
        self._enter = enter
        self._leave = leave
        self._eps = eps
        half = shape.head_dim // 2
        self.device = device = enter.device
        exponents = torch.arange(half, dtype=torch.float64, device=device) / half
        self._frequencies = shape.rope_theta**-exponents
        self._kv_index = torch.arange(shape.kv_heads, device=device)

    def __call__(self, x: Tensor, cursor: StreamCursor, trace: Trace | None = None) -> Tensor:
        places = self._places(cursor, x.shape[1])
        h = self._enter(x)
        width = h.shape[-1:]
        for index, layer in enumerate(self.layers):
            mixed = self._attend(layer.qkv(F.rms_norm(h, width, None, self._eps)), cursor, index, places)
            h = layer.out(mixed, add=h)
            gate, up = layer.gate_up(F.rms_norm(h, width, None, self._eps)).chunk(2, dim=-1)
            h = layer.down(F.silu(gate).mul_(up), add=h)
            if trace is not None:
                trace(f"transformer_layer{index}", h)
        return self._leave(F.rms_norm(h, width, None, self._eps))

    def _places(self, cursor: StreamCursor, frames: int) -> _Places:
        ring = cursor.state.keys.shape[3]
        steps = torch.arange(frames, device=cursor.position.device)
        positions = cursor.position[:, None] + steps
        # float64 angles: float32 ones are off by 6e-4 after ten minutes.
        angles = positions[:, :, None].double() * self._frequencies
        turn = torch.polar(torch.ones_like(angles), angles).to(torch.complex64)[:, :, None]
        slots = positions % ring
        heads = cursor.rows[:, None, None] * self.shape.kv_heads + self._kv_index
        entries = (heads * ring + slots[:, :, None]).flatten()
        # The newest frame of this call is at ``last``; entry j holds the newest position <= last that is j modulo ring.
        last = positions[:, -1:]
        held = last - (last - torch.arange(ring, device=steps.device)) % ring
        queries = positions[:, :, None]
        keys = held[:, None, :]
        mask = (keys <= queries) & (keys > queries - self.shape.window) & (keys >= 0)
        if frames < WHOLE_ROWS and mask.device.type == "cpu":
            mask = torch.cat((mask, mask[:, -1:].expand(-1, WHOLE_ROWS - frames, -1)), dim=1)
        return _Places(turn, entries, mask[:, None])

    def _attend(self, qkv: Tensor, cursor: StreamCursor, layer: int, places: _Places) -> Tensor:
        shape = self.shape
        rows, frames, _ = qkv.shape
        heads = qkv.view(rows, frames, shape.heads + 2 * shape.kv_heads, shape.head_dim)
        turning = heads[:, :, : shape.heads + shape.kv_heads].float().contiguous()
        pairs = turning.view(*turning.shape[:3], -1, 2)
        turned = torch.view_as_real(torch.view_as_complex(pairs) * places.turn).flatten(3).to(qkv.dtype)
        queries, fresh = turned[:, :, : shape.heads], turned[:, :, shape.heads :]
        keys = _store(cursor.state.keys[layer], fresh, places.entries, cursor)
        values = _store(cursor.state.values[layer], heads[:, :, -shape.kv_heads :], places.entries, cursor)
        queries = F.pad(queries.transpose(1, 2), (0, 0, 0, places.mask.shape[2] - frames))
        mixed = F.scaled_dot_product_attention(
            queries, keys, values, attn_mask=places.mask, enable_gqa=shape.heads != shape.kv_heads
        )
        return mixed[:, :, :frames].transpose(1, 2).flatten(2)


def _store(ring: Tensor, fresh: Tensor, entries: Tensor, cursor: StreamCursor) -> Tensor:
    """Write [R, T, kv, D] into ``ring`` [rows, kv, entries, D] and give the call's rows of it."""
    ring.view(-1, ring.shape[-1]).index_copy_(0, entries, fresh.reshape(-1, ring.shape[-1]))
    return cursor.pick(ring)
