"""The sign at the engine's door, read while the engine is in the middle of a step."""

from __future__ import annotations

import asyncio
import contextlib
import time

import pytest
from support.bridge_rig import Bridge, Told, bridge, hear, speaking

from qwentts_svc.bridge.pieces import CutBudgets
from qwentts_svc.errors import QosError
from qwentts_svc.runtime.admission import Admission
from qwentts_svc.runtime.door import STALE_S
from qwentts_svc.runtime.qos import LOW_LATENCY

STEP_S = 0.3
SHORT_PIECES = CutBudgets(0.3, 0.3)


async def gone(task: asyncio.Task[Told]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def refusal(it: Bridge) -> tuple[QosError, float]:
    """What a caller is told, and after how long."""
    session = it.open()
    started = time.monotonic()
    await session.push("No room for me.")
    await session.end()
    with pytest.raises(QosError) as error:
        await hear(session)
    took_s = time.monotonic() - started
    await session.aclose()
    return error.value, took_s


async def test_a_refusal_does_not_wait_for_the_step_that_is_running() -> None:
    async with bridge(10**5, admission=Admission(1, LOW_LATENCY.ramp), step_s=STEP_S) as it:
        task = await speaking(it)
        for _ in range(3):
            error, took_s = await refusal(it)
            assert took_s < STEP_S / 2
            assert (error.reason, error.retry_after_s > 0) == ("AT_CAPACITY", True)
            await asyncio.sleep(STEP_S / 4)
        assert len(it.submitted) == 1  # the engine was not asked
        with pytest.raises(QosError):  # and a text that is there at once is not even prepared
            it.open(incremental=False)
        assert it.service.open_sessions == 1
        await gone(task)


async def test_a_place_that_came_free_is_given_away_at_once_also_by_an_idle_engine() -> None:
    async with bridge(3, admission=Admission(1, LOW_LATENCY.ramp), step_s=0.02) as it:
        for pause_s in (0.0, STALE_S / 10, STALE_S * 1.2):
            await (await speaking(it))
            await it.settled()
            await asyncio.sleep(pause_s)


async def test_the_rest_of_a_text_that_was_let_in_is_never_refused() -> None:
    async with bridge(
        lambda spec, sampling: 8, admission=Admission(1, LOW_LATENCY.ramp), step_s=0.05, budgets=SHORT_PIECES
    ) as it:
        told = Told()
        session = it.open()
        task = asyncio.create_task(hear(session, told))
        await session.push("One, two, three, four, five. Six, seven, eight, nine, ten. Eleven, twelve, thirteen.")
        await session.end()
        await task
        assert True in [command.continuation for command in it.submitted]


async def test_a_burst_fills_the_house_exactly_and_the_rest_hear_of_it_at_once() -> None:
    async with bridge(10**5, admission=Admission(5, LOW_LATENCY.ramp), step_s=STEP_S) as it:
        first = await speaking(it)
        started = time.monotonic()
        sessions = [it.open(max_latency_ms=60_000) for _ in range(40)]
        for session in sessions:
            with contextlib.suppress(QosError):
                await session.push("All of us at once.")
                await session.flush()
        refused = sum(isinstance(session._failure, QosError) for session in sessions)
        assert time.monotonic() - started < STEP_S
        assert 0 < 40 - refused <= 4
        await asyncio.sleep(STEP_S * 2)
        assert len(it.submitted) == 1 + 40 - refused
        assert sum(isinstance(session._failure, QosError) for session in sessions) == refused
        for session in sessions:
            await session.aclose()
        await gone(first)
