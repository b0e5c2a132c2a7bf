"""Building blocks of the codec decoder. Data is [rows, time, channels]; every causal layer keeps its left context in
the stream state through the cursor, so a block decodes the same whether it sees a stream at once or in pieces."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import torch
import torch.nn.functional as F
from torch import Tensor

from qwentts_svc.codec.kernels import CausalConv, DepthwiseConv, Linear, NarrowConv
from qwentts_svc.codec.state import StateLayout, StreamCursor

__all__ = ["ConvNext", "InputConv", "OutputConv", "ResidualUnit", "Snake", "Trace", "UpsampleBlock"]

Trace: TypeAlias = Callable[[str, Tensor], None]
"""Called with a name and a layer's result, for inspection."""

LAYER_NORM_EPS = 1e-6
SNAKE_EPS = 1e-9

SNAKE_WIDTH = 512
"""Elements that the inner loops of an activation should run over, at most."""


class Snake:
    """SnakeBeta: ``x + sin(x exp(alpha))^2 / (exp(beta) + 1e-9)`` per channel, computed in float32.

    The root of the second factor is kept, so that it can be applied before the square. ``steps_per_frame``: length of
    the time axis per codec frame; few channels are repeated over several steps, for longer inner loops.
    """

    def __init__(self, alpha: Tensor, beta: Tensor, steps_per_frame: int) -> None:
        fits = [n for n in range(1, steps_per_frame + 1) if steps_per_frame % n == 0 and n * len(alpha) <= SNAKE_WIDTH]
        self._repeat = max(fits, default=1)
        self._frequency = alpha.float().exp().repeat(self._repeat)
        self._amplitude = (beta.float().exp() + SNAKE_EPS).rsqrt().repeat(self._repeat)

    def __call__(self, x: Tensor, out: Tensor) -> None:
        """Writes into ``out`` [R, T, C] (its own memory and dtype). Sines in float32: faster than bfloat16's even
        with the casts, and exact."""
        if self._repeat > 1:
            folded = (x.shape[0], x.shape[1] // self._repeat, self._repeat * x.shape[2])
            x, out = x.view(folded), out.view(folded)
        if out.dtype == torch.float32:
            torch.mul(x, self._frequency, out=out)
            out.sin_().mul_(self._amplitude)
            torch.addcmul(x, out, out, out=out)
        else:
            wide = x.float()
            wave = wide * self._frequency
            wave.sin_().mul_(self._amplitude)
            out.copy_(wave.mul_(wave).add_(wide))


class InputConv:
    """A causal convolution straight on its input."""

    def __init__(self, conv: CausalConv, layout: StateLayout) -> None:
        self._conv = conv
        self._tail = layout.add_tail(conv.context, conv.inputs, conv.dtype)

    def __call__(self, x: Tensor, cursor: StreamCursor) -> Tensor:
        buffer, fresh = cursor.open(self._tail, x.shape[0], x.shape[1])
        fresh.copy_(x)
        cursor.close(self._tail, buffer)
        return self._conv(buffer)


class ConvNext:
    """``x + gamma * pw2(gelu(pw1(LayerNorm(depthwise(x)))))``; ``shrink`` is pw2 with gamma folded in."""

    def __init__(
        self, depthwise: DepthwiseConv, norm: tuple[Tensor, Tensor], grow: Linear, shrink: Linear, layout: StateLayout
    ) -> None:
        self._depthwise = depthwise
        self._norm_weight, self._norm_bias = norm
        self._grow = grow
        self._shrink = shrink
        self._tail = layout.add_tail(depthwise.context, grow.inputs, depthwise.dtype)

    def __call__(self, x: Tensor, cursor: StreamCursor) -> Tensor:
        buffer, fresh = cursor.open(self._tail, x.shape[0], x.shape[1])
        fresh.copy_(x)
        cursor.close(self._tail, buffer)
        y = self._depthwise(buffer)
        y = F.layer_norm(y, y.shape[-1:], self._norm_weight, self._norm_bias, LAYER_NORM_EPS)
        return self._shrink(F.gelu(self._grow(y)), add=x)


class ResidualUnit:
    """``x + pointwise(snake(conv(snake(x))))``."""

    def __init__(self, act1: Snake, conv: CausalConv, act2: Snake, pointwise: Linear, layout: StateLayout) -> None:
        self._act1 = act1
        self._conv = conv
        self._act2 = act2
        self._pointwise = pointwise
        self._tail = layout.add_tail(conv.context, conv.inputs, conv.dtype)

    def __call__(self, x: Tensor, cursor: StreamCursor) -> Tensor:
        buffer, fresh = cursor.open(self._tail, x.shape[0], x.shape[1])
        self._act1(x, fresh)
        cursor.close(self._tail, buffer)
        y = self._conv(buffer)
        z = torch.empty_like(y)
        self._act2(y, z)
        return self._pointwise(z, add=x)


class UpsampleBlock:
    """Snake, transposed convolution (kernel 2r, stride r), residual units: [R, T, C] -> [R, T * r, C / 2].

    ``taps`` maps the pair (previous input, this input) to the r outputs between them: [r * C / 2, C, 2].
    """

    def __init__(
        self, act: Snake, taps: CausalConv, rate: int, units: Sequence[ResidualUnit], layout: StateLayout
    ) -> None:
        self._act = act
        self._taps = taps
        self._rate = rate
        self._units = tuple(units)
        self._tail = layout.add_tail(taps.context, taps.inputs, taps.dtype)

    def __call__(self, x: Tensor, cursor: StreamCursor, trace: Trace | None = None, name: str = "") -> Tensor:
        rows, steps, _ = x.shape
        buffer, fresh = cursor.open(self._tail, rows, steps)
        self._act(x, fresh)
        cursor.close(self._tail, buffer)
        y = self._taps(buffer).reshape(rows, steps * self._rate, -1)
        if trace is not None:
            trace(f"{name}_snake", fresh)
            trace(f"{name}_tconv", y)
        for index, unit in enumerate(self._units):
            y = unit(y, cursor)
            if trace is not None:
                trace(f"{name}_res{index}", y)
        return y


class OutputConv:
    """Snake and the convolution to one channel, in float32 whatever the weights of the rest: [R, T, C] -> [R, T]."""

    def __init__(self, act: Snake, conv: NarrowConv, layout: StateLayout) -> None:
        self._act = act
        self._conv = conv
        self._tail = layout.add_tail(conv.context, conv.inputs, torch.float32)

    def __call__(self, x: Tensor, cursor: StreamCursor) -> Tensor:
        buffer, fresh = cursor.open(self._tail, x.shape[0], x.shape[1])
        self._act(x, fresh)
        cursor.close(self._tail, buffer)
        return self._conv(buffer).squeeze(-1)
