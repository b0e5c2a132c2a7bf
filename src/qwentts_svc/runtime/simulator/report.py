"""Sweeps as a Markdown page and plots. matplotlib is a development dependency, imported only to draw."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from qwentts_svc.errors import IoError
from qwentts_svc.runtime.simulator.devices import Device
from qwentts_svc.runtime.simulator.sweep import GOOD_FIRST_AUDIO_S, Point

BEGIN = "<!-- simulator tables: begin -->"
END = "<!-- simulator tables: end -->"

_HEAD = (
    "| load | policy | offered | let in | no gap | with gaps | good | refused | first audio p50 / p95 | refusal p95 "
    "|\n"
    "|---|---|---|---|---|---|---|---|---|---|\n"
)


def table(points: Sequence[Point]) -> str:
    """A Markdown table, one line per load and policy."""
    lines = [
        f"| {p.load:.2f} | {p.policy} | {p.offered} | {p.served} | {p.clean} | {p.underruns} "
        f"| {round(p.goodput * p.offered)} | {p.refused} | {p.ttfa_p50_s * 1000:.0f} / {p.ttfa_p95_s * 1000:.0f} ms "
        f"| {p.refusal_p95_s * 1000:.0f} ms |\n"
        for p in points
    ]
    return _HEAD + "".join(lines)


def section(device: Device, streams: int, points: Sequence[Point], plot: str) -> str:
    """One device's part of the page."""
    return (
        f"### {device.name}\n\nSource of the step costs: {device.source}. Load 1.0 is {streams} streams at once: what "
        f"the frame steps and the codec carry with nothing to spare for prefill.\n\n![{device.name}]({plot})\n\n"
        f"{table(points)}"
    )


def write_page(page: Path, body: str) -> None:
    """Put ``body`` between the markers of ``page``. Raises IoError when the page has no markers."""
    text = page.read_text(encoding="utf-8")
    if BEGIN not in text or END not in text:
        raise IoError(f"{page.name} has no simulator markers")
    head, rest = text.split(BEGIN, 1)
    tail = rest.split(END, 1)[1]
    page.write_text(f"{head}{BEGIN}\n\n{body}\n{END}{tail}", encoding="utf-8")


def write_json(path: Path, device: Device, points: Sequence[Point]) -> None:
    """The same figures for machines."""
    payload = {
        "device": asdict(device),
        "good_first_audio_s": GOOD_FIRST_AUDIO_S,
        "points": [asdict(p) for p in points],
    }
    path.write_text(json.dumps(payload, indent=1) + "\n", encoding="utf-8")


_PANELS = (
    ("goodput", 1.0, "good streams / offered"),
    ("ttfa_p95_s", 1000.0, "first audio p95, ms"),
    ("underruns", 1.0, "streams with gaps"),
    ("refused", 1.0, "refused"),
)


def draw(path: Path, device: Device, points: Sequence[Point]) -> None:
    """Four panels over the offered load, one line per policy; the suffix of ``path`` chooses the format."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, len(_PANELS), figsize=(15, 3.4), constrained_layout=True)
    for axis, (name, scale, label) in zip(axes, _PANELS, strict=True):
        _panel(axis, points, name, scale)
        axis.set_title(label)
        axis.set_xlabel("offered load / capacity")
        axis.grid(alpha=0.3)
    axes[0].legend()
    figure.suptitle(device.name)
    figure.savefig(path, dpi=110)
    pyplot.close(figure)


def _panel(axis: Any, points: Sequence[Point], name: str, scale: float) -> None:
    for policy in dict.fromkeys(p.policy for p in points):
        own = [p for p in points if p.policy == policy]
        axis.plot([p.load for p in own], [getattr(p, name) * scale for p in own], marker="o", label=policy)
    if name == "ttfa_p95_s":
        axis.set_yscale("log")
    else:
        axis.set_ylim(bottom=0)
