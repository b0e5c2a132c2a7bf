"""A small gRPC client: health, and one streamed text. The only file outside the server that knows grpc."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc
import grpc.aio
from grpc_health.v1 import health_pb2, health_pb2_grpc

from qwentts_svc.errors import InputError, IoError
from qwentts_svc.server.pb.qwentts.v1 import tts_pb2 as pb
from qwentts_svc.server.pb.qwentts.v1 import tts_pb2_grpc as pb_grpc


@dataclass(frozen=True, slots=True)
class Heard:
    """One spoken text. ``pcm``: s16 little-endian mono; times in seconds from the sending of the text."""

    pcm: bytes
    sample_rate: int
    first_audio_s: float
    total_s: float
    reason: str

    @property
    def audio_s(self) -> float:
        return len(self.pcm) / 2 / self.sample_rate if self.sample_rate else 0.0


@asynccontextmanager
async def channel_to(address: str, ca_file: str | None = None) -> AsyncIterator[grpc.aio.Channel]:
    """An open channel; TLS when ``ca_file`` is given. Raises InputError when that cannot be read."""
    if ca_file is None:
        async with grpc.aio.insecure_channel(address) as channel:
            yield channel
        return
    async with grpc.aio.secure_channel(address, grpc.ssl_channel_credentials(_authority(ca_file))) as channel:
        yield channel


async def check_health(address: str, service: str = "", timeout_s: float = 3.0, ca_file: str | None = None) -> str:
    """``SERVING``, ``NOT_SERVING``, ``SERVICE_UNKNOWN``, or ``UNREACHABLE`` with the reason."""
    async with channel_to(address, ca_file) as channel:
        try:
            answer = await health_pb2_grpc.HealthStub(channel).Check(
                health_pb2.HealthCheckRequest(service=service), timeout=timeout_s
            )
        except grpc.aio.AioRpcError as error:
            return f"UNREACHABLE ({error.code().name})"
        return str(health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status))


async def say(address: str, text: str, *, full_layout: bool = False, seed: int = 0, timeout_s: float = 300.0) -> Heard:
    """Stream ``text`` word by word through SynthesizeStream. Raises IoError with the service's words.

    ``full_layout``: the model reads the whole text before it speaks.
    """
    config = pb.SynthesisConfig(layout=pb.LAYOUT_FULL if full_layout else pb.LAYOUT_AUTO, seed=seed)
    started_s = time.monotonic()
    first_s = 0.0
    sample_rate = 0
    reason = ""
    pcm = bytearray()
    try:
        async with channel_to(address) as channel:
            call = pb_grpc.TextToSpeechStub(channel).SynthesizeStream(_requests(text, config), timeout=timeout_s)
            async for answer in call:
                kind = answer.WhichOneof("message")
                if kind == "started":
                    sample_rate = answer.started.config.audio.sample_rate_hz
                elif kind == "audio":
                    first_s = first_s or time.monotonic() - started_s
                    pcm += answer.audio.data
                elif kind == "segment_end":
                    reason = pb.FinishReason.Name(answer.segment_end.reason).removeprefix("FINISH_REASON_")
    except grpc.aio.AioRpcError as error:
        raise IoError(f"the service at {address} answered {error.code().name}: {error.details()}") from None
    return Heard(bytes(pcm), sample_rate, first_s, time.monotonic() - started_s, reason)


def _authority(ca_file: str) -> bytes:
    try:
        return Path(ca_file).read_bytes()
    except OSError as error:
        raise InputError(f"--ca-file: cannot read {ca_file}: {error.strerror}", field="ca-file") from None


async def _requests(text: str, config: pb.SynthesisConfig) -> AsyncIterator[pb.SynthesizeStreamRequest]:
    yield pb.SynthesizeStreamRequest(config=config)
    for piece in re.findall(r"\s*\S+|\s+$", text):
        yield pb.SynthesizeStreamRequest(text=piece)
