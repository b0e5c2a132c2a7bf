"""A codec decoder written straight from its description, slowly and without state, and random checkpoints for it.

An oracle for sizes that no golden value covers: it shares no line with the product's decoder.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import Tensor

Tensors = dict[str, Tensor]

ENCODER: dict[str, Any] = {
    "hidden_size": 12, "num_filters": 2, "num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 1,
    "head_dim": 4, "intermediate_size": 8, "rope_theta": 10000.0, "norm_eps": 1e-5, "codebook_size": 11,
    "codebook_dim": 6, "num_quantizers": 6,
}  # fmt: skip


def codec_config(decoder: dict[str, Any], ratios: list[int], quantizers: int) -> dict[str, Any]:
    """A speech_tokenizer/config.json whose encoder makes as many samples per frame as the decoder."""
    hop = math.prod(decoder["upsample_rates"]) * math.prod(decoder["upsampling_ratios"])
    return {
        "model_type": "qwen3_tts_tokenizer_12hz",
        "encoder_valid_num_quantizers": quantizers,
        "input_sample_rate": 16000,
        "output_sample_rate": 16000,
        "encode_downsample_rate": 2 * math.prod(ratios),
        "decode_upsample_rate": hop,
        "decoder_config": decoder,
        "encoder_config": {**ENCODER, "upsampling_ratios": ratios, "codebook_size": 11},
    }


def decoder_tensors(c: dict[str, Any], seed: int) -> Tensors:
    """Random weights, lively enough that every part shows in the audio."""
    draw = torch.Generator().manual_seed(seed)
    out: Tensors = {}

    def put(name: str, *shape: int, scale: float | None = None, shift: float = 0.0) -> None:
        fan = math.prod(shape[1:]) if len(shape) > 1 else 1
        spread = scale if scale is not None else fan**-0.5
        out[f"decoder.{name}"] = torch.randn(shape, generator=draw) * spread + shift

    width, latent, hidden, dim = c["codebook_dim"], c["latent_dim"], c["hidden_size"], c["head_dim"]
    heads, kv = c["num_attention_heads"], c["num_key_value_heads"]
    for part, count in (("rvq_first", 1), ("rvq_rest", c["num_quantizers"] - 1)):
        put(f"quantizer.{part}.input_proj.weight", width // 2, width, 1)
        put(f"quantizer.{part}.output_proj.weight", width, width // 2, 1)
        for n in range(count):
            put(f"quantizer.{part}.vq.layers.{n}._codebook.embedding_sum", c["codebook_size"], width // 2, scale=1.0)
            name = f"quantizer.{part}.vq.layers.{n}._codebook.cluster_usage"
            put(name, c["codebook_size"], scale=0.1, shift=1.0)
    put("pre_conv.conv.weight", latent, width, 3)
    put("pre_conv.conv.bias", latent, scale=0.1)
    for name, shape in (("input_proj", (hidden, latent)), ("output_proj", (latent, hidden))):
        put(f"pre_transformer.{name}.weight", *shape)
        put(f"pre_transformer.{name}.bias", shape[0], scale=0.1)
    put("pre_transformer.norm.weight", hidden, scale=0.2, shift=1.0)
    for n in range(c["num_hidden_layers"]):
        at = f"pre_transformer.layers.{n}"
        for norm in ("input_layernorm", "post_attention_layernorm"):
            put(f"{at}.{norm}.weight", hidden, scale=0.2, shift=1.0)
        for name, count in (("q", heads), ("k", kv), ("v", kv)):
            put(f"{at}.self_attn.{name}_proj.weight", count * dim, hidden)
            if c["attention_bias"]:
                put(f"{at}.self_attn.{name}_proj.bias", count * dim, scale=0.3)
        put(f"{at}.self_attn.o_proj.weight", hidden, heads * dim)
        if c["attention_bias"]:
            put(f"{at}.self_attn.o_proj.bias", hidden, scale=0.3)
        for name, shape in (("gate", 0), ("up", 0), ("down", 1)):
            inner = c["intermediate_size"]
            put(f"{at}.mlp.{name}_proj.weight", *((hidden, inner) if shape else (inner, hidden)))
        for name in ("self_attn", "mlp"):
            put(f"{at}.{name}_layer_scale.scale", hidden, scale=0.3)
    for n, rate in enumerate(c["upsampling_ratios"]):
        put(f"upsample.{n}.0.conv.weight", latent, latent, rate, scale=latent**-0.5)
        put(f"upsample.{n}.0.conv.bias", latent, scale=0.1)
        at = f"upsample.{n}.1"
        put(f"{at}.dwconv.conv.weight", latent, 1, 7)
        put(f"{at}.norm.weight", latent, scale=0.2, shift=1.0)
        put(f"{at}.pwconv1.weight", 4 * latent, latent)
        put(f"{at}.pwconv1.bias", 4 * latent, scale=0.1)
        put(f"{at}.pwconv2.weight", latent, 4 * latent)
        for name in ("dwconv.conv.bias", "norm.bias", "pwconv2.bias", "gamma"):
            put(f"{at}.{name}", latent, scale=0.3)
    size = c["decoder_dim"]
    put("decoder.0.conv.weight", size, latent, 7)
    put("decoder.0.conv.bias", size, scale=0.1)

    def snake(at: str, channels: int) -> None:
        put(f"{at}.alpha", channels, scale=0.3)
        put(f"{at}.beta", channels, scale=0.3)

    for n, rate in enumerate(c["upsample_rates"], start=1):
        at = f"decoder.{n}.block"
        snake(f"{at}.0", size)
        put(f"{at}.1.conv.weight", size, size // 2, 2 * rate, scale=(2 * size) ** -0.5)
        size //= 2
        put(f"{at}.1.conv.bias", size, scale=0.1)
        for unit in (2, 3, 4):
            for act in ("act1", "act2"):
                snake(f"{at}.{unit}.{act}", size)
            for name, kernel in (("conv1", 7), ("conv2", 1)):
                put(f"{at}.{unit}.{name}.conv.weight", size, size, kernel, scale=0.3 * (size * kernel) ** -0.5)
                put(f"{at}.{unit}.{name}.conv.bias", size, scale=0.1)
    last = len(c["upsample_rates"]) + 1
    snake(f"decoder.{last}", size)
    put(f"decoder.{last + 1}.conv.weight", 1, size, 7, scale=0.2 * (7 * size) ** -0.5)
    put(f"decoder.{last + 1}.conv.bias", 1, scale=0.01)
    return out


def encoder_tensors(ratios: list[int]) -> Tensors:
    """Zeros in the right shapes: only names and shapes of the encoder matter here."""
    out: Tensors = {}

    def put(name: str, *shape: int) -> None:
        out[f"encoder.{name}"] = torch.zeros(shape)

    def conv(name: str, *shape: int) -> None:
        put(f"{name}.conv.weight", *shape)
        put(f"{name}.conv.bias", shape[0])

    hidden, width, index = ENCODER["hidden_size"], ENCODER["num_filters"], 1
    conv("encoder.layers.0", width, 1, 7)
    for ratio in reversed(ratios):
        conv(f"encoder.layers.{index}.block.1", width // 2, width, 3)
        conv(f"encoder.layers.{index}.block.3", width, width // 2, 1)
        conv(f"encoder.layers.{index + 2}", 2 * width, width, 2 * ratio)
        width, index = 2 * width, index + 3
    conv(f"encoder.layers.{index + 1}", hidden, width, 3)
    dim = ENCODER["head_dim"]
    for n in range(ENCODER["num_hidden_layers"]):
        at = f"encoder_transformer.layers.{n}"
        for norm in ("input_layernorm", "post_attention_layernorm"):
            put(f"{at}.{norm}.weight", hidden)
            put(f"{at}.{norm}.bias", hidden)
        heads, kv = ENCODER["num_attention_heads"], ENCODER["num_key_value_heads"]
        for name, count in (("q", heads), ("k", kv), ("v", kv)):
            put(f"{at}.self_attn.{name}_proj.weight", count * dim, hidden)
        put(f"{at}.self_attn.o_proj.weight", hidden, heads * dim)
        put(f"{at}.mlp.fc1.weight", ENCODER["intermediate_size"], hidden)
        put(f"{at}.mlp.fc2.weight", hidden, ENCODER["intermediate_size"])
        put(f"{at}.self_attn_layer_scale.scale", hidden)
        put(f"{at}.mlp_layer_scale.scale", hidden)
    put("downsample.conv.weight", hidden, hidden, 4)
    for part, levels in (("semantic", 1), ("acoustic", ENCODER["num_quantizers"] - 1)):
        at = f"quantizer.{part}_residual_vector_quantizer"
        put(f"{at}.input_proj.weight", ENCODER["codebook_dim"], hidden, 1)
        put(f"{at}.output_proj.weight", hidden, ENCODER["codebook_dim"], 1)
        for n in range(levels):
            put(f"{at}.layers.{n}.codebook.embed_sum", 11, ENCODER["codebook_dim"])
            put(f"{at}.layers.{n}.codebook.cluster_usage", 11)
            put(f"{at}.layers.{n}.codebook.initialized", 1)
    return out


def write_codec(directory: Path, config: dict[str, Any], tensors: Tensors) -> Path:
    """A speech_tokenizer folder."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "config.json").write_text(json.dumps(config), encoding="utf-8")
    save_file(tensors, directory / "model.safetensors")
    return directory


