"""``qwentts bench``: cold start, first audio, real-time factor, time per frame, memory, many streams at a time."""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from typing import Any

from qwentts_svc.cli.options import add_model_options, add_settings_options, resolve
from qwentts_svc.errors import InputError

HELP = "measure cold start, time to first audio, real-time factor, time per frame, memory and concurrency"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="machine-readable")
    parser.add_argument(
        "--concurrency",
        default="1",
        metavar="N[,N...]",
        help="streams at a time, e.g. 16 or 1,4,16; 1 is always measured",
    )
    parser.add_argument("--repeat", type=int, default=3, metavar="N", help="runs per figure; the median counts (3)")
    parser.add_argument("--max-frames", type=int, default=100, metavar="N", help="frames per stream at most (100)")
    parser.add_argument("--speaker", default="", help="voice")
    add_model_options(parser)
    add_settings_options(parser)


def run(args: argparse.Namespace) -> int:
    from qwentts_svc.cli.measure import Plan, measure, peak_memory_mib, render

    if args.repeat < 1 or args.max_frames < 1:
        raise InputError("--repeat and --max-frames must be 1 or more", field="repeat")
    plan = Plan(
        streams=streams_of(args.concurrency), repeat=args.repeat, max_frames=args.max_frames, voice=args.speaker
    )
    settings = resolve(args).settings
    report: dict[str, Any] = {}

    async def all_of_it() -> None:
        started_s = time.monotonic()
        async with args.open_app(settings) as app:
            report["cold_start_s"] = time.monotonic() - started_s
            report.update(await measure(app, plan))

    asyncio.run(all_of_it())
    report["peak_memory_mib"] = peak_memory_mib()
    print(json.dumps(report, indent=2) if args.json else render(report))
    return 0


def streams_of(text: str) -> tuple[int, ...]:
    """``"16"`` -> (1, 16). Raises InputError."""
    try:
        numbers = {int(part) for part in text.split(",")}
    except ValueError:
        raise InputError(f"--concurrency is '{text}'; use numbers such as 16 or 1,4,16", field="concurrency") from None
    if min(numbers) < 1:
        raise InputError("--concurrency must be 1 or more", field="concurrency")
    return tuple(sorted(numbers | {1}))
