"""Builds the decoder from a checkpoint's tensors: every name, shape and folding in one place.

Foldings (exact up to rounding): norm weights into the matrix that follows, layer scales and ConvNeXt's gamma into the
matrix that precedes, transposed convolutions into causal ones over (previous, current) input.
"""

from __future__ import annotations

import torch
from torch import Tensor

from qwentts_svc.codec.config import DecoderConfig
from qwentts_svc.codec.decoder import CodecDecoder, DecoderParts
from qwentts_svc.codec.kernels import CausalConv, DepthwiseConv, Linear, NarrowConv
from qwentts_svc.codec.layers import ConvNext, InputConv, OutputConv, ResidualUnit, Snake, UpsampleBlock
from qwentts_svc.codec.quantizer import CodebookSum, codebook_table
from qwentts_svc.codec.reader import TensorReader
from qwentts_svc.codec.state import StateLayout
from qwentts_svc.codec.window_transformer import HeadShape, WindowLayer, WindowTransformer, interleave_halves

__all__ = ["build_decoder"]

WIDE_KERNEL = 7
PRE_KERNEL = 3
DILATIONS = (1, 3, 9)
CONVNEXT_GROWTH = 4


def build_decoder(reader: TensorReader, config: DecoderConfig, sample_rate: int) -> CodecDecoder:
    """``reader`` at ``decoder.``. Raises ModelError that names the tensor."""
    layout = StateLayout()
    latent, width = config.latent_dim, config.decoder_dim
    codebooks = _codebooks(reader.at("quantizer"), config)
    pre_conv = InputConv(_conv(reader.at("pre_conv.conv"), latent, config.codebook_dim, PRE_KERNEL), layout)
    transformer = _transformer(reader.at("pre_transformer"), config)
    upsamplers, steps = [], 1
    for index, rate in enumerate(config.upsampling_ratios):
        part = reader.at(f"upsample.{index}")
        spread = part.at("0.conv")
        weight = spread.read("weight", latent, latent, rate).permute(2, 1, 0).reshape(rate * latent, latent)
        linear = Linear(spread.place(weight), spread.place(spread.read("bias", latent).repeat(rate)))
        upsamplers.append((linear, rate, _convnext(part.at("1"), latent, layout)))
        steps *= rate
    blocks = reader.at("decoder")
    widen = InputConv(_conv(blocks.at("0.conv"), width, latent, WIDE_KERNEL, steps=steps), layout)
    ups = []
    for index, rate in enumerate(config.upsample_rates, start=1):
        ups.append(_upsample_block(blocks.at(f"{index}.block"), width, rate, steps, layout))
        width //= 2
        steps *= rate
    last = len(ups) + 1
    act = _snake(blocks.at(f"{last}"), width, steps)
    final = blocks.at(f"{last + 1}.conv")
    narrow = NarrowConv(
        final.place_wide(final.read("weight", 1, width, WIDE_KERNEL)), final.place_wide(final.read("bias", 1))
    )
    output = OutputConv(act, narrow, layout)
    parts = DecoderParts(codebooks, pre_conv, transformer, tuple(upsamplers), widen, tuple(ups), output)
    return CodecDecoder(parts, layout, samples_per_frame=steps, sample_rate=sample_rate, dtype=reader.dtype)


def _codebooks(reader: TensorReader, config: DecoderConfig) -> CodebookSum:
    width = config.codebook_dim // 2
    tables: list[Tensor] = []
    projections = []
    for part, count in (("rvq_first", 1), ("rvq_rest", config.num_quantizers - 1)):
        group = reader.at(part)
        for layer in range(count):
            book = group.at(f"vq.layers.{layer}._codebook")
            total = book.read("embedding_sum", config.codebook_size, width)
            tables.append(codebook_table(total, book.read("cluster_usage", config.codebook_size)))
        projections.append(group.read("output_proj.weight", config.codebook_dim, width, 1).squeeze(-1))
        group.skip("input_proj.weight", width, config.codebook_dim, 1)
    project = Linear(reader.place(torch.cat(projections, dim=1)), None)
    return CodebookSum(reader.place(torch.stack(tables)), project)


