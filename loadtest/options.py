"""The command line of ``python -m loadtest``."""

from __future__ import annotations

import argparse
from pathlib import Path

from loadtest.text_speed import CASES

EXAMPLES = """\
examples:
  python -m loadtest --address 127.0.0.1:50051 --rate 2 --duration 30 --json out.json
  python -m loadtest --rate 0.5 --duration 20 --sweep --plot knee.svg --json knee.json
  python -m loadtest --replay arrivals.jsonl --rpc SynthesizeStream=2,SynthesizeChunks=1
  python -m loadtest soak --minutes 30 --json soak.json
  python -m loadtest flood --seconds 60
  python -m loadtest reliability --json reliability.json --docs docs/reliability.md

Without --address a service of its own is started on the embedded voice and stopped at the end.
"""


def parser() -> argparse.ArgumentParser:
    """Subcommands; ``run`` is what an invocation without any means."""
    main = argparse.ArgumentParser(
        prog="python -m loadtest", description="Load tests of the service, on loopback addresses only.",
        epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    commands = main.add_subparsers(dest="command", required=True)
    _add_run(commands.add_parser("run", help="open-loop load at a rate, or a sweep to the knee (the default)"))
    soak = commands.add_parser("soak", help="a moderate mix for a long time: does anything grow?")
    soak.add_argument("--minutes", type=float, default=30.0)
    soak.add_argument("--rate", type=float, help="calls per second (default: 40 %% of the measured capacity)")
    flood = commands.add_parser("flood", help="many times the capacity")
    flood.add_argument("--seconds", type=float, default=60.0)
    flood.add_argument("--times", type=float, default=10.0, help="times the measured capacity (10)")
    idle = commands.add_parser("idle", help="many silent streams, some that speak")
    _add_idle(idle)
    first = commands.add_parser("first-audio", help="interactive calls on an idle and on a busy service")
    first.add_argument("--calls", type=int, default=100, help="in each situation (100)")
    first.add_argument("--busy", type=int, default=15, help="streams that speak all the time (15)")
    first.add_argument("--minutes", type=float, default=10.0, help="of speech in the long job (10)")
    long_text = commands.add_parser("long-text", help="a long text, listened to, and as a file")
    long_text.add_argument("--minutes", type=float, default=10.0, help="of speech (10)")
    text = commands.add_parser("text-speed", help="normalization and segmentation alone, without a service")
    text.add_argument("--characters", type=int, default=1_000_000, help="of each text (1000000)")
    text.add_argument("--languages", default="en,ru", help="two-letter codes (en,ru)")
    text.add_argument("--cases", type=Path, default=CASES, metavar="DIR", help="sentences to be rewritten, by language")
    commands.add_parser("client-killed", help="kill -9 of a client with open streams")
    commands.add_parser("drain", help="SIGTERM under 16 streams")
    commands.add_parser("restart", help="kill -9 of the service, seconds to the first good audio")
    everything = commands.add_parser("reliability", help="all of these in a row, and the table of docs/reliability.md")
    everything.add_argument("--minutes", type=float, default=30.0, help="of the soak (30)")
    everything.add_argument("--seconds", type=float, default=60.0, help="of the flood (60)")
    everything.add_argument("--rate", type=float, help="of the soak (default: 40 %% of the measured capacity)")
    everything.add_argument("--docs", type=Path, metavar="FILE", help="write the table into this document")
    _add_idle(everything)
    for command in commands.choices.values():
        _add_common(command)
    return main


def _add_run(run: argparse.ArgumentParser) -> None:
    run.add_argument("--address", help="service to be called, host:port on this machine (default: one of its own)")
    load = run.add_argument_group("load")
    load.add_argument("--rate", type=float, default=1.0, help="calls per second, Poisson (1)")
    load.add_argument("--duration", type=float, default=30.0, help="seconds of sending, of each step (30)")
    load.add_argument("--replay", type=Path, metavar="FILE", help="arrival times in place of --rate: JSON lines")
    load.add_argument("--sweep", action="store_true", help="raise the rate from --rate on until goodput falls")
    load.add_argument("--factor", type=float, default=1.4, help="from one step of the sweep to the next (1.4)")
    load.add_argument("--linger", type=float, default=60.0, help="seconds that calls may go on after the last arrival")
    load.add_argument("--connections", type=int, default=8, help="shared by the callers (8)")
    calls = run.add_argument_group("calls")
    calls.add_argument("--rpc", default="SynthesizeStream", help="weights, e.g. SynthesizeStream=2,SynthesizeChunks=1")
    calls.add_argument("--classes", default="interactive", help="weights, e.g. interactive=6,standard=3,batch=1")
    calls.add_argument("--manners", default="plain", help="weights of plain, slow, cancel, close, interrupt")
    calls.add_argument("--words-per-s", type=float, default=0.0, help="how fast text is written; 0: all at once")
    calls.add_argument("--corpus", type=Path, help="sentences: language, tab, text on each line")
    calls.add_argument("--languages", default="en", help="languages of the corpus, e.g. en,ru (en)")
    calls.add_argument("--max-chars", type=int, help="only sentences up to this length")
    judge = run.add_argument_group("judgement")
    judge.add_argument("--first-audio-ms", type=float, default=500.0, help="limit of an interactive call (500)")
    judge.add_argument("--standard-first-audio-ms", type=float, default=2000.0, help="limit of a standard call (2000)")
    judge.add_argument("--prebuffer-ms", type=float, default=100.0, help="what the listener waits before playing (100)")
    run.add_argument("--plot", type=Path, metavar="FILE", help="picture of the sweep (needs matplotlib)")


def _add_idle(command: argparse.ArgumentParser) -> None:
    command.add_argument("--idle", type=int, default=1000, help="silent streams (1000)")
    command.add_argument("--speaking", type=int, default=64, help="speaking ones (64)")


def _add_common(command: argparse.ArgumentParser) -> None:
    command.add_argument("--seed", type=int, default=1, help="of arrivals, texts and manners (1)")
    command.add_argument("--json", type=Path, metavar="FILE", help="write the result here")
    service = command.add_argument_group("service of its own")
    service.add_argument("--model", help="checkpoint (default: the embedded voice)")
    service.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a setting of the service")
