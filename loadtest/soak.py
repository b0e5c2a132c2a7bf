"""A moderate mix for a long time: does anything grow?

python -m loadtest.soak --minutes 30 --json soak.json
"""

from __future__ import annotations

import random
import sys
from collections.abc import Sequence
from typing import Any

from loadtest.arrivals import poisson
from loadtest.capacity import measure_capacity
from loadtest.corpus import load_corpus
from loadtest.generator import Manner, run_plans
from loadtest.numbers import slope
from loadtest.report import DEFAULT_LIMITS, summarize
from loadtest.service import ServiceProcess
from loadtest.watch import Holding, left_behind, recovered, settled, watched
from loadtest.workload import CANCEL, CLOSE, INTERRUPT, PLAIN, SLOW, Mix, plan_calls

MIX = Mix(
    classes={"interactive": 5.0, "standard": 3.0, "batch": 2.0},
    rpcs={"SynthesizeStream": 2.0, "SynthesizeChunks": 1.0},
    manners={PLAIN: 60.0, SLOW: 8.0, CANCEL: 12.0, CLOSE: 8.0, INTERRUPT: 12.0},
    words_per_s=8.0,
)
SHARE_OF_CAPACITY = 0.4
WARM_UP_SHARE = 0.2
"""Of the samples; caches and allocator arenas fill first."""


async def soak(
    service: ServiceProcess, minutes: float, *, rate: float | None = None, seed: int = 1, probe_s: float = 10.0
) -> dict[str, Any]:
    """``rate`` calls per second; None: 40 % of the measured capacity."""
    corpus = load_corpus()
    if rate is None:
        rate = SHARE_OF_CAPACITY * (await measure_capacity(service.address, corpus, probe_s)).calls_per_s
    seconds = minutes * 60
    rng = random.Random(seed)
    plans = plan_calls(poisson(rate, seconds, rng), MIX, corpus, rng)
    before = await settled(service)
    async with watched(service, interval_s=max(0.5, seconds / 360)) as watch:
        run = await run_plans(service.address, plans, Manner(linger_s=60.0))
    after = await recovered(service, before)
    return {
        "minutes": minutes,
        "rate_per_s": round(rate, 3),
        **summarize(run, DEFAULT_LIMITS),
        "growth": growth([sample for sample in watch.samples if sample.at_s <= seconds]),
        "before": before.as_json(),
        "after": after.as_json(),
        "left_behind": left_behind(before, after),
        "errors_logged": service.errors(),
        "metrics_unanswered": watch.unanswered,
        "samples": [sample.as_json() for sample in watch.samples],
    }


def growth(samples: Sequence[Holding]) -> dict[str, float]:
    """Slopes per hour after the warm-up, by the median of all pairs of samples."""
    warm = samples[int(len(samples) * WARM_UP_SHARE) :]
    times_h = [sample.at_s / 3600 for sample in warm]
    return {
        "rss_mib_per_hour": round(slope(times_h, [sample.rss_mib for sample in warm]), 2),
        "fds_per_hour": round(slope(times_h, [sample.fds for sample in warm]), 2),
        "threads_per_hour": round(slope(times_h, [sample.threads for sample in warm]), 2),
        "tasks_per_hour": round(slope(times_h, [sample.tasks for sample in warm]), 2),
        "rss_mib_first": round(warm[0].rss_mib, 1) if warm else 0.0,
        "rss_mib_last": round(warm[-1].rss_mib, 1) if warm else 0.0,
        "rss_mib_most": round(max((sample.rss_mib for sample in samples), default=0.0), 1),
    }


if __name__ == "__main__":
    from loadtest.__main__ import main

    sys.exit(main(["soak", *sys.argv[1:]]))
