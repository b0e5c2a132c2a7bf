"""A picture of a sweep: goodput and first audible audio over the offered rate. Needs matplotlib."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from qwentts_svc.errors import InputError


def plot_sweep(result: Mapping[str, Any], path: Path) -> None:
    """Write ``path`` (.svg, .png, .pdf). Raises InputError without matplotlib, or for an unknown ending."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise InputError("--plot needs matplotlib: pip install matplotlib", field="plot") from None
    steps = result["steps"]
    rates = [step["rate_per_s"] for step in steps]
    figure = Figure(figsize=(8, 6), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True)
    above.plot(rates, [step["goodput"]["per_s"] for step in steps], "o-", label="good")
    above.plot(rates, [step["refusals"]["count"] / step["wall_s"] for step in steps], "x--", label="refused")
    above.plot(rates, rates, ":", color="grey", label="offered")
    above.set_ylabel("calls per second")
    for share in ("p50", "p95", "p99"):
        values = [step["classes"]["interactive"]["first_audible_ms"][share] for step in steps]
        below.plot(rates, [float("nan") if value is None else value for value in values], "o-", label=share)
    below.set_ylabel("first audible audio, ms (interactive)")
    below.set_xlabel("offered calls per second")
    if result["knee_per_s"] is not None:
        for axes in (above, below):
            axes.axvline(result["knee_per_s"], color="black", linewidth=0.8, label="knee")
    for axes in (above, below):
        axes.legend()
        axes.grid(alpha=0.3)
    try:
        figure.savefig(path)
    except (OSError, ValueError) as error:
        raise InputError(f"--plot: cannot write {path}: {error}", field="plot") from None
