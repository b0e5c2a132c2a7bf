"""Writing without a socket: what gRPC's core does to a write, and what a handler hears of it."""

from __future__ import annotations

import asyncio
from typing import Any

import grpc
import pytest
from grpc._cython import cygrpc
from opentelemetry import trace

from qwentts_svc.errors import DeadlineError
from qwentts_svc.observability.prometheus import PrometheusObserver
from qwentts_svc.server.interceptors import Telemetry
from qwentts_svc.server.pb.qwentts.v1 import tts_pb2 as pb
from qwentts_svc.server.settings import TimeoutSettings
from qwentts_svc.server.transport import ClientGone, write

MESSAGE = pb.SynthesizeStreamResponse()
QUICK = TimeoutSettings(write_stall_s=0.05, close_s=0.05)


class Context:
    """As much of a context as is looked at; ``outcome`` is what becomes of a write."""

    def __init__(self, outcome: BaseException | None = None, *, blocked: bool = False) -> None:
        self.outcome, self.blocked, self.writing = outcome, blocked, 0
        self.aborted: list[grpc.StatusCode] = []

    async def write(self, _message: Any) -> None:
        self.writing += 1
        try:
            if self.blocked:
                await asyncio.Event().wait()
            if self.outcome is not None:
                raise self.outcome
        finally:
            self.writing -= 1

    async def abort(self, code: grpc.StatusCode, *_: Any) -> None:
        self.aborted.append(code)
        raise grpc.aio.AbortError

    def time_remaining(self) -> None:
        return None

    def invocation_metadata(self) -> tuple[Any, ...]:
        return ()

    def set_trailing_metadata(self, _metadata: Any) -> None: ...


def broken() -> BaseException:
    """What a write ends with when the call was cancelled under it."""
    return cygrpc.ExecuteBatchError("Failed grpc_call_start_batch: 10")


async def test_a_write_that_the_core_breaks_off_means_that_the_caller_is_gone() -> None:
    with pytest.raises(ClientGone):
        await write(Context(broken()), MESSAGE, QUICK)  # type: ignore[arg-type]  # a stand-in


async def test_such_a_call_counts_as_cancelled_and_gets_no_status() -> None:
    observer, context = PrometheusObserver(), Context(broken())
    telemetry = Telemetry(observer, trace.NoOpTracer(), QUICK)
    with pytest.raises(asyncio.CancelledError):
        async with telemetry("/x/SynthesizeChunks", context):  # type: ignore[arg-type]  # a stand-in
            await write(context, MESSAGE, QUICK)  # type: ignore[arg-type]  # a stand-in
    labels = {"method": "SynthesizeChunks", "code": "CANCELLED"}
    assert observer.registry.get_sample_value("qwentts_rpc_seconds_count", labels) == 1
    assert context.aborted == []


async def test_a_blocked_write_is_given_up_and_leaves_no_task() -> None:
    context = Context(blocked=True)
    with pytest.raises(DeadlineError) as stalled:
        await write(context, MESSAGE, QUICK)  # type: ignore[arg-type]  # a stand-in
    assert stalled.value.reason == "WRITE_STALLED"
    assert context.writing == 0


async def test_a_cancel_during_a_blocked_write_is_a_cancel_and_leaves_no_task() -> None:
    context = Context(blocked=True)
    writing = asyncio.create_task(write(context, MESSAGE, TimeoutSettings(close_s=0.05)))  # type: ignore[arg-type]  # a stand-in
    await asyncio.sleep(0.01)
    assert context.writing == 1
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    assert context.writing == 0
