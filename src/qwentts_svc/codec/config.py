"""What speech_tokenizer/config.json says about the 12 Hz codec, as validated, immutable values. No torch."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from qwentts_svc.errors import ModelError
from qwentts_svc.fields import Fields, read_json

MODEL_TYPE = "qwen3_tts_tokenizer_12hz"

MAX_SAMPLE_RATE = 384000
MAX_WINDOW = 65536
"""Frames. Every stream keeps that many keys and values, so an absurd one must not reach the allocator."""


@dataclass(frozen=True, slots=True)
class DecoderConfig:
    """Codes to PCM. The first codebook is the semantic one; every codebook has ``codebook_size`` rows."""

    codebook_size: int
    codebook_dim: int
    """Width after the quantizer's output projections; the tables are half as wide."""
    num_quantizers: int
    latent_dim: int
    hidden_size: int
    intermediate_size: int
    num_layers: int
    num_heads: int
    num_kv_heads: int
    head_dim: int
    sliding_window: int
    """Frames a position sees, itself included."""
    rope_theta: float
    rms_norm_eps: float
    attention_bias: bool
    decoder_dim: int
    upsample_rates: tuple[int, ...]
    """Of the convolutional decoder, in the order they are applied."""
    upsampling_ratios: tuple[int, ...]
    """Of the latent upsampler, applied before them."""

    @property
    def samples_per_frame(self) -> int:
        return math.prod(self.upsample_rates) * math.prod(self.upsampling_ratios)


@dataclass(frozen=True, slots=True)
class EncoderConfig:
    """PCM to codes (a Mimi encoder)."""

    hidden_size: int
    num_filters: int
    upsampling_ratios: tuple[int, ...]
    """As the file lists them; the encoder applies them in reverse as strides."""
    kernel_size: int
    last_kernel_size: int
    residual_kernel_size: int
    compress: int
    """Inner width of a residual unit is its width over this."""
    num_layers: int
    num_heads: int
    num_kv_heads: int
    head_dim: int
    intermediate_size: int
    rope_theta: float
    norm_eps: float
    codebook_size: int
    codebook_dim: int
    num_quantizers: int
    downsample_kernel: int
    """Of the last convolution; from the file's rates, as the reference computes it. Its stride is always 2."""

    @property
    def downsample_stride(self) -> int:
        """Stride of the last convolution, from the transformer's rate to the frame rate."""
        return 2

    @property
    def samples_per_frame(self) -> int:
        return math.prod(self.upsampling_ratios) * self.downsample_stride


@dataclass(frozen=True, slots=True)
class CodecConfig:
    """The whole codec. ``valid_quantizers``: codebooks the encoder's output keeps. Rates in Hz."""

    input_sample_rate: int
    output_sample_rate: int
    encode_downsample_rate: int
    """Input samples per frame."""
    decode_upsample_rate: int
    """Output samples per frame."""
    valid_quantizers: int
    decoder: DecoderConfig
    encoder: EncoderConfig

    @property
    def frame_rate(self) -> float:
        """Frames per second."""
        return self.output_sample_rate / self.decode_upsample_rate

    def check_codes(self, groups: int, codes: int) -> None:
        """Raise ModelError unless the decoder takes ``groups`` codebooks with ids below ``codes``."""
        if groups != self.decoder.num_quantizers:
            raise ModelError(
                f"the model writes {groups} codebooks (num_code_groups), "
                f"its speech_tokenizer reads {self.decoder.num_quantizers} (num_quantizers)"
            )
        if codes > self.decoder.codebook_size:
            raise ModelError(
                f"the model writes codes up to {codes - 1}, "
                f"its speech_tokenizer has {self.decoder.codebook_size} per codebook"
            )


def load_codec_config(directory: Path) -> CodecConfig:
    """Read and check ``directory/config.json`` (``directory`` is the speech_tokenizer folder). Raises ModelError."""
    if not directory.is_dir():
        raise ModelError(f"{directory}: no such directory")
    fields = read_json(directory / "config.json")
    fields.require("model_type", fields.text("model_type"), (MODEL_TYPE,), f"only {MODEL_TYPE!r} is supported")
    decoder = _decoder(fields.section("decoder_config"))
    encoder = _encoder(fields.section("encoder_config"))
    config = CodecConfig(
        input_sample_rate=fields.integer("input_sample_rate", high=MAX_SAMPLE_RATE),
        output_sample_rate=fields.integer("output_sample_rate", high=MAX_SAMPLE_RATE),
        encode_downsample_rate=fields.integer("encode_downsample_rate"),
        decode_upsample_rate=fields.integer("decode_upsample_rate"),
        valid_quantizers=fields.integer("encoder_valid_num_quantizers"),
        decoder=decoder,
        encoder=encoder,
    )
    _check_rate(fields, "decode_upsample_rate", decoder.samples_per_frame, "decoder_config's rates multiply to")
    _check_rate(fields, "encode_downsample_rate", encoder.samples_per_frame, "encoder_config's ratios make")
    if config.valid_quantizers > encoder.num_quantizers:
        raise fields.fail("encoder_valid_num_quantizers", f"exceeds the encoder's {encoder.num_quantizers} quantizers")
    return config


