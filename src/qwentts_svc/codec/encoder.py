"""Codec encoder: reference audio to codes, in slices. Used once per voice, so it favours plainness over speed and
always computes in float32: codes are decided by nearest neighbours, and bfloat16 would move them."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from qwentts_svc.codec.config import CodecConfig, EncoderConfig
from qwentts_svc.codec.layers import Trace
from qwentts_svc.codec.quantizer import codebook_table
from qwentts_svc.codec.reader import TensorReader
from qwentts_svc.codec.slices import Slices, finish

__all__ = ["CodecEncoder", "build_encoder"]

CHUNK_VALUES = 1 << 20
"""Values of the widest activation of a chunk, the audio that goes through the layers at once: 8 frames with 64 filters.
Measured on a CPU: half as many read the weights of the deep layers too often, twice as many make long slices."""

MATRIX_MIN_WEIGHTS = 1 << 20
"""Convolutions with as many weights are computed as a product over windows: oneDNN lays the weights of a convolution
out anew in every call, which took longer than a short chunk's arithmetic."""


@dataclass(frozen=True, slots=True, eq=False)
class _Conv:
    """Causal convolution: zeros (or the edge value) on the left, and on the right for ``ceil(n / stride)`` outputs."""

    weight: Tensor
    bias: Tensor | None
    stride: int = 1
    replicate: bool = False

    def __call__(self, x: Tensor, past: _Past) -> Tensor:
        """The next chunk. Only the last one may be no multiple of ``stride``."""
        context, missing = self.weight.shape[2] - self.stride, -x.shape[-1] % self.stride
        if context:
            edge = past.tails.get(self)
            if edge is None:
                edge = (x[..., :1] if self.replicate else x.new_zeros(())).expand(*x.shape[:-1], context)
            x = torch.cat([edge, x], dim=-1)
            past.tails[self] = x[..., x.shape[-1] - context :].clone()  # a view would keep the whole chunk
        if missing:
            x = F.pad(x, (0, missing), mode="replicate" if self.replicate else "constant")
        if self.weight.numel() < MATRIX_MIN_WEIGHTS:
            return F.conv1d(x, self.weight, self.bias, stride=self.stride)
        windows = x.unfold(-1, self.weight.shape[2], self.stride).transpose(1, 2).flatten(2)
        return F.linear(windows, self.weight.flatten(1), self.bias).transpose(1, 2)


@dataclass(slots=True)
class _Past:
    """What the layers remember of the chunks before.

    ``tails``: the last inputs of a convolution, its left context. ``keys``, ``values``: [layers, B, kv_heads, steps,
    head_dim] for the whole audio, of which the first ``steps_done`` are there.
    """

    keys: Tensor
    values: Tensor
    tails: dict[_Conv, Tensor]
    steps_done: int = 0


@dataclass(frozen=True, slots=True)
class _Stage:
    """Residual unit, then a strided convolution to twice the width."""

    inner: _Conv
    outer: _Conv
    down: _Conv


@dataclass(frozen=True, slots=True)
class _Layer:
    """One transformer layer; layer scales are folded into ``out`` and ``shrink``."""

    norm1: tuple[Tensor, Tensor]
    qkv: Tensor
    out: Tensor
    norm2: tuple[Tensor, Tensor]
    grow: Tensor
    shrink: Tensor


@dataclass(frozen=True, slots=True)
class _Codebooks:
    """One residual quantizer: ``enter`` [width, hidden], ``tables`` [levels, entries, width]."""

    enter: Tensor
    tables: Tensor

    def encode(self, x: Tensor, levels: int) -> Slices[Tensor]:
        """[frames, hidden] -> int64 [frames, levels]: nearest row, subtract, continue. One slice per level."""
        rest = x @ self.enter.t()
        codes = []
        for table in self.tables[:levels]:
            # Plain distances: the expanded form loses the digits that decide between near neighbours. argmin gives
            # the lowest index on ties.
            code = torch.cdist(rest, table, compute_mode="donot_use_mm_for_euclid_dist").argmin(dim=-1)
            codes.append(code)
            rest = rest - table[code]
            yield
        return torch.stack(codes, dim=-1)


