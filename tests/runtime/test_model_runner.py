"""The acoustic model behind the engine's interface: the same codes in any company, clear refusals, one graph."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from support.speaker import Job, Speaker, speak_alone, speak_in_a_crowd
from support.tiny_checkpoint import write_tiny_checkpoint

import qwentts_svc
from qwentts_svc.acoustic.frame_step import FrameStep, SlotState, StepInputs
from qwentts_svc.acoustic.model import load_acoustic
from qwentts_svc.acoustic.sampling import StageFlags
from qwentts_svc.errors import DecodeError, InputError, ModelError, NotFoundError
from qwentts_svc.nn.attention import AttentionBackend, SdpaAttention
from qwentts_svc.nn.attention_pagewise import PagewiseAttention
from qwentts_svc.nn.linear import LinearKind
from qwentts_svc.runtime.messages import PromptSpec
from qwentts_svc.runtime.model_runner import RunnerLimits, TorchModelRunner
from qwentts_svc.runtime.runners import NO_TEXT, PrefillItem, StepRow
from qwentts_svc.runtime.step_graphs import eager_step
from qwentts_svc.types import Layout, Sampling, SamplingParams, VoicePrompt

VOICE = Path(qwentts_svc.__file__).parent / "data" / "aria"
LIMITS = RunnerLimits(slots=20, blocks=400, block_size=16, max_rows=16, max_positions=512)
SAMPLED = Sampling(SamplingParams(repetition_penalty=1.05), SamplingParams(), seed=7)
GREEDY = Sampling(SamplingParams(do_sample=False, repetition_penalty=1.05), SamplingParams(do_sample=False))


@pytest.fixture(autouse=True, scope="module")
def _small() -> Iterator[None]:
    torch.set_num_threads(1)
    yield
    make.cache_clear()


@cache
def make(invariant: bool, linear: LinearKind = "auto", dtype: torch.dtype = torch.float32) -> TorchModelRunner:
    attention: AttentionBackend = PagewiseAttention() if invariant else SdpaAttention()
    return TorchModelRunner(load_acoustic(VOICE, dtype, linear=linear, invariant=invariant), attention, LIMITS)


def prompt(text: tuple[int, ...] = tuple(range(30, 50)), layout: Layout = Layout.FULL, **changes: object) -> PromptSpec:
    spec = PromptSpec(role_ids=(580, 577, 198), text_ids=text, language="english", speaker="aria", layout=layout)
    return dataclasses.replace(spec, **changes)  # type: ignore[arg-type]  # names and types are the caller's


def random_job(dice: random.Random, frames: int) -> Job:
    text = tuple(dice.randrange(300) for _ in range(dice.randint(1, 90)))
    spec = prompt(
        text,
        dice.choice([Layout.FULL, Layout.STREAMING]),
        language=dice.choice(["auto", "English"]),
        speaker=dice.choice(["aria", ""]),
    )
    if dice.random() < 0.25:
        return Job(spec, GREEDY, frames)
    talker = SamplingParams(
        temperature=dice.choice([0.7, 0.9, 1.3]),
        top_k=dice.choice([0, 5, 50]),
        top_p=dice.choice([1.0, 0.8]),
        repetition_penalty=dice.choice([1.0, 1.05]),
    )
    subtalker = SamplingParams(top_k=dice.choice([0, 50]), top_p=dice.choice([1.0, 0.9]))
    return Job(spec, Sampling(talker, subtalker, seed=dice.randrange(2**63)), dice.randint(1, frames))


@pytest.mark.parametrize("seed", range(3))
def test_invariant_rows_are_the_same_bit_for_bit_alone_and_in_any_crowd(seed: int) -> None:
    runner, dice = make(invariant=True), random.Random(seed)
    jobs = [random_job(dice, 16) for _ in range(20)]
    alone = [speak_alone(runner, job.spec, job.sampling, job.frames) for job in jobs]
    speak_in_a_crowd(runner, jobs, seed)
    for job, single in zip(jobs, alone, strict=True):
        np.testing.assert_array_equal(np.array(job.codes), np.array(single.codes))
        np.testing.assert_array_equal(np.array(job.chances), np.array(single.chances))


def test_fast_rows_agree_with_the_same_rows_alone_but_for_rounding() -> None:
    runner, dice = make(invariant=False), random.Random(5)
    jobs = [random_job(dice, 10) for _ in range(16)]
    alone = [speak_alone(runner, job.spec, job.sampling, job.frames) for job in jobs]
    speak_in_a_crowd(runner, jobs, 5)
    same = sum(np.array_equal(job.codes, single.codes) for job, single in zip(jobs, alone, strict=True))
    assert same >= len(jobs) - 1


def test_invariant_and_fast_speak_the_same_greedy_codes() -> None:
    spec = prompt()
    ours = [speak_alone(make(invariant), spec, GREEDY, 25).codes for invariant in (False, True)]
    np.testing.assert_array_equal(ours[0], ours[1])


@pytest.mark.parametrize("invariant", [False, True])
def test_shared_prefix_blocks_give_the_same_codes_as_an_own_prefill(invariant: bool) -> None:
    runner = make(invariant)
    first, second = prompt(tuple(range(40))), prompt(tuple(range(100, 130)))
    expected = speak_alone(runner, second, SAMPLED, 12)
    speaker = Speaker(runner, 3)
    owner, guest = Job(first, SAMPLED, 5), Job(second, SAMPLED, 12)
    speaker.start(owner)
    guest.slot = speaker.free_slots.pop()
    guest.prompt = runner.attach(guest.slot, second, SAMPLED, text_ended=True)
    assert owner.prompt is not None
    assert guest.prompt.prefix_key == owner.prompt.prefix_key
    shared = guest.prompt.prefix_positions
    guest.blocks = [speaker.free_blocks.pop() for _ in range(-(-guest.prompt.positions // 16))]
    for source, target in zip(owner.blocks[: -(-shared // 16)], guest.blocks, strict=False):
        runner.copy_block(source, target)
    runner.prefill([PrefillItem(guest.slot, shared, guest.prompt.positions - 1, tuple(guest.blocks))])
    while not guest.done:
        speaker.step([guest])
    np.testing.assert_array_equal(guest.codes, expected.codes)


def test_several_prompts_prefilled_in_one_call_give_the_codes_of_single_prefills() -> None:
    runner, dice = make(invariant=True), random.Random(9)
    jobs = [random_job(dice, 6) for _ in range(5)]
    alone = [speak_alone(runner, job.spec, job.sampling, job.frames) for job in jobs]
    speaker, items = Speaker(runner, 1), []
    for job in jobs:
        job.slot = speaker.free_slots.pop()
        job.prompt = runner.attach(job.slot, job.spec, job.sampling, text_ended=True)
        job.blocks = [speaker.free_blocks.pop() for _ in range(-(-job.prompt.positions // 16))]
        items.append(PrefillItem(job.slot, 0, job.prompt.positions - 1, tuple(job.blocks)))
    runner.prefill(items)
    while waiting := [job for job in jobs if not job.done]:
        speaker.step(waiting)
    for job, single in zip(jobs, alone, strict=True):
        np.testing.assert_array_equal(job.codes, single.codes)


def test_eos_is_never_chosen_while_it_is_masked() -> None:
    runner = make(invariant=False)
    speaker, job = Speaker(runner), Job(prompt((1,), Layout.STREAMING), GREEDY, 60)
    speaker.start(job)
    for _ in range(60):
        speaker._grow(job, job.position + 1)
        row = StepRow(job.slot, job.position, len(job.codes), NO_TEXT, True, tuple(job.blocks))
        codes = runner.step([row]).codes[0]
        assert codes[0] != runner.info.eos_id
        job.codes.append(codes)


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"speaker": "nobody"}, NotFoundError, "aria"),
        ({"language": "klingon"}, NotFoundError, "english"),
        ({"instruct_ids": (1, 2)}, InputError, "instruct"),
        ({"text_ids": ()}, InputError, "empty"),
        ({"text_ids": (10**6,)}, InputError, "text_ids"),
        ({"voice": VoicePrompt("v", np.zeros(256, np.float32))}, InputError, "cloned"),
    ],
)
def test_a_prompt_that_cannot_be_spoken_is_refused_with_what_to_change(
    changes: dict[str, object], error: type[InputError], words: str
) -> None:
    with pytest.raises(error, match=words):
        make(invariant=False).attach(0, prompt(**changes), SAMPLED, text_ended=True)


def test_names_are_found_whatever_their_case() -> None:
    runner = make(invariant=False)
    keys = {
        runner.attach(0, prompt(speaker=name, language=language), SAMPLED, text_ended=True).prefix_key
        for name, language in (("ARIA", "English"), ("aria", "ENGLISH"))
    }
    assert len(keys) == 1


def test_values_that_are_not_numbers_fail_the_step_and_do_not_stay_in_the_blocks() -> None:
    runner = TorchModelRunner(load_acoustic(VOICE), SdpaAttention(), LIMITS)
    speaker, job = Speaker(runner, 2), Job(prompt(), SAMPLED, 8)
    speaker.start(job)
    with torch.inference_mode():
        runner._state.x[job.slot] = float("nan")
    with pytest.raises(DecodeError, match="not numbers"):
        speaker.step([job])
    again = Job(prompt(), SAMPLED, 8)
    speaker.start(again)
    again.blocks, job.blocks = job.blocks, again.blocks
    speaker.fill(again)
    while not again.done:
        speaker.step([again])
    np.testing.assert_array_equal(again.codes, speak_alone(make(invariant=False), prompt(), SAMPLED, 8).codes)


def test_more_rows_than_the_largest_bucket_are_refused() -> None:
    runner = make(invariant=False)
    runner.attach(0, prompt(), SAMPLED, text_ended=True)
    with pytest.raises(ValueError, match="max_rows"):
        runner.step([StepRow(0, 0, 0, NO_TEXT, False, (0,))] * 17)


def test_buckets_hold_the_largest_batch_and_respect_the_row_unit() -> None:
    limits = dataclasses.replace(LIMITS, max_rows=12)
    assert limits.row_buckets(1) == (1, 2, 4, 8, 12)
    assert limits.row_buckets(8) == (8, 16)


@pytest.mark.parametrize("linear", ["int8", "dense", "packed"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_every_kind_of_linear_speaks_and_stays_close_to_the_dense_model(linear: LinearKind, dtype: torch.dtype) -> None:
    job = speak_alone(make(False, linear, dtype), prompt(), GREEDY, 6)
    exact = speak_alone(make(False), prompt(), GREEDY, 6)
    assert len(job.codes) == 6
    assert np.mean(np.array(job.codes)[0] == np.array(exact.codes)[0]) >= (
        1.0 if dtype is torch.float32 and linear != "int8" else 0.25
    )


@pytest.mark.parametrize(
    ("invariant", "backend"),
    [
        (False, "aot_eager"),
        (True, "aot_eager"),
        pytest.param(False, "inductor", marks=[pytest.mark.slow, pytest.mark.timeout(600)]),
    ],
)
@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
def test_the_frame_step_compiles_as_one_graph_and_gives_the_same_codes(
    tmp_path: Path, invariant: bool, backend: str
) -> None:
    model = load_acoustic(write_tiny_checkpoint(tmp_path, groups=2, layers=1), linear="dense")
    attention: AttentionBackend = PagewiseAttention() if invariant else SdpaAttention()
    results = []
    packed = torch.zeros(2, StepInputs.COLUMNS + 10, dtype=torch.int64)
    packed[:, 0] = torch.arange(2)
    packed[:, 2] = -1
    packed[:, StepInputs.COLUMNS :] = torch.arange(20).view(2, 10)
    flags = (StageFlags(64, True, True), StageFlags(64, False, True))
    with torch.inference_mode():
        for compiled in (False, True):
            kv = model.talker.new_kv(20, 16)
            state = SlotState.allocate(model, 2)
            for slot in range(2):
                state.reset(slot, SAMPLED, torch.linspace(-1, 1, 32))
            step = eager_step(FrameStep(model, kv, attention, state), compiled=compiled, backend=backend)
            codes, chances = step(packed, *flags)
            results.append((codes.clone(), chances.clone(), state.x.clone()))
    torch.testing.assert_close(results[1][1], results[0][1], rtol=0, atol=1e-3)
    assert torch.equal(results[1][0], results[0][0])
    torch.testing.assert_close(results[1][2], results[0][2], rtol=0, atol=1e-4)


@pytest.mark.parametrize("sizes", [{"groups": 5, "layers": 3}, {"predictor_hidden": 40, "head_dim": 8, "theta": 500.0}])
def test_checkpoints_of_other_dimensions_load_and_speak_invariantly(tmp_path: Path, sizes: dict[str, Any]) -> None:
    model = load_acoustic(write_tiny_checkpoint(tmp_path, **sizes), invariant=True)
    runner = TorchModelRunner(model, PagewiseAttention(), LIMITS)
    dice = random.Random(1)
    jobs = []
    for _ in range(8):
        text = tuple(dice.randrange(60) for _ in range(dice.randint(1, 30)))
        sampling = dataclasses.replace(SAMPLED, seed=dice.randrange(2**63))
        jobs.append(Job(PromptSpec((1, 2, 3), text, speaker="bo"), sampling, 12))
    alone = [speak_alone(runner, job.spec, job.sampling, job.frames) for job in jobs]
    speak_in_a_crowd(runner, jobs, 4, evictions=0.2)
    for job, single in zip(jobs, alone, strict=True):
        np.testing.assert_array_equal(np.array(job.codes), np.array(single.codes))
        assert np.array(job.codes).shape[1:] == (sizes.get("groups", 4),)


def test_a_tensor_that_the_model_does_not_have_is_named(tmp_path: Path) -> None:
    folder = write_tiny_checkpoint(tmp_path)
    tensors = load_file(folder / "model.safetensors")
    save_file({**tensors, "talker.model.extra.weight": torch.zeros(2)}, folder / "model.safetensors")
    with pytest.raises(ModelError, match=r"talker\.model\.extra\.weight"):
        load_acoustic(folder)
    del tensors["talker.code_predictor.lm_head.1.weight"]
    save_file(tensors, folder / "model.safetensors")
    with pytest.raises(ModelError, match=r"lm_head\.1"):
        load_acoustic(folder)
