"""The numbers that no other rule took, signs and decimals included. After this rule no ASCII digit is left."""

from __future__ import annotations

import re

from qwentts_svc.text.normalize.en.numbers import NUM, digits, number
from qwentts_svc.text.normalize.rule import DIGITS, PatternRule, Rule, RuleContext

_GROUPED = re.compile(
    r"(?<![\w.,:/+-])(?<![0-9)] )([1-9][0-9]{0,2})((?: [0-9]{3}){1,5})(?![\w-]|[,:/][0-9]|\.[0-9]{1,18}[\w.]| [0-9])"
)
_NAMES = re.compile(
    r"(?i)(?:\b(?:id|code|number|no\.?|nos\.?|pin|call|tel|phone|dial|fax|cell|text|rooms?|model|at)|#):?\s?$"
)
_NEGATIVE = re.compile(rf"(?<![\w.,)\]%-])[-−]({NUM})(?![\w]|\.[0-9])")
_PLAIN = re.compile(rf"(?<![\w.])({NUM})(?![\w]|\.[0-9])")
_LIST = re.compile(r"(?<![0-9.,])[0-9]{1,3}(?:,[0-9]{1,2}){1,50}(?![0-9]|[.,][0-9])")
_LEFT_OVER = re.compile(r"[0-9]{1,64}(?:\.[0-9]{1,18})?")


def _grouped(match: re.Match[str], _: RuleContext) -> str | None:
    """Thousands set apart by blanks: two groups and more, or one of zeros; else they may be two numbers."""
    first, rest = match.groups()
    if len(rest) == 4 and rest != " 000":
        return None
    if _NAMES.search(match.string, max(0, match.start() - 10), match.start()):
        return None
    return first + rest.replace(" ", ",")


def _negative(match: re.Match[str], _: RuleContext) -> str:
    return "minus " + number(match.group(1))


def _plain(match: re.Match[str], _: RuleContext) -> str:
    return number(match.group(1))


def _list(match: re.Match[str], _: RuleContext) -> str:
    return match.group().replace(",", ", ")


def _left_over(match: re.Match[str], _: RuleContext) -> str:
    text, run = match.string, match.group()
    before = " " if match.start() and (text[match.start() - 1].isalpha() or text[match.start() - 1] == "_") else ""
    after = " " if match.end() < len(text) and (text[match.end()].isalpha() or text[match.end()] == "_") else ""
    return f"{before}{number(run) if '.' in run or len(run) < 7 else digits(run)}{after}"


_THREE = re.compile("(?<![0-9])[0-9]{3}(?![0-9])")
EARLY: tuple[Rule, ...] = (PatternRule("cardinal", DIGITS, _GROUPED, _grouped, _THREE, re.compile("[0-9] [0-9]{3}")),)
RULES: tuple[Rule, ...] = (
    PatternRule("cardinal", frozenset(","), _LIST, _list, re.compile("[0-9],[0-9]")),
    PatternRule("cardinal", DIGITS, _NEGATIVE, _negative, re.compile("[-−][0-9.]")),
    PatternRule("cardinal", DIGITS, _PLAIN, _plain),
    PatternRule("cardinal", DIGITS, _LEFT_OVER, _left_over),
)
