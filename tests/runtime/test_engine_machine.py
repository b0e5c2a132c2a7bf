"""Random lives of many rows: whatever happens around it, each row says what it says alone, and nothing leaks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from support.engine_rig import Rig, sampling_of
from support.real_engine import EMBEDDED, real_runners

from qwentts_svc.runtime.fakes import FAKE_CODEC_INFO, FAKE_INFO, FakeCodecRunner, FakeModelRunner, Faults
from qwentts_svc.runtime.messages import Failed, Finished, PromptSpec
from qwentts_svc.types import FinishReason, Layout, Priority, Sampling

SMALL = replace(FAKE_INFO, slots=5, blocks=20, block_size=4, max_rows=3, max_positions=60)
MOST_FRAMES = 24


@dataclass
class Life:
    """What a row was asked to do."""

    layout: Layout
    instruct: tuple[int, ...]
    sampling: Sampling
    text_open: bool
    ids: list[int] = field(default_factory=list)
    ended: bool = False
    cancelled: bool = False
    may_fail: bool = False


@dataclass
class World:
    """Runners of one kind, and how to make fresh ones for the run alone."""

    make: Callable[[], tuple[object, object]]
    faults: bool
    max_text: int = 24
    prompt_fields: dict[str, str] = field(default_factory=dict)
    instruct: tuple[int, ...] = tuple(range(20, 40))


class EngineMachine(RuleBasedStateMachine):
    """Submit, append, end, cancel, stall, read, preempt (by memory pressure), fail, drain."""

    world: World

    @initialize(policy=st.sampled_from(["playout", "playout", "fifo", "round-robin"]))
    def start(self, policy: str) -> None:
        model, codec = self.world.make()
        self.model, self.codec = model, codec
        self.rig = Rig(model, codec, policy=policy)
        self.lives: dict[int, Life] = {}

    def alive(self) -> list[int]:
        return [row_id for row_id in self.lives if not self.rig.readers[row_id].done]

    @rule(
        seed=st.integers(0, 50),
        greedy=st.booleans(),
        text=st.lists(st.integers(5, 90), min_size=1, max_size=8),
        layout=st.sampled_from([Layout.FULL, Layout.STREAMING]),
        text_open=st.booleans(),
        instructed=st.booleans(),
        priority=st.sampled_from(list(Priority)),
        lead=st.sampled_from([None, 3, 8]),
    )
    def submit(self, seed, greedy, text, layout, text_open, instructed, priority, lead) -> None:
        instruct = self.world.instruct if instructed else ()
        life = Life(layout, instruct, sampling_of(seed, greedy=greedy), text_open, list(text), not text_open)
        row_id = self.rig.submit(
            text,
            life.sampling,
            text_open=text_open,
            prompt=PromptSpec((1, 2, 3), tuple(text), instruct_ids=instruct, layout=layout, **self.extra()),
            max_frames=MOST_FRAMES,
            priority=priority,
            max_lead_frames=lead,
        )
        self.lives[row_id] = life

    def extra(self) -> dict[str, str]:
        return self.world.prompt_fields

    @precondition(lambda self: self.open_rows())
    @rule(data=st.data(), ids=st.lists(st.integers(5, 90), min_size=1, max_size=4))
    def append(self, data, ids) -> None:
        row_id = data.draw(st.sampled_from(self.open_rows()))
        life = self.lives[row_id]
        ids = ids[: self.world.max_text - len(life.ids)]
        life.ids += ids
        self.rig.append(row_id, ids)

    @precondition(lambda self: self.open_rows())
    @rule(data=st.data())
    def end(self, data) -> None:
        row_id = data.draw(st.sampled_from(self.open_rows()))
        self.lives[row_id].ended = True
        self.rig.end_text(row_id)

    def open_rows(self) -> list[int]:
        return [row_id for row_id in self.alive() if not self.lives[row_id].ended]

    @precondition(lambda self: self.alive())
    @rule(data=st.data())
    def cancel(self, data) -> None:
        row_id = data.draw(st.sampled_from(self.alive()))
        self.lives[row_id].cancelled = True
        self.rig.cancel(row_id)

    @precondition(lambda self: self.lives)
    @rule(data=st.data())
    def read(self, data) -> None:
        self.rig.readers[data.draw(st.sampled_from(list(self.lives)))].read_all()

    @rule(count=st.integers(1, 12))
    def step(self, count) -> None:
        for _ in range(count):
            self.rig.step()

    @precondition(lambda self: self.world.faults)
    @rule(call=st.sampled_from(["attach", "prefill", "replay", "step", "codec_open", "codec_decode"]))
    def fail(self, call) -> None:
        """The next call of this kind raises; whoever is in it may fail, nobody else."""
        target = self.codec if call.startswith("codec") else self.model
        setattr(target.faults, call, 1)
        for row_id in self.alive():
            self.lives[row_id].may_fail = True
        self.rig.step()
        setattr(target.faults, call, 0)

    @invariant()
    def books_agree(self) -> None:
        self.rig.engine.check_integrity()
        assert self.rig.events_after_end == 0

    def teardown(self) -> None:
        if not hasattr(self, "rig"):
            return
        for row_id in self.open_rows():
            self.lives[row_id].ended = True
            self.rig.end_text(row_id)
        self.rig.run()
        engine = self.rig.engine
        engine.check_integrity()
        assert engine.slots.leased == 0
        assert engine.codec.open_rows == 0
        assert engine.kv.leased == len(engine.prefixes.blocks)
        for row_id, life in self.lives.items():
            self.check_row(row_id, life)

    def check_row(self, row_id: int, life: Life) -> None:
        reader = self.rig.readers[row_id]
        assert len(reader.ends) == 1
        end = reader.ends[0]
        assert isinstance(end, Finished) or life.may_fail, end
        codes, pcm, reason = alone(self.world, life, tuple(life.ids), tuple(self.extra().items()))
        spoken = reader.codes
        if isinstance(end, Failed) or end.reason is FinishReason.CANCELLED:
            assert isinstance(end, Failed) or life.cancelled
            assert np.array_equal(spoken, codes[: len(spoken)]) or not len(spoken) or not life.ended
        else:
            assert end.reason is reason
            assert np.array_equal(spoken, codes)
            assert len(reader.pcm) == len(pcm)
            assert np.abs(reader.pcm - pcm).max(initial=0.0) <= 5e-5


def alone(world: World, life: Life, ids: tuple[int, ...], extra) -> tuple:
    key = (id(world), life.layout, life.instruct, life.sampling, life.text_open, ids)
    if key not in _ALONE:
        model, codec = world.make()
        rig = Rig(model, codec)
        prompt = PromptSpec((1, 2, 3), ids, instruct_ids=life.instruct, layout=life.layout, **dict(extra))
        row_id = rig.submit(ids, life.sampling, text_open=life.text_open, prompt=prompt, max_frames=MOST_FRAMES)
        rig.end_text(row_id)
        rig.run()
        reader = rig.readers[row_id]
        assert isinstance(reader.ends[0], Finished), reader.ends
        _ALONE[key] = (reader.codes, reader.pcm, reader.ends[0].reason)
    return _ALONE[key]


_ALONE: dict[tuple, tuple] = {}


def fake_world() -> World:
    def make():
        faults = Faults()
        return FakeModelRunner(SMALL, faults=faults), FakeCodecRunner(replace(FAKE_CODEC_INFO, slots=5), faults=faults)

    return World(make, faults=True)


def run_machine(world: World, runs: int, steps: int) -> None:
    machine = type("Machine", (EngineMachine,), {"world": world})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=runs,
            stateful_step_count=steps,
            deadline=None,
            print_blob=True,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
        ),
    )


@pytest.mark.timeout(300)
def test_random_lives_over_fake_runners() -> None:
    run_machine(fake_world(), runs=300, steps=30)


@pytest.mark.timeout(600)
def test_random_lives_over_the_embedded_model() -> None:
    """Bit for bit: alone, in a crowd, preempted and resumed, with text that comes late."""

    def make():
        return real_runners(EMBEDDED, invariant=True, slots=5, blocks=20, max_rows=3)

    world = World(make, faults=False, prompt_fields={"speaker": "aria", "language": "english"}, instruct=())
    run_machine(world, runs=50, steps=12)
