"""``qwentts segment``: where a text is cut; JSON lines."""

from __future__ import annotations

import argparse
import json

from qwentts_svc.cli.json_lines import items
from qwentts_svc.cli.text_source import STDIN

HELP = "show how a text is cut into segments: text in, JSON lines out"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "text",
        nargs="?",
        default=STDIN,
        metavar="TEXT|FILE|-",
        help='a text, or lines of {"text": ...}; default: stdin',
    )
    parser.add_argument(
        "--language", "--lang", default="auto", help="checked only: the rules serve all languages at once"
    )
    parser.add_argument("--budget-s", type=float, metavar="X", help="longest segment in seconds of speech")
    parser.add_argument("--first-budget-s", type=float, metavar="X", help="the same for the first segment")


def run(args: argparse.Namespace) -> int:
    from qwentts_svc.text.normalize import language_code
    from qwentts_svc.text.segment import DEFAULT_BUDGET_S, segment

    language_code(args.language)
    budget_s = DEFAULT_BUDGET_S if args.budget_s is None else args.budget_s
    for number, item in enumerate(items(args.text, by_line=False)):
        for index, part in enumerate(segment(item.text, budget_s=budget_s, first_budget_s=args.first_budget_s)):
            answer = {
                "item": number,
                "index": index,
                "text": part.text,
                "start": part.start,
                "end": part.end,
                "pause_after_ms": part.pause_after_ms,
            }
            print(json.dumps(answer, ensure_ascii=False), flush=True)
    return 0
