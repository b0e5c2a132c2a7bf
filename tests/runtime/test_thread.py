"""The engine thread: one delivery per step, no polling, and an answer for everybody however it ends."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest
from support.engine_rig import NO_GUARD, Reader, sampling_of

from qwentts_svc.errors import TtsError, UnavailableError
from qwentts_svc.runtime.engine import Engine
from qwentts_svc.runtime.fakes import FakeCodecRunner, FakeModelRunner, FakeVoiceEncoder
from qwentts_svc.runtime.messages import EncodeVoice, Failed, Finished, PromptSpec, Stop, Submit
from qwentts_svc.runtime.runners import FatalDeviceError
from qwentts_svc.runtime.scheduler import make_policy
from qwentts_svc.runtime.thread import EngineThread


class World:
    """A thread over fakes that keeps every delivery."""

    def __init__(self, length: int = 10, model: FakeModelRunner | None = None, voices=None) -> None:
        self.model = model or FakeModelRunner(length_of=lambda spec, sampling: length)
        self.deliveries: list[tuple] = []
        self.steps = 0
        self.threads: set[int] = set()
        self.ended = threading.Condition()
        self.voices = voices
        self.thread = EngineThread(self._build, self._emit)
        self.rows = 0

    def _build(self) -> Engine:
        engine = Engine(
            self.model,
            FakeCodecRunner(),
            make_policy("playout"),
            limits=NO_GUARD,
            voices=self.voices or FakeVoiceEncoder(),
        )
        step = engine.step

        def counted(now, newcomer):
            self.steps += 1
            self.threads.add(threading.get_ident())
            return step(now, newcomer)

        engine.step = counted
        return engine

    def _emit(self, events) -> None:
        with self.ended:
            for mailbox, event in events:
                mailbox.events.append(event)
            self.deliveries.append(events)
            self.ended.notify_all()

    def submit(self, seed: int = 1) -> Reader:
        self.rows += 1
        reader = Reader()
        prompt = PromptSpec((1, 2, 3), (7, 8, 9))
        self.thread.send(Submit(self.rows, prompt, sampling_of(seed), reader, time.monotonic()))
        return reader

    def wait(self, *readers: Reader) -> None:
        with self.ended:
            assert self.ended.wait_for(lambda: all(reader.done for reader in readers), 5.0)

    def __enter__(self) -> World:
        self.thread.start()
        self.thread.wait_ready(5.0)
        return self

    def __exit__(self, *exc) -> None:
        if not self.thread.closed:
            self.thread.send(Stop())
        assert self.thread.join(5.0)


def test_rows_are_answered_by_one_thread_with_one_delivery_per_step_and_no_steps_when_idle() -> None:
    with World() as world:
        readers = [world.submit(seed) for seed in range(6)]
        world.wait(*readers)
        assert all(isinstance(reader.ends[0], Finished) for reader in readers)
        assert len(world.deliveries) <= world.steps
        assert any(len(events) > 1 for events in world.deliveries)
        assert all(events for events in world.deliveries)
        assert len(world.threads) == 1
        assert threading.get_ident() not in world.threads
        time.sleep(0.05)
        idle = world.steps
        time.sleep(0.15)
        assert world.steps == idle


def test_streams_speak_between_the_encodings_of_several_references() -> None:
    """Once references that had come together were encoded one after the other, and no stream spoke meanwhile."""

    class Slow(FakeVoiceEncoder):
        def encode(self, pcm, ref_text):
            steps.append(world.steps)
            time.sleep(0.02)  # the next ones are in the queue by then
            return super().encode(pcm, ref_text)

    steps: list[int] = []
    told = threading.Semaphore(0)
    with World(length=10**6, voices=Slow()) as world:
        world.submit()
        for _ in range(4):
            world.thread.send(EncodeVoice(np.ones(24000, np.float32), None, lambda result: told.release()))
        assert all(told.acquire(timeout=5) for _ in range(4))
    assert len(set(steps)) == 4


def test_stop_fails_what_is_left_and_later_commands_raise() -> None:
    with World(length=10**6) as world:
        readers = [world.submit(seed) for seed in range(3)]
        world.thread.send(Stop())
        assert world.thread.join(5.0)
        for reader in readers:
            assert isinstance(reader.ends[0], Failed)
            assert reader.ends[0].error.reason == "STOPPING"
        with pytest.raises(UnavailableError):
            world.submit()


def test_a_lost_device_ends_the_thread_and_tells_every_row(caplog: pytest.LogCaptureFixture) -> None:
    class Lost(FakeModelRunner):
        def step(self, rows):
            raise FatalDeviceError("device lost")

    with World(model=Lost()) as world:
        readers = []
        try:
            for seed in range(3):
                readers.append(world.submit(seed))
        except UnavailableError:
            pass  # it died before the last one came
        world.wait(*readers)
        assert world.thread.join(5.0)
        assert all(reader.ends[0].error.reason == "ENGINE_DEAD" for reader in readers)
        assert "device lost" not in str(readers[0].ends[0].error)
        assert not world.thread.alive()
        with pytest.raises(UnavailableError):
            world.submit()
    assert "engine thread died" in caplog.text


def test_a_build_that_fails_is_raised_where_it_is_waited_for() -> None:
    def build():
        raise TtsError("no such model")

    thread = EngineThread(build, lambda events: None)
    thread.start()
    with pytest.raises(TtsError, match="no such model"):
        thread.wait_ready(5.0)
    assert thread.join(5.0)
    with pytest.raises(UnavailableError):
        thread.send(Stop())


def test_a_reference_is_encoded_between_steps_and_one_that_comes_at_the_end_is_answered_without_work() -> None:
    gate = threading.Event()
    asked: list[int] = []

    class Slow(FakeVoiceEncoder):
        def encode(self, pcm, ref_text):
            asked.append(len(pcm))
            gate.wait(5.0)
            return super().encode(pcm, ref_text)

    answers: list[object] = []
    with World(voices=Slow()) as world:
        for samples in (24000, 24001):
            world.thread.send(EncodeVoice(np.ones(samples, np.float32), None, answers.append))
            if samples == 24000:
                while not asked:
                    time.sleep(0.001)
                # A device that hangs while it encodes must be seen by the watchdog as well.
                assert world.thread.step_started_s is not None
                world.thread.send(Stop())
        gate.set()
        assert world.thread.join(5.0)
    assert asked == [24000]
    assert len(answers) == 2
    assert isinstance(answers[1], UnavailableError)


@pytest.mark.parametrize("how", ["stop", "death"])
def test_every_reference_is_answered_once_however_the_thread_ends(caplog: pytest.LogCaptureFixture, how: str) -> None:
    begun, lost = threading.Event(), threading.Event()

    def on_slice() -> None:
        begun.set()
        if lost.is_set():
            raise FatalDeviceError("device lost")
        time.sleep(0.001)

    answers: list[list[object]] = [[], [], []]
    with World(length=10**6, voices=FakeVoiceEncoder(count=10**6, on_slice=on_slice)) as world:
        reader = world.submit()
        for answer in answers:
            world.thread.send(EncodeVoice(np.ones(24000, np.float32), None, answer.append))
        assert begun.wait(5.0)
        lost.set() if how == "death" else world.thread.send(Stop())
        assert world.thread.join(5.0)
    assert len(reader.ends) == 1
    reason = "ENGINE_DEAD" if how == "death" else "STOPPING"
    assert [[answer.reason for answer in told] for told in answers] == [[reason]] * 3
    assert ("engine thread died" in caplog.text) == (how == "death")


def test_an_encoder_that_raises_is_answered_with_an_error_of_its_own(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(FakeVoiceEncoder):
        def encode(self, pcm, ref_text):
            raise RuntimeError("secret")

    answers: list[TtsError] = []
    with World(voices=Broken()) as world:
        world.thread.send(EncodeVoice(np.ones(24000, np.float32), None, answers.append))
        reader = world.submit()
        world.wait(reader)
    assert [answer.reason for answer in answers] == ["ENCODING_FAILED"]
    assert "secret" not in str(answers[0])
    assert "secret" in caplog.text
