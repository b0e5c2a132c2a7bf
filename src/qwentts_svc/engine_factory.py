"""Builds an engine on its own thread: device, weights, runners, warm-up. Part of the composition root."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from qwentts_svc.acoustic.config import ModelConfig
from qwentts_svc.acoustic.generation import GenerationDefaults
from qwentts_svc.acoustic.model import AcousticModel, load_acoustic
from qwentts_svc.codec.load import load_codec_decoder, load_codec_encoder, load_speaker_encoder
from qwentts_svc.config import Settings
from qwentts_svc.nn.linear import LinearKind
from qwentts_svc.observability.observer import Observer
from qwentts_svc.runtime.admission import Admission, AdmissionLimits
from qwentts_svc.runtime.codec_runner import TorchCodecRunner
from qwentts_svc.runtime.cost import COLD_COSTS, CostModel
from qwentts_svc.runtime.device import DevicePlan, DeviceWish, kv_blocks
from qwentts_svc.runtime.engine import Engine, EngineLimits
from qwentts_svc.runtime.guard import GuardLimits
from qwentts_svc.runtime.messages import PromptSpec
from qwentts_svc.runtime.model_runner import RunnerLimits, TorchModelRunner
from qwentts_svc.runtime.qos import ClassDefaults
from qwentts_svc.runtime.rehearsal import rehearse
from qwentts_svc.runtime.scheduler import Tuning, make_policy
from qwentts_svc.runtime.stage_clock import StageClock
from qwentts_svc.runtime.voice_encoder import TorchVoiceEncoder
from qwentts_svc.types import Layout, Priority, Sampling, VoicePrompt

PROMPT_POSITIONS = 4096
"""Room for a prompt beside the longest utterance."""

PREFIX_ENTRIES = 256

REHEARSED_TOKENS = 14
"""Text of a short sentence."""

WARM_ROWS = range(1, 5)
"""Rows of the codec calls that are made once before anybody listens."""


class EngineParts:
    """What the engine thread built, for figures read from outside."""

    def __init__(self) -> None:
        self.clock = StageClock()

    def stage_seconds(self) -> Mapping[str, float]:
        """Seconds of work by stage: ``talker``, ``code_predictor``, ``codec``, as far as the device can tell."""
        return dict(self.clock.seconds)


def build_engine(
    path: Path,
    settings: Settings,
    wish: DeviceWish,
    device: DevicePlan,
    classes: Mapping[Priority, ClassDefaults],
    generation: GenerationDefaults,
    observer: Observer,
    parts: EngineParts,
) -> Engine:
    """Called on the engine thread. Raises ModelError."""
    if device.device.type == "cpu":
        torch.set_num_threads(device.threads)
    elif device.codec_dtype is torch.float32:
        # cuDNN's convolutions would quietly drop to TF32, which is audible in the codec.
        torch.backends.cudnn.allow_tf32 = False
    runtime = settings.runtime
    model = load_acoustic(
        path,
        device.dtype,
        device.device,
        linear=_linear(settings),
        invariant=wish.invariant,
    )
    decoder = load_codec_decoder(path / "speech_tokenizer", device.codec_dtype, device.device)
    voices = _voice_encoder(path, model, device)
    blocks = kv_blocks(wish, device, model.config)
    limits = RunnerLimits(
        slots=device.slots,
        blocks=blocks,
        block_size=device.block_size,
        max_rows=device.max_rows,
        max_positions=min(PROMPT_POSITIONS + generation.max_new_tokens, blocks * device.block_size),
    )
    runner = TorchModelRunner(model, device.attention, limits, compiled=runtime.compile == "on")
    codec_runner = TorchCodecRunner(decoder, device.slots)
    profile = device.profile
    if runtime.codec_budget_frames:
        profile = replace(profile, codec_budget_frames=runtime.codec_budget_frames)
    codec = codec_runner.info
    frame_s = codec.samples_per_frame / codec.sample_rate
    guard = runtime.runaway.at(1 / frame_s)
    costs = COLD_COSTS
    if runtime.warm_up:
        runner.warm_up()
        codec_runner.warm_up(sorted(set(profile.ramp)), WARM_ROWS)
        sampling = Sampling(generation.talker, generation.subtalker)
        costs = rehearse(runner, codec_runner, _any_prompt(model.config), sampling, profile.ramp[-1])
    engine = Engine(
        runner,
        codec_runner,
        make_policy(runtime.policy, Tuning(profile=profile, classes=classes)),
        voices=voices,
        admission=Admission(device.slots, profile.ramp, frame_s=frame_s, limits=AdmissionLimits(classes=classes)),
        limits=EngineLimits(
            GuardLimits(guard.loop_frames, guard.silence_frames, guard.retries)
            if guard.enabled
            else GuardLimits(0, 0, 0),
            profile,
        ),
        observer=observer,
        prefix_entries=PREFIX_ENTRIES if runtime.prefix_cache else 0,
        costs=CostModel(costs),
    )
    runner.time_stages(parts.clock)
    codec_runner.time_stages(parts.clock)
    return engine


def _any_prompt(config: ModelConfig) -> PromptSpec:
    """A short prompt that a model of this type takes, to be timed and thrown away."""
    text = (config.tts_pad_id,) * REHEARSED_TOKENS
    voice = None
    if config.supports_cloning:
        voice = VoicePrompt("", np.zeros(config.talker.transformer.hidden_size, np.float32))
    speaker = "" if voice else next(iter(config.talker.speakers), "")
    return PromptSpec(role_ids=text[:3], text_ids=text, speaker=speaker, voice=voice, layout=Layout.FULL)


def _voice_encoder(path: Path, model: AcousticModel, device: DevicePlan) -> TorchVoiceEncoder | None:
    config = model.config.speaker_encoder
    if config is None or not model.config.supports_cloning:
        return None
    return TorchVoiceEncoder(
        load_codec_encoder(path / "speech_tokenizer", device.device),
        load_speaker_encoder(path, config, device.device),
    )


def _linear(settings: Settings) -> LinearKind:
    """Packed weights are opaque to the compiler; a compiled step takes plain ones."""
    if settings.model.linear == "int8":
        return "int8"
    return "dense" if settings.runtime.compile == "on" else "auto"
