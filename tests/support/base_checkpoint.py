"""The embedded voice as a base checkpoint: its talker and codec, beside a speaker encoder of random weights, so that
the whole service can clone voices without a download."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from support.real_engine import EMBEDDED

from qwentts_svc.acoustic.config import load_model_config
from qwentts_svc.codec.speaker_encoder import build_speaker_encoder

SMALL = {"enc_channels": [16, 16, 16, 32], "enc_kernel_sizes": [5, 3, 3, 1], "enc_dilations": [1, 2, 3, 1]}


@dataclass
class _Inventor:
    """Reads any tensor that is asked for: random, and kept under its name."""

    prefix: str
    made: dict[str, torch.Tensor]
    random: torch.Generator = field(default_factory=lambda: torch.Generator().manual_seed(5))

    def at(self, name: str) -> _Inventor:
        return _Inventor(f"{self.prefix}{name}.", self.made, self.random)

    def read(self, name: str, *shape: int) -> torch.Tensor:
        tensor = torch.randn(*shape, generator=self.random) * 0.1
        self.made[self.prefix + name] = tensor
        return tensor

    def place_wide(self, tensor: torch.Tensor) -> torch.Tensor:
        return tensor


def write_base_checkpoint(folder: Path) -> Path:
    """Write it below ``folder``; a few megabytes."""
    shutil.copytree(EMBEDDED, folder, ignore=shutil.ignore_patterns("samples", "*.md"))
    file = folder / "config.json"
    config = json.loads(file.read_text(encoding="utf-8"))
    config["tts_model_type"] = "base"
    config["talker_config"] |= {"spk_id": {}, "spk_is_dialect": {}}
    config["speaker_encoder_config"] = {
        "enc_dim": config["talker_config"]["hidden_size"],
        "enc_attention_channels": 8,
        "enc_res2net_scale": 4,
        "enc_se_channels": 8,
        **SMALL,
    }
    file.write_text(json.dumps(config), encoding="utf-8")
    shape = load_model_config(folder).speaker_encoder
    assert shape is not None
    tensors = load_file(folder / "model.safetensors")
    build_speaker_encoder(_Inventor("speaker_encoder.", tensors), shape)  # type: ignore[arg-type]  # reads like one
    save_file(tensors, folder / "model.safetensors")
    return folder
