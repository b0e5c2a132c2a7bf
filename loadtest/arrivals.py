"""When calls are sent: seconds from the start of a run, fixed beforehand, so that a slow service changes nothing."""

from __future__ import annotations

import json
import math
import random
from pathlib import Path

from qwentts_svc.errors import InputError


def poisson(rate: float, duration_s: float, rng: random.Random) -> tuple[float, ...]:
    """Arrivals of independent callers, ``rate`` per second on average, for ``duration_s``."""
    if rate <= 0 or duration_s <= 0:
        raise InputError("--rate and --duration must be above 0", field="rate")
    times, now_s = [], 0.0
    while (now_s := now_s + rng.expovariate(rate)) < duration_s:
        times.append(now_s)
    return tuple(times)


def replayed(path: Path) -> tuple[float, ...]:
    """Arrivals of a file of JSON lines: a number of seconds each, or an object with ``at_s``. Sorted; the first one
    is sent at once. Raises InputError naming the line."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"--replay: cannot read {path}: {error}", field="replay") from None
    times = [_time(path, number, line) for number, line in enumerate(lines, 1) if line.strip()]
    if not times:
        raise InputError(f"--replay: {path} is empty", field="replay")
    first_s = min(times)
    return tuple(sorted(at_s - first_s for at_s in times))


def _time(path: Path, number: int, line: str) -> float:
    try:
        value = json.loads(line)
        at_s = float(value["at_s"] if isinstance(value, dict) else value)
    except (ValueError, KeyError, TypeError):
        at_s = math.nan
    if not math.isfinite(at_s):
        raise InputError(
            f'{path}:{number}: write a number of seconds, or {{"at_s": seconds}}, on each line', field="replay"
        )
    return at_s
