"""``qwentts health``: the probe for containers; exit code 0 when the service serves."""

from __future__ import annotations

import argparse
import asyncio

from qwentts_svc.cli.target import add_target_options

HELP = "ask a running service for its health over gRPC; exit code 0: serving, 1: not"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_target_options(parser)
    parser.add_argument("--service", default="", help="name of the gRPC service asked about; empty: all of it")
    parser.add_argument("--timeout-s", type=float, default=3.0, metavar="X", help="longest wait (3)")


def run(args: argparse.Namespace) -> int:
    from qwentts_svc.cli.client import check_health

    status = asyncio.run(check_health(args.address, args.service, args.timeout_s, args.ca_file))
    print(status)
    return 0 if status == "SERVING" else 1
