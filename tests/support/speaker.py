"""Drives a ``TorchModelRunner`` the way the engine does, with every freedom the engine has: any slot, any blocks, any
company in a batch, prefills cut anywhere, rows thrown out and replayed."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from qwentts_svc.runtime.messages import PromptSpec
from qwentts_svc.runtime.model_runner import TorchModelRunner
from qwentts_svc.runtime.runners import NO_TEXT, PrefillItem, PreparedPrompt, ReplayItem, StepRow
from qwentts_svc.types import Layout, Sampling


@dataclass
class Job:
    """One row: what to say, and what came out."""

    spec: PromptSpec
    sampling: Sampling
    frames: int
    slot: int = -1
    blocks: list[int] = field(default_factory=list)
    prompt: PreparedPrompt | None = None
    codes: list[npt.NDArray[np.int64]] = field(default_factory=list)
    chances: list[npt.NDArray[np.float32]] = field(default_factory=list)
    done: bool = False

    def text_id(self, frame: int, eos: int, pad: int) -> int:
        if frame == 0:
            return NO_TEXT
        assert self.prompt is not None
        rest = [*self.prompt.lead_ids, *self.spec.text_ids[max(0, self.prompt.consumed_ids) :]]
        in_context = self.spec.in_context and len(self.spec.ref_text_ids) + len(self.spec.text_ids) < (
            1 + len(self.spec.voice.ref_codes)  # type: ignore[union-attr,arg-type]  # in_context says that both are there
        )
        if self.spec.layout is not Layout.FULL and not in_context:
            rest.append(eos)
        return rest[frame - 1] if frame <= len(rest) else pad

    @property
    def position(self) -> int:
        assert self.prompt is not None
        return self.prompt.positions - 1 + len(self.codes)


class Speaker:
    """A pool of slots and blocks over a runner."""

    def __init__(self, runner: TorchModelRunner, seed: int = 0) -> None:
        self.runner, self.random = runner, random.Random(seed)
        self.free_slots = list(range(runner.info.slots))
        self.free_blocks = list(range(runner.info.blocks))
        self.random.shuffle(self.free_slots)
        self.random.shuffle(self.free_blocks)

    def start(self, job: Job, cuts: Sequence[int] = ()) -> None:
        """Attach and prefill, in one go or cut at the given positions."""
        job.slot = self.free_slots.pop()
        job.prompt = self.runner.attach(job.slot, job.spec, job.sampling, text_ended=True)
        self.fill(job, cuts)

    def fill(self, job: Job, cuts: Sequence[int] = ()) -> None:
        assert job.prompt is not None
        self._grow(job, job.prompt.positions)
        last = job.prompt.positions - 1
        edges = [0, *sorted(cut for cut in cuts if 0 < cut < last), last]
        for start, stop in pairwise(edges):
            self.runner.prefill([PrefillItem(job.slot, start, stop, tuple(job.blocks))])

    def evict(self, job: Job) -> None:
        """Preempt: the blocks go, the slot stays."""
        self.free_blocks.extend(job.blocks)
        self.random.shuffle(self.free_blocks)
        job.blocks = []

    def resume(self, job: Job, cuts: Sequence[int] = ()) -> None:
        self.fill(job, cuts)
        self._grow(job, job.position)
        info = self.runner.info
        texts = tuple(job.text_id(f, info.tts_eos_id, info.tts_pad_id) for f in range(1, len(job.codes)))
        if job.codes:
            self.runner.replay([ReplayItem(job.slot, np.array(job.codes), texts, tuple(job.blocks))])

    def step(self, jobs: Sequence[Job]) -> None:
        info = self.runner.info
        rows = []
        for job in jobs:
            self._grow(job, job.position + 1)
            frame = len(job.codes)
            text = job.text_id(frame, info.tts_eos_id, info.tts_pad_id)
            rows.append(StepRow(job.slot, job.position, frame, text, False, tuple(job.blocks)))
        result = self.runner.step(rows)
        for job, codes, chances in zip(jobs, result.codes, result.probabilities, strict=True):
            if codes[0] == info.eos_id:
                job.done = True
            else:
                job.codes.append(codes)
                job.chances.append(chances)
                job.done = len(job.codes) >= job.frames
            if job.done:
                self.evict(job)
                self.runner.detach(job.slot)
                self.free_slots.append(job.slot)

    def _grow(self, job: Job, positions: int) -> None:
        while len(job.blocks) * self.runner.info.block_size < positions:
            job.blocks.append(self.free_blocks.pop())


def speak_alone(runner: TorchModelRunner, spec: PromptSpec, sampling: Sampling, frames: int) -> Job:
    """The whole row with nobody beside it."""
    speaker, job = Speaker(runner), Job(spec, sampling, frames)
    speaker.start(job)
    while not job.done:
        speaker.step([job])
    return job


def speak_in_a_crowd(runner: TorchModelRunner, jobs: Sequence[Job], seed: int, *, evictions: float = 0.05) -> None:
    """All rows, in random company, order and slots, with cut prefills and evictions."""
    speaker = Speaker(runner, seed)
    dice = speaker.random
    waiting, running, out = list(jobs), [], []  # type: list[Job], list[Job], list[Job]
    dice.shuffle(waiting)

    def cuts() -> list[int]:
        return [dice.randrange(1, 80) for _ in range(dice.randrange(3))]

    while waiting or running or out:
        while waiting and speaker.free_slots and dice.random() < 0.4:
            job = waiting.pop()
            speaker.start(job, cuts())
            running.append(job)
        for job in list(running):
            if job.codes and dice.random() < evictions:
                speaker.evict(job)
                running.remove(job)
                out.append(job)
        for job in list(out):
            if dice.random() < 0.3:
                speaker.resume(job, cuts())
                out.remove(job)
                running.append(job)
        if running:
            size = dice.randint(1, min(len(running), runner.info.max_rows))
            speaker.step(dice.sample(running, size))
            running = [job for job in running if not job.done]
