"""Asks grpc.health.v1 at a steady pace while load is on, from a connection of its own."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import grpc.aio
from grpc_health.v1 import health_pb2, health_pb2_grpc

from loadtest.channels import open_channel

SERVING = health_pb2.HealthCheckResponse.SERVING


@dataclass(slots=True)
class HealthLog:
    """Answers of Check: how long each one took, and what was not SERVING in time."""

    took_s: list[float] = field(default_factory=list)
    bad: list[str] = field(default_factory=list)


@asynccontextmanager
async def watched_health(address: str, interval_s: float = 0.1, timeout_s: float = 5.0) -> AsyncIterator[HealthLog]:
    """Check every ``interval_s`` for the length of the block."""
    log = HealthLog()
    async with open_channel(address) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        task = asyncio.create_task(_ask(stub, log, interval_s, timeout_s))
        try:
            yield log
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


async def _ask(stub: health_pb2_grpc.HealthStub, log: HealthLog, interval_s: float, timeout_s: float) -> None:
    due_s = time.monotonic()
    while True:
        begun_s = time.monotonic()
        try:
            answer = await stub.Check(health_pb2.HealthCheckRequest(), timeout=timeout_s)
            if answer.status != SERVING:
                log.bad.append(str(health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status)))
        except grpc.aio.AioRpcError as error:
            log.bad.append(error.code().name)
        log.took_s.append(time.monotonic() - begun_s)
        due_s = max(due_s + interval_s, time.monotonic())
        await asyncio.sleep(due_s - time.monotonic())
