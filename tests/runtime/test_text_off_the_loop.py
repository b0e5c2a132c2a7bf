"""Texts are prepared without holding up the event loop, in the order sent, and not for those who have gone."""

from __future__ import annotations

import asyncio
import gc
import random
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial

import pytest
from support.bridge_rig import Bridge, bridge, hear
from support.fake_speech import INFO

from qwentts_svc.bridge.api import Interrupted
from qwentts_svc.bridge.session import Session
from qwentts_svc.bridge.speaking import SpokenSegment
from qwentts_svc.bridge.workbench import Workbench
from qwentts_svc.text.normalize import Normalizer
from qwentts_svc.text.normalize.warm import warm
from qwentts_svc.types import FinishReason, Layout

LIMIT_S = 0.005
"""The loop is never held longer; of processor time, on a machine that has nothing else to do."""
_MARGIN = 1.6
"""Two processors that share a core slow each other down by so much."""
_TRIES = 3
LONG_TEXTS = replace(INFO, max_text_chars=2_000_000)


def english(rng: random.Random) -> str:
    n = rng.randint
    return rng.choice(
        (
            f"On March {n(1, 28)}, {n(1900, 2030)}, we paid ${n(1, 999)},{n(100, 999)}.{n(10, 99)} for {n(2, 90)} kg. ",
            f"+1 ({n(200, 999)}) {n(200, 999)}-{n(1000, 9999)} between {n(1, 12)}:{n(10, 59)} am and {n(1, 9)} pm. ",
            f"It rose {n(1, 99)}.{n(1, 9)}% in {n(1980, 2024)}, from {n(10, 40)}-{n(41, 90)} to {n(100, 900)} units. ",
        )
    )


def russian(rng: random.Random) -> str:
    n = rng.randint
    return rng.choice(
        (
            f"{n(1, 28)} марта {n(1900, 2030)} г. фирма заплатила {n(1, 999)},{n(10, 99)} руб. за {n(2, 90)} кг. ",
            f"Тел. +7 ({n(200, 999)}) {n(200, 999)}-{n(10, 99)}-{n(10, 99)} с {n(7, 12)}:{n(10, 59)} до {n(13, 22)}. ",
            f"Рост на {n(1, 99)},{n(1, 9)}% в {n(1980, 1999)}–{n(2000, 2020)} гг., с {n(10, 40)} до {n(41, 90)} штук. ",
        )
    )


def text(language: str, chars: int, seed: int) -> str:
    rng, say = random.Random(seed), {"en": english, "ru": russian}[language]
    parts, size = [], 0
    while size < chars:
        parts.append(say(rng))
        size += len(parts[-1])
    return "".join(parts)[:chars]