def _transformer(reader: TensorReader, config: DecoderConfig) -> WindowTransformer:
    hidden, latent, inner = config.hidden_size, config.latent_dim, config.intermediate_size
    heads, kv_heads, dim = config.num_heads, config.num_kv_heads, config.head_dim
    shape = HeadShape(heads, kv_heads, dim, config.sliding_window, config.rope_theta)

    def layer(part: TensorReader) -> WindowLayer:
        norm1, norm2 = part.read("input_layernorm.weight", hidden), part.read("post_attention_layernorm.weight", hidden)
        scale1, scale2 = part.read("self_attn_layer_scale.scale", hidden), part.read("mlp_layer_scale.scale", hidden)
        attention, mlp = part.at("self_attn"), part.at("mlp")
        rows, biases = [], []
        for name, count in (("q", heads), ("k", kv_heads), ("v", kv_heads)):
            weight = attention.read(f"{name}_proj.weight", count * dim, hidden) * norm1
            bias = attention.read(f"{name}_proj.bias", count * dim) if config.attention_bias else None
            rows.append(weight if name == "v" else interleave_halves(weight, count))
            if bias is not None:
                biases.append(bias if name == "v" else interleave_halves(bias, count))
        out = attention.read("o_proj.weight", hidden, heads * dim) * scale1[:, None]
        out_bias = attention.read("o_proj.bias", hidden) * scale1 if config.attention_bias else None
        gate = mlp.read("gate_proj.weight", inner, hidden) * norm2
        up = mlp.read("up_proj.weight", inner, hidden) * norm2
        down = mlp.read("down_proj.weight", hidden, inner) * scale2[:, None]
        return WindowLayer(
            qkv=Linear(part.place(torch.cat(rows)), part.place(torch.cat(biases)) if biases else None),
            out=Linear(part.place(out), None if out_bias is None else part.place(out_bias)),
            gate_up=Linear(part.place(torch.cat([gate, up])), None),
            down=Linear(part.place(down), None),
        )

    enter = reader.at("input_proj")
    enter_linear = Linear(enter.place(enter.read("weight", hidden, latent)), enter.place(enter.read("bias", hidden)))
    layers = tuple(layer(reader.at(f"layers.{index}")) for index in range(config.num_layers))
    leave = reader.at("output_proj")
    weight = leave.read("weight", latent, hidden) * reader.read("norm.weight", hidden)
    leave_linear = Linear(leave.place(weight), leave.place(leave.read("bias", latent)))
    return WindowTransformer(shape, enter_linear, layers, leave_linear, config.rms_norm_eps)


def _conv(
    reader: TensorReader, outputs: int, inputs: int, kernel: int, *, dilation: int = 1, steps: int = 1
) -> CausalConv:
    weight, bias = reader.read("weight", outputs, inputs, kernel), reader.read("bias", outputs)
    return CausalConv(reader.place(weight), reader.place(bias), dilation=dilation, steps_per_frame=steps)


def _convnext(reader: TensorReader, width: int, layout: StateLayout) -> ConvNext:
    taps, norm = reader.at("dwconv.conv"), reader.at("norm")
    grow, shrink = reader.at("pwconv1"), reader.at("pwconv2")
    inner = CONVNEXT_GROWTH * width
    gamma = reader.read("gamma", width)
    return ConvNext(
        DepthwiseConv(taps.place(taps.read("weight", width, 1, WIDE_KERNEL)), taps.place(taps.read("bias", width))),
        (norm.place(norm.read("weight", width)), norm.place(norm.read("bias", width))),
        Linear(grow.place(grow.read("weight", inner, width)), grow.place(grow.read("bias", inner))),
        Linear(
            shrink.place(shrink.read("weight", width, inner) * gamma[:, None]),
            shrink.place(shrink.read("bias", width) * gamma),
        ),
        layout,
    )


def _snake(reader: TensorReader, width: int, steps: int) -> Snake:
    return Snake(reader.place_wide(reader.read("alpha", width)), reader.place_wide(reader.read("beta", width)), steps)


def _upsample_block(reader: TensorReader, width: int, rate: int, steps: int, layout: StateLayout) -> UpsampleBlock:
    half = width // 2
    spread = reader.at("1.conv")
    # weight[:, :, r + j] meets the previous input, weight[:, :, j] the current one, at output j of r.
    weight = spread.read("weight", width, half, 2 * rate).view(width, half, 2, rate).flip(2)
    weight = weight.permute(3, 1, 0, 2).reshape(rate * half, width, 2)
    bias = spread.read("bias", half).repeat(rate)
    # As a matrix product whatever the length: gathering two neighbours costs next to nothing.
    taps = CausalConv(spread.place(weight), spread.place(bias), steps_per_frame=1)
    act = _snake(reader.at("0"), width, steps)
    steps *= rate
    units = []
    for index, dilation in enumerate(DILATIONS):
        part = reader.at(f"{index + 2}")
        conv = _conv(part.at("conv1.conv"), half, half, WIDE_KERNEL, dilation=dilation, steps=steps)
        point = part.at("conv2.conv")
        pointwise = Linear(
            point.place(point.read("weight", half, half, 1).squeeze(-1)), point.place(point.read("bias", half))
        )
        act1, act2 = _snake(part.at("act1"), half, steps), _snake(part.at("act2"), half, steps)
        units.append(ResidualUnit(act1, conv, act2, pointwise, layout))
    return UpsampleBlock(act, taps, rate, units, layout)
