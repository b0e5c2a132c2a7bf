"""The open loop: every call is sent at its planned time, however many are still open."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

import grpc.aio

from loadtest.caller import Caller
from loadtest.channels import open_channel, open_channels
from loadtest.health import HealthLog, watched_health
from loadtest.record import CallRecord
from loadtest.workload import CLOSE, Plan
from qwentts_svc.errors import IoError


@dataclass(frozen=True, slots=True)
class Manner:
    """How the generator works. ``linger_s``: how long calls may go on after the last one was sent."""

    connections: int = 8
    linger_s: float = 60.0
    prebuffer_s: float = 0.1
    health_interval_s: float = 0.1


@dataclass(frozen=True, slots=True)
class Run:
    """Everything that was seen. ``wall_s``: from the first planned time to the end of the last call."""

    records: tuple[CallRecord, ...]
    health: HealthLog
    wall_s: float


async def run_plans(address: str, plans: Sequence[Plan], manner: Manner | None = None) -> Run:
    """Make all calls; returns when the last one has ended, or was cut after ``linger_s``. Raises IoError when there
    is no service."""
    manner = manner or Manner()
    try:
        async with (
            open_channels(address, manner.connections) as channels,
            watched_health(address, manner.health_interval_s) as health,
        ):
            start_s = time.monotonic() + 0.05
            records = await _send_all(address, plans, channels, start_s, manner)
            wall_s = time.monotonic() - start_s
    except TimeoutError:
        raise IoError(f"nobody answers at {address}; start the service first") from None
    return Run(tuple(records), health, wall_s)


async def _send_all(
    address: str, plans: Sequence[Plan], channels: Sequence[grpc.aio.Channel], start_s: float, manner: Manner
) -> list[CallRecord]:
    # Of the callers only the records are kept: a call or a channel that is held keeps its connection.
    records: list[CallRecord] = []
    tasks: list[asyncio.Task[object]] = []
    for number, plan in enumerate(plans):
        due_s = start_s + plan.at_s
        await asyncio.sleep(max(0.0, due_s - time.monotonic()))
        own = open_channel(address) if plan.manner == CLOSE else None
        caller = Caller(plan, own or channels[number % len(channels)], due_s, manner.prebuffer_s)
        records.append(caller.record)
        tasks.append(asyncio.create_task(_run(caller, own)))
    if tasks:
        _, left = await asyncio.wait(tasks, timeout=manner.linger_s)
        for task in left:
            task.cancel()
        failures = [one for one in await asyncio.gather(*tasks, return_exceptions=True) if isinstance(one, Exception)]
        if failures:
            raise failures[0]
    return records


async def _run(caller: Caller, own: grpc.aio.Channel | None) -> None:
    try:
        await caller.run()
    finally:
        if own is not None:
            await own.close(None)