class CodecEncoder:
    """Weights of the encoder, float32, on their device."""

    def __init__(
        self,
        config: CodecConfig,
        convs: tuple[_Conv, tuple[_Stage, ...], _Conv],
        layers: tuple[_Layer, ...],
        downsample: _Conv,
        quantizers: tuple[_Codebooks, _Codebooks],
    ) -> None:
        self.sample_rate = config.input_sample_rate
        self.samples_per_frame = config.encode_downsample_rate
        self.groups = config.valid_quantizers
        self.device = downsample.weight.device
        self._config = config.encoder
        self._chunk_frames = max(1, CHUNK_VALUES // (config.encoder.num_filters * config.encoder.samples_per_frame))
        self._first, self._stages, self._last = convs
        self._layers = layers
        self._downsample = downsample
        self._quantizers = quantizers

    def encode(self, pcm: Tensor) -> Tensor:
        """float32 [samples] mono at ``sample_rate`` -> int64 [ceil(samples / samples_per_frame), groups]."""
        return finish(self.slices(pcm))

    @torch.inference_mode()
    def slices(self, pcm: Tensor, chunk_frames: int | None = None) -> Slices[Tensor]:
        """``encode`` in slices, one per layer and chunk of ``chunk_frames`` frames (None: as ``CHUNK_VALUES`` says).
        Holds the activations of one chunk and, of the audio before it, keys and values. The chunk's length may move a
        value by a rounding error, how the slices are spread over time cannot."""
        frames = -(-pcm.shape[0] // self.samples_per_frame)
        past = self._nothing(1, pcm.shape[0])
        codes = []
        for chunk in torch.split(pcm, (chunk_frames or self._chunk_frames) * self._config.samples_per_frame):
            codes.append((yield from self._chunk(chunk[None], past, self.groups, None)))
        return torch.cat(codes, dim=1)[0, :frames]

    def encode_levels(self, pcm: Tensor, trace: Trace | None = None) -> Tensor:
        """A batch [B, samples] -> int64 [B, frames, levels], every level of the quantizer, as one chunk.

        Shorter items are padded with zeros behind their end. That is signal to the later layers, where the padding of
        an item alone is zero per layer, so the last partial frame of a shorter item may get other codes than alone.
        """
        with torch.inference_mode():
            past = self._nothing(*pcm.shape)
            return finish(self._chunk(pcm, past, self._config.num_quantizers, trace))

    def _nothing(self, batch: int, samples: int) -> _Past:
        """What is remembered before the first of ``samples`` samples."""
        config = self._config
        steps = -(-samples * config.downsample_stride // config.samples_per_frame)
        shape = (config.num_layers, batch, config.num_kv_heads, steps, config.head_dim)
        return _Past(torch.empty(shape, device=self.device), torch.empty(shape, device=self.device), {})

    def _chunk(self, pcm: Tensor, past: _Past, levels: int, trace: Trace | None) -> Slices[Tensor]:
        """The next samples [B, samples] -> int64 [B, frames, levels]."""
        x = self._first(pcm.to(self.device)[:, None], past)
        _report(trace, "conv0", x)
        for index, stage in enumerate(self._stages):
            yield
            x = x + stage.outer(F.elu(stage.inner(F.elu(x), past)), past)
            _report(trace, f"res{index}", x)
            yield
            x = stage.down(F.elu(x), past)
            _report(trace, f"down{index}", x)
        yield
        x = self._last(F.elu(x), past)
        _report(trace, "conv_out", x)
        h = yield from self._transform(x.transpose(1, 2), past)
        _report(trace, "transformer_out", h)
        x = self._downsample(h.transpose(1, 2), past)
        _report(trace, "downsample", x)
        vectors = x.transpose(1, 2)
        flat = vectors.flatten(0, 1)
        semantic, acoustic = self._quantizers
        first = yield from semantic.encode(flat, 1)
        others = yield from acoustic.encode(flat, levels - 1)
        return torch.cat([first, others], dim=-1).view(vectors.shape[0], vectors.shape[1], -1)

    def _transform(self, h: Tensor, past: _Past) -> Slices[Tensor]:
        config = self._config
        batch, steps, width = h.shape
        done, seen = past.steps_done, past.steps_done + steps
        past.steps_done = seen
        half = config.head_dim // 2
        exponents = torch.arange(half, dtype=torch.float64, device=h.device) / half
        angles = torch.arange(done, seen, dtype=torch.float64, device=h.device)[:, None] * config.rope_theta**-exponents
        cos, sin = angles.cos().float(), angles.sin().float()
        heads, kv_heads = config.num_heads, config.num_kv_heads
        visible = torch.ones(steps, seen, dtype=torch.bool, device=h.device).tril(done) if done else None
        for layer, keys, values in zip(self._layers, past.keys, past.values, strict=True):
            yield
            qkv = F.linear(F.layer_norm(h, (width,), *layer.norm1, config.norm_eps), layer.qkv)
            split = qkv.view(batch, steps, heads + 2 * kv_heads, config.head_dim).transpose(1, 2)
            keys[:, :, done:seen] = _rotate(split[:, heads : heads + kv_heads], cos, sin)
            values[:, :, done:seen] = split[:, heads + kv_heads :]
            mixed = F.scaled_dot_product_attention(
                _rotate(split[:, :heads], cos, sin),
                keys[:, :, :seen],
                values[:, :, :seen],
                attn_mask=visible,
                is_causal=visible is None,
                enable_gqa=heads != kv_heads,
            )
            h = h + F.linear(mixed.transpose(1, 2).flatten(2), layer.out)
            inner = F.gelu(F.linear(F.layer_norm(h, (width,), *layer.norm2, config.norm_eps), layer.grow))
            h = h + F.linear(inner, layer.shrink)
        return h


def _rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    first, second = x.chunk(2, dim=-1)
    return torch.cat([first * cos - second * sin, second * cos + first * sin], dim=-1)


def _report(trace: Trace | None, name: str, value: Tensor) -> None:
    if trace is not None:
        trace(name, value)


def build_encoder(reader: TensorReader, config: CodecConfig) -> CodecEncoder:
    """``reader`` at ``encoder.``. Raises ModelError that names the tensor."""
    sizes = config.encoder
    hidden, width = sizes.hidden_size, sizes.num_filters
    parts = reader.at("encoder")
    first = _conv(parts.at("layers.0.conv"), width, 1, sizes.kernel_size)
    stages = []
    index = 1
    for ratio in reversed(sizes.upsampling_ratios):
        inner = width // sizes.compress
        stages.append(
            _Stage(
                inner=_conv(parts.at(f"layers.{index}.block.1.conv"), inner, width, sizes.residual_kernel_size),
                outer=_conv(parts.at(f"layers.{index}.block.3.conv"), width, inner, 1),
                down=_conv(parts.at(f"layers.{index + 2}.conv"), 2 * width, width, 2 * ratio, ratio),
            )
        )
        width *= 2
        index += 3
    last = _conv(parts.at(f"layers.{index + 1}.conv"), hidden, width, sizes.last_kernel_size)
    layers = tuple(_layer(reader.at(f"encoder_transformer.layers.{n}"), sizes) for n in range(sizes.num_layers))
    stride = sizes.downsample_stride
    weight = reader.read("downsample.conv.weight", hidden, hidden, sizes.downsample_kernel)
    downsample = _Conv(reader.place_wide(weight), None, stride, replicate=True)
    quantizers = (
        _codebooks(reader.at("quantizer.semantic_residual_vector_quantizer"), sizes, 1),
        _codebooks(reader.at("quantizer.acoustic_residual_vector_quantizer"), sizes, sizes.num_quantizers - 1),
    )
    return CodecEncoder(config, (first, tuple(stages), last), layers, downsample, quantizers)


def _conv(reader: TensorReader, outputs: int, inputs: int, kernel: int, stride: int = 1) -> _Conv:
    weight, bias = reader.read("weight", outputs, inputs, kernel), reader.read("bias", outputs)
    return _Conv(reader.place_wide(weight), reader.place_wide(bias), stride)


def _layer(reader: TensorReader, sizes: EncoderConfig) -> _Layer:
    hidden, inner, dim = sizes.hidden_size, sizes.intermediate_size, sizes.head_dim

    def norm(name: str) -> tuple[Tensor, Tensor]:
        part = reader.at(name)
        return part.place_wide(part.read("weight", hidden)), part.place_wide(part.read("bias", hidden))

    attention, mlp = reader.at("self_attn"), reader.at("mlp")
    counts = (("q", sizes.num_heads), ("k", sizes.num_kv_heads), ("v", sizes.num_kv_heads))
    qkv = torch.cat([attention.read(f"{name}_proj.weight", count * dim, hidden) for name, count in counts])
    out = attention.read("o_proj.weight", hidden, sizes.num_heads * dim)
    shrink = mlp.read("fc2.weight", hidden, inner)
    return _Layer(
        norm1=norm("input_layernorm"),
        qkv=reader.place_wide(qkv),
        out=reader.place_wide(out * reader.read("self_attn_layer_scale.scale", hidden)[:, None]),
        norm2=norm("post_attention_layernorm"),
        grow=reader.place_wide(mlp.read("fc1.weight", inner, hidden)),
        shrink=reader.place_wide(shrink * reader.read("mlp_layer_scale.scale", hidden)[:, None]),
    )


def _codebooks(reader: TensorReader, sizes: EncoderConfig, levels: int) -> _Codebooks:
    width = sizes.codebook_dim
    tables = []
    for level in range(levels):
        book = reader.at(f"layers.{level}.codebook")
        total = book.read("embed_sum", sizes.codebook_size, width)
        tables.append(codebook_table(total, book.read("cluster_usage", sizes.codebook_size)))
        book.skip("initialized", 1)
    enter = reader.read("input_proj.weight", width, sizes.hidden_size, 1).squeeze(-1)
    reader.skip("output_proj.weight", sizes.hidden_size, width, 1)
    return _Codebooks(reader.place_wide(enter), reader.place_wide(torch.stack(tables)))
