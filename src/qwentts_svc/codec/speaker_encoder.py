"""Speaker encoder of base checkpoints: an ECAPA-TDNN over log-mel frames, in float32, one voice at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from qwentts_svc.codec.layers import Trace
from qwentts_svc.codec.mel import HOP, PAD, LogMel
from qwentts_svc.codec.reader import TensorReader

__all__ = ["SpeakerEncoder", "SpeakerShape", "build_speaker_encoder"]

MIN_VARIANCE = 1e-12


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
        span = (self.weight.shape[2] - 1) * self.dilation
        padded = F.pad(x[None], (span // 2, span - span // 2), mode="reflect") if span else x[None]
        return F.conv1d(padded, self.weight, self.bias, dilation=self.dilation)[0]

    def relu(self, x: Tensor) -> Tensor:
        return F.relu(self(x))


@dataclass(frozen=True, slots=True)
class _Block:
    """Squeeze-excitation Res2Net block."""

    enter: _Conv
    chunks: tuple[_Conv, ...]
    leave: _Conv
    squeeze: _Conv
    excite: _Conv

    def __call__(self, x: Tensor) -> Tensor:
        first, *others = self.enter.relu(x).chunk(len(self.chunks) + 1, dim=0)
        outputs = [first]
        for index, (conv, chunk) in enumerate(zip(self.chunks, others, strict=True)):
            outputs.append(conv.relu(chunk if index == 0 else chunk + outputs[-1]))
        y = self.leave.relu(torch.cat(outputs, dim=0))
        weight = self.excite(self.squeeze.relu(y.mean(dim=1, keepdim=True))).sigmoid()
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

    @torch.inference_mode()
    def embed(self, pcm: Tensor, trace: Trace | None = None) -> Tensor:
        """float32 [samples] mono at ``sample_rate`` -> float32 [enc_dim], not normalised."""

        def report(name: str, value: Tensor) -> Tensor:
            if trace is not None:
                trace(name, value)
            return value

        x = report("mel", self._mel(pcm.to(self.device)).t())
        x = report("block0", self._first.relu(x))
        outputs = []
        for index, block in enumerate(self._blocks, start=1):
            x = report(f"block{index}", block(x))
            outputs.append(x)
        x = report("mfa", self._merge.relu(torch.cat(outputs, dim=0)))
        pooled = report("asp", self._pool(x))
        return self._final(pooled).squeeze(1)

    def _pool(self, x: Tensor) -> Tensor:
        """Attentive statistics: [C, T] -> [2 C, 1], weighted mean and deviation over time."""
        frames = x.shape[1]
        mean, deviation = _statistics(x, torch.full_like(x[:1], 1.0 / frames))
        context = torch.cat([x, mean.expand(-1, frames), deviation.expand(-1, frames)], dim=0)
        enter, leave = self._attention
        weights = leave(torch.tanh(enter.relu(context))).softmax(dim=1)
        return torch.cat(_statistics(x, weights), dim=0)


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
