"""More and more load until goodput falls: where is the knee?"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from loadtest.arrivals import poisson
from loadtest.corpus import Sentence
from loadtest.generator import Manner, run_plans
from loadtest.report import Limits, summarize
from loadtest.workload import Mix, plan_calls

KNEE_SHARE = 0.95
"""The knee is the highest rate at which this share of the calls was good."""
FALLEN = 0.5
"""The sweep ends once less than this share of the calls was good, or goodput is below this share of its best, twice in
a row. A service that refuses well keeps its goodput however much it is asked for; only the share falls then."""
MAX_STEPS = 24

Step = dict[str, Any]


async def sweep(
    address: str,
    first_rate: float,
    duration_s: float,
    mix: Mix,
    corpus: Sequence[Sentence],
    limits: Limits,
    *,
    factor: float = 1.4,
    seed: int = 1,
    manner: Manner | None = None,
    tell: Callable[[Step], None] = lambda _step: None,
) -> dict[str, Any]:
    """Runs of ``duration_s`` at ``first_rate``, and each ``factor`` above the one before."""
    steps: list[Step] = []
    rate = first_rate
    while len(steps) < MAX_STEPS and not is_over(steps):
        rng = random.Random(seed)
        plans = plan_calls(poisson(rate, duration_s, rng), mix, corpus, rng)
        run = await run_plans(address, plans, manner)
        steps.append({"rate_per_s": round(rate, 3), **summarize(run, limits)})
        tell(steps[-1])
        rate *= factor
    return {"knee_per_s": knee(steps), "knee_share": KNEE_SHARE, "duration_s": duration_s, "steps": steps}


def is_over(steps: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the last two steps are well past the best one."""
    goodput = [step["goodput"]["per_s"] or 0.0 for step in steps]
    shares = [step["goodput"]["share"] or 0.0 for step in steps[-2:]]
    return len(steps) >= 3 and (max(shares) < FALLEN or max(goodput[-2:]) < FALLEN * max(goodput))


def knee(steps: Sequence[Mapping[str, Any]]) -> float | None:
    """None when not even the first step was good."""
    rates = [step["rate_per_s"] for step in steps if (step["goodput"]["share"] or 0.0) >= KNEE_SHARE]
    return max(rates, default=None)
