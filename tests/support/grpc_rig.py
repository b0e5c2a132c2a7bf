"""A real grpc.aio server in this process, on 127.0.0.1 and a free port, over a fake SpeechService."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import grpc.aio
from google.rpc import error_details_pb2, status_pb2
from support.fake_speech import FakeSpeech
from support.held import held, nothing_left, warm_up

from qwentts_svc.observability.prometheus import PrometheusObserver
from qwentts_svc.server.lifecycle import SpeechServer
from qwentts_svc.server.pb.qwentts.v1 import tts_pb2 as pb
from qwentts_svc.server.pb.qwentts.v1 import tts_pb2_grpc
from qwentts_svc.server.settings import DrainSettings, ServerSettings, SidecarSettings, TimeoutSettings

FAST = ServerSettings(
    port=0,
    sidecar=SidecarSettings(port=0),
    timeouts=TimeoutSettings(config_s=2.0, idle_s=5.0, write_stall_s=5.0, call_s=20.0, close_s=0.5),
    drain=DrainSettings(grace_s=2.0, retry_after_s=0.05, readiness_interval_s=0.02),
)


@dataclass
class Rig:
    """A running server and a client of it."""

    server: SpeechServer
    speech: FakeSpeech
    observer: PrometheusObserver
    channel: Any
    stub: Any = field(init=False)

    def __post_init__(self) -> None:
        self.stub = tts_pb2_grpc.TextToSpeechStub(self.channel)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server.port}"

    def metric(self, name: str, **labels: str) -> float:
        """Value of a sample, 0 when there is none."""
        return self.observer.registry.get_sample_value(name, labels) or 0.0

    async def settled_after(self, condition: Callable[[], bool], within_s: float = 5.0) -> None:
        """Return when ``condition`` holds; fail after ``within_s``."""
        async with asyncio.timeout(within_s):
            while not condition():  # noqa: ASYNC110 (test)
                await asyncio.sleep(0.01)

    async def settled(self) -> None:
        """Return when no session and no call is left; fail after two seconds."""
        async with asyncio.timeout(2.0):
            while self.speech.live_sessions or self.server.admission.open_calls:  # noqa: ASYNC110 (test)
                await asyncio.sleep(0.005)


@asynccontextmanager
async def running(
    settings: ServerSettings = FAST, speech: FakeSpeech | None = None, **options: Any
) -> AsyncIterator[Rig]:
    """A server for the length of the block; fails when it leaves a task, a session or a descriptor behind."""
    await warm_up()
    before = held()
    speech = speech if speech is not None else FakeSpeech()
    observer = PrometheusObserver()
    server = SpeechServer(speech, settings, observer, metrics=observer.exposition, **options)
    await server.start()
    try:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{server.port}") as channel:
            yield Rig(server, speech, observer, channel)
    finally:
        await server.stop(0.5)
    assert speech.live_sessions == 0
    assert server.admission.open_calls == 0
    await nothing_left(before)


def config(**values: Any) -> pb.SynthesizeStreamRequest:
    """The first message of a stream."""
    return pb.SynthesizeStreamRequest(config=pb.SynthesisConfig(**values))


def text(value: str) -> pb.SynthesizeStreamRequest:
    return pb.SynthesizeStreamRequest(text=value)


def flush(flush_id: str = "") -> pb.SynthesizeStreamRequest:
    return pb.SynthesizeStreamRequest(flush=pb.Flush(flush_id=flush_id))


async def talk(rig: Rig, *requests: pb.SynthesizeStreamRequest, **options: Any) -> list[Any]:
    """Send all messages, half-close, return all answers."""
    call = rig.stub.SynthesizeStream(iter(requests), **options)
    return [answer async for answer in call]


def kinds(answers: list[Any]) -> list[str]:
    """The kinds of the answers, runs of audio as one."""
    names: list[str] = []
    for answer in answers:
        name = answer.WhichOneof("message")
        if not (name == "audio" and names and names[-1] == "audio"):
            names.append(name)
    return names


def audio_of(answers: list[Any]) -> bytes:
    return b"".join(answer.audio.data for answer in answers if answer.WhichOneof("message") == "audio")


def with_limits(**values: Any) -> ServerSettings:
    return replace(FAST, limits=replace(FAST.limits, **values))


def with_timeouts(**values: Any) -> ServerSettings:
    return replace(FAST, timeouts=replace(FAST.timeouts, **values))


def retry_ms(error: grpc.aio.AioRpcError) -> int | None:
    """``grpc-retry-pushback-ms`` of a refused call."""
    values = [value for key, value in error.trailing_metadata() if key == "grpc-retry-pushback-ms"]
    return int(values[0]) if values else None


def details_of(error: grpc.aio.AioRpcError) -> dict[str, Any]:
    """The google.rpc details of a failed call by the name of their type."""
    raw = dict(error.trailing_metadata()).get("grpc-status-details-bin", b"")
    status = status_pb2.Status.FromString(raw)
    assert status.code == error.code().value[0]
    kinds_by_name = {
        "ErrorInfo": error_details_pb2.ErrorInfo,
        "BadRequest": error_details_pb2.BadRequest,
        "RetryInfo": error_details_pb2.RetryInfo,
        "QuotaFailure": error_details_pb2.QuotaFailure,
    }
    found: dict[str, Any] = {}
    for packed in status.details:
        name = packed.type_url.rpartition(".")[2]
        found[name] = kinds_by_name[name].FromString(packed.value)
    return found


def reason_of(error: grpc.aio.AioRpcError) -> str:
    """``ErrorInfo.reason`` of a failed call."""
    return str(details_of(error)["ErrorInfo"].reason)


def field_of(error: grpc.aio.AioRpcError) -> str:
    """The field that a BadRequest names."""
    return str(details_of(error)["BadRequest"].field_violations[0].field)
