"""The acoustic model gives the reference's numbers: prompts, hidden states, logits, scores and greedy codes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from support.speaker import Job, Speaker

from qwentts_svc.acoustic.config import load_generation_defaults
from qwentts_svc.acoustic.frame_step import FrameStep, SlotState, StepInputs
from qwentts_svc.acoustic.model import AcousticModel, load_acoustic
from qwentts_svc.acoustic.prompt import check_prompt, lay_out
from qwentts_svc.acoustic.sampling import StageFlags, process_talker, suppress_mask
from qwentts_svc.nn.attention import AttentionBackend, SdpaAttention, Span
from qwentts_svc.nn.attention_pagewise import PagewiseAttention
from qwentts_svc.runtime.messages import PromptSpec
from qwentts_svc.runtime.model_runner import RunnerLimits, TorchModelRunner
from qwentts_svc.types import Layout, Sampling, SamplingParams, VoicePrompt

Tensors = dict[str, torch.Tensor]
BLOCK = 16
EMBEDDING, HIDDEN, LOGITS = 2e-5, 1e-4, 1e-3
GREEDY = StageFlags(top_k_cap=0, needs_top_p=False, samples=False)


@cache
def _model(checkpoint: Path, invariant: bool) -> AcousticModel:
    return load_acoustic(checkpoint, invariant=invariant)


@pytest.fixture(scope="module", autouse=True)
def _drop_models() -> Iterator[None]:
    yield
    _model.cache_clear()


@pytest.fixture(autouse=True)
def _no_grad() -> Iterator[None]:
    with torch.inference_mode():
        yield


def close(actual: torch.Tensor, expected: torch.Tensor, tolerance: float) -> None:
    torch.testing.assert_close(actual, expected, rtol=0, atol=tolerance)


def spec_of(request: dict[str, Any], tensors: Tensors) -> PromptSpec:
    """The prompt of a golden request, from the token ids that the file brings."""
    ids = tensors["text_ids"].tolist()
    voice = None
    if "spk_embedding" in tensors:
        codes = tensors["ref_codes"].numpy() if "ref_codes" in tensors else None
        voice = VoicePrompt("golden", tensors["spk_embedding"].numpy(), codes, request.get("ref_text"))
    return PromptSpec(
        role_ids=tuple(ids[:3]),
        text_ids=tuple(ids[3:-5]),
        instruct_ids=tuple(tensors["instruct_ids"].tolist()) if "instruct_ids" in tensors else (),
        ref_text_ids=tuple(tensors["ref_ids"].tolist()[3:-2]) if "ref_ids" in tensors else (),
        language=request.get("language") or "auto",
        speaker=request.get("speaker") or "",
        voice=voice,
        layout=Layout.FULL if request["non_streaming"] else Layout.STREAMING,
    )


def greedy(checkpoint: Path, request: dict[str, Any]) -> Sampling:
    defaults = load_generation_defaults(checkpoint)
    penalty = request.get("repetition_penalty", defaults.talker.repetition_penalty)
    return Sampling(SamplingParams(do_sample=False, repetition_penalty=penalty), SamplingParams(do_sample=False))


class Row:
    """One row walked step by step, so that everything inside a frame can be looked at."""

    def __init__(self, model: AcousticModel, attention: AttentionBackend, spec: PromptSpec, sampling: Sampling) -> None:
        check_prompt(spec, model.config)
        self.model, self.attention = model, attention
        self.layout = lay_out(spec, model.config)
        self.embeds = model.embed_prompt(self.layout, spec.voice)
        blocks = (len(self.layout) + 64) // BLOCK + 1
        self.kv = model.talker.new_kv(blocks, BLOCK)
        self.table = torch.arange(blocks)
        self.state = SlotState.allocate(model, 1)
        self.state.reset(0, sampling, self.embeds[-1])
        self.step = FrameStep(model, self.kv, attention, self.state)
        config = model.config
        self.trailing = [*self.layout.lead_ids, *spec.text_ids[max(0, self.layout.consumed_ids) :]]
        if not self.layout.has_eos:
            self.trailing.append(config.tts_eos_id)

    def prefill(self, x: torch.Tensor, hook: Any = None) -> torch.Tensor:
        count = x.shape[0]
        x = self.model.padded(x)
        plan = self.attention.plan_prefill([Span(0, count, 0, self.table)], x.shape[0], self.kv)
        positions = torch.arange(x.shape[0])
        return self.model.talker.prefill(x, positions, plan, self.kv, self.attention, hook)[:count]

    def inputs(self, frame: int) -> StepInputs:
        unit = self.model.row_unit
        pad = self.model.config.tts_pad_id
        text = -1 if frame == 0 else (self.trailing[frame - 1] if frame <= len(self.trailing) else pad)
        packed = torch.zeros(unit, StepInputs.COLUMNS + len(self.table), dtype=torch.int64)
        packed[:, 0], packed[:, 2] = 1, -1
        packed[:, StepInputs.COLUMNS :] = self.kv.scratch_block
        packed[0, : StepInputs.COLUMNS] = torch.tensor([0, len(self.layout) - 1 + frame, text, frame, 0])
        packed[0, StepInputs.COLUMNS :] = self.table
        return StepInputs.unpack(packed)


@pytest.mark.parametrize("invariant", [False, True], ids=["fast", "invariant"])
def test_every_number_inside_a_case_matches_the_reference(golden_case: Any, invariant: bool) -> None:
    checkpoint, tensors = golden_case.variant / "checkpoint", golden_case.tensors()
    request = golden_case.about["request"]
    model = _model(checkpoint, invariant)
    attention: AttentionBackend = PagewiseAttention() if invariant else SdpaAttention()
    row = Row(model, attention, spec_of(request, tensors), greedy(checkpoint, request))
    talker, predictor, unit = model.talker, model.predictor, model.row_unit

    close(row.embeds, tensors["prefill_embeds"], EMBEDDING)
    pad = talker.text.prompt(torch.tensor([model.config.tts_pad_id]))
    close(pad[0], tensors["tts_pad_embed"], EMBEDDING)
    trailing = talker.text.prompt(torch.tensor(row.trailing)) if row.trailing else pad
    close(trailing, tensors["trailing_text_hidden"], EMBEDDING)

    if "prefill_hidden_layers" in tensors:
        layers = [row.embeds]
        final = row.prefill(row.embeds, lambda _, out: layers.append(out[: len(row.layout)]))
        close(torch.stack([*layers[:-1], final]), tensors["prefill_hidden_layers"], HIDDEN)
    row.prefill(row.embeds[:-1])

    suppress = suppress_mask(model.config.talker.vocab_size, model.config.talker.codec_eos_id)
    columns = [*range(tensors["talker_logits"].shape[1] - 1), model.config.talker.codec_eos_id]
    chosen: list[int] = []
    for frame in range(len(tensors["sampled"])):
        inputs = row.inputs(frame)
        if frame:
            text = talker.text(inputs.text_ids.clamp(min=0))
            close((row.state.x[inputs.slots] + text)[0], tensors["step_input_embeds"][frame - 1], EMBEDDING)
        hidden = row.step.hidden(inputs)
        close(hidden[0], tensors["talker_hidden"][frame], HIDDEN)
        logits = talker.logits(hidden)
        if frame == 0:
            close(logits[0], tensors["prefill_logits_full"], LOGITS)
        close(logits[0, columns], tensors["talker_logits"][frame], LOGITS)
        scores = process_talker(
            logits,
            row.state.seen[inputs.slots],
            inputs.frame,
            inputs.mask_eos,
            row.state.talker.select(inputs.slots),
            suppress,
            model.config.talker.codec_eos_id,
        )
        close(scores[0, columns], tensors["talker_scores"][frame], LOGITS)
        code = int(scores[0].argmax())
        chosen.append(code)
        if frame == len(tensors["codes"]):
            break
        row.state.seen[0, code] = True
        codes = tensors["codes"][frame]
        forced = codes[None].repeat(unit, 1)
        cache_, both = predictor.begin(hidden, torch.full((unit,), code))
        states = [both[0, 0], both[0, 1]]
        for group in range(1, predictor.groups):
            if group > 1:
                states.append(predictor.advance(cache_, group, forced[:, group - 1])[0])
            logits = predictor.logits(group, states[-1][None].repeat(unit, 1))[0]
            if frame < len(tensors["predictor_logits"]):
                close(logits, tensors["predictor_logits"][frame, group - 1], LOGITS)
            assert int(logits.argmax()) == int(codes[group])
        if frame == 0:
            close(torch.stack(states), tensors["predictor_hidden_frame0"], HIDDEN)
        row.state.x[0] = predictor.embed_frames(forced)[0]
    assert chosen == tensors["sampled"].tolist()
    ended = "eos" if chosen[-1] == model.config.talker.codec_eos_id else "max_new_tokens"
    assert ended == golden_case.about["ended_by"]


@pytest.mark.parametrize("invariant", [False, True], ids=["fast", "invariant"])
def test_the_frame_step_speaks_the_codes_of_the_reference(golden_case: Any, invariant: bool) -> None:
    checkpoint, tensors = golden_case.variant / "checkpoint", golden_case.tensors()
    request = golden_case.about["request"]
    model = _model(checkpoint, invariant)
    attention: AttentionBackend = PagewiseAttention() if invariant else SdpaAttention()
    row = Row(model, attention, spec_of(request, tensors), greedy(checkpoint, request))
    row.prefill(row.embeds[:-1])
    codes = []
    for frame in range(len(tensors["sampled"])):
        inputs = row.inputs(frame)
        packed = torch.cat(
            (
                torch.stack([inputs.slots, inputs.positions, inputs.text_ids, inputs.frame], dim=1),
                inputs.mask_eos.long()[:, None],
                inputs.table,
            ),
            dim=1,
        )
        out, chance = row.step(packed, GREEDY, GREEDY)
        assert bool(((chance[0] > 0) & (chance[0] <= 1)).all())
        codes.append(out[0])
    assert [int(code[0]) for code in codes] == tensors["sampled"].tolist()
    assert torch.equal(torch.stack(codes[: len(tensors["codes"])]), tensors["codes"])


def test_layouts_of_a_batch_match_the_reference(golden_batch: Any) -> None:
    checkpoint, tensors = golden_batch.variant / "checkpoint", golden_batch.tensors()
    model = _model(checkpoint, False)
    for index, (spec, _) in enumerate(batch_specs(golden_batch, tensors)):
        row = Row(model, SdpaAttention(), spec, greedy(checkpoint, {}))
        count = int(tensors["attention_mask"][index].sum())
        close(row.embeds, tensors["prefill_embeds"][index, -count:], EMBEDDING)
        known = talker_text(model, row.trailing)
        expected = tensors["trailing_text_hidden"][index]
        filler = talker_text(model, [model.config.tts_pad_id])
        close(torch.cat((known, filler.expand(len(expected) - len(known), -1))), expected, EMBEDDING)


def talker_text(model: AcousticModel, ids: list[int]) -> torch.Tensor:
    return model.talker.text.prompt(torch.tensor(ids, dtype=torch.int64))


def batch_specs(golden: Any, tensors: Tensors) -> list[tuple[PromptSpec, dict[str, Any]]]:
    """The rows of a batch file; ids of instructions and references are those of the variant's single cases."""
    request = golden.about["request"]
    known: dict[str, torch.Tensor] = {}
    for path in sorted(golden.path.parent.glob("case_*.safetensors")):
        case = replace(golden, path=path)
        about = _about(golden.variant, path.name)["request"]
        for name, value in case.tensors().items():
            if name == "instruct_ids":
                known["instruct:" + about["instruct"]] = value
            elif name == "ref_ids":
                known["ref:" + about["ref_text"]] = value
            elif name in ("spk_embedding", "ref_codes"):
                known[name] = value
    rows = []
    for index in range(len(request["text"])):
        own = {key: value[index] if isinstance(value, list) else value for key, value in request.items()}
        row: Tensors = {"text_ids": tensors[f"text_ids_{index}"]}
        if own.get("instruct"):
            row["instruct_ids"] = known["instruct:" + own["instruct"]]
        if "spk_embedding" in known:
            row["spk_embedding"] = known["spk_embedding"]
        if own.get("ref_text"):
            row["ref_ids"], row["ref_codes"] = known["ref:" + own["ref_text"]], known["ref_codes"]
        rows.append((spec_of(own, row), own))
    return rows


