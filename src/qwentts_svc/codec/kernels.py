"""The dense arithmetic of the codec on [rows, time, channels] data: linear maps and causal convolutions.

Channels are the innermost axis everywhere, so that a 1x1 convolution is a matrix product and a transposed convolution
is a causal one followed by a free reshape. On a CPU the weights are packed once for oneDNN where that pays; elsewhere,
or when a build of torch lacks those operators, the plain functions compute the same.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["WHOLE_ROWS", "CausalConv", "DepthwiseConv", "Linear", "NarrowConv", "windows"]

PACK_MIN_WEIGHTS = 1 << 20
"""float32 matrices below this stay plain: oneDNN's fixed cost per call (30 us) outweighs what packing saves."""

WHOLE_ROWS = 4
"""Fewer rows than these get a kernel that sums in another order (one row on Intel's processors, up to three on AMD's),
so that a frame of a row alone would have other bits than in company. Rows are filled up to a multiple of this, so that
what is left for a second thread is never fewer."""

WHOLE_COLUMNS = 8
"""Products with so few columns that they fill no vector sum in an order that changes with the row's place (seen with 7
on AMD's processors); columns are filled up to a multiple of this."""

CONV_MIN_STEPS = 64
"""Layers with fewer steps per frame are computed as a product over gathered windows: it batches the rows together,
which a convolution over so short a time axis does not."""

TILE_MIN_STEPS = 16
"""The same limit for layers whose weights are worth packing."""

CONV_PACK_MIN_WEIGHTS = 1 << 17
"""Convolutions with fewer weights stay plain: laying the weights out anew in each call is cheap then."""


def windows(buffer: Tensor, kernel: int, dilation: int) -> Tensor:
    """The inputs of every output of a causal convolution: [R, S, C] contiguous -> view [R, T, kernel, C]."""
    rows, steps, channels = buffer.shape
    outputs = steps - (kernel - 1) * dilation
    return buffer.as_strided(
        (rows, outputs, kernel, channels), (steps * channels, channels, dilation * channels, 1), buffer.storage_offset()
    )


def _has_onednn(weight: Tensor) -> bool:
    return weight.device.type == "cpu" and bool(torch._C._has_mkldnn)


class Linear:
    """``x W^T + b``. ``weight`` [out, in], ``bias`` [out] or None; applied to the last axis of x."""

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        self.outputs, self.inputs = weight.shape
        self.bias = bias
        self.dtype = weight.dtype
        self.device = weight.device
        self._packed = _pack_linear(weight)
        self._plain = weight.t().contiguous() if self._packed is None else None

    def __call__(self, x: Tensor, add: Tensor | None = None) -> Tensor:
        """``add``: a tensor of the result's shape that is added to it."""
        shape = x.shape[:-1]
        flat = x.reshape(-1, self.inputs)
        missing = -len(flat) % WHOLE_ROWS if flat.device.type == "cpu" else 0
        if missing:
            more = None if add is None else F.pad(add.reshape(-1, self.outputs), (0, 0, 0, missing))
            return self(F.pad(flat, (0, 0, 0, missing)), more)[: len(flat)].view(*shape, self.outputs)
        if self._plain is not None:
            out = torch.mm(flat, self._plain) if self.bias is None else torch.addmm(self.bias, flat, self._plain)
            if add is not None:
                out += add.reshape(-1, self.outputs)
        elif add is not None:
            other = add.reshape(-1, self.outputs)
            out = torch.ops.mkldnn._linear_pointwise.binary(flat, other, self._packed, self.bias, "add")
        else:
            out = torch.ops.mkldnn._linear_pointwise(flat, self._packed, self.bias, "none", [], "")
        return out.view(*shape, self.outputs)


def _pack_linear(weight: Tensor) -> Tensor | None:
    if not _has_onednn(weight) or (weight.dtype == torch.float32 and weight.numel() < PACK_MIN_WEIGHTS):
        return None
    try:
        packed: Tensor = torch.ops.mkldnn._reorder_linear_weight(weight, None)
    except (AttributeError, RuntimeError):
        return None
    return packed


