"""A small HTTP port beside gRPC: ``/health`` and ``/metrics``, GET and HEAD, nothing else.

``/health`` answers 200 when live and ready, else 503; ``/health?live`` looks at liveness alone. It is served by the
event loop on purpose: a loop that hangs does not answer its probe.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from typing import Final

from qwentts_svc.bridge.api import SpeechService
from qwentts_svc.errors import IoError
from qwentts_svc.observability.prometheus import MetricsSource
from qwentts_svc.server.admission import Admission
from qwentts_svc.server.settings import SidecarSettings

_log = logging.getLogger(__name__)
_MAX_HEAD_BYTES: Final = 8192
_READ_S: Final = 5.0
_MAX_OPEN: Final = 64
_REASONS: Final = {
    200: "OK",
    400: "Bad Request",
    404: "Not Found",
    405: "Method Not Allowed",
    503: "Service Unavailable",
}
_JSON: Final = "application/json"


class Sidecar:
    """One listening socket; every connection answers one request and closes."""

    def __init__(
        self, settings: SidecarSettings, service: SpeechService, admission: Admission, metrics: MetricsSource | None
    ) -> None:
        self._settings, self._service, self._admission, self._metrics = settings, service, admission, metrics
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()
        self.port = 0

    async def start(self) -> None:
        """Listen. Raises IoError when the address is taken."""
        host, port = self._settings.host, self._settings.port
        try:
            self._server = await asyncio.start_server(self._serve, host, port, limit=_MAX_HEAD_BYTES)
        except OSError as error:
            message = f"cannot listen on {host}:{port} for health and metrics"
            raise IoError(f"{message}; free the port, or choose another with server.sidecar.port") from error
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening and drop what is open."""
        if self._server is not None:
            self._server.close()
            for task in self._open:
                task.cancel()
            await asyncio.gather(*self._open, return_exceptions=True)
            await self._server.wait_closed()
            self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            if len(self._open) <= _MAX_OPEN:
                async with asyncio.timeout(_READ_S):
                    await self._answer(reader, writer)
        except (TimeoutError, ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            self._open.discard(task)
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        words = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
        if len(words) != 3 or not words[2].startswith("HTTP/1."):
            status, kind, body = 400, "text/plain", b"bad request\n"
        elif words[0] not in {"GET", "HEAD"}:
            status, kind, body = 405, "text/plain", b"GET and HEAD only\n"
        else:
            status, kind, body = self._page(words[1])
        extra = "Allow: GET, HEAD\r\n" if status == 405 else ""
        answer = (
            f"HTTP/1.1 {status} {_REASONS[status]}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
            f"Cache-Control: no-store\r\n{extra}Connection: close\r\n\r\n"
        ).encode("latin-1")
        writer.write(answer if words[0] == "HEAD" else answer + body)
        await writer.drain()

    def _page(self, target: str) -> tuple[int, str, bytes]:
        path, _, query = target.partition("?")
        if path == "/metrics" and self._metrics is not None:
            body, kind = self._metrics()
            return 200, kind, body
        if path == "/health":
            state = self._service.readiness()
            ready = state.ready and not self._admission.draining
            reason = "draining" if self._admission.draining else state.reason
            live_only = query == "live"
            good = state.live and (live_only or ready)
            value = {"live": state.live, "ready": ready, "reason": "" if ready else reason}
            return (200 if good else 503), _JSON, json.dumps(value).encode() + b"\n"
        return 404, "text/plain", b"/health and /metrics only\n"
