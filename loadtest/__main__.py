"""``python -m loadtest``: one of the load tests, its result as JSON."""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from loadtest.arrivals import poisson, replayed
from loadtest.corpus import CORPUS, load_corpus
from loadtest.faults import client_killed, drained, killed_and_restarted
from loadtest.first_audio import first_audio
from loadtest.flood import flood
from loadtest.generator import Manner, run_plans
from loadtest.idle import crowd
from loadtest.long_text import long_texts
from loadtest.loopback import check_address
from loadtest.machine import describe_machine
from loadtest.options import parser
from loadtest.plot import plot_sweep
from loadtest.reliability import Sizes, reliability, write_table
from loadtest.report import summarize
from loadtest.service import ServiceProcess, running_service
from loadtest.soak import soak
from loadtest.sweep import Step, sweep
from loadtest.text_speed import text_speed
from loadtest.workload import CLASSES, MANNERS, RPCS, Mix, plan_calls, weights
from qwentts_svc.errors import InputError, TtsError


def main(argv: Sequence[str] | None = None) -> int:
    """The exit code: 0, 1 for a service that fails, 2 for bad arguments."""
    words = list(sys.argv[1:] if argv is None else argv)
    if words[:1] not in (["-h"], ["--help"]) and (not words or words[0].startswith("-")):
        words.insert(0, "run")
    args = parser().parse_args(words)
    machine = describe_machine()
    try:
        result = {"test": args.command, "machine": machine, "settings": _settings(args), **asyncio.run(_run(args))}
        if args.command == "reliability" and args.docs is not None:
            write_table(args.docs, result)
        if args.command == "run" and args.plot is not None:
            plot_sweep(result, args.plot)
        text = json.dumps(result, indent=2, ensure_ascii=False) + "\n"
        if args.json is not None:
            args.json.write_text(text, encoding="utf-8")
    except (TtsError, OSError) as error:
        print(f"loadtest: {error}", file=sys.stderr)
        return 2 if isinstance(error, InputError) else 1
    if args.json is None:
        print(text, end="")
    return 0


async def _run(args: argparse.Namespace) -> dict[str, Any]:
    if args.command == "run":
        return await _load(args)
    if args.command == "restart":
        return await killed_and_restarted(args.set, args.model)
    if args.command == "text-speed":
        return {"texts": text_speed(args.characters, args.languages.split(","), args.cases, args.seed)}
    if args.command == "long-text":
        return await long_texts(args.minutes, args.set, args.model)
    if args.command == "reliability":
        sizes = Sizes(args.minutes, args.seconds, args.idle, args.speaking, rate=args.rate)
        return await reliability(sizes, args.set, args.model, _say)
    async with running_service(args.set, model=args.model) as service:
        _say(f"service ready after {service.ready_s:.1f} s")
        return await _on_own_service(args, service)


async def _on_own_service(args: argparse.Namespace, service: ServiceProcess) -> dict[str, Any]:
    if args.command == "soak":
        return await soak(service, args.minutes, rate=args.rate, seed=args.seed)
    if args.command == "flood":
        return await flood(service, args.seconds, times=args.times, seed=args.seed)
    if args.command == "first-audio":
        return await first_audio(service, args.calls, args.busy, args.minutes, args.seed)
    if args.command == "idle":
        return await crowd(service, args.idle, args.speaking)
    if args.command == "client-killed":
        return await client_killed(service)
    return await drained(service)


async def _load(args: argparse.Namespace) -> dict[str, Any]:
    """``run``: at a rate, replayed, or a sweep."""
    if args.sweep and args.replay is not None:
        raise InputError("--sweep raises --rate; it does not go with --replay", field="sweep")
    if args.plot is not None and not args.sweep:
        raise InputError("--plot draws a sweep; add --sweep", field="plot")
    if args.sweep and args.factor <= 1:
        raise InputError("--factor must be above 1", field="factor")
    mix = Mix(
        weights(args.classes, CLASSES, "--classes"),
        weights(args.rpc, RPCS, "--rpc"),
        weights(args.manners, MANNERS, "--manners"),
        args.words_per_s,
    )
    corpus = load_corpus(args.corpus or CORPUS, args.languages.split(","), args.max_chars)
    limits = {"interactive": args.first_audio_ms, "standard": args.standard_first_audio_ms, "batch": 60_000.0}
    manner = Manner(args.connections, args.linger, args.prebuffer_ms / 1000)
    rng = random.Random(args.seed)
    arrivals = poisson(args.rate, args.duration, rng) if args.replay is None else replayed(args.replay)
    async with _target(args) as address:
        if args.sweep:
            return await sweep(
                address, args.rate, args.duration, mix, corpus, limits,
                factor=args.factor, seed=args.seed, manner=manner, tell=_tell_step,
            )  # fmt: skip
        run = await run_plans(address, plan_calls(arrivals, mix, corpus, rng), manner)
        return summarize(run, limits)


@asynccontextmanager
async def _target(args: argparse.Namespace) -> AsyncIterator[str]:
    """The address given, or that of a service of our own."""
    if args.address is not None:
        yield check_address(args.address)
        return
    async with running_service(args.set, model=args.model) as service:
        yield service.address


def _settings(args: argparse.Namespace) -> dict[str, Any]:
    """The options as they were in force; of paths only the name."""
    values = {key: value for key, value in vars(args).items() if key not in {"command", "json", "docs", "plot"}}
    return {key: value.name if isinstance(value, Path) else value for key, value in values.items()}


def _tell_step(step: Step) -> None:
    goodput = step["goodput"]
    _say(f"{step['rate_per_s']:.2f} calls/s: {goodput['share']} good, {step['refusals']['count']} refused")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
