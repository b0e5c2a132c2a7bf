"""Feet and inches, and what measures so much by so much: 6'2", 3x4, 10 x 12 x 4 inches, 1920x1080."""

from __future__ import annotations

import re

from qwentts_svc.text.normalize.en.fractions import MIXED, is_below_one, mixed
from qwentts_svc.text.normalize.en.numbers import AMOUNT_START, NUM, is_one, number, pairs, plural_of
from qwentts_svc.text.normalize.en.tables import describes_noun, ends_sentence
from qwentts_svc.text.normalize.en.units import TIGHT_AMBIGUOUS, UNIT, UNITS
from qwentts_svc.text.normalize.rule import PatternRule, Rule, RuleContext

_FEET_INCHES = re.compile(r"(?<![\w.,'])([0-9]{1,2})'\s?([0-9]{1,2})(?:\"|''|(?=[\s.,;!?)]|$))")
_INCHES = re.compile(rf"{AMOUNT_START}(?:({MIXED})|({NUM}))(\"|'')(?![\w\"])")
_FEET = re.compile(rf"{AMOUNT_START}({NUM})'(?=\s(?:wide|tall|long|high|deep|by|x)\b|\s?[x×]\s?[0-9]|[.,;)]|$)")
_BY = re.compile(
    rf"{AMOUNT_START}({NUM})(['\"]?)(\s?[xX×]\s?|\sby\s)({NUM})(['\"]?)(?:\s?[xX×]\s?({NUM})(['\"]?))?(?![\w]|\s?[=+*/×÷^⁰¹²³⁴-⁹]|\.[0-9])(?=\s?({UNIT})?)"
)
_QUOTED = re.compile(r"(?:^|[\s(])'")
_DEVICE = re.compile(r"\s(?:TVs?|HDTV|LCD|LED|OLED|MacBook|iMac|iPad)\b")
_LUMBER = re.compile(r"(?<![\w.,/$€£-])([1-9][0-9]?)[xX×]([1-9][0-9]?)s(?!\w)")
_SCREEN = re.compile("[1-9][0-9]{3}x[1-9][0-9]{2,3}|[1-9][0-9]{2}x[1-9][0-9]{3}")
_BY_UNIT = re.compile(
    rf"{AMOUNT_START}({NUM})\s?[xX×]\s?({NUM})(?:\s?[xX×]\s?({NUM}))?(\s|-)?({UNIT})(?!\w)(\.(?!\w))?"
)
_UNIT_BY = re.compile(rf"(?:(?<=[0-9a-z.])|(?<=[½¼¾⅓⅔⅛⅜⅝⅞]\"))(\s[x×]\s)(?=(?:{NUM})(?:\s?(?:{UNIT})(?!\w)|\"))")


def _feet(value: str) -> str:
    return f"{number(value)} {'foot' if is_one(value) else 'feet'}"


def _inches(value: str) -> str:
    return f"{number(value)} {'inch' if is_one(value) else 'inches'}"


def _feet_inches(match: re.Match[str], _: RuleContext) -> str | None:
    if int(match.group(2)) > 11 or (match.group()[-1] != '"' and match.string.count("'", 0, match.start()) % 2):
        return None
    return f"{_feet(match.group(1))} {_inches(match.group(2))}"


def _in_quotation(text: str, end: int) -> bool:
    """Whether a quotation is open at ``end``; a mark after a digit outside of one is an inch mark."""
    inside, at = False, text.find('"', 0, end)
    while at >= 0:
        if inside or not (at and text[at - 1].isnumeric()):
            inside = not inside
        at = text.find('"', at + 1, end)
    return inside


def _inches_only(match: re.Match[str], _: RuleContext) -> str | None:
    """Inches, unless the mark closes a quotation that is open."""
    whole, plain, mark = match.groups()
    if mark == '"' and _in_quotation(match.string, match.start()):
        return None
    if describes_noun(match.string, match.start(), match.end()) or _DEVICE.match(match.string, match.end()):
        return f"{mixed(whole) if whole else number(plain)} inch"
    if whole:
        return f"{mixed(whole)} {'inch' if is_below_one(whole) else 'inches'}"
    return _inches(plain)


def _feet_only(match: re.Match[str], _: RuleContext) -> str | None:
    if _QUOTED.search(match.string, 0, match.start()):
        return None  # the mark may close it
    return _feet(match.group(1))


def _by(match: re.Match[str], _: RuleContext) -> str | None:
    first, first_mark, sign, second, second_mark, third, third_mark, _unit = match.groups()
    if sign == " by " and not first_mark:
        return None
    if sign.strip() == "×" and sign != "×" and not third and not (first_mark or second_mark or match.group(8)):
        return None
    if sign in "xX×" and not (first_mark or second_mark or third) and _SCREEN.fullmatch(f"{first}x{second}"):
        return f"{pairs(first)} by {pairs(second)}"
    parts = [(first, first_mark), (second, second_mark)] + ([(third, third_mark)] if third else [])
    return " by ".join(_feet(v) if m == "'" else _inches(v) if m == '"' else number(v) for v, m in parts)


def _lumber(match: re.Match[str], _: RuleContext) -> str:
    return f"{number(match.group(1))} by {plural_of(number(match.group(2)))}"


def _by_unit(match: re.Match[str], _: RuleContext) -> str | None:
    numbers = [value for value in match.groups()[:3] if value]
    space, unit, stop = match.groups()[3:]
    if not space and unit in TIGHT_AMBIGUOUS:
        return None
    single = space == "-" or describes_noun(match.string, match.start(), match.end())
    name = UNITS[unit][0 if single else 1]
    spoken = f"{' by '.join(number(value) for value in numbers)} {name}"
    return spoken + ("." if stop and ends_sentence(match.string, match.end()) else "")


def _unit_by(match: re.Match[str], _: RuleContext) -> str:
    return " by "


_X_GATE = re.compile(r"[0-9]['\"]?\s?[xX×]")
RULES: tuple[Rule, ...] = (
    PatternRule("measure", frozenset("'"), _FEET_INCHES, _feet_inches, re.compile("[0-9]'\\s?[0-9]")),
    PatternRule("measure", frozenset("x×"), _UNIT_BY, _unit_by, re.compile("[0-9a-z.\"'] [x×] [0-9]")),
    PatternRule("measure", frozenset("xX×"), _LUMBER, _lumber, re.compile("[0-9]s")),
    PatternRule("measure", frozenset("xX×"), _BY_UNIT, _by_unit, _X_GATE),
    PatternRule("measure", frozenset("xX×"), _BY, _by, _X_GATE),
    PatternRule("measure", frozenset("'"), _FEET, _feet_only, re.compile("[0-9]'")),
    PatternRule("measure", frozenset("\"'"), _INCHES, _inches_only, re.compile("[0-9½¼¾⅓⅔⅛⅜⅝⅞](?:\"|'')")),
)
