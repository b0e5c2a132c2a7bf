"""Small statistics. A percentile is a value that was really seen (nearest rank)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median


def percentile(values: Sequence[float], share: float) -> float | None:
    """The smallest value that at least ``share`` (0 to 1) of the values do not exceed; None without values."""
    if not values:
        return None
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def spread_ms(values_s: Sequence[float]) -> dict[str, float | None]:
    """p50, p95, p99 and the largest of seconds, in milliseconds."""
    shares = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "max": 1.0}
    return {name: in_ms(percentile(values_s, share)) for name, share in shares.items()}


def in_ms(seconds: float | None) -> float | None:
    """Milliseconds with a digit after the point."""
    return None if seconds is None else round(seconds * 1000, 1)


def slope(times: Sequence[float], values: Sequence[float]) -> float:
    """Theil-Sen: the median slope over all pairs, blind to single spikes; 0 for fewer than two points."""
    pairs = [
        (values[j] - values[i]) / (times[j] - times[i])
        for i in range(len(times))
        for j in range(i + 1, len(times))
        if times[j] != times[i]
    ]
    return median(pairs) if pairs else 0.0
