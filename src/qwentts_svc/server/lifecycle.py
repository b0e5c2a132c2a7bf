"""From nothing to serving and back: bind, become ready, drain on SIGTERM, leave.

start   bind; health says NOT_SERVING until the speech behind is ready
SIGTERM NOT_SERVING -> new calls get UNAVAILABLE + RetryInfo -> open calls end within the grace -> exit 0
again   at once, exit 1
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from collections.abc import Callable
from typing import Any, Final

import grpc
import grpc.aio
from opentelemetry import trace

from qwentts_svc.bridge.api import SpeechService
from qwentts_svc.errors import IoError
from qwentts_svc.observability.logs import TextDigest
from qwentts_svc.observability.observer import NullObserver, Observer
from qwentts_svc.observability.prometheus import MetricsSource
from qwentts_svc.server.admission import Admission
from qwentts_svc.server.auth import Authenticator
from qwentts_svc.server.deps import Deps
from qwentts_svc.server.health import HealthFollower, add_health, add_reflection
from qwentts_svc.server.interceptors import Gate, SurroundInterceptor, Telemetry
from qwentts_svc.server.servicer import SERVICE_NAME, speech_handlers
from qwentts_svc.server.settings import ServerSettings
from qwentts_svc.server.sidecar import Sidecar
from qwentts_svc.server.tls import server_credentials

_log = logging.getLogger(__name__)
EXIT_OK: Final = 0
EXIT_FORCED: Final = 1
_MAX_PENDING_CALLS: Final = 100_000
_LAST_WORDS_S: Final = 0.5
"""After the drain, for statuses under way."""


class SpeechServer:
    """The gRPC server and its sidecar over one ``SpeechService``. Raises InputError for bad settings."""

    def __init__(
        self,
        service: SpeechService,
        settings: ServerSettings,
        observer: Observer | None = None,
        *,
        metrics: MetricsSource | None = None,
        tracer: trace.Tracer | None = None,
    ) -> None:
        settings.check()
        observer = observer or NullObserver()
        self.settings = settings
        self.admission = Admission(service, settings.limits, settings.drain, observer)
        tracer = tracer or trace.NoOpTracer()
        telemetry = Telemetry(observer, tracer, settings.timeouts)
        gate = Gate(Authenticator(settings.auth), self.admission)
        self._server = grpc.aio.server(
            interceptors=[SurroundInterceptor(telemetry), SurroundInterceptor(gate)], options=_options(settings)
        )
        self._server.add_generic_rpc_handlers(
            [speech_handlers(Deps(service, settings, observer, TextDigest(settings.text_hash_key), tracer))]
        )
        self._health = HealthFollower(service, (SERVICE_NAME,), settings.drain.readiness_interval_s)
        add_health(self._server, self._health)
        if settings.reflection:
            add_reflection(self._server, (SERVICE_NAME,))
        self.sidecar = Sidecar(settings.sidecar, service, self.admission, metrics)
        self._follower: asyncio.Task[None] | None = None
        self.port = 0

    async def start(self) -> None:
        """Bind and serve. Raises IoError when an address is taken, InputError for unusable TLS files."""
        settings = self.settings
        address = settings.host if settings.host.startswith("unix:") else f"{settings.host}:{settings.port}"
        try:
            if settings.tls is None:
                self.port = self._server.add_insecure_port(address)
            else:
                self.port = self._server.add_secure_port(address, server_credentials(settings.tls))
        except RuntimeError as error:
            raise IoError(f"cannot listen on {address}; free the port, or choose another with server.port") from error
        await self._health.show()
        if settings.sidecar.enabled:
            await self.sidecar.start()
        await self._server.start()
        self._follower = asyncio.create_task(self._health.follow(), name="health-follower")
        _log.info("serving", extra={"fields": {"stage": "start", "port": self.port, "sidecar": self.sidecar.port}})

    async def drain(self) -> bool:
        """Refuse new calls and wait for open ones, at most the grace; True when all have ended."""
        self.admission.drain()
        await self._health.drain()
        _log.info("draining", extra={"fields": {"stage": "drain", "open_calls": self.admission.open_calls}})
        try:
            async with asyncio.timeout(self.settings.drain.grace_s):
                await self.admission.wait_idle()
        except TimeoutError:
            _log.warning("grace is over", extra={"fields": {"stage": "drain", "cut": self.admission.open_calls}})
            return False
        return True

    async def stop(self, grace_s: float = _LAST_WORDS_S) -> None:
        """End everything; nothing of the server is left behind."""
        self.admission.drain()
        if self._follower is not None:
            self._follower.cancel()
            await asyncio.gather(self._follower, return_exceptions=True)
            self._follower = None
        await self._server.stop(grace_s)
        # gRPC is done with its calls before their handlers have given back what they hold.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.settings.timeouts.close_s):
                await self.admission.wait_idle()
        await self.sidecar.stop()


async def serve(
    service: SpeechService,
    settings: ServerSettings,
    observer: Observer | None = None,
    *,
    metrics: MetricsSource | None = None,
    tracer: trace.Tracer | None = None,
    on_started: Callable[[SpeechServer], None] | None = None,
) -> int:
    """Serve until SIGTERM or SIGINT; the process's exit code: 0 after a drain (cut calls are in the log), 1 when a
    second signal forced the end. Must run in the main thread's event loop."""
    server = SpeechServer(service, settings, observer, metrics=metrics, tracer=tracer)
    signals = _Signals()
    with signals:
        await server.start()
        if on_started is not None:
            on_started(server)
        try:
            await signals.first.wait()
            forced = await _either(server.drain(), signals.second)
        finally:
            await server.stop(0 if signals.second.is_set() else _LAST_WORDS_S)
    return EXIT_FORCED if forced else EXIT_OK


async def _either(work: Any, stop: asyncio.Event) -> bool:
    """Run ``work`` to its end, or drop it when ``stop`` is set first; True when dropped."""
    working = asyncio.ensure_future(work)
    waiting = asyncio.ensure_future(stop.wait())
    await asyncio.wait([working, waiting], return_when=asyncio.FIRST_COMPLETED)
    dropped = not working.done()
    for task in (working, waiting):
        task.cancel()
    await asyncio.gather(working, waiting, return_exceptions=True)
    return dropped


class _Signals:
    """Counts SIGTERM and SIGINT while entered."""

    def __init__(self) -> None:
        self.first, self.second = asyncio.Event(), asyncio.Event()

    def _note(self) -> None:
        (self.second if self.first.is_set() else self.first).set()

    def __enter__(self) -> _Signals:
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().remove_signal_handler(number)


def _options(settings: ServerSettings) -> list[tuple[str, int]]:
    keepalive = settings.keepalive
    return [
        # Two processes on one port would share calls at random; a second one must fail to start.
        ("grpc.so_reuseport", 0),
        ("grpc.max_receive_message_length", settings.limits.max_message_bytes),
        ("grpc.max_send_message_length", -1),
        ("grpc.max_metadata_size", 16 * 1024),
        ("grpc.keepalive_time_ms", round(keepalive.ping_interval_s * 1000)),
        ("grpc.keepalive_timeout_ms", round(keepalive.ping_timeout_s * 1000)),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.min_ping_interval_without_data_ms", round(keepalive.min_client_ping_s * 1000)),
        ("grpc.http2.max_ping_strikes", 2),
        # A burst of new calls waits for the loop, which refuses with a reason; gRPC itself would cut them without one.
        ("grpc.server.max_pending_requests", _MAX_PENDING_CALLS),
        ("grpc.server.max_pending_requests_hard_limit", _MAX_PENDING_CALLS),
    ]
