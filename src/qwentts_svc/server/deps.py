"""What every handler is given: the speech behind it, its settings, and who watches."""

from __future__ import annotations

from dataclasses import dataclass, field

from opentelemetry import trace

from qwentts_svc.bridge.api import SpeechService
from qwentts_svc.observability.logs import TextDigest
from qwentts_svc.observability.observer import NullObserver, Observer
from qwentts_svc.server.settings import ServerSettings


@dataclass(frozen=True, slots=True)
class Deps:
    """Immutable wiring of the server."""

    service: SpeechService
    settings: ServerSettings
    observer: Observer = field(default_factory=NullObserver)
    digest: TextDigest = field(default_factory=TextDigest)
    tracer: trace.Tracer = field(default_factory=trace.NoOpTracer)
