"""Writes a checkpoint of random weights in the real layout, of any dimensions: no tokenizer, no codec."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

CODES = 32
VOCAB = CODES + 1024
TEXT_VOCAB = 64


def write_tiny_checkpoint(
    folder: Path,
    *,
    kind: str = "custom_voice",
    size: str = "1b7",
    groups: int = 4,
    hidden: int = 32,
    predictor_hidden: int = 32,
    layers: int = 2,
    head_dim: int = 16,
    theta: float = 10000.0,
) -> Path:
    """Codes are 0..31, controls from 40; speakers ``ann`` and ``bo`` (with a dialect); english, chinese, a dialect."""
    folder.mkdir(parents=True, exist_ok=True)
    inner = {"num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": head_dim, "rms_norm_eps": 1e-5}
    talker: dict[str, Any] = {
        **inner,
        "hidden_size": hidden,
        "intermediate_size": 48,
        "num_hidden_layers": layers,
        "rope_theta": theta,
        "rope_scaling": {"interleaved": True, "mrope_section": [4, 2, 2], "rope_type": "default"},
        "num_code_groups": groups,
        "vocab_size": VOCAB,
        "text_vocab_size": TEXT_VOCAB,
        "text_hidden_size": 24,
        "codec_language_id": {"english": 100, "chinese": 101, "somewhere_dialect": 102},
        "spk_id": {"ann": 200, "bo": 201} if kind == "custom_voice" else {},
        "spk_is_dialect": {"ann": False, "bo": "somewhere_dialect"} if kind == "custom_voice" else {},
        "code_predictor_config": {
            **inner,
            "hidden_size": predictor_hidden,
            "intermediate_size": 40,
            "num_hidden_layers": 1,
            "rope_theta": theta,
            "vocab_size": CODES,
            "num_code_groups": groups,
        },
    }
    names = ("pad_id", "bos_id", "eos_token_id", "think_id", "nothink_id", "think_bos_id", "think_eos_id")
    talker |= {f"codec_{name}": 40 + index for index, name in enumerate(names)}
    config = {
        "model_type": "qwen3_tts",
        "tts_model_type": kind,
        "tts_model_size": size,
        "tts_pad_token_id": 60,
        "tts_bos_token_id": 61,
        "tts_eos_token_id": 62,
        "talker_config": talker,
    }
    if kind == "base":
        config["speaker_encoder_config"] = {"enc_dim": hidden}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    save_file(_tensors(talker), folder / "model.safetensors")
    return folder


def _tensors(talker: dict[str, Any]) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(3)
    tensors: dict[str, torch.Tensor] = {}

    def add(name: str, *shape: int) -> None:
        scale = 1.0 if "embedding" in name else 1.5 / shape[-1] ** 0.5
        tensors[name] = torch.randn(*shape, generator=generator) * scale

    def stack(prefix: str, c: dict[str, Any]) -> None:
        hidden, inner, dim = c["hidden_size"], c["intermediate_size"], c["head_dim"]
        for layer in range(c["num_hidden_layers"]):
            at = f"{prefix}.layers.{layer}"
            for name, heads in (
                ("q", "num_attention_heads"),
                ("k", "num_key_value_heads"),
                ("v", "num_key_value_heads"),
            ):
                add(f"{at}.self_attn.{name}_proj.weight", c[heads] * dim, hidden)
            add(f"{at}.self_attn.o_proj.weight", hidden, c["num_attention_heads"] * dim)
            for name in ("q_norm", "k_norm"):
                tensors[f"{at}.self_attn.{name}.weight"] = torch.rand(dim, generator=generator) + 0.5
            for name in ("input_layernorm", "post_attention_layernorm"):
                tensors[f"{at}.{name}.weight"] = torch.rand(hidden, generator=generator) + 0.5
            add(f"{at}.mlp.gate_proj.weight", inner, hidden)
            add(f"{at}.mlp.up_proj.weight", inner, hidden)
            add(f"{at}.mlp.down_proj.weight", hidden, inner)
        tensors[f"{prefix}.norm.weight"] = torch.rand(hidden, generator=generator) + 0.5

    hidden, width, predictor = talker["hidden_size"], talker["text_hidden_size"], talker["code_predictor_config"]
    add("talker.model.text_embedding.weight", TEXT_VOCAB, width)
    add("talker.model.codec_embedding.weight", VOCAB, hidden)
    stack("talker.model", talker)
    add("talker.codec_head.weight", VOCAB, hidden)
    for index, out in ((1, width), (2, hidden)):
        add(f"talker.text_projection.linear_fc{index}.weight", out, width)
        add(f"talker.text_projection.linear_fc{index}.bias", out)
    stack("talker.code_predictor.model", predictor)
    for group in range(talker["num_code_groups"] - 1):
        add(f"talker.code_predictor.model.codec_embedding.{group}.weight", CODES, hidden)
        add(f"talker.code_predictor.lm_head.{group}.weight", CODES, predictor["hidden_size"])
    if predictor["hidden_size"] != hidden:
        add("talker.code_predictor.small_to_mtp_projection.weight", predictor["hidden_size"], hidden)
        add("talker.code_predictor.small_to_mtp_projection.bias", predictor["hidden_size"])
    return tensors
