"""Real runners over a tiny checkpoint or the embedded voice, in sizes that tests choose."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import torch

import qwentts_svc
from qwentts_svc.acoustic.model import AcousticModel, load_acoustic
from qwentts_svc.codec.decoder import CodecDecoder
from qwentts_svc.codec.load import load_codec_decoder
from qwentts_svc.nn.attention import SdpaAttention
from qwentts_svc.nn.attention_pagewise import PagewiseAttention
from qwentts_svc.runtime.codec_runner import TorchCodecRunner
from qwentts_svc.runtime.model_runner import RunnerLimits, TorchModelRunner

EMBEDDED = Path(qwentts_svc.__file__).parent / "data" / "aria"


@cache
def weights(directory: Path, invariant: bool) -> tuple[AcousticModel, CodecDecoder]:
    """Loaded once per test process."""
    torch.set_num_threads(1)
    return load_acoustic(directory, invariant=invariant), load_codec_decoder(directory / "speech_tokenizer")


def real_runners(
    directory: Path, *, invariant: bool, slots: int, blocks: int, max_rows: int, block_size: int = 16
) -> tuple[TorchModelRunner, TorchCodecRunner]:
    """Fresh runners over shared weights."""
    model, decoder = weights(directory, invariant)
    limits = RunnerLimits(slots, blocks, block_size, max_rows, max_positions=blocks * block_size)
    attention = PagewiseAttention() if invariant else SdpaAttention()
    return TorchModelRunner(model, attention, limits), TorchCodecRunner(decoder, slots)