@contextmanager
def holds(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """Processor time of this thread in each turn of the loop, in seconds."""
    turns: list[float] = []
    run = asyncio.Handle._run

    def timed(handle: asyncio.Handle) -> None:
        start = time.thread_time()
        try:
            run(handle)
        finally:
            turns.append(time.thread_time() - start)

    gc.collect()
    gc.disable()
    try:
        with monkeypatch.context() as patched:
            patched.setattr(asyncio.Handle, "_run", timed)
            yield turns
    finally:
        gc.enable()


@pytest.fixture(scope="module", autouse=True)
def _warmed() -> None:
    warm()  # as a server does before it takes calls


@pytest.fixture
async def it() -> AsyncIterator[Bridge]:
    async with bridge(2, normalize=Normalizer().normalize, model_info=LONG_TEXTS) as made:
        yield made


async def at_once(session: Session, text: str) -> None:
    await session.push(text)
    await session.end()


async def by(size: int, session: Session, text: str) -> None:
    for start in range(0, len(text), size):
        await session.push(text[start : start + size])
    await session.end()


CASES: dict[str, tuple[int, Callable]] = {
    "a sentence": (60, at_once),
    "500 characters": (500, at_once),
    "5,000 characters": (5000, at_once),
    "character by character": (600, partial(by, 1)),
    "token by token": (1200, partial(by, 6)),
}


@pytest.mark.parametrize("layout", [Layout.STREAMING, Layout.FULL])
@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("case", CASES)
async def test_a_text_full_of_numbers_never_holds_the_loop_for_five_milliseconds(
    it: Bridge, monkeypatch: pytest.MonkeyPatch, case: str, language: str, layout: Layout
) -> None:
    """Once a push of 500 characters held it for up to 25 ms, and waiting characters for as long as they came."""
    chars, send = CASES[case]
    longest = []
    for seed in range(_TRIES):
        session = it.open(layout=layout)
        written = text(language, chars, seed)
        await asyncio.sleep(0)
        with holds(monkeypatch) as turns:
            await send(session, written)
        await session.aclose()
        longest.append(max(turns))
        if longest[-1] < LIMIT_S:
            break
    assert min(longest) < LIMIT_S * _MARGIN, longest


@pytest.mark.parametrize("language", ["en", "ru"])
async def test_a_megabyte_does_not_hold_the_loop_and_an_interrupt_of_it_does_not_wait(
    it: Bridge, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    written = text(language, 100_000, 1) * 10
    longest = []
    for _ in range(_TRIES):
        session = it.open()
        heard = asyncio.create_task(hear(session))
        await asyncio.sleep(0)
        with holds(monkeypatch) as turns:
            pushing = asyncio.create_task(session.push(written))
            await asyncio.sleep(0.2)
            assert not pushing.done()
            async with asyncio.timeout(2):
                await session.interrupt()
                await pushing
            await session.end()
        told = await heard
        said = told.of(Interrupted)[0]
        assert said.text_spoken + said.text_remaining == written
        assert told.ends[0].reason is FinishReason.INTERRUPTED
        longest.append(max(turns))
        if longest[-1] < LIMIT_S:
            break
    assert min(longest) < LIMIT_S * _MARGIN, longest


async def test_what_follows_a_cancelled_push_waits_until_the_worker_has_done_with_it(
    monkeypatch: pytest.MonkeyPatch, it: Bridge
) -> None:
    """Once the next push met the worker of a cancelled one in the same text."""
    entered, gate = threading.Event(), threading.Event()
    fed: list[str] = []
    feed = SpokenSegment.feed

    def slow_feed(segment: SpokenSegment, part: str) -> None:
        fed.append(f"in {part[:5]}")
        if len(fed) == 1:
            entered.set()
            gate.wait(5)
        feed(segment, part)
        fed.append(f"out {part[:5]}")

    monkeypatch.setattr(SpokenSegment, "feed", slow_feed)
    session = it.open()
    first = asyncio.create_task(session.push("First words of a text that is prepared on a worker."))
    assert await asyncio.to_thread(entered.wait, 5)
    first.cancel()
    second = asyncio.create_task(session.push("Second words of it, which are also prepared on a worker."))
    await asyncio.sleep(0.02)
    assert fed == ["in First"]
    gate.set()
    with suppress(asyncio.CancelledError):
        await first
    await second
    assert first.cancelled()
    assert fed == ["in First", "out First", "in Secon", "out Secon"]
    await session.aclose()


async def test_little_work_is_done_at_once_and_the_loop_is_given_away_in_between() -> None:
    bench, threads, others = Workbench(), set(), 0

    async def other() -> None:
        nonlocal others
        while True:
            others += 1
            await asyncio.sleep(0)

    def work() -> None:
        threads.add(threading.current_thread())
        time.sleep(0.0003)

    waiting = asyncio.create_task(other())
    for _ in range(20):
        await bench.do(work, 5)
    waiting.cancel()
    assert threads == {threading.main_thread()}
    assert others >= 4
    await bench.do(work, 500)
    assert len(threads) == 2


async def test_what_the_work_raises_reaches_its_caller_and_the_next_gets_its_turn() -> None:
    bench = Workbench()

    def fail() -> None:
        raise ValueError("no")

    for load in (1, 1000):
        with pytest.raises(ValueError, match="no"):
            await bench.do(fail, load)
    await bench.do(list, 1000)
