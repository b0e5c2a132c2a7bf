"""Samples of what a service process holds: memory, descriptors, threads, tasks, streams, rows, KV blocks."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field

from loadtest.metrics import Metrics, scrape
from loadtest.service import ServiceProcess
from qwentts_svc.errors import IoError

ROW_STATES = ("waiting", "prefill", "running", "wait_text", "wait_reader", "preempted", "flushing")
MIB = 2**20


@dataclass(frozen=True, slots=True)
class Holding:
    """What the process holds at one moment. ``at_s``: seconds since the watch began."""

    at_s: float
    rss_mib: float
    fds: int
    threads: int
    tasks: int
    streams: int
    rows: int
    kv_blocks: int

    def as_json(self) -> dict[str, float]:
        return {name: round(value, 2) for name, value in asdict(self).items()}


async def look(service: ServiceProcess, begun_s: float) -> Holding:
    """Raises IoError when the metrics port does not answer."""
    page = await scrape(service.sidecar_port)
    return Holding(
        at_s=time.monotonic() - begun_s,
        rss_mib=service.system.memory_info().rss / MIB,
        fds=service.system.num_fds(),
        threads=service.system.num_threads(),
        tasks=round(page.total("qwentts_event_loop_tasks")),
        streams=round(page.total("qwentts_requests", state="streams")),
        rows=rows_of(page),
        kv_blocks=round(page.total("qwentts_kv_blocks", state="leased")),
    )


def rows_of(page: Metrics) -> int:
    """Engine rows in any state."""
    return round(sum(page.total("qwentts_requests", state=state) for state in ROW_STATES))


@dataclass(slots=True)
class Watch:
    """What was seen of a service, and how often its metrics port did not answer."""

    samples: list[Holding] = field(default_factory=list)
    unanswered: int = 0


@asynccontextmanager
async def watched(service: ServiceProcess, interval_s: float) -> AsyncIterator[Watch]:
    """Look every ``interval_s`` for the length of the block. A look without an answer is counted: half an hour of
    samples must not be lost to one."""
    watch = Watch()
    begun_s = time.monotonic()

    async def sample() -> None:
        while True:
            _collect()
            try:
                watch.samples.append(await look(service, begun_s))
            except IoError:
                watch.unanswered += 1
            await asyncio.sleep(interval_s)

    task = asyncio.create_task(sample())
    try:
        yield watch
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def _collect() -> None:
    """Calls of grpc.aio are part of reference cycles, and a closed channel keeps its connection until its calls are
    collected: the service would be blamed for connections that this process holds open."""
    gc.collect()


async def settled(service: ServiceProcess, within_s: float = 20.0) -> Holding:
    """What is held once no stream and no row is left and no connection is closing, or after ``within_s`` (the caller
    compares)."""
    _collect()
    begun_s = time.monotonic()
    holding = await look(service, begun_s)
    while holding.at_s <= within_s:
        last = holding
        await asyncio.sleep(0.05)
        holding = await look(service, begun_s)
        if holding.streams == 0 and holding.rows == 0 and holding.fds >= last.fds:
            break
    return holding


async def recovered(service: ServiceProcess, before: Holding, within_s: float = 45.0) -> Holding:
    """What is held once nothing is held that was not held before, or after ``within_s``: connections are closed a
    moment after their last call, and gRPC's pool ends threads that were idle for 20 s."""
    begun_s = time.monotonic()
    while True:
        holding = await settled(service)
        if not left_behind(before, holding) or time.monotonic() - begun_s > within_s:
            return holding
        await asyncio.sleep(0.1)


def left_behind(before: Holding, after: Holding) -> dict[str, int]:
    """What is held more than before. KV blocks are not counted here, because cached prefixes keep some."""
    names = ("fds", "threads", "tasks", "streams", "rows")
    more = {name: getattr(after, name) - getattr(before, name) for name in names}
    return {name: excess for name, excess in more.items() if excess > 0}
