"""``qwentts voices``: who can speak."""

from __future__ import annotations

import argparse
import asyncio
import json
from typing import TYPE_CHECKING

from qwentts_svc.cli.options import add_model_options, add_settings_options, resolve

if TYPE_CHECKING:
    from qwentts_svc.config import Settings
    from qwentts_svc.types import Voice

HELP = "list the voices of the checkpoint and of the voices directory"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="machine-readable")
    add_model_options(parser)
    add_settings_options(parser)


def run(args: argparse.Namespace) -> int:
    voices, languages = asyncio.run(_ask(args, resolve(args).settings))
    if args.json:
        found = [{"name": v.name, "kind": v.kind, "language": v.language, "instruct": v.instruct} for v in voices]
        print(json.dumps({"voices": found, "languages": languages}, ensure_ascii=False, indent=2))
        return 0
    for voice in voices:
        print(f"{voice.name:<24} {voice.kind:<9} {voice.language or '-'}")
    if not voices:
        print("no preset voices; this checkpoint speaks from --ref-audio or --instruct")
    print(f"languages: auto, {', '.join(languages)}")
    return 0


async def _ask(args: argparse.Namespace, settings: Settings) -> tuple[list[Voice], list[str]]:
    async with args.open_app(settings) as app:
        return list(app.service.voices()), list(app.service.model_info().languages)
