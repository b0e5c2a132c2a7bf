"""Fractions: 1/2, ½, 3 1/2, 2½."""

from __future__ import annotations

import re

from qwentts_svc.text.normalize.en.context import ContextRule
from qwentts_svc.text.normalize.en.numbers import cardinal, number, ordinal
from qwentts_svc.text.normalize.rule import DIGITS, PatternRule, Rule, RuleContext

VULGAR = {
    "½": (1, 2), "⅓": (1, 3), "⅔": (2, 3), "¼": (1, 4), "¾": (3, 4), "⅕": (1, 5), "⅖": (2, 5), "⅗": (3, 5),
    "⅘": (4, 5), "⅙": (1, 6), "⅚": (5, 6), "⅛": (1, 8), "⅜": (3, 8), "⅝": (5, 8), "⅞": (7, 8), "⅐": (1, 7),
    "⅑": (1, 9), "⅒": (1, 10),
}  # fmt: skip
_SIGNS = "".join(VULGAR)
MIXED = rf"(?:[0-9]{{1,4}}\s)?[1-9][0-9]{{0,2}}[/⁄][1-9][0-9]{{0,3}}(?![0-9/])|[0-9]{{0,4}}\s?[{_SIGNS}]"
"""A fraction with or without a whole number before it."""

_BELOW_ONE = re.compile(r"[0-9]{1,3}[/⁄][0-9]{1,4}|\D")
_PARTS = re.compile(rf"(?:([0-9]{{1,4}})\s?)??(?:([0-9]{{1,3}})[/⁄]([0-9]{{1,4}})|([{_SIGNS}]))$")
_FRACTION = re.compile(rf"(?<![\w.,/$€£:-])({MIXED})(?:(?:th|rd|nd)s?)?(?![\w%/]|[.,:-][0-9])")
_OUT_OF = re.compile(r"(?<![\w.,/$€£-])([0-9]{1,3}\.[0-9]{1,2}|100?0?)/(5|10|100)(?![\w%/]|[.,:-][0-9])")
_SCORE = re.compile(
    r"\b((?:[Rr]ated|[Rr]ating(?: of)?|[Ss]cored?(?: of)?|[Gg]ot|[Gg]rade(?: of)?|"
    r"(?:[Gg]ave|[Gg]ives?|[Rr]ates?)(?: it| him| her| them| us| me)?)(?: an?)? )"
    r"([0-9]{1,3})/(5|10|20|50|100)(?![\w%/]|[.,:-][0-9])|(?<![\w.,/$€£-])([1-9][0-9])/(100)(?![\w%/]|[.,:-][0-9])"
)
_STARS = re.compile(r"(?<![\w.,/$€£-])([0-9]{1,2})/(5|10)(?=\s(?:stars?|points)\b)")
_PRESSURE = re.compile(
    r"(\bBP(?:\s(?:of|was|is))?:?\s)([0-9]{2,3})/([0-9]{2,3})(\s?mm\s?Hg)?(?![\w%/-]|[.,:][0-9])"
    r"|(?<![\w.,/$€£-])([0-9]{2,3})/([0-9]{2,3})\s?mm\s?Hg(?!\w)"
)
_SPAN = re.compile(rf"(?<![\w.,/$€£:-])({MIXED})\s?[-–—]\s?(?=({MIXED}|[1-9][0-9]?(?![0-9]))(?![%/]|[.,:-][0-9]))")
_SPAN_GATE = re.compile(rf"(?:[/⁄][0-9]{{1,4}}|[{_SIGNS}])\s?[-–—]\s?[0-9{_SIGNS}]")
_HYPHENED = re.compile(r"(?<![\w.,/$€£:-])([1-9][0-9]?)-(?=(?:1/[2348]|2/3|3/[48]|[57]/8)(?![0-9/-]))")
"""A whole number joined to its fraction: "1-1/2 cups"."""
_PLAIN = re.compile("[0-9]{1,3}/[0-9]{1,4}")
_COMMON = frozenset(("1/2", "1/3", "2/3", "1/4", "3/4", *VULGAR))
_SPLIT = re.compile(r"(?<![\w.,/$€£-])([1-9][05])/([1-9][05])(?![\w%/-]|[.,:][0-9])")
"""Parts of a hundred: "the 80/20 rule"."""
_FIXED = {
    "24/7/365": "twenty four seven three sixty five",
    "24/7": "twenty four seven",
    "9/11": "nine eleven",
    "50/50": "fifty fifty",
    "20/20": "twenty twenty",
    "50-50": "fifty fifty",
    "9-1-1": "nine one one",
}
_FIXED_PATTERN = re.compile(r"(?<![\w./])(?:24/7(?:/365)?|9/11|9-1-1|50[/-]50|20/20)(?![\w/-]|\.[0-9])")