def naive_decode(c: dict[str, Any], tensors: Tensors, codes: Tensor) -> Tensor:
    """int64 [T, G] -> float64 [samples], every layer over the whole utterance."""
    w = {name.removeprefix("decoder."): value.double() for name, value in tensors.items()}

    def causal(x: Tensor, name: str, dilation: int = 1, groups: int = 1) -> Tensor:
        weight = w[f"{name}.weight"]
        padded = F.pad(x, ((weight.shape[2] - 1) * dilation, 0))
        return F.conv1d(padded, weight, w.get(f"{name}.bias"), dilation=dilation, groups=groups)

    def transposed(x: Tensor, name: str, rate: int) -> Tensor:
        full = F.conv_transpose1d(x, w[f"{name}.weight"], w[f"{name}.bias"], stride=rate)
        return full[..., : x.shape[-1] * rate]

    def snake(x: Tensor, name: str) -> Tensor:
        alpha, beta = w[f"{name}.alpha"].exp()[:, None], w[f"{name}.beta"].exp()[:, None]
        return x + (x * alpha).sin() ** 2 / (beta + 1e-9)

    def norm(x: Tensor, name: str) -> Tensor:
        return x * (x.square().mean(-1, keepdim=True) + c["rms_norm_eps"]).rsqrt() * w[f"{name}.weight"]

    def linear(x: Tensor, name: str) -> Tensor:
        return F.linear(x, w[f"{name}.weight"], w.get(f"{name}.bias"))

    x = torch.zeros(1, c["codebook_dim"], len(codes), dtype=torch.float64)
    for part, first, count in (("rvq_first", 0, 1), ("rvq_rest", 1, c["num_quantizers"] - 1)):
        total = torch.zeros(len(codes), c["codebook_dim"] // 2, dtype=torch.float64)
        for n in range(count):
            at = f"quantizer.{part}.vq.layers.{n}._codebook"
            table = w[f"{at}.embedding_sum"] / w[f"{at}.cluster_usage"].clamp(min=1e-5)[:, None]
            total += table[codes[:, first + n]]
        x = x + F.conv1d(total.t()[None], w[f"quantizer.{part}.output_proj.weight"])
    x = causal(x, "pre_conv.conv")

    frames, dim = len(codes), c["head_dim"]
    heads, kv = c["num_attention_heads"], c["num_key_value_heads"]
    time = torch.arange(frames)
    angles = time[:, None].double() * c["rope_theta"] ** -(torch.arange(0, dim, 2).double() / dim)
    cos, sin = angles.cos(), angles.sin()
    ahead = time[None, :] - time[:, None]
    hidden_keys = (ahead > 0) | (ahead <= -c["sliding_window"])

    def turn(v: Tensor) -> Tensor:
        a, b = v.chunk(2, -1)
        return torch.cat([a * cos - b * sin, b * cos + a * sin], -1)

    h = linear(x[0].t(), "pre_transformer.input_proj")
    for n in range(c["num_hidden_layers"]):
        at = f"pre_transformer.layers.{n}"
        y = norm(h, f"{at}.input_layernorm")
        q, k, v = (
            linear(y, f"{at}.self_attn.{name}_proj").view(frames, count, dim).transpose(0, 1)
            for name, count in (("q", heads), ("k", kv), ("v", kv))
        )
        k, v = turn(k).repeat_interleave(heads // kv, 0), v.repeat_interleave(heads // kv, 0)
        scores = (turn(q) @ k.transpose(1, 2) * dim**-0.5).masked_fill(hidden_keys, -torch.inf)
        mixed = (scores.softmax(-1) @ v).transpose(0, 1).flatten(1)
        h = h + linear(mixed, f"{at}.self_attn.o_proj") * w[f"{at}.self_attn_layer_scale.scale"]
        y = norm(h, f"{at}.post_attention_layernorm")
        y = F.silu(linear(y, f"{at}.mlp.gate_proj")) * linear(y, f"{at}.mlp.up_proj")
        h = h + linear(y, f"{at}.mlp.down_proj") * w[f"{at}.mlp_layer_scale.scale"]
    x = linear(norm(h, "pre_transformer.norm"), "pre_transformer.output_proj").t()[None]

    for n, rate in enumerate(c["upsampling_ratios"]):
        x = transposed(x, f"upsample.{n}.0.conv", rate)
        at = f"upsample.{n}.1"
        y = causal(x, f"{at}.dwconv.conv", groups=c["latent_dim"]).transpose(1, 2)
        y = F.layer_norm(y, y.shape[-1:], w[f"{at}.norm.weight"], w[f"{at}.norm.bias"], 1e-6)
        y = linear(F.gelu(linear(y, f"{at}.pwconv1")), f"{at}.pwconv2") * w[f"{at}.gamma"]
        x = x + y.transpose(1, 2)
    x = causal(x, "decoder.0.conv")
    for n, rate in enumerate(c["upsample_rates"], start=1):
        at = f"decoder.{n}.block"
        x = transposed(snake(x, f"{at}.0"), f"{at}.1.conv", rate)
        for unit, dilation in ((2, 1), (3, 3), (4, 9)):
            y = causal(snake(x, f"{at}.{unit}.act1"), f"{at}.{unit}.conv1.conv", dilation)
            x = x + causal(snake(y, f"{at}.{unit}.act2"), f"{at}.{unit}.conv2.conv")
    last = len(c["upsample_rates"]) + 1
    return causal(snake(x, f"decoder.{last}"), f"decoder.{last + 1}.conv")[0, 0].clamp(-1, 1)
