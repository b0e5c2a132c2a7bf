"""Own admission: readiness, drain, open calls of the process and of a tenant, characters per minute of a tenant.

Health and reflection never come here. Capacity of the engine is judged behind ``SpeechService.open``.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from qwentts_svc.bridge.api import SpeechService
from qwentts_svc.errors import QosError, UnavailableError
from qwentts_svc.observability.observer import Observer
from qwentts_svc.server.calls import Call
from qwentts_svc.server.settings import DrainSettings, LimitSettings
from qwentts_svc.server.status import QuotaError

_WINDOW_S = 60.0
_MAX_BUCKETS = 10_000


class Admission:
    """Counts what is open. Event loop only."""

    def __init__(self, service: SpeechService, limits: LimitSettings, drain: DrainSettings, observer: Observer) -> None:
        self._service, self._limits, self._drain, self._observer = service, limits, drain, observer
        self._tenants: Counter[str] = Counter()
        self._buckets: dict[str, _Bucket] = {}
        self._draining = False
        self._idle = asyncio.Event()
        self._idle.set()
        self.open_calls = 0
        """Calls in progress, speech or not."""
        self.open_streams = 0
        """Speech calls in progress."""

    def drain(self) -> None:
        """Refuse everything from now on."""
        self._draining = True

    @property
    def draining(self) -> bool:
        """True after ``drain``."""
        return self._draining

    async def wait_idle(self) -> None:
        """Return when no call is in progress."""
        await self._idle.wait()

    @contextmanager
    def call(self, call: Call, *, speech: bool) -> Iterator[None]:
        """Hold a place for a call. Raises UnavailableError, QosError, QuotaError."""
        if self._draining:
            message = "the service is shutting down; another instance will answer"
            raise UnavailableError(message, retry_after_s=self._drain.retry_after_s, reason="DRAINING")
        self.open_calls += 1
        self._idle.clear()
        try:
            if speech:
                with self._stream(call):
                    yield
            else:
                yield
        finally:
            self.open_calls -= 1
            if not self.open_calls:
                self._idle.set()

    @contextmanager
    def _stream(self, call: Call) -> Iterator[None]:
        ready, limits, tenant = self._service.readiness(), self._limits, call.tenant
        if not ready.ready:
            message = "the service is not ready"
            raise UnavailableError(message, retry_after_s=self._drain.retry_after_s, reason="NOT_READY")
        if self.open_streams >= limits.max_streams:
            message = "too many open calls"
            raise QosError(message, retry_after_s=self._drain.retry_after_s, reason="TOO_MANY_STREAMS")
        if limits.tenant_streams and self._tenants[tenant] >= limits.tenant_streams:
            message = f"this tenant has {limits.tenant_streams} open calls, as many as it may"
            raise QuotaError(
                message, subject="tenant_streams", retry_after_s=self._drain.retry_after_s, reason="TENANT_STREAMS"
            )
        if limits.tenant_chars_per_minute:
            call.charge = self._bucket(tenant).charge
        self._tenants[tenant] += 1
        self.open_streams += 1
        self._observer.requests("streams", self.open_streams)
        try:
            yield
        finally:
            self.open_streams -= 1
            self._tenants[tenant] -= 1
            if not self._tenants[tenant]:
                del self._tenants[tenant]
            self._observer.requests("streams", self.open_streams)

    def _bucket(self, tenant: str) -> _Bucket:
        if tenant not in self._buckets and len(self._buckets) >= _MAX_BUCKETS:
            self._buckets.clear()
        return self._buckets.setdefault(tenant, _Bucket(self._limits.tenant_chars_per_minute))


class _Bucket:
    """Characters of one tenant: full after a minute of silence, refilled evenly."""

    def __init__(self, per_minute: int) -> None:
        self._most, self._level, self._at_s = float(per_minute), float(per_minute), time.monotonic()

    def charge(self, chars: int) -> None:
        """Take ``chars`` out. Raises QuotaError; nothing is taken then."""
        now_s = time.monotonic()
        self._level = min(self._most, self._level + (now_s - self._at_s) * self._most / _WINDOW_S)
        self._at_s = now_s
        if chars > self._level:
            wait_s = min(_WINDOW_S, (chars - self._level) * _WINDOW_S / self._most)
            message = f"this tenant may speak {self._most:.0f} characters per minute"
            raise QuotaError(message, subject="tenant_characters", retry_after_s=wait_s, reason="TENANT_CHARACTERS")
        self._level -= chars
