"""Who calls when, and how long they are spoken to: Poisson arrivals, lognormal lengths. Pure, seeded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import exp, inf, log
from random import Random

from qwentts_svc.runtime.messages import PromptSpec, Submit
from qwentts_svc.runtime.rows import Row
from qwentts_svc.types import Layout, Priority, Sampling, SamplingParams

_ROLE = (151644, 77091, 198)
_SAMPLING = Sampling(SamplingParams(), SamplingParams())


@dataclass(slots=True)
class Listener:
    """A mailbox whose reader plays in real time, ``buffer_s`` after the first audio has come."""

    buffer_s: float = 0.0
    produced_frames: int = 0
    consumed_frames: int = 0
    parked: bool = False
    start_s: float = inf
    gaps: int = 0

    def hear(self, row: Row, now: float) -> None:
        """Audio came at ``now``; call before ``row.emit_audio``. A gap moves the rest."""
        if row.first_audio_s is None:
            self.start_s = now + self.buffer_s
        elif now > self.start_s + row.audio_emitted_s:
            self.gaps += 1
            self.start_s = now - row.audio_emitted_s

    def play(self, row: Row, now: float) -> None:
        """Whatever real time allows has been played by ``now``."""
        played_s = min(now - self.start_s, row.audio_emitted_s)
        self.consumed_frames = max(self.consumed_frames, int(played_s / row.frame_s + 1e-9))


@dataclass(frozen=True, slots=True)
class Arrival:
    """A request and the number of frames that its speech will have."""

    submit: Submit
    listener: Listener
    frames: int


@dataclass(frozen=True, slots=True)
class Workload:
    """``rate``: arrivals per second. Speech has a median of ``median_s`` seconds and a log-deviation of ``sigma``."""

    rate: float
    duration_s: float
    median_s: float = 4.0
    sigma: float = 0.6
    longest_s: float = 30.0
    max_lead_s: float = 5.0
    player_buffer_s: float = 0.1
    """Players hold back this much before they start; the engine does not know it and counts on none."""
    frame_s: float = 0.08
    mix: tuple[tuple[Priority, float], ...] = field(default=((Priority.INTERACTIVE, 1.0),))
    seed: int = 0

    @property
    def mean_s(self) -> float:
        """Mean length of speech, seconds (of the untruncated distribution)."""
        return self.median_s * exp(self.sigma**2 / 2)

    def arrivals(self) -> Iterator[Arrival]:
        """In order of time. The same seed gives the same callers to every policy."""
        random = Random(self.seed)
        classes, weights = zip(*self.mix, strict=True)
        now, row_id = 0.0, 0
        while True:
            now += random.expovariate(self.rate)
            if now >= self.duration_s:
                return
            row_id += 1
            speech_s = min(random.lognormvariate(log(self.median_s), self.sigma), self.longest_s)
            frames = max(4, round(speech_s / self.frame_s))
            tokens = max(2, round(speech_s * 3.5))
            priority = random.choices(classes, weights)[0]
            listener = Listener(self.player_buffer_s)
            yield Arrival(self._submit(row_id, now, tokens, priority, listener), listener, frames)

    def _submit(self, row_id: int, now: float, tokens: int, priority: Priority, listener: Listener) -> Submit:
        lead = None if priority is Priority.BATCH else round(self.max_lead_s / self.frame_s)
        return Submit(
            row_id=row_id,
            prompt=PromptSpec(role_ids=_ROLE, text_ids=tuple(range(tokens)), layout=Layout.FULL),
            sampling=_SAMPLING,
            mailbox=listener,
            submitted_s=now,
            priority=priority,
            max_lead_frames=lead,
        )
