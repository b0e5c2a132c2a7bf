"""Speaker encoder of base checkpoints: an ECAPA-TDNN over log-mel frames, in float32, one voice at a time, in slices.

Its layers look ahead and its statistics are of the whole audio, so the audio goes through layer by layer, and through
each layer in pieces.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from qwentts_svc.codec.layers import Trace
from qwentts_svc.codec.mel import HOP, PAD, LogMel
from qwentts_svc.codec.reader import TensorReader
from qwentts_svc.codec.slices import Slices, finish

__all__ = ["SpeakerEncoder", "SpeakerShape", "build_speaker_encoder"]

MIN_VARIANCE = 1e-12

SLICE_FRAMES = 128
"""Mel frames (1.4 s) that a layer takes per slice."""


class SpeakerShape(Protocol):
    """The sizes this encoder is built from, as the model's configuration gives them."""

    @property
    def enc_dim(self) -> int: ...
    @property
    def sample_rate(self) -> int: ...
    @property
    def mel_dim(self) -> int: ...
    @property
    def enc_channels(self) -> tuple[int, ...]: ...
    @property
    def enc_kernel_sizes(self) -> tuple[int, ...]: ...
    @property
    def enc_dilations(self) -> tuple[int, ...]: ...
    @property
    def enc_attention_channels(self) -> int: ...
    @property
    def enc_res2net_scale(self) -> int: ...
    @property
    def enc_se_channels(self) -> int: ...


