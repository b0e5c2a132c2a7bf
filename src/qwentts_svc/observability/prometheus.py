"""Prometheus implementation of ``Observer``: own registry, bounded labels, OpenMetrics text.

A label value outside its known set is counted as ``other``, so that no caller can grow the number of series.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.openmetrics import exposition

from qwentts_svc.types import FinishReason, Priority

_STATES: Final = frozenset(
    {"running", "waiting", "wait_text", "wait_reader", "preempted", "prefill", "flushing", "streams"}
)
_STAGES: Final = frozenset({"schedule", "prefill", "frame", "codec", "voice"})
_MAX_REASONS: Final = 64
_LATENCY_S: Final = (0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0)
_STEP_S: Final = (
    0.0005,
    0.001,
    0.002,
    0.004,
    0.006,
    0.008,
    0.012,
    0.016,
    0.024,
    0.04,
    0.08,
    0.16,
    0.32,
    0.64,
    1.28,
    5.0,
)
_RTF: Final = (0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.25, 1.5, 2.0, 3.0, 5.0)
_BATCH: Final = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256)


class PrometheusObserver:
    """Counts into its own ``CollectorRegistry``; ``exposition`` renders it."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = registry if registry is not None else CollectorRegistry()
        reg = self.registry
        self._reasons: set[str] = {str(reason) for reason in FinishReason}
        self._first_audio = Histogram(
            "qwentts_time_to_first_audio_seconds",
            "From the first text to the first audio sent.",
            ["priority"],
            buckets=_LATENCY_S,
            registry=reg,
        )
        self._queue = Histogram(
            "qwentts_queue_seconds", "Time before the first step.", ["priority"], buckets=_LATENCY_S, registry=reg
        )
        self._rtf = Histogram("qwentts_real_time_factor", "Synthesis time over audio time.", buckets=_RTF, registry=reg)
        self._gap = Histogram(
            "qwentts_inter_chunk_gap_seconds",
            "Time between two audio messages of a segment.",
            buckets=_LATENCY_S,
            registry=reg,
        )
        self._underruns = Counter(
            "qwentts_stream_underruns", "Real-time listeners that ran out of audio inside a segment.", registry=reg
        )
        self._audio = Counter("qwentts_audio_seconds", "Audio sent.", registry=reg)
        self._discarded = Counter("qwentts_audio_discarded_seconds", "Audio made and thrown away.", registry=reg)
        self._requests = Gauge("qwentts_requests", "Requests by state.", ["state"], registry=reg)
        self._rejections = Counter("qwentts_rejections", "Refused calls.", ["reason"], registry=reg)
        self._finished = Counter("qwentts_finished", "Ended segments and failed calls.", ["reason"], registry=reg)
        self._batch = Histogram("qwentts_batch_size", "Rows per step.", buckets=_BATCH, registry=reg)
        self._step = Histogram(
            "qwentts_step_seconds", "Duration of a stage of a step.", ["stage"], buckets=_STEP_S, registry=reg
        )
        self._kv = Gauge("qwentts_kv_blocks", "KV blocks by state.", ["state"], registry=reg)
        self._prefix = Counter("qwentts_prefix_cache_hits", "Prompt prefixes found in the cache.", registry=reg)
        self._memory = Gauge("qwentts_device_memory_bytes", "Device memory.", ["kind"], registry=reg)
        self._utilisation = Gauge("qwentts_device_utilisation_ratio", "Busy share of the device.", registry=reg)
        self._rpc = Histogram(
            "qwentts_rpc_seconds", "Duration of a call.", ["method", "code"], buckets=_LATENCY_S, registry=reg
        )
        tasks = Gauge("qwentts_event_loop_tasks", "Tasks of the event loop.", registry=reg)
        tasks.set_function(_event_loop_tasks)
        ProcessCollector(registry=reg)

    def exposition(self) -> tuple[bytes, str]:
        """All metrics as OpenMetrics text, and its content type."""
        render: Callable[[CollectorRegistry], bytes] = exposition.generate_latest
        return render(self.registry), exposition.CONTENT_TYPE_LATEST

    def _reason(self, reason: str) -> str:
        """``reason`` itself while the set of reasons seen stays small (they are constants of the code)."""
        text = str(reason).lower()
        if text not in self._reasons:
            if len(self._reasons) >= _MAX_REASONS:
                return "other"
            self._reasons.add(text)
        return text

    def first_audio(self, seconds: float, priority: Priority) -> None:
        self._first_audio.labels(priority.name.lower()).observe(seconds)

    def queued(self, seconds: float, priority: Priority) -> None:
        self._queue.labels(priority.name.lower()).observe(seconds)

    def real_time_factor(self, rtf: float) -> None:
        self._rtf.observe(rtf)

    def inter_chunk_gap(self, seconds: float) -> None:
        self._gap.observe(seconds)

    def underrun(self) -> None:
        self._underruns.inc()

    def audio(self, seconds: float) -> None:
        self._audio.inc(max(0.0, seconds))

    def audio_discarded(self, seconds: float) -> None:
        self._discarded.inc(max(0.0, seconds))

    def requests(self, state: str, count: int) -> None:
        self._requests.labels(state if state in _STATES else "other").set(count)

    def rejected(self, reason: str) -> None:
        self._rejections.labels(self._reason(reason)).inc()

    def finished(self, reason: FinishReason | str) -> None:
        self._finished.labels(self._reason(reason)).inc()

    def batch_size(self, rows: int) -> None:
        self._batch.observe(rows)

    def step(self, stage: str, seconds: float) -> None:
        self._step.labels(stage if stage in _STAGES else "other").observe(seconds)

    def kv_blocks(self, state: str, count: int) -> None:
        self._kv.labels(state if state in {"free", "leased"} else "other").set(count)

    def prefix_cache_hit(self) -> None:
        self._prefix.inc()

    def device_memory(self, kind: str, size_bytes: int) -> None:
        self._memory.labels(kind if kind in {"allocated", "reserved", "total"} else "other").set(size_bytes)

    def device_utilisation(self, ratio: float) -> None:
        self._utilisation.set(ratio)

    def rpc(self, method: str, code: str, seconds: float) -> None:
        self._rpc.labels(method, code).observe(seconds)


def _event_loop_tasks() -> int:
    """Tasks of the running loop; 0 when the page is rendered outside of one."""
    try:
        return len(asyncio.all_tasks())
    except RuntimeError:
        return 0


MetricsSource = Callable[[], tuple[bytes, str]]
"""Renders all metrics: (body, content type)."""
