"""``qwentts check-config``: what the settings come to, and where each one comes from."""

from __future__ import annotations

import argparse

from qwentts_svc.cli.options import add_model_options, add_settings_options, resolve

HELP = "print the settings in force with their sources; secrets are not shown"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="machine-readable")
    parser.add_argument("--template", choices=("model", "runtime", "server"), help="print a commented file of defaults")
    add_model_options(parser)
    add_settings_options(parser)


def run(args: argparse.Namespace) -> int:
    if args.template:
        from qwentts_svc.config.template import render

        print(render(args.template), end="")
        return 0
    from qwentts_svc.config.report import as_json, as_text

    resolved = resolve(args)
    print(as_json(resolved) if args.json else as_text(resolved))
    return 0
