"""Sessions over a real engine thread with fake runners: what a caller of the bridge hears, what is held behind it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import cache

import numpy as np
from support.engine_rig import NO_GUARD
from support.fake_speech import INFO
from support.real_engine import EMBEDDED

from qwentts_svc.acoustic.generation import load_generation_defaults
from qwentts_svc.bridge.api import Interrupted, SegmentAudio, SegmentEnd, SessionFinished
from qwentts_svc.bridge.engine_client import EngineClient
from qwentts_svc.bridge.pieces import CutBudgets
from qwentts_svc.bridge.plan import RunawayBudget, SpeechTuning
from qwentts_svc.bridge.service import ServiceSettings, Speech
from qwentts_svc.bridge.session import Session
from qwentts_svc.runtime.engine import Engine, EngineLimits
from qwentts_svc.runtime.fakes import (
    FAKE_CODEC_INFO,
    FAKE_INFO,
    FakeCodecRunner,
    FakeModelRunner,
    FakeVoiceEncoder,
    Faults,
)
from qwentts_svc.runtime.qos import CLASSES
from qwentts_svc.runtime.scheduler import make_policy
from qwentts_svc.text.template import PromptTemplate
from qwentts_svc.text.tokenizer import load_tokenizer
from qwentts_svc.types import Codes, Pcm, SynthesisRequest
from qwentts_svc.voices.registry import VoiceRegistry

MANY = replace(FAKE_INFO, slots=64, blocks=4096, max_rows=32)


@cache
def template() -> PromptTemplate:
    return PromptTemplate(load_tokenizer(EMBEDDED))


@dataclass
class Told:
    """Everything a session said."""

    events: list = field(default_factory=list)

    def of(self, kind: type) -> list:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def ends(self) -> list[SegmentEnd]:
        return self.of(SegmentEnd)

    @property
    def audio(self) -> list[SegmentAudio]:
        return self.of(SegmentAudio)

    @property
    def codes(self) -> Codes:
        return np.concatenate([event.codes for event in self.audio])

    @property
    def pcm(self) -> Pcm:
        return np.concatenate([event.chunk.pcm for event in self.audio])

    @property
    def kinds(self) -> list[str]:
        """Runs of audio as one."""
        kinds = {SegmentAudio: "audio", SegmentEnd: "end", Interrupted: "interrupted", SessionFinished: "finished"}
        names = [kinds[type(event)] for event in self.events]
        return [name for at, name in enumerate(names) if name != "audio" or not at or names[at - 1] != "audio"]


@dataclass
class Bridge:
    """``model`` and ``codec`` are the fakes on the engine's thread."""

    service: Speech
    client: EngineClient
    model: FakeModelRunner
    codec: FakeCodecRunner
    voices: FakeVoiceEncoder
    faults: Faults
    submitted: list
    """Every ``Submit`` that reached the engine."""

    def open(self, **fields) -> Session:
        fields = {"request_id": "r", "incremental": True, "trim_leading_silence": False, "seed": 7, **fields}
        return self.service.open(SynthesisRequest(**fields))

    @property
    def engine(self) -> Engine:
        assert isinstance(self.client.engine, Engine)
        return self.client.engine

    async def settled(self) -> None:
        """Return when no row is left anywhere; fail after five seconds."""
        async with asyncio.timeout(5):
            while self.client.open_rows or self.engine.rows or self.engine.slots.leased:  # noqa: ASYNC110
                await asyncio.sleep(0.002)
        assert self.engine.codec.open_rows == 0
        assert self.engine.kv.leased == len(self.engine.prefixes.blocks)


@asynccontextmanager
async def bridge(
    length: Callable | int = 6,
    *,
    step_s: float = 0.0,
    info=MANY,
    budgets: CutBudgets | None = None,
    limits: EngineLimits = NO_GUARD,
    watchdog_s: float = 60.0,
    lookahead: int = 2,
    max_sessions: int = 100,
    admission=None,
    model_info=INFO,
    normalize=None,
) -> AsyncIterator[Bridge]:
    """``length``: frames of every row, or a function of (prompt, sampling). ``step_s``: sleep of every frame step."""
    faults = Faults()
    length_of = length if callable(length) else (lambda spec, sampling: length)
    model = FakeModelRunner(info, length_of=length_of, faults=faults)
    if step_s:
        model.on_work = lambda kind, units: time.sleep(step_s) if kind == "step" else None
    codec = FakeCodecRunner(replace(FAKE_CODEC_INFO, slots=info.slots), faults=faults)
    voices = FakeVoiceEncoder()
    submitted: list = []

    def build() -> Engine:
        engine = Engine(model, codec, make_policy("playout"), limits=limits, voices=voices, admission=admission)
        take = engine.handle

        def handle(command):
            if hasattr(command, "continuation"):
                submitted.append(command)
            take(command)

        engine.handle = handle
        return engine

    client = EngineClient(build, watchdog_s=watchdog_s)
    await client.start()
    tuning = SpeechTuning(budgets or CutBudgets(), RunawayBudget(enabled=False), lookahead=lookahead)
    service = Speech(
        client,
        model_info,
        template(),
        load_generation_defaults(EMBEDDED),
        VoiceRegistry(None, "fake"),
        ServiceSettings(CLASSES, tuning=tuning, max_sessions=max_sessions),
        groups=16,
        normalize=normalize,
    )
    try:
        yield Bridge(service, client, model, codec, voices, faults, submitted)
    finally:
        assert await client.stop(5.0)


async def hear(session: Session, told: Told | None = None) -> Told:
    """All events to the end; closes the session."""
    told = told if told is not None else Told()
    try:
        async with asyncio.timeout(20):
            async for event in session.events():
                told.events.append(event)
    finally:
        await session.aclose()
    return told


async def say(session: Session, *parts: str) -> Told:
    """Push the parts, half-close, listen."""
    listening = asyncio.create_task(hear(session))
    for part in parts:
        await session.push(part)
        await asyncio.sleep(0)
    await session.end()
    return await listening


async def speaking(it: Bridge, text: str = "Some text that goes on for a while.", **fields) -> asyncio.Task[Told]:
    """A session of which something has been heard, and somebody who listens to the rest."""
    session, told = it.open(**fields), Told()
    task = asyncio.create_task(hear(session, told))
    await session.push(text)
    await session.end()
    async with asyncio.timeout(5):
        while not told.audio:  # noqa: ASYNC110
            await asyncio.sleep(0.001)
    return task
