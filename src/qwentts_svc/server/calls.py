"""One call in progress: identifiers, caller, deadline, and what is to be known about it at its end.

A ``Call`` is made by the outermost interceptor, filled in by the others and by the handlers, and logged once.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import grpc.aio

from qwentts_svc.observability.context import CallIds

Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"

ANONYMOUS = "anonymous"
"""Tenant of callers when authentication is off."""


@dataclass(slots=True)
class Call:
    """Mutable record of one call; owned by the task that serves it."""

    method: str
    """Last part of the method's path."""
    ids: CallIds
    metadata: dict[str, list[str]]
    started_s: float = field(default_factory=time.monotonic)
    deadline_s: float | None = None
    """Absolute ``time.monotonic()``; None: the caller set none."""
    tenant: str = ANONYMOUS
    streams_in: bool = False
    """The caller may still be sending when the call ends."""
    client_request_id: str = ""
    charge: Callable[[int], None] = lambda _chars: None
    """Counts characters against the tenant's quota; raises QuotaError."""
    chars: int = 0
    text_hash: str = ""
    segments: int = 0
    chunks: int = 0
    audio_ms: float = 0.0
    first_audio_ms: float | None = None
    reason: str = ""
    """Finish reason or ``ErrorInfo.reason``."""
    code: grpc.StatusCode | None = None

    @property
    def elapsed_s(self) -> float:
        """Seconds since the call came in."""
        return time.monotonic() - self.started_s

    @property
    def expired(self) -> bool:
        """True once the caller's deadline has passed. gRPC's own clock may run a little ahead of the one here."""
        return self.deadline_s is not None and time.monotonic() >= self.deadline_s - _CLOCK_SLACK_S


_CLOCK_SLACK_S = 0.02
_current: ContextVar[Call | None] = ContextVar("qwentts_call", default=None)


def open_call(method: str, context: Context) -> Call:
    """Make the record of a call and attach it to the current task."""
    metadata: dict[str, list[str]] = {}
    for key, value in context.invocation_metadata() or ():
        if isinstance(value, str):
            metadata.setdefault(str(key), []).append(value)
    call = Call(method.rsplit("/", 1)[-1], CallIds(req_id=uuid.uuid4().hex), metadata)
    remaining = context.time_remaining()
    if remaining is not None:
        call.deadline_s = call.started_s + remaining
    _current.set(call)
    return call


def current_call() -> Call:
    """The call that the current task serves. Raises RuntimeError outside of one (a wiring fault of the server)."""
    call = _current.get()
    if call is None:
        raise RuntimeError("no call in progress: the handler runs without its interceptors")
    return call
