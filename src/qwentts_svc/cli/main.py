"""Parse, dispatch, and turn whatever goes wrong into one line and an exit code.

Exit codes: 0 done; 1 something failed inside; 2 the input, the model or the settings must change; 130 interrupted;
141 the reader of our output went away.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn

from qwentts_svc.cli.backend import OpenApp, open_app
from qwentts_svc.errors import InputError, ModelError, TtsError

COMMANDS = ("serve", "synth", "voices", "check-config", "bench", "normalize", "segment", "health", "demo")

EXIT_FAILED, EXIT_REFUSED, EXIT_INTERRUPTED, EXIT_BROKEN_PIPE = 1, 2, 130, 141


class Parser(argparse.ArgumentParser):
    """Argparse with one-line errors."""

    def error(self, message: str) -> NoReturn:
        self.exit(EXIT_REFUSED, f"qwentts: error: {message} (see '{self.prog} --help')\n")


def build_parser() -> argparse.ArgumentParser:
    """The whole command line."""
    parser = Parser(prog="qwentts", description="Speech synthesis with Qwen3-TTS (12 Hz models).")
    parser.add_argument("--version", action="version", version=f"qwentts {_version()}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True, parser_class=Parser)
    for name in COMMANDS:
        module = import_module(f"qwentts_svc.cli.{name.replace('-', '_')}")
        sub = commands.add_parser(name, help=module.HELP, description=module.HELP, allow_abbrev=False)
        sub.add_argument("--verbose", action="store_true", help="show where an error comes from")
        module.add_arguments(sub)
        sub.set_defaults(run=module.run)
    return parser


def main(argv: Sequence[str] | None = None, *, app_factory: OpenApp = open_app) -> int:
    """Run one command; returns the exit code. ``app_factory`` lets tests speak without a model."""
    args = build_parser().parse_args(argv)
    args.open_app = app_factory
    _quieten(args.verbose)
    try:
        code: int = args.run(args)
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        return _complain("interrupted", EXIT_INTERRUPTED, verbose=False)
    except BrokenPipeError:
        # The interpreter flushes stdout once more at exit; give it somewhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_BROKEN_PIPE
    except (InputError, ModelError) as error:
        return _complain(error.public_message, EXIT_REFUSED, verbose=args.verbose)
    except TtsError as error:
        return _complain(error.public_message, EXIT_FAILED, verbose=args.verbose)
    except Exception as error:
        hint = "" if args.verbose else "; add --verbose to see where"
        return _complain(f"internal error: {type(error).__name__}: {error}{hint}", EXIT_FAILED, verbose=args.verbose)


def _quieten(verbose: bool) -> None:
    """Records of the engine are for ``serve``, which sets a handler of its own; here they would disturb."""
    if verbose:
        logging.basicConfig(level=logging.INFO)
    elif not logging.getLogger().handlers:
        logging.getLogger().addHandler(logging.NullHandler())


def _complain(message: str, code: int, *, verbose: bool) -> int:
    if verbose:
        traceback.print_exc()
    line = " ".join(message.split())
    print(f"qwentts: error: {line}", file=sys.stderr)
    return code


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("qwentts-svc")
    except PackageNotFoundError:
        return "unknown"
