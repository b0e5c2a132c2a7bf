from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from support.rows import SAMPLING

from qwentts_svc.errors import InputError
from qwentts_svc.runtime.fakes import (
    EOS_ID,
    TTS_EOS_ID,
    TTS_PAD_ID,
    FakeCodecRunner,
    FakeModelRunner,
    FakeRunnerError,
    FakeVoiceEncoder,
    InjectedError,
)
from qwentts_svc.runtime.messages import PromptSpec
from qwentts_svc.runtime.runners import NO_TEXT, CodecRunner, ModelRunner, PrefillItem, ReplayItem, StepRow
from qwentts_svc.types import Layout

SPEC = PromptSpec((1, 2, 3), (7, 8, 9), layout=Layout.STREAMING)
TEXT = [NO_TEXT, 8, 9, TTS_EOS_ID, TTS_PAD_ID, TTS_PAD_ID]


def started(runner: FakeModelRunner, slot: int = 0, blocks: tuple[int, ...] = (0, 1, 2)) -> int:
    prompt = runner.attach(slot, SPEC, SAMPLING, text_ended=True)
    runner.prefill([PrefillItem(slot, 0, prompt.positions - 1, blocks)])
    return prompt.positions - 1


def row_at(base: int, frame: int, *, slot: int = 0, blocks=(0, 1, 2), text: int | None = None, mask=True) -> StepRow:
    return StepRow(slot, base + frame, frame, TEXT[frame] if text is None else text, mask, blocks)


def speak(runner: FakeModelRunner, base: int, frames: range) -> np.ndarray:
    return np.concatenate([runner.step([row_at(base, frame)]).codes for frame in frames])


def test_fakes_implement_the_runner_protocols() -> None:
    model: ModelRunner = FakeModelRunner()
    codec: CodecRunner = FakeCodecRunner()
    assert model.info.groups == codec.info.groups


def test_codes_repeat_for_the_same_request_and_change_with_the_text_fed() -> None:
    first, second, third = FakeModelRunner(), FakeModelRunner(), FakeModelRunner()
    codes = speak(first, started(first), range(5))
    assert np.array_equal(codes, speak(second, started(second), range(5)))
    base = started(third)
    third.step([row_at(base, 0)])
    assert not np.array_equal(third.step([row_at(base, 1, text=99)]).codes[0], codes[1])


def test_replay_puts_the_slot_where_it_was() -> None:
    whole, resumed = FakeModelRunner(), FakeModelRunner()
    codes = speak(whole, started(whole), range(6))
    base = started(resumed)
    resumed.replay([ReplayItem(0, codes[:4], tuple(TEXT[1:4]), (0, 1, 2))])
    assert np.array_equal(speak(resumed, base, range(4, 6)), codes[4:])


def test_eos_comes_at_the_chosen_length_unless_masked() -> None:
    runner = FakeModelRunner(length_of=lambda spec, sampling: 2)
    base = started(runner)
    for frame in range(2):
        assert runner.step([row_at(base, frame, mask=False)]).codes[0, 0] != EOS_ID
    assert runner.step([row_at(base, 2, mask=True)]).codes[0, 0] != EOS_ID
    assert runner.step([row_at(base, 3, mask=False)]).codes[0, 0] == EOS_ID


@pytest.mark.parametrize(
    "wrong",
    [
        lambda base: row_at(base, 1),  # a frame is skipped
        lambda base: row_at(base + 1, 0),
        lambda base: row_at(base, 0, text=8),
        lambda base: row_at(base, 0, slot=3),
        lambda base: row_at(base, 0, blocks=()),
        lambda base: row_at(base, 0, blocks=(0, 0, 1)),
        lambda base: row_at(base, 0, blocks=(0, 1, 999)),
    ],
)
def test_broken_promises_of_the_engine_are_noticed(wrong) -> None:
    runner = FakeModelRunner()
    base = started(runner)
    with pytest.raises(FakeRunnerError):
        runner.step([wrong(base)])


def test_a_step_notices_a_block_that_another_row_reads_and_work_before_prefill() -> None:
    runner = FakeModelRunner()
    base = started(runner, 0, (0, 1))
    started(runner, 1, (0, 1))
    with pytest.raises(FakeRunnerError, match="another row reads"):
        runner.step([row_at(base, 0, blocks=(0, 1)), row_at(base, 0, slot=1, blocks=(0, 1))])
    full = runner.attach(2, replace(SPEC, layout=Layout.FULL), SAMPLING, text_ended=True)
    with pytest.raises(FakeRunnerError, match="KV"):
        runner.step([row_at(full.positions - 1, 0, slot=2, blocks=(4, 5))])


def test_failures_come_on_demand_and_only_as_often_as_asked() -> None:
    runner, codec = FakeModelRunner(), FakeCodecRunner()
    base = started(runner)
    runner.faults.step = 1
    with pytest.raises(InjectedError):
        runner.step([row_at(base, 0)])
    runner.step([row_at(base, 0)])
    codec.open(0, None)
    codec.faults.codec_decode = 1
    codes = np.zeros((1, 1, 16), np.int64)
    with pytest.raises(InjectedError):
        codec.decode([0], codes)
    assert codec.decode([0], codes).shape == (1, 1920)
    with pytest.raises(InputError):
        runner.attach(1, PromptSpec((1,), (2,), speaker="unknown"), SAMPLING, text_ended=True)


def test_pcm_depends_on_every_frame_before_it_but_not_on_the_cuts() -> None:
    codes = np.arange(6 * 16, dtype=np.int64).reshape(1, 6, 16)
    whole, cut, lost = FakeCodecRunner(), FakeCodecRunner(), FakeCodecRunner()
    for codec in (whole, cut, lost):
        codec.open(0, None)
    pcm = whole.decode([0], codes)
    parts = [cut.decode([0], codes[:, :1]), cut.decode([0], codes[:, 1:5]), cut.decode([0], codes[:, 5:])]
    assert np.array_equal(np.concatenate(parts, axis=1), pcm)
    lost.decode([0], codes[:, :2])
    assert not np.array_equal(lost.decode([0], codes[:, 3:])[:, -1920:], pcm[:, -1920:])
    with pytest.raises(FakeRunnerError):
        whole.decode([1], codes)
    with pytest.raises(FakeRunnerError, match="range"):
        whole.decode([0], codes + EOS_ID)


def test_a_fake_voice_is_named_by_its_content() -> None:
    encoder = FakeVoiceEncoder()
    pcm = np.linspace(-1, 1, 5000, dtype=np.float32)
    voice = encoder.encode(pcm, "hello")
    assert voice.key == encoder.encode(pcm, None).key != encoder.encode(-pcm, None).key
    assert voice.ref_codes is not None
    assert voice.ref_codes.shape == (3, 16)
    with pytest.raises(InputError):
        encoder.encode(pcm[:100], None)
