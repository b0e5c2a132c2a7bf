"""The acoustic model of a checkpoint: configuration, talker, code predictor, and the embedding of a prompt."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from qwentts_svc.acoustic.checkpoint import open_weights
from qwentts_svc.acoustic.code_predictor import CodePredictor
from qwentts_svc.acoustic.config import ModelConfig, load_model_config
from qwentts_svc.acoustic.prompt import FIRST_FRAME, SPEAKER, PromptLayout
from qwentts_svc.acoustic.stack import Loader
from qwentts_svc.acoustic.talker import Talker
from qwentts_svc.nn.linear import LinearFactory, LinearKind, allowed_rows
from qwentts_svc.types import VoicePrompt

SPEAKER_ENCODER_PREFIX = "speaker_encoder."
"""Tensors of base checkpoints that belong to the voice encoder, which loads them by itself."""


@dataclass(frozen=True, slots=True)
class AcousticModel:
    """Weights on a device. ``row_unit``: see ``LinearFactory.unit``."""

    config: ModelConfig
    talker: Talker
    predictor: CodePredictor
    dtype: torch.dtype
    device: torch.device
    row_unit: int
    invariant: bool

    def allowed_rows(self, rows: int) -> int:
        """The least number of rows, at least ``rows``, that a batch may have."""
        return allowed_rows(rows, self.row_unit)

    def padded(self, x: Tensor) -> Tensor:
        """x [rows, hidden] with zero rows added at the end up to an allowed number."""
        return F.pad(x, (0, 0, 0, self.allowed_rows(x.shape[0]) - x.shape[0]))

    def embed_prompt(self, layout: PromptLayout, voice: VoicePrompt | None) -> Tensor:
        """Input embeddings [positions, hidden] of a prompt."""
        x = self.talker.text.prompt(torch.tensor(layout.text, device=self.device))
        codec = torch.tensor(layout.codec, device=self.device)
        known = (codec >= 0).nonzero()[:, 0]
        x[known] += F.embedding(codec[known], self.talker.codec_embedding)
        if voice is not None:
            x[codec == SPEAKER] += torch.from_numpy(voice.speaker_embedding).to(self.device, self.dtype)
            if voice.ref_codes is not None:
                frames = (codec <= FIRST_FRAME).nonzero()[:, 0]
                codes = torch.from_numpy(voice.ref_codes).to(self.device)[FIRST_FRAME - codec[frames]]
                x[frames] += self.predictor.embed_frames(codes)
        return x


def load_acoustic(
    directory: Path,
    dtype: torch.dtype = torch.float32,
    device: torch.device | str = "cpu",
    *,
    linear: LinearKind = "auto",
    invariant: bool = False,
) -> AcousticModel:
    """Load a checkpoint directory, tensor by tensor. Raises ModelError that names what is missing, surplus or wrong.

    ``invariant``: a row's results depend, bit for bit, on that row alone, whoever shares its batch.
    """
    config = load_model_config(directory)
    where = torch.device(device)
    linears = LinearFactory(linear, dtype, where, invariant=invariant)
    with open_weights(directory) as weights, torch.inference_mode():
        loader = Loader(weights, dtype, where, linears)
        talker = Talker(loader, config.talker)
        predictor = CodePredictor(loader, config.talker, talker.codec_embedding)
        if config.supports_cloning:
            weights.skip(name for name in weights.shapes if name.startswith(SPEAKER_ENCODER_PREFIX))
        weights.finish()
    return AcousticModel(config, talker, predictor, dtype, where, linears.unit, invariant)
