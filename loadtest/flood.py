"""Many times what the service can speak: refusals must be quick and say when to come back, those who were let in must
keep what they were promised, health must answer, and the service must have counted what the callers saw."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

from loadtest.arrivals import poisson
from loadtest.capacity import measure_capacity
from loadtest.corpus import load_corpus
from loadtest.generator import Manner, Run, run_plans
from loadtest.metrics import Metrics, grown, scrape
from loadtest.record import REFUSALS
from loadtest.report import DEFAULT_LIMITS, summarize
from loadtest.service import ServiceProcess
from loadtest.watch import left_behind, recovered, settled
from loadtest.workload import Mix, plan_calls

MAX_CHARS = 80
REFUSED_WITHIN_MS = 50.0


async def flood(
    service: ServiceProcess, seconds: float, *, times: float = 10.0, seed: int = 1, probe_s: float = 10.0
) -> dict[str, Any]:
    """``times`` the measured capacity in interactive calls for ``seconds``."""
    corpus = load_corpus(max_chars=MAX_CHARS)
    capacity = await measure_capacity(service.address, corpus, probe_s)
    before = await settled(service)
    counted_before = await scrape(service.sidecar_port)
    rate = times * capacity.calls_per_s
    rng = random.Random(seed)
    mix = Mix(rpcs={"SynthesizeStream": 1.0, "SynthesizeChunks": 1.0})
    plans = plan_calls(poisson(rate, seconds, rng), mix, corpus, rng)
    run = await run_plans(service.address, plans, Manner(linger_s=60.0))
    after = await recovered(service, before)
    counted_after = await scrape(service.sidecar_port)
    return {
        "capacity": {
            "streams": round(capacity.audio_per_s, 2),
            "calls_per_s": round(capacity.calls_per_s, 2),
        },
        "rate_per_s": round(rate, 2),
        "seconds": seconds,
        **summarize(run, DEFAULT_LIMITS),
        "agreement": agreement(run, counted_before, counted_after),
        "left_behind": left_behind(before, after),
        "kv_blocks": {"before": before.kv_blocks, "after": after.kv_blocks},
    }


def agreement(run: Run, before: Metrics, after: Metrics) -> dict[str, Any]:
    """What the callers counted beside what the service counted; ``equal`` when all of it is the same."""
    seen_codes = Counter((record.plan.rpc, record.code) for record in run.records)
    seen_refusals = Counter((record.reason.lower(),) for record in run.records if record.code in REFUSALS)
    told_codes = grown(before.by("qwentts_rpc_seconds_count", "method", "code"), _rpcs(after))
    told_refusals = grown(
        before.by("qwentts_rejections_total", "reason"), after.by("qwentts_rejections_total", "reason")
    )
    seen_audio_s = sum(record.audio_s for record in run.records)
    told_audio_s = after.total("qwentts_audio_seconds_total") - before.total("qwentts_audio_seconds_total")
    return {
        "equal": dict(seen_codes) == told_codes
        and dict(seen_refusals) == told_refusals
        and abs(seen_audio_s - told_audio_s) < 0.05,
        "codes": {"callers": _named(seen_codes), "service": _named(told_codes)},
        "refusals": {"callers": _named(seen_refusals), "service": _named(told_refusals)},
        "audio_s": {"callers": round(seen_audio_s, 2), "service": round(told_audio_s, 2)},
    }


def _rpcs(page: Metrics) -> dict[tuple[str, ...], float]:
    return page.by("qwentts_rpc_seconds_count", "method", "code")


def _named(counts: Any) -> dict[str, int]:
    return {"/".join(key): count for key, count in sorted(counts.items())}
