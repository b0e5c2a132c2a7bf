"""``grpc.health.v1`` (Check, Watch) following the readiness, and server reflection v1alpha and v1."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, text_format
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_health.v1._async import HealthServicer
from grpc_reflection.v1alpha import reflection, reflection_pb2
from grpc_reflection.v1alpha._async import ReflectionServicer

from qwentts_svc.bridge.api import SpeechService

REFLECTION_V1: Final = "grpc.reflection.v1.ServerReflection"


class HealthFollower:
    """Keeps the health service in step with the readiness of the speech behind it."""

    def __init__(self, service: SpeechService, names: tuple[str, ...], interval_s: float) -> None:
        self._service, self._names, self._interval_s = service, ("", *names), interval_s
        self._draining = False
        self._shown: bool | None = None
        self.servicer: Any = HealthServicer()

    async def show(self) -> None:
        """Bring the health service up to date."""
        ready = self._service.readiness().ready and not self._draining
        if ready == self._shown:
            return
        self._shown = ready
        kinds = health_pb2.HealthCheckResponse
        for name in self._names:
            await self.servicer.set(name, kinds.SERVING if ready else kinds.NOT_SERVING)

    async def drain(self) -> None:
        """NOT_SERVING from now on."""
        self._draining = True
        await self.show()

    async def follow(self) -> None:
        """Never returns; to be run as a task."""
        while True:
            await self.show()
            await asyncio.sleep(self._interval_s)


def add_health(server: Any, follower: HealthFollower) -> None:
    """Serve Check and Watch."""
    health_pb2_grpc.add_HealthServicer_to_server(follower.servicer, server)


def add_reflection(server: Any, names: tuple[str, ...]) -> None:
    """Serve reflection under both names: the messages of v1 are those of v1alpha."""
    _describe_v1()
    servicer = ReflectionServicer((*names, health.SERVICE_NAME, reflection.SERVICE_NAME, REFLECTION_V1))
    handler = grpc.stream_stream_rpc_method_handler(
        servicer.ServerReflectionInfo,
        request_deserializer=reflection_pb2.ServerReflectionRequest.FromString,
        response_serializer=reflection_pb2.ServerReflectionResponse.SerializeToString,
    )
    handlers = {"ServerReflectionInfo": handler}
    server.add_generic_rpc_handlers(
        [grpc.method_handlers_generic_handler(name, handlers) for name in (reflection.SERVICE_NAME, REFLECTION_V1)]
    )


def _describe_v1() -> None:
    """Make the v1 service known to the descriptor pool, so that clients can describe what they are offered."""
    pool = descriptor_pool.Default()
    try:
        pool.FindServiceByName(REFLECTION_V1)
    except KeyError:
        alpha = descriptor_pb2.FileDescriptorProto()
        reflection_pb2.DESCRIPTOR.CopyToProto(alpha)
        text = text_format.MessageToString(alpha).replace("reflection.v1alpha", "reflection.v1")
        text = text.replace("reflection/v1alpha", "reflection/v1")
        pool.Add(text_format.Parse(text, descriptor_pb2.FileDescriptorProto()))
