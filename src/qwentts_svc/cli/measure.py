"""The measurements of ``qwentts bench``: an open application in, plain figures out."""

from __future__ import annotations

import asyncio
import resource
import statistics
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qwentts_svc.bridge.api import SegmentAudio
from qwentts_svc.cli.progress import Progress
from qwentts_svc.types import Layout, Priority, SynthesisRequest

if TYPE_CHECKING:
    from qwentts_svc.cli.backend import App

TEXTS = {
    "short": "Good morning.",
    "medium": "The birch canoe slid on the smooth planks, and the girl watched it from the shore.",
    "long": "The boy was there when the sun rose. A rod is used to catch pink salmon. The source of the huge river is "
    "the clear spring. Kick the ball straight and follow through. Help the woman get back to her feet.",
}
STAGES = ("talker", "code_predictor", "codec")
AUTOREGRESSIVE = STAGES[:2]


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure. ``streams``: how many at a time, ascending, 1 first."""

    streams: tuple[int, ...] = (1,)
    repeat: int = 3
    max_frames: int = 100
    voice: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """One stream. Times in seconds from the moment the text was given."""

    first_audio_s: float
    total_s: float
    frames: int
    audio_s: float


async def measure(app: App, plan: Plan) -> dict[str, Any]:
    """All figures; durations in the unit of their name."""
    progress = Progress()
    progress.show("warming up ...")
    await one(app, TEXTS["short"], plan)
    report: dict[str, Any] = {"model": _model(app), "by_length": {}, "concurrency": []}
    for name, text in TEXTS.items():
        progress.show(f"one stream, {name} text ...")
        runs = [await one(app, text, plan) for _ in range(plan.repeat)]
        report["by_length"][name] = {
            "characters": len(text),
            "frames": runs[-1].frames,
            "audio_s": runs[-1].audio_s,
            "first_audio_ms": 1000 * statistics.median(run.first_audio_s for run in runs),
            "rtf": statistics.median(run.total_s / run.audio_s for run in runs) if runs[-1].audio_s else None,
            "ms_per_frame": 1000 * statistics.median(run.total_s / max(1, run.frames) for run in runs),
        }
    before = app.stage_seconds()
    run = await one(app, TEXTS["long"], plan)
    after = app.stage_seconds()
    report["stage_ms_per_frame"] = {
        stage: 1000 * (after[stage] - before.get(stage, 0.0)) / max(1, run.frames) for stage in STAGES if stage in after
    }
    for streams in plan.streams:
        progress.show(f"{streams} streams ...")
        report["concurrency"].append(await crowd(app, streams, plan))
    compare(report["concurrency"])
    progress.clear()
    return report


async def one(app: App, text: str, plan: Plan, *, decode: bool = True, number: int = 0) -> Run:
    """One stream from text to end."""
    request = SynthesisRequest(
        request_id=f"bench-{number}",
        voice=plan.voice,
        seed=number,
        layout=Layout.FULL,
        max_frames=plan.max_frames,
        priority=Priority.BATCH,
        trim_leading_silence=False,
        decode=decode,
    )
    session = app.service.open(request)
    started_s = time.monotonic()
    first_s = 0.0
    frames = samples = 0
    try:
        await session.push(text)
        await session.end()
        async for event in session.events():
            if isinstance(event, SegmentAudio):
                first_s = first_s or time.monotonic() - started_s
                frames += len(event.codes)
                samples += len(event.chunk.pcm)
    finally:
        await session.aclose()
    return Run(first_s, time.monotonic() - started_s, frames, samples / app.service.model_info().sample_rate)


async def crowd(app: App, streams: int, plan: Plan) -> dict[str, Any]:
    """``streams`` at a time, without and with the codec: frames per second of all together, prompts included. Where the
    device can tell stages apart also the autoregressive part alone: its frames per second, and milliseconds of a frame
    step with all the rows in it (streams end at different frames, so this is an upper bound)."""
    row: dict[str, Any] = {"streams": streams}
    for name, decode in (("codes", False), ("audio", True)):
        rates, steps = [], []
        runs: list[Run] = []
        for _ in range(plan.repeat):
            before, started_s = app.stage_seconds(), time.monotonic()
            runs = await asyncio.gather(
                *(one(app, TEXTS["long"], plan, decode=decode, number=number) for number in range(streams))
            )
            frames = max(1, sum(run.frames for run in runs))
            rates.append(frames / (time.monotonic() - started_s))
            after = app.stage_seconds()
            steps.append(sum(after.get(stage, 0.0) - before.get(stage, 0.0) for stage in AUTOREGRESSIVE) / frames)
        row[f"{name}_frames_per_s"] = statistics.median(rates)
        if decode:
            row["first_audio_ms_p50"] = 1000 * statistics.median(run.first_audio_s for run in runs)
            row["first_audio_ms_max"] = 1000 * max(run.first_audio_s for run in runs)
        elif step_s := statistics.median(steps):
            row["autoregressive_frames_per_s"] = 1 / step_s
            row["frame_step_ms"] = 1000 * step_s * streams
    return row


def compare(rows: list[dict[str, Any]]) -> None:
    """Add to each row how many times the first row's value it reaches: ``times_...``."""
    for row in rows:
        for name in ("codes_frames_per_s", "audio_frames_per_s", "autoregressive_frames_per_s", "frame_step_ms"):
            if rows[0].get(name):
                row[f"times_{name}"] = row[name] / rows[0][name]


def peak_memory_mib() -> float:
    """The largest resident size of this process so far."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024 * 1024 if sys.platform == "darwin" else 1024)


def render(report: dict[str, Any]) -> str:
    """The report for people."""
    model = report["model"]
    lines = [
        f"model                {model['name']} ({model['dtype']} on {model['device']})",
        f"cold start           {report['cold_start_s']:.2f} s",
        f"peak memory          {report['peak_memory_mib']:.0f} MiB",
    ]
    for name, row in report["by_length"].items():
        rtf = f"{row['rtf']:.3f}" if row["rtf"] is not None else "-"
        lines.append(
            f"{name:<20} first audio {row['first_audio_ms']:.0f} ms, real-time factor {rtf}, "
            f"{row['ms_per_frame']:.1f} ms per frame ({row['audio_s']:.2f} s of speech)"
        )
    for stage, value in report["stage_ms_per_frame"].items():
        lines.append(f"{stage:<20} {value:.2f} ms per frame")
    for row in report["concurrency"]:
        line = (
            f"{row['streams']:>3} streams          codes {row['codes_frames_per_s']:.0f} frames/s "
            f"(x{row['times_codes_frames_per_s']:.1f}), audio {row['audio_frames_per_s']:.0f} frames/s "
            f"(x{row['times_audio_frames_per_s']:.1f}), first audio {row['first_audio_ms_p50']:.0f} ms"
        )
        if "frame_step_ms" in row:
            line += f", frame step {row['frame_step_ms']:.1f} ms (x{row['times_frame_step_ms']:.2f})"
        lines.append(line)
    return "\n".join(lines)


def _model(app: App) -> dict[str, str]:
    info = app.service.model_info()
    return {"name": info.name, "size": info.size, "device": info.device, "dtype": info.dtype}
