"""Letters that scale a number: 12k followers, 1.1bn users, 10x faster."""

from __future__ import annotations

import re

from qwentts_svc.text.normalize.en.numbers import AMOUNT_START, NUM, number
from qwentts_svc.text.normalize.en.tables import counts_something
from qwentts_svc.text.normalize.rule import PatternRule, Rule, RuleContext

_KARAT = re.compile(rf"{AMOUNT_START}([1-9][0-9]?)[kK](?=\s(?:white\s|yellow\s|rose\s)?gold\b)")
_TIMES_MORE = re.compile(
    rf"{AMOUNT_START}({NUM})[xX](?=\s(?:faster|slower|more|less|better|worse|bigger|larger|smaller|higher|cheaper|their|its|his|her|your|our|my|that|daily|weekly|monthly|a|per|the|as)\b)"
)
_POPULAR = re.compile(rf"{AMOUNT_START}({NUM})\s?([kKMB])(?=\s(?:[a-z]{{2,30}}s|people|men|women|children)\b)")
_SHORT_SCALE = re.compile(rf"{AMOUNT_START}({NUM})\s?(bn|mn|tn)(?![\w/])")
_POPULAR_SCALE = {
    "bn": "billion", "mn": "million", "tn": "trillion", "k": "thousand", "K": "thousand", "M": "million",
    "B": "billion",
}  # fmt: skip
_NAMED = re.compile(r"(?i)\b(?:exit|gate|room|seat|unit|row|suite|apt\.?|bus|line|platform|building|block|lot|no\.)\s$")


def _karat(match: re.Match[str], _: RuleContext) -> str:
    return f"{number(match.group(1))} karat"


def _times_more(match: re.Match[str], _: RuleContext) -> str:
    return f"{number(match.group(1))} times"


def _popular(match: re.Match[str], _: RuleContext) -> str | None:
    if _NAMED.search(match.string, max(0, match.start() - 10), match.start()):
        return None  # "Exit 17B leads to the lake"
    if match.group(2) in "kKMB" and not counts_something(match.string, match.end()):
        return None  # "the 5K starts"
    return f"{number(match.group(1))} {_POPULAR_SCALE[match.group(2)]}"


RULES: tuple[Rule, ...] = (
    PatternRule("measure", frozenset("kK"), _KARAT, _karat, re.compile("[0-9][kK] ")),
    PatternRule("measure", frozenset("xX×"), _TIMES_MORE, _times_more, re.compile("[0-9][xX] ")),
    PatternRule("measure", frozenset("n"), _SHORT_SCALE, _popular, re.compile(r"[0-9]\s?[bmt]n")),
    PatternRule("measure", frozenset("kKMB"), _POPULAR, _popular, re.compile("[0-9] ?[kKMB] ")),
)
