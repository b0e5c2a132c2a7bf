"""``qwentts normalize``: what is written, and what would be said; JSON lines."""

from __future__ import annotations

import argparse
import json

from qwentts_svc.cli.json_lines import items
from qwentts_svc.cli.text_source import STDIN
from qwentts_svc.errors import InputError

HELP = "write out numbers, dates, units ...: lines of text in, JSON lines out"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "text", nargs="?", default=STDIN, metavar="TEXT|FILE|-", help='lines of text or {"text": ...}; default: stdin'
    )
    parser.add_argument("--language", "--lang", default="auto", help="language of the text, or auto")
    parser.add_argument("--disable", action="append", default=[], metavar="RULE", help="leave out a rule")
    parser.add_argument("--list-rules", action="store_true", help="print the names of the rules")
    parser.add_argument("--spans", action="store_true", help="add where each piece of the output comes from")


def run(args: argparse.Namespace) -> int:
    from qwentts_svc.text.normalize import LANGUAGES, Normalizer, rule_names

    names = list(dict.fromkeys(name for language in LANGUAGES for name in rule_names(language)))
    if args.list_rules:
        print("\n".join(names))
        return 0
    for name in args.disable:
        if name not in names:
            raise InputError(f"--disable: unknown rule '{name}'; see --list-rules", field="disable")
    normalizer = Normalizer(disabled=args.disable)
    for item in items(args.text, by_line=True):
        result = normalizer.normalize(item.text, item.language or args.language)
        answer: dict[str, object] = {"text": result.text, "lang": result.lang, "source": item.text}
        if args.spans:
            answer["spans"] = result.spans
        print(json.dumps(answer, ensure_ascii=False), flush=True)
    return 0