class CausalConv:
    """A convolution over buffers that carry their left context. ``weight`` [out, in, kernel], ``bias`` [out].

    ``steps_per_frame``: length of the time axis per codec frame at this place; chooses how it is computed. Calls must
    come with whole frames.
    """

    def __init__(self, weight: Tensor, bias: Tensor, *, dilation: int = 1, steps_per_frame: int = 1) -> None:
        self.outputs, self.inputs, self.kernel = weight.shape
        self.dilation = dilation
        self.context = (self.kernel - 1) * dilation
        self.dtype = weight.dtype
        self._bias = bias
        self._matrix: Linear | None = None
        self._tiled: _TiledConv | None = None
        self._weight: Tensor | None = None
        self._onednn = _has_onednn(weight)
        if self._onednn and weight.numel() >= CONV_PACK_MIN_WEIGHTS and steps_per_frame >= TILE_MIN_STEPS:
            self._tiled = _TiledConv.pack(weight, bias, dilation, steps_per_frame)
        if self._tiled is not None:
            return
        if weight.device.type == "cpu" and steps_per_frame < CONV_MIN_STEPS:
            self._matrix = Linear(weight.transpose(1, 2).reshape(self.outputs, -1), bias)
        else:
            self._weight = weight.unsqueeze(2).contiguous(memory_format=torch.channels_last)

    def __call__(self, buffer: Tensor) -> Tensor:
        """[R, context + T, in] contiguous -> [R, T, out]."""
        if self._matrix is not None:
            return self._matrix(windows(buffer, self.kernel, self.dilation).flatten(2))
        if self._tiled is not None:
            return self._tiled(buffer)
        assert self._weight is not None
        image = buffer.transpose(1, 2).unsqueeze(2)
        if self._onednn:
            # conv2d would turn to a slower kernel of its own for small images.
            out = torch.mkldnn_convolution(image, self._weight, self._bias, (0, 0), (1, 1), (1, self.dilation), 1)
        else:
            out = F.conv2d(image, self._weight, self._bias, dilation=(1, self.dilation))
        return out.squeeze(2).transpose(1, 2)


class _TiledConv:
    """A convolution whose weights are laid out for one length of the time axis, so longer ones run in tiles of it.

    oneDNN chooses the layout by the shape; weights that are laid out for another shape than that of the call are
    rearranged in the call, at up to a thousand times the cost of the convolution itself.
    """

    def __init__(self, packed: Tensor, bias: Tensor, dilation: int, steps: int, context: int) -> None:
        self.steps = steps
        self._packed = packed
        self._bias = bias
        self._dilation = [1, dilation]
        self._context = context

    @classmethod
    def pack(cls, weight: Tensor, bias: Tensor, dilation: int, steps: int) -> _TiledConv | None:
        """None when this build of torch lacks the operators."""
        context = (weight.shape[2] - 1) * dilation
        image = weight.unsqueeze(2)
        shape = [1, weight.shape[1], 1, steps + context]
        try:
            # Looked up by name: the operator's published signature lacks the last argument.
            reorder = getattr(torch._C._nn, "mkldnn_reorder_conv2d_weight")  # noqa: B009
            packed = reorder(image.to_mkldnn(), [0, 0], [1, 1], [1, dilation], 1, shape)
            return cls(packed, bias, dilation, steps, context)
        except (AttributeError, RuntimeError):
            return None

    def __call__(self, buffer: Tensor) -> Tensor:
        rows, length, _ = buffer.shape
        frames = (length - self._context) // self.steps
        if rows * frames == 1:
            return self._tile(buffer)
        out = buffer.new_empty(rows, frames * self.steps, self._bias.shape[0])
        for row in range(rows):
            for start in range(0, frames * self.steps, self.steps):
                tile = buffer[row : row + 1, start : start + self.steps + self._context]
                out[row : row + 1, start : start + self.steps].copy_(self._tile(tile))
        return out

    def _tile(self, buffer: Tensor) -> Tensor:
        image = buffer.transpose(1, 2).unsqueeze(2)
        out: Tensor = torch.ops.mkldnn._convolution_pointwise(
            image, self._packed, self._bias, [0, 0], [1, 1], self._dilation, 1, "none", [], ""
        )
        return out.squeeze(2).transpose(1, 2)


class NarrowConv:
    """A convolution to very few channels: one product for all taps at every step, then a sum along the diagonals."""

    def __init__(self, weight: Tensor, bias: Tensor) -> None:
        self.outputs, self.inputs, self.kernel = weight.shape
        self.context = self.kernel - 1
        self.bias = bias
        taps = weight.permute(1, 2, 0).reshape(self.inputs, -1)
        self._taps = F.pad(taps, (0, -taps.shape[1] % WHOLE_COLUMNS)).contiguous()

    def __call__(self, buffer: Tensor) -> Tensor:
        """[R, context + T, in] contiguous -> [R, T, out]."""
        rows, steps, _ = buffer.shape
        taps = torch.mm(buffer.view(-1, self.inputs), self._taps)
        width = taps.shape[1]
        diagonal = taps.as_strided(
            (rows, steps - self.context, self.kernel, self.outputs),
            (steps * width, width, width + self.outputs, 1),
        )
        return diagonal.sum(2) + self.bias


class DepthwiseConv:
    """One filter per channel. ``weight`` [channels, 1, kernel], ``bias`` [channels]."""

    def __init__(self, weight: Tensor, bias: Tensor) -> None:
        self.kernel = weight.shape[2]
        self.context = self.kernel - 1
        self.dtype = weight.dtype
        self.bias = bias
        self._taps = weight.squeeze(1).t().contiguous()

    def __call__(self, buffer: Tensor) -> Tensor:
        """[R, context + T, C] contiguous -> [R, T, C]."""
        return (windows(buffer, self.kernel, 1) * self._taps).sum(2) + self.bias
