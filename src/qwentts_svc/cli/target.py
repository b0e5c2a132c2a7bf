"""The service that a client command talks to."""

from __future__ import annotations

import argparse

DEFAULT_ADDRESS = "127.0.0.1:50051"


def add_target_options(parser: argparse.ArgumentParser) -> None:
    """``--address``, ``--ca-file``."""
    parser.add_argument("--address", default=DEFAULT_ADDRESS, metavar="HOST:PORT", help=f"({DEFAULT_ADDRESS})")
    parser.add_argument("--ca-file", metavar="FILE", help="PEM authority of the service's certificate; switches TLS on")