@dataclass(frozen=True, slots=True)
class _Conv:
    """Convolution of unchanged length with reflecting edges: [C, T] -> [C', T]."""

    weight: Tensor
    bias: Tensor
    dilation: int = 1

    def __call__(self, x: Tensor) -> Tensor:
        return F.conv1d(self._padded(x), self.weight, self.bias, dilation=self.dilation)[0]

    def relu(self, x: Tensor, slice_frames: int) -> Slices[Tensor]:
        """Rectified, ``slice_frames`` outputs per slice."""
        padded, frames, span = self._padded(x), x.shape[1], self._span
        out = x.new_empty(self.weight.shape[0], frames)
        for start in range(0, frames, slice_frames):
            piece = padded[..., start : start + slice_frames + span]
            y = F.conv1d(piece, self.weight, self.bias, dilation=self.dilation)[0]
            out[:, start : start + slice_frames] = F.relu(y)
            yield
        return out

    @property
    def _span(self) -> int:
        return (self.weight.shape[2] - 1) * self.dilation

    def _padded(self, x: Tensor) -> Tensor:
        span = self._span
        return F.pad(x[None], (span // 2, span - span // 2), mode="reflect") if span else x[None]


@dataclass(frozen=True, slots=True)
class _Block:
    """Squeeze-excitation Res2Net block."""

    enter: _Conv
    chunks: tuple[_Conv, ...]
    leave: _Conv
    squeeze: _Conv
    excite: _Conv

    def slices(self, x: Tensor, slice_frames: int) -> Slices[Tensor]:
        inner = yield from self.enter.relu(x, slice_frames)
        first, *others = inner.chunk(len(self.chunks) + 1, dim=0)
        outputs = [first]
        for index, (conv, chunk) in enumerate(zip(self.chunks, others, strict=True)):
            outputs.append((yield from conv.relu(chunk if index == 0 else chunk + outputs[-1], slice_frames)))
        y = yield from self.leave.relu(torch.cat(outputs, dim=0), slice_frames)
        weight = self.excite(F.relu(self.squeeze(y.mean(dim=1, keepdim=True)))).sigmoid()
        yield
        return y * weight + x


class SpeakerEncoder:
    """Weights of the speaker encoder on their device. ``embed`` takes at least ``min_samples`` samples: an edge can
    only be reflected when there is enough behind it."""

    def __init__(
        self,
        config: SpeakerShape,
        first: _Conv,
        blocks: tuple[_Block, ...],
        merge: _Conv,
        attention: tuple[_Conv, _Conv],
        final: _Conv,
    ) -> None:
        self.sample_rate = config.sample_rate
        spans = [(k - 1) * d for k, d in zip(config.enc_kernel_sizes, config.enc_dilations, strict=True)]
        self.min_samples = max(PAD + 1, HOP * (max(span - span // 2 for span in spans) + 1))
        self.device = final.weight.device
        self._mel = LogMel(config.mel_dim, config.sample_rate, self.device)
        self._first = first
        self._blocks = blocks
        self._merge = merge
        self._attention = attention
        self._final = final

    def embed(self, pcm: Tensor, trace: Trace | None = None) -> Tensor:
        """float32 [samples] mono at ``sample_rate`` -> float32 [enc_dim], not normalised."""
        return finish(self.slices(pcm, trace=trace))

    @torch.inference_mode()
    def slices(self, pcm: Tensor, slice_frames: int = SLICE_FRAMES, trace: Trace | None = None) -> Slices[Tensor]:
        """``embed`` in slices of ``slice_frames`` mel frames of one layer. The slices' length may move a value by a
        rounding error, how they are spread over time cannot."""

        def report(name: str, value: Tensor) -> Tensor:
            if trace is not None:
                trace(name, value)
            return value

        x = report("mel", (yield from self._mel.slices(pcm.to(self.device), slice_frames)))
        x = report("block0", (yield from self._first.relu(x, slice_frames)))
        outputs = []
        for index, block in enumerate(self._blocks, start=1):
            x = report(f"block{index}", (yield from block.slices(x, slice_frames)))
            outputs.append(x)
        x = torch.cat(outputs, dim=0)
        yield
        x = report("mfa", (yield from self._merge.relu(x, slice_frames)))
        pooled = report("asp", (yield from self._pool(x, slice_frames)))
        return self._final(pooled).squeeze(1)

    def _pool(self, x: Tensor, slice_frames: int) -> Slices[Tensor]:
        """Attentive statistics: [C, T] -> [2 C, 1], weighted mean and deviation over time."""
        channels, frames = x.shape
        # Statistics run over the whole time and are sliced by channels, into as many values as the other slices have.
        step = max(1, channels * slice_frames // frames)
        plain = []
        for rows in torch.split(x, step):
            plain.append(_statistics(rows, torch.full_like(rows[:1], 1.0 / frames)))
            yield
        whole = torch.cat([torch.cat(part) for part in zip(*plain, strict=True)])
        enter, leave = self._attention
        scores = torch.empty_like(x)
        for start in range(0, frames, slice_frames):
            piece = x[:, start : start + slice_frames]
            context = torch.cat([piece, whole.expand(-1, piece.shape[1])], dim=0)
            scores[:, start : start + slice_frames] = leave(torch.tanh(F.relu(enter(context))))
            yield
        attended = []
        for rows, weights in zip(torch.split(x, step), torch.split(scores, step), strict=True):
            attended.append(_statistics(rows, weights.softmax(dim=1)))
            yield
        return torch.cat([torch.cat(part) for part in zip(*attended, strict=True)])


def _statistics(x: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    mean = (x * weights).sum(dim=1, keepdim=True)
    variance = ((x - mean).square() * weights).sum(dim=1, keepdim=True)
    return mean, variance.clamp(min=MIN_VARIANCE).sqrt()


def build_speaker_encoder(reader: TensorReader, config: SpeakerShape) -> SpeakerEncoder:
    """``reader`` at ``speaker_encoder.``. Raises ModelError that names the tensor."""
    channels, kernels, dilations = config.enc_channels, config.enc_kernel_sizes, config.enc_dilations

    def conv(name: str, outputs: int, inputs: int, kernel: int = 1, dilation: int = 1) -> _Conv:
        part = reader.at(name)
        weight, bias = part.read("weight", outputs, inputs, kernel), part.read("bias", outputs)
        return _Conv(reader.place_wide(weight), reader.place_wide(bias), dilation)

    first = conv("blocks.0.conv", channels[0], config.mel_dim, kernels[0], dilations[0])
    blocks = []
    for index in range(1, len(channels) - 1):
        name, inputs, width = f"blocks.{index}", channels[index - 1], channels[index]
        part = width // config.enc_res2net_scale
        blocks.append(
            _Block(
                enter=conv(f"{name}.tdnn1.conv", width, inputs),
                chunks=tuple(
                    conv(f"{name}.res2net_block.blocks.{n}.conv", part, part, kernels[index], dilations[index])
                    for n in range(config.enc_res2net_scale - 1)
                ),
                leave=conv(f"{name}.tdnn2.conv", width, width),
                squeeze=conv(f"{name}.se_block.conv1", config.enc_se_channels, width),
                excite=conv(f"{name}.se_block.conv2", width, config.enc_se_channels),
            )
        )
    last = channels[-1]
    merge = conv("mfa.conv", last, sum(channels[1:-1]), kernels[-1], dilations[-1])
    attention = (
        conv("asp.tdnn.conv", config.enc_attention_channels, 3 * last),
        conv("asp.conv", last, config.enc_attention_channels),
    )
    return SpeakerEncoder(config, first, tuple(blocks), merge, attention, conv("fc", config.enc_dim, 2 * last))