def _simple(top: int, bottom: int) -> str:
    if bottom == 1 or bottom > 100 or (top > bottom and bottom > 20):
        return f"{cardinal(top)} over {cardinal(bottom)}"
    if bottom == 2:
        name = "half" if top == 1 else "halves"
    elif bottom == 4:
        name = "quarter" if top == 1 else "quarters"
    else:
        name = ordinal(bottom).removeprefix("one ") + ("" if top == 1 else "s")
    return f"{cardinal(top)} {name}"


def is_below_one(text: str) -> bool:
    """Whether a ``MIXED`` has no whole number before its fraction."""
    return _BELOW_ONE.fullmatch(text) is not None


def mixed(text: str) -> str:
    """A ``MIXED`` in words."""
    match = _PARTS.match(text)
    if match is None:
        return text
    whole, top, bottom, sign = match.groups()
    pair = VULGAR[sign] if sign else (int(top), int(bottom))
    if whole is None:
        return _simple(*pair)
    return f"{cardinal(int(whole))} and {'a half' if pair == (1, 2) else _simple(*pair)}"


def _fraction(match: re.Match[str], _: RuleContext) -> str | None:
    spoken = mixed(match.group(1))
    before = match.string[match.start() - 1 : match.start()]
    return f" {spoken}" if before.isalpha() else spoken


def _pressure(match: re.Match[str], _: RuleContext) -> str:
    label, upper, lower, unit, plain_upper, plain_lower = match.groups()
    spoken = f"{label or ''}{cardinal(int(upper or plain_upper))} over {cardinal(int(lower or plain_lower))}"
    return spoken + (" millimeters of mercury" if unit or plain_upper else "")


def _span(match: re.Match[str], _: RuleContext) -> str | None:
    low, high = match.groups()
    if high.isdigit() and _PLAIN.fullmatch(low) and low not in _COMMON:
        return None  # "5/8-9" may be dates or sizes
    return f"{mixed(low)} to "


def _hyphened(match: re.Match[str], _: RuleContext) -> str:
    return match.group(1) + " "


def _split(match: re.Match[str], _: RuleContext) -> str | None:
    first, second = int(match.group(1)), int(match.group(2))
    return f"{cardinal(first)} {cardinal(second)}" if first + second == 100 else None


def _fixed(match: re.Match[str], _: RuleContext) -> str:
    return _FIXED[match.group()]


def _out_of(match: re.Match[str], _: RuleContext) -> str | None:
    if "." not in match.group(1) and (int(match.group(1)) < int(match.group(2)) or match.group(2) == "5"):
        return None
    return f"{number(match.group(1))} out of {number(match.group(2))}"


def _stars(match: re.Match[str], _: RuleContext) -> str:
    return f"{number(match.group(1))} out of {number(match.group(2))}"


def _score(match: re.Match[str], _: RuleContext) -> str:
    top, bottom = match.group(2) or match.group(4), match.group(3) or match.group(5)
    return f"{match.group(1) or ''}{number(top)} out of {number(bottom)}"


_GATE = re.compile(rf"[0-9][/⁄][0-9]|[{_SIGNS}]")
EARLY: tuple[Rule, ...] = (
    PatternRule("fraction", frozenset("/"), _HYPHENED, _hyphened, re.compile("[0-9]-[0-9]/[0-9]")),
    PatternRule("fraction", frozenset("-–—"), _SPAN, _span, _SPAN_GATE),
    PatternRule("fraction", frozenset("/"), _PRESSURE, _pressure, re.compile(r"BP|mm\s?Hg")),
)
RULES: tuple[Rule, ...] = (
    PatternRule("fraction", frozenset("/-"), _FIXED_PATTERN, _fixed),
    PatternRule("fraction", frozenset("/"), _SPLIT, _split, re.compile("[05]/[0-9][05]")),
    PatternRule("fraction", frozenset("/"), _OUT_OF, _out_of, _GATE),
    PatternRule("fraction", frozenset("/"), _STARS, _stars, _GATE),
    ContextRule("fraction", frozenset("/"), _SCORE, _score, _GATE),
    PatternRule("fraction", DIGITS | frozenset(_SIGNS), _FRACTION, _fraction, _GATE),
)