def _about(variant: Path, name: str) -> dict[str, Any]:
    import json

    manifest = json.loads((variant / "golden" / "manifest.json").read_text(encoding="utf-8"))
    about: dict[str, Any] = manifest["files"][name]["about"]
    return about


@pytest.mark.parametrize("invariant", [False, True], ids=["fast", "invariant"])
def test_rows_spoken_together_give_the_codes_of_the_reference_batch(golden_batch: Any, invariant: bool) -> None:
    checkpoint, tensors = golden_batch.variant / "checkpoint", golden_batch.tensors()
    attention: AttentionBackend = PagewiseAttention() if invariant else SdpaAttention()
    limits = RunnerLimits(slots=3, blocks=60, block_size=BLOCK, max_rows=3, max_positions=256)
    speaker = Speaker(TorchModelRunner(_model(checkpoint, invariant), attention, limits))
    frames = golden_batch.about["request"]["max"] - 1
    jobs = [Job(spec, greedy(checkpoint, own), frames) for spec, own in batch_specs(golden_batch, tensors)]
    for job in jobs:
        speaker.start(job)
    while running := [job for job in jobs if not job.done]:
        speaker.step(running)
    for index, job in enumerate(jobs):
        assert torch.equal(torch.from_numpy(np.array(job.codes)), tensors[f"codes_{index}"])
