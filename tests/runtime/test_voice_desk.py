"""References are encoded a slice at a time between the steps: who speaks is heard, and everybody gets one answer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from support.engine_rig import Rig, sampling_of

from qwentts_svc.errors import InputError, QosError, TtsError, UnavailableError
from qwentts_svc.observability.observer import NullObserver
from qwentts_svc.runtime.fakes import FAKE_INFO, FakeCodecRunner, FakeModelRunner, FakeVoiceEncoder
from qwentts_svc.runtime.messages import EncodeVoice, PromptSpec
from qwentts_svc.runtime.runners import FatalDeviceError
from qwentts_svc.runtime.voice_desk import MOST_WAITING, SHARE
from qwentts_svc.types import VoicePrompt

FRAME_S = 0.08
ENDLESS = replace(FAKE_INFO, blocks=10_000, max_positions=100_000)
PROMPT = PromptSpec((1, 2, 3), (7, 8, 9))


class Heard(NullObserver):
    def __init__(self) -> None:
        self.slices_s: list[float] = []
        self.underruns = 0

    def step(self, stage, seconds) -> None:
        if stage == "voice":
            self.slices_s.append(seconds)

    def underrun(self) -> None:
        self.underruns += 1


class Desk:
    """An engine under a virtual clock: a step takes ``step_s``, each of ``slices`` slices ``slice_s``."""

    def __init__(self, *, slices: int = 1, slice_s: float = 0.01, step_s: float = 0.03) -> None:
        self.encoder = FakeVoiceEncoder(count=slices, on_slice=self.slice)
        self.slice_s, self.step_s = slice_s, step_s
        self.heard = Heard()
        model = FakeModelRunner(ENDLESS, length_of=lambda spec, sampling: 10**6, on_work=self.work)
        self.rig = Rig(model, FakeCodecRunner(), tick_s=0.0, voices=self.encoder, observer=self.heard)
        self.frames_s: list[float] = []
        """When each frame step ended."""
        self.slices_done = 0
        self.answers: dict[int, list[VoicePrompt | TtsError]] = {}

    def slice(self) -> None:
        self.slices_done += 1
        self.rig.now += self.slice_s

    def work(self, kind: str, units: int) -> None:
        if kind == "step":
            self.rig.now += self.step_s
            self.frames_s.append(self.rig.now)

    def speak(self) -> None:
        self.rig.submit(PROMPT.text_ids, sampling_of(1), prompt=PROMPT)

    def ask(self, samples: int = 24000, **fields) -> int:
        name = len(self.answers)
        self.answers[name] = []
        pcm = np.ones(samples, np.float32)
        self.rig.engine.handle(EncodeVoice(pcm, None, self.answers[name].append, **fields))
        return name

    def turn(self, newcomer=lambda: False) -> None:
        """What the thread does between two looks at its commands; listeners keep up."""
        for reader in self.rig.readers.values():
            reader.read_all()
        self.rig.step()
        self.rig.engine.encode_references(newcomer)

    def until_answered(self, name: int, most: int = 5000) -> None:
        for _ in range(most):
            if self.answers[name]:
                return
            self.turn()
        raise AssertionError("no answer")


def test_a_row_plays_on_while_a_long_reference_is_encoded() -> None:
    """Once the whole reference was encoded between two steps: 17 s for a minute of audio, in which nobody was heard."""
    desk = Desk(slices=200, slice_s=0.025, step_s=0.04)  # a slice overdraws its part of a frame
    desk.speak()
    for _ in range(30):  # its first calls of the codec are behind it
        desk.turn()
    before, underruns = len(desk.frames_s), desk.heard.underruns
    name = desk.ask()
    desk.until_answered(name)
    gaps = np.diff(desk.frames_s[before - 1 :])
    assert gaps.max() <= desk.step_s + desk.slice_s + 1e-9
    assert desk.heard.underruns == underruns
    (reader,) = desk.rig.readers.values()
    assert len(reader.codes) > 300
    assert desk.slices_done == 200
    assert isinstance(desk.answers[name][0], VoicePrompt)
    assert max(desk.heard.slices_s) == pytest.approx(desk.slice_s)
    assert sum(desk.heard.slices_s) == pytest.approx(200 * desk.slice_s)


@pytest.mark.parametrize("slice_s", [0.001, 0.015, 0.2])
@pytest.mark.parametrize("step_s", [0.005, 0.05])
def test_references_take_their_share_of_the_time_from_those_who_speak_and_no_more(slice_s, step_s) -> None:
    """Also where one slice is as long as many steps, or a step much shorter than a frame."""
    desk = Desk(slices=10**6, slice_s=slice_s, step_s=step_s)
    desk.speak()
    desk.turn()
    desk.ask()
    began, done = desk.rig.now, desk.slices_done
    while desk.rig.now < began + 20.0:
        desk.turn()
    share = (desk.slices_done - done) * slice_s / (desk.rig.now - began)
    assert share == pytest.approx(SHARE, abs=0.02)


def test_the_costs_of_steps_are_learnt_without_the_slices() -> None:
    desks = [Desk(slices=slices, slice_s=0.02) for slices in (1, 10**6)]
    for desk in desks:
        desk.speak()
        desk.turn()
        desk.ask()
        for _ in range(100):
            desk.turn()
    quiet, busy = (desk.rig.engine.costs.costs.step_s(1) for desk in desks)
    assert busy == pytest.approx(quiet)


def test_while_nobody_speaks_there_are_no_pauses() -> None:
    desk = Desk(slices=500, slice_s=0.01)
    name = desk.ask()
    began = desk.rig.now
    while not desk.answers[name]:
        assert desk.rig.engine.wait_s(desk.rig.now) == 0.0
        desk.turn()
    assert desk.rig.now - began == pytest.approx(500 * 0.01)
    desk.turn()
    assert desk.rig.engine.wait_s(desk.rig.now) is None
    assert max(desk.heard.slices_s) <= SHARE * FRAME_S + 0.01


def test_a_row_that_waits_for_its_reader_leaves_its_time_to_references() -> None:
    desk = Desk(slices=500, slice_s=0.01)
    desk.rig.submit(PROMPT.text_ids, sampling_of(1), prompt=PROMPT, max_lead_frames=4)
    while desk.rig.engine.wait_s(desk.rig.now) == 0.0:
        desk.rig.step()
    name = desk.ask()
    began = desk.rig.now
    for _ in range(1000):
        desk.rig.step()
        desk.rig.engine.encode_references()
    assert isinstance(desk.answers[name][0], VoicePrompt)
    assert desk.rig.now - began == pytest.approx(500 * 0.01)


def test_a_row_that_comes_meanwhile_goes_first() -> None:
    desk = Desk(slices=10)
    desk.ask()
    desk.turn(newcomer=lambda: True)
    assert desk.slices_done == 0
    desk.turn(newcomer=lambda: desk.slices_done == 1)
    assert desk.slices_done == 1


def test_references_are_answered_in_turn_once_each_and_too_many_are_refused() -> None:
    desk = Desk(slices=3)
    names = [desk.ask(24000 + index) for index in range(MOST_WAITING)]
    refused = desk.ask()
    assert isinstance(desk.answers[refused][0], QosError)
    desk.until_answered(names[0])
    assert not desk.answers[names[1]]
    later = desk.ask(30000)
    desk.until_answered(later)
    for _ in range(5):
        desk.turn()
    assert all(len(answers) == 1 for answers in desk.answers.values())
    voices = [desk.answers[name][0] for name in [*names, later]]
    assert all(isinstance(voice, VoicePrompt) for voice in voices)
    assert len({voice.key for voice in voices}) == len(voices)


def test_a_bad_reference_is_told_what_is_wrong_and_the_next_one_is_encoded() -> None:
    desk = Desk(slices=2)
    bad, good = desk.ask(100), desk.ask()
    desk.until_answered(good)
    assert isinstance(desk.answers[bad][0], InputError)
    assert isinstance(desk.answers[good][0], VoicePrompt)


def test_a_reference_that_nobody_waits_for_any_more_is_dropped_at_the_next_slice() -> None:
    desk = Desk(slices=10**6)
    wanted = [True, True]
    first = desk.ask(wanted=lambda: wanted[0])
    second = desk.ask(wanted=lambda: wanted[1])
    desk.turn()
    begun = desk.slices_done
    assert begun
    wanted[:] = False, False
    desk.encoder.count = 1
    third = desk.ask()
    desk.until_answered(third)
    assert desk.slices_done == begun + 1
    assert [len(desk.answers[name]) for name in (first, second, third)] == [1, 1, 1]
    assert isinstance(desk.answers[first][0], UnavailableError)


def test_a_lost_device_and_the_end_of_the_engine_answer_everybody() -> None:
    desk = Desk(slices=10)
    names = [desk.ask() for _ in range(3)]
    desk.turn()

    def lost() -> None:
        raise FatalDeviceError("gone")

    desk.encoder.on_slice = lost
    with pytest.raises(FatalDeviceError):
        desk.turn()
    assert desk.answers[names[0]][0].reason == "ENGINE_DEAD"
    desk.rig.engine.fail_all(UnavailableError("over", reason="STOPPING"))
    assert [desk.answers[name][0].reason for name in names] == ["ENGINE_DEAD", "STOPPING", "STOPPING"]
    assert all(len(answers) == 1 for answers in desk.answers.values())


def test_a_model_that_cannot_clone_says_so_at_once() -> None:
    rig = Rig(FakeModelRunner(), FakeCodecRunner())
    answers: list[VoicePrompt | TtsError] = []
    rig.engine.handle(EncodeVoice(np.ones(24000, np.float32), None, answers.append))
    assert [answer.reason for answer in answers if isinstance(answer, InputError)] == ["NO_CLONING"]