def _check_rate(fields: Fields, name: str, product: int, whence: str) -> None:
    value = fields.integer(name)
    if value != product:
        raise fields.fail(name, f"is {value}, but {whence} {product}")


def _heads(fields: Fields) -> tuple[int, int, int]:
    heads, kv_heads = fields.integer("num_attention_heads"), fields.integer("num_key_value_heads")
    if heads % kv_heads:
        raise fields.fail("num_attention_heads", f"is {heads}, not a multiple of num_key_value_heads {kv_heads}")
    head_dim = fields.integer("head_dim")
    if head_dim % 2:
        raise fields.fail("head_dim", f"is {head_dim}; rotary positions need an even number")
    return heads, kv_heads, head_dim


def _decoder(fields: Fields) -> DecoderConfig:
    heads, kv_heads, head_dim = _heads(fields)
    rates = fields.integers("upsample_rates")
    codebook_dim = fields.integer("codebook_dim")
    if codebook_dim % 2:
        raise fields.fail("codebook_dim", f"is {codebook_dim}; the tables are half as wide, so it must be even")
    decoder_dim = fields.integer("decoder_dim")
    if decoder_dim % 2 ** len(rates):
        raise fields.fail("decoder_dim", f"is {decoder_dim}, which cannot be halved for each of {len(rates)} rates")
    fields.require("hidden_act", fields.text("hidden_act", "silu"), ("silu",), "only 'silu' is supported")
    return DecoderConfig(
        codebook_size=fields.integer("codebook_size"),
        codebook_dim=codebook_dim,
        num_quantizers=fields.integer("num_quantizers", low=2),
        latent_dim=fields.integer("latent_dim"),
        hidden_size=fields.integer("hidden_size"),
        intermediate_size=fields.integer("intermediate_size"),
        num_layers=fields.integer("num_hidden_layers"),
        num_heads=heads,
        num_kv_heads=kv_heads,
        head_dim=head_dim,
        sliding_window=fields.integer("sliding_window", high=MAX_WINDOW),
        rope_theta=fields.number("rope_theta"),
        rms_norm_eps=fields.number("rms_norm_eps"),
        attention_bias=fields.flag("attention_bias", False),
        decoder_dim=decoder_dim,
        upsample_rates=rates,
        upsampling_ratios=fields.integers("upsampling_ratios"),
    )


def _encoder(fields: Fields) -> EncoderConfig:
    heads, kv_heads, head_dim = _heads(fields)
    ratios = fields.integers("upsampling_ratios")
    for name, value, why in (
        ("audio_channels", 1, "only mono is supported"),
        ("num_semantic_quantizers", 1, "exactly one semantic quantizer is supported"),
        ("num_residual_layers", 1, "one residual layer per stage is supported"),
    ):
        fields.require(name, fields.integer(name, value), (value,), why)
    fields.require("use_causal_conv", fields.flag("use_causal_conv", True), (True,), "only causal is supported")
    fields.require("use_conv_shortcut", fields.flag("use_conv_shortcut", False), (False,), "is not supported")
    fields.require("attention_bias", fields.flag("attention_bias", False), (False,), "biases are not supported")
    fields.require("pad_mode", fields.text("pad_mode", "constant"), ("constant",), "only 'constant' is supported")
    fields.require("hidden_act", fields.text("hidden_act", "gelu"), ("gelu",), "only 'gelu' is supported")
    return EncoderConfig(
        hidden_size=fields.integer("hidden_size"),
        num_filters=fields.integer("num_filters"),
        upsampling_ratios=ratios,
        kernel_size=fields.integer("kernel_size", 7),
        last_kernel_size=fields.integer("last_kernel_size", 3),
        residual_kernel_size=fields.integer("residual_kernel_size", 3),
        compress=fields.integer("compress", 2),
        num_layers=fields.integer("num_hidden_layers"),
        num_heads=heads,
        num_kv_heads=kv_heads,
        head_dim=head_dim,
        intermediate_size=fields.integer("intermediate_size"),
        rope_theta=fields.number("rope_theta"),
        norm_eps=fields.number("norm_eps"),
        codebook_size=fields.integer("codebook_size"),
        codebook_dim=fields.integer("codebook_dim"),
        num_quantizers=fields.integer("num_quantizers", low=2),
        downsample_kernel=_downsample_kernel(fields, ratios),
    )


def _downsample_kernel(fields: Fields, ratios: tuple[int, ...]) -> int:
    """Twice the whole factor between the rate before the last convolution and the stated frame rate."""
    sample_rate, hop = fields.integer("sampling_rate", 24000), math.prod(ratios)
    frame_rate = fields.number("_frame_rate", fields.number("frame_rate", sample_rate / (2 * hop)))
    kernel = 2 * int(math.ceil(sample_rate / hop) / frame_rate)
    if kernel < 2:
        raise fields.fail("_frame_rate", f"is {frame_rate:g}, above the {sample_rate / hop:g} Hz of the convolutions")
    return kernel
