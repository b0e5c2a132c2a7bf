"""What surrounds every call of this service, outermost first: telemetry with the error mask, then authentication
and admission. Health and reflection pass by.

A surrounding is an async context manager around the handler, whatever the form of the call.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Final, TypeAlias

import grpc
import grpc.aio
from opentelemetry import trace

from qwentts_svc.errors import DeadlineError, QosError, UnavailableError
from qwentts_svc.observability.context import set_call_ids
from qwentts_svc.observability.observer import Observer
from qwentts_svc.observability.tracing import parent_context, trace_id_of
from qwentts_svc.server.admission import Admission
from qwentts_svc.server.auth import Authenticator
from qwentts_svc.server.calls import Call, Context, current_call, open_call
from qwentts_svc.server.settings import TimeoutSettings
from qwentts_svc.server.status import REQUEST_ID_KEY, code_of, reason_of, status_of
from qwentts_svc.server.transport import ClientGone

_log = logging.getLogger(__name__)
EXEMPT: Final = ("/grpc.health.v1.", "/grpc.reflection.")
STREAMS_IN: Final = frozenset({"SynthesizeStream"})
SPEECH: Final = frozenset({"SynthesizeStream", "SynthesizeChunks", "Synthesize"})

Handler: TypeAlias = Any
"""``grpc.RpcMethodHandler``; its Python side is a named tuple without types."""
Surrounding: TypeAlias = Callable[[str, Context], AbstractAsyncContextManager[None]]
Behaviour: TypeAlias = Callable[[Any, Context], Awaitable[Any]]


class SurroundInterceptor(grpc.aio.ServerInterceptor):  # type: ignore[type-arg]  # generic in the stubs only
    """Runs every handler that is not exempt inside ``surrounding(method, context)``."""

    def __init__(self, surrounding: Surrounding) -> None:
        self._surrounding = surrounding

    async def intercept_service(self, continuation: Any, handler_call_details: Any) -> Handler:
        """Wrap the handler that the rest of the chain found; None stays None (UNIMPLEMENTED)."""
        handler = await continuation(handler_call_details)
        method = str(handler_call_details.method)
        if handler is None or method.startswith(EXEMPT):
            return handler
        for form in ("unary_unary", "unary_stream", "stream_unary", "stream_stream"):
            behaviour = getattr(handler, form)
            if behaviour is not None:
                return handler._replace(**{form: self._wrapped(method, behaviour)})
        return handler

    def _wrapped(self, method: str, behaviour: Behaviour) -> Behaviour:
        async def surrounded(request: Any, context: Context) -> Any:
            async with self._surrounding(method, context):
                return await behaviour(request, context)

        return surrounded


class Telemetry:
    """Opens the call's record, spans and counts it, logs it once, and turns errors into statuses.

    The last resort: whatever a handler raises, the caller gets a status of the table and never an exception's text.
    """

    def __init__(self, observer: Observer, tracer: trace.Tracer, timeouts: TimeoutSettings) -> None:
        self._observer, self._tracer, self._timeouts = observer, tracer, timeouts

    @asynccontextmanager
    async def __call__(self, method: str, context: Context) -> AsyncIterator[None]:
        call = open_call(method, context)
        call.streams_in = call.method in STREAMS_IN
        set_call_ids(call.ids)
        context.set_trailing_metadata(((REQUEST_ID_KEY, call.ids.req_id),))
        parent = parent_context({key: values[0] for key, values in call.metadata.items()})
        failure: BaseException | None = None
        with self._tracer.start_as_current_span(
            f"qwentts.v1.TextToSpeech/{call.method}",
            context=parent,
            kind=trace.SpanKind.SERVER,
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            call.ids.trace_id = trace_id_of(span)
            try:
                yield
            except BaseException as error:
                failure = error
            self._settle(call, failure)
            _describe(span, call)
        if failure is not None:
            await self._answer(call, context, failure)

    def _settle(self, call: Call, failure: BaseException | None) -> None:
        """Decide the code, count and log."""
        if failure is None:
            call.code = grpc.StatusCode.OK
        elif isinstance(failure, ClientGone | asyncio.CancelledError):
            call.code = grpc.StatusCode.DEADLINE_EXCEEDED if call.expired else grpc.StatusCode.CANCELLED
            call.reason = "deadline_exceeded" if call.expired else "cancelled"
            self._observer.finished(call.reason)
        else:
            call.code, call.reason = code_of(failure), reason_of(failure)
            if isinstance(failure, QosError | UnavailableError) and not call.chunks:
                self._observer.rejected(call.reason)
            else:
                self._observer.finished(call.reason)
        self._observer.rpc(call.method, call.code.name, call.elapsed_s)
        masked = call.code is grpc.StatusCode.INTERNAL
        level = logging.ERROR if masked else logging.INFO
        _log.log(level, "call", exc_info=failure if masked else None, extra={"fields": _fields(call)})

    async def _answer(self, call: Call, context: Context, failure: BaseException) -> None:
        """Send the status; give up on a caller that does not take it."""
        if not isinstance(failure, Exception):
            raise failure
        if isinstance(failure, ClientGone):
            # What grpc.aio itself raises in a handler whose call is over.
            raise asyncio.CancelledError from None
        status = status_of(failure, call.ids.req_id)
        if call.streams_in:
            await asyncio.sleep(self._timeouts.refusal_linger_s)
        try:
            async with asyncio.timeout(self._timeouts.close_s):
                await context.abort(status.code, status.message, status.trailing)
        except TimeoutError:
            raise asyncio.CancelledError from None
        except grpc.aio.BaseError as error:
            if isinstance(error, grpc.aio.AbortError):
                raise
            raise asyncio.CancelledError from None


def _fields(call: Call) -> dict[str, Any]:
    return {
        "stage": "rpc",
        "method": call.method,
        "tenant": call.tenant,
        "code": call.code.name if call.code is not None else None,
        "reason": call.reason or None,
        "latency_ms": round(call.elapsed_s * 1000, 1),
        "first_audio_ms": round(call.first_audio_ms, 1) if call.first_audio_ms is not None else None,
        "chunk_idx": call.chunks or None,
        "segments": call.segments or None,
        "audio_ms": round(call.audio_ms, 1) or None,
        "chars": call.chars or None,
        "text_hash": call.text_hash or None,
        "client_request_id": call.client_request_id or None,
    }


def _describe(span: trace.Span, call: Call) -> None:
    """Numbers and enumerations only."""
    for key, value in _fields(call).items():
        if value is not None and key not in {"stage", "client_request_id"}:
            span.set_attribute(f"qwentts.{key}", value)
    span.set_attribute("qwentts.req_id", call.ids.req_id)
    if call.code is not grpc.StatusCode.OK:
        span.set_status(trace.StatusCode.ERROR)
    if call.first_audio_ms is not None:
        span.add_event("first_audio", {"qwentts.first_audio_ms": call.first_audio_ms})


class Gate:
    """Authentication, then admission."""

    def __init__(self, authenticator: Authenticator, admission: Admission) -> None:
        self._authenticator, self._admission = authenticator, admission

    @asynccontextmanager
    async def __call__(self, _method: str, _context: Context) -> AsyncIterator[None]:
        call = current_call()
        if call.expired:
            raise DeadlineError("the deadline had passed before the call came in", reason="DEADLINE_PASSED")
        call.tenant = self._authenticator.tenant_of(call.metadata)
        with self._admission.call(call, speech=call.method in SPEECH):
            yield
