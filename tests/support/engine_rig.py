"""An engine driven by hand under a virtual clock: what a client would have received, row by row."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from qwentts_svc.runtime.engine import Engine, EngineLimits
from qwentts_svc.runtime.guard import GuardLimits
from qwentts_svc.runtime.messages import (
    AppendText,
    Cancel,
    EndText,
    Failed,
    Finished,
    FramesOut,
    PromptSpec,
    StepEvents,
    Submit,
    Wake,
)
from qwentts_svc.runtime.qos import LOW_LATENCY
from qwentts_svc.runtime.scheduler import make_policy
from qwentts_svc.types import Codes, Pcm, Sampling, SamplingParams

NO_GUARD = EngineLimits(GuardLimits(0, 0, 0), LOW_LATENCY)


@dataclass
class Reader:
    """A mailbox that keeps everything. Reading is explicit, so that a test can be a slow listener; ``wake`` is what a
    reader does to an engine that waits for it."""

    wake: Callable[[], None] = lambda: None
    produced_frames: int = 0
    consumed_frames: int = 0
    parked: bool = False
    events: list[FramesOut | Finished | Failed] = field(default_factory=list)

    @property
    def ends(self) -> list[Finished | Failed]:
        return [event for event in self.events if not isinstance(event, FramesOut)]

    @property
    def done(self) -> bool:
        return bool(self.ends)

    @property
    def codes(self) -> Codes:
        parts = [event.codes for event in self.events if isinstance(event, FramesOut)]
        return np.concatenate(parts) if parts else np.empty((0, 0), np.int64)

    @property
    def pcm(self) -> Pcm:
        parts = [event.pcm for event in self.events if isinstance(event, FramesOut)]
        return np.concatenate(parts) if parts else np.empty(0, np.float32)

    def read_all(self) -> None:
        """As ``EngineClient.consume`` does it."""
        self.consumed_frames = len(self.codes)
        if self.parked:
            self.parked = False
            self.wake()


class Rig:
    """``policy`` and limits as in production; every step advances the clock by ``tick_s``. An engine that sleeps is
    left asleep until its time or a command comes, as by its thread, so that a wake-up that is missing fails a test."""

    def __init__(
        self, model, codec, *, policy: str = "playout", limits=NO_GUARD, tick_s: float = 0.01, **engine
    ) -> None:
        self.now = 100.0
        self.tick_s = tick_s
        self.engine = Engine(model, codec, make_policy(policy), limits=limits, clock=lambda: self.now, **engine)
        self.readers: dict[int, Reader] = {}
        self._ids = itertools.count(1)
        self.events_after_end = 0

    def submit(
        self, ids: Sequence[int], sampling: Sampling, *, text_open: bool = False, prompt: PromptSpec, **fields
    ) -> int:
        row_id = next(self._ids)
        reader = self.readers[row_id] = Reader(lambda: self.engine.handle(Wake()))
        self.engine.handle(
            Submit(
                row_id=row_id,
                prompt=prompt,
                sampling=sampling,
                mailbox=reader,
                submitted_s=self.now,
                text_open=text_open,
                **fields,
            )
        )
        return row_id

    def append(self, row_id: int, ids: Sequence[int]) -> None:
        self.engine.handle(AppendText(row_id, tuple(ids)))

    def end_text(self, row_id: int) -> None:
        self.engine.handle(EndText(row_id))

    def cancel(self, row_id: int) -> None:
        self.engine.handle(Cancel(row_id))

    def step(self) -> StepEvents:
        awake = self.engine.wait_s(self.now) == 0.0
        events = self.engine.step(self.now) if awake else []
        self.now += self.tick_s
        for mailbox, event in events:
            assert isinstance(mailbox, Reader)
            self.events_after_end += mailbox.done
            mailbox.events.append(event)
        return events

    def run(self, *, read: bool = True, most_steps: int = 5000) -> None:
        """Step until nothing is left to do; a stuck engine fails the test."""
        for _ in range(most_steps):
            if read:
                for reader in self.readers.values():
                    reader.read_all()
            self.step()
            if not self.engine.rows:
                return
        raise AssertionError(f"rows are left: {[(row.row_id, row.state) for row in self.engine.rows.values()]}")


def sampling_of(seed: int, *, greedy: bool = False) -> Sampling:
    params = SamplingParams(do_sample=not greedy, repetition_penalty=1.05)
    return Sampling(params, SamplingParams(do_sample=not greedy), seed)
