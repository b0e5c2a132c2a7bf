"""OpenTelemetry tracing: a tracer from settings, W3C context from metadata, span ids for log lines.

Without an endpoint nothing is recorded. Attributes of spans are numbers and enumerations, never text of callers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from qwentts_svc.errors import InputError

_TRACEPARENT: Final = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_propagator: Final = TraceContextTextMapPropagator()


def make_provider(
    endpoint: str = "", *, sample_ratio: float = 1.0, version: str = "", processor: SpanProcessor | None = None
) -> TracerProvider | None:
    """A provider that exports to the OTLP/gRPC ``endpoint`` (or into ``processor``); None when there is neither.

    Raises InputError when an endpoint is given and the ``otlp`` extra is not installed.
    """
    if processor is None:
        if not endpoint:
            return None
        try:
            from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
        except ImportError as error:
            message = "tracing to an OTLP endpoint needs the extra: pip install 'qwentts-svc[otlp]'"
            raise InputError(message, field="tracing.endpoint") from error
        processor = BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint))
    resource = Resource.create({"service.name": "qwentts", "service.version": version})
    provider = TracerProvider(
        resource=resource, sampler=ParentBased(TraceIdRatioBased(sample_ratio)), shutdown_on_exit=False
    )
    provider.add_span_processor(processor)
    return provider


def tracer_of(provider: TracerProvider | None) -> trace.Tracer:
    """The service's tracer; one that records nothing without a provider."""
    return provider.get_tracer("qwentts") if provider is not None else trace.NoOpTracer()


def parent_context(metadata: Mapping[str, str]) -> Context:
    """The caller's trace context. Only a well-formed ``traceparent`` is taken: ``tracestate`` could carry anything."""
    traceparent = metadata.get("traceparent", "")
    carrier = {"traceparent": traceparent} if _TRACEPARENT.fullmatch(traceparent) else {}
    return _propagator.extract(carrier, context=Context())


def trace_id_of(span: trace.Span) -> str:
    """Thirty-two hexadecimal digits, or an empty string when the span is not part of a trace."""
    context = span.get_span_context()
    return f"{context.trace_id:032x}" if context.is_valid else ""
