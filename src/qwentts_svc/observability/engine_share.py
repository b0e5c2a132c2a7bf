"""The engine's share of the measurements where a server measures as well.

Engine and server both see first audio, underruns, refusals and ends: the engine those of rows, the server those of
calls and segments, as callers see them. One series must not hold both; the server's is kept.
"""

from __future__ import annotations

from qwentts_svc.observability.observer import NullObserver, Observer
from qwentts_svc.types import Priority


class EngineShare(NullObserver):
    """Forwards to ``observer`` what nobody but the engine can know, and drops the rest."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer

    def queued(self, seconds: float, priority: Priority) -> None:
        self._observer.queued(seconds, priority)

    def requests(self, state: str, count: int) -> None:
        self._observer.requests(state, count)

    def batch_size(self, rows: int) -> None:
        self._observer.batch_size(rows)

    def step(self, stage: str, seconds: float) -> None:
        self._observer.step(stage, seconds)

    def kv_blocks(self, state: str, count: int) -> None:
        self._observer.kv_blocks(state, count)

    def prefix_cache_hit(self) -> None:
        self._observer.prefix_cache_hit()

    def device_memory(self, kind: str, size_bytes: int) -> None:
        self._observer.device_memory(kind, size_bytes)

    def device_utilisation(self, ratio: float) -> None:
        self._observer.device_utilisation(ratio)
