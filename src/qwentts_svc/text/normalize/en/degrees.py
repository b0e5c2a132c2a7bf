"""Temperatures and angles: 72 °F, -5 to 3°C, 180C/350F, 45°."""

from __future__ import annotations

import re

from qwentts_svc.text.normalize.en.numbers import AMOUNT_START, NUM, SIGN, is_one, minus, number
from qwentts_svc.text.normalize.en.tables import FUNCTION_WORDS, next_word
from qwentts_svc.text.normalize.rule import PatternRule, Rule, RuleContext

_DEGREES = re.compile(
    rf"{AMOUNT_START}({SIGN})(?:({NUM})\s?(?:[°º˚](?:\s?[CF])?)?\s?[-–—]\s?)?({NUM})\s?(?:([°º˚])(?:\s?([CFK])(?!\w))?|(℃|℉))"
)
_BOTH_DEGREES = re.compile(
    r"(?<![\w.,/-])([0-9]{2,3})\s?°?\s?([CF])\s?(?:/|\()\s?([0-9]{2,3})\s?°?\s?(?!\2)([CF])(\)?)(?![\w/])"
)
_BARE_DEGREES = re.compile(
    rf"{AMOUNT_START}({SIGN})({NUM})\s([CF])(?=[.,;:!?)]|$|\s(?:today|outside|inside|and|or|in|at|tonight|for|until|then|to|oven|overnight)\b)"
)
_LETTERS = {"C": "Celsius", "F": "Fahrenheit", "N": "north", "S": "south", "E": "east", "W": "west"}
_DEGREES_LETTER = re.compile(r"(?<=\bdegrees )([CFNSEW])(?=[.,;:!?)]|$|\s[a-z(])")


def _degrees(match: re.Match[str], _: RuleContext) -> str:
    sign, low, plain, _degree, scale, joined = match.groups()
    scale = scale or {"℃": "C", "℉": "F"}.get(joined or "", "")
    if scale == "K":
        return f"{minus(sign)}{number(plain)} kelvin"
    article = match.string[: match.start()].rstrip().rpartition(" ")[2].lower()
    word = next_word(match.string, match.end())
    adjective = not scale and article in ("a", "an", "the") and word.islower() and word not in FUNCTION_WORDS
    name = "degree" if (is_one(plain) and not low) or adjective else "degrees"
    suffix = {"C": " Celsius", "F": " Fahrenheit"}.get(scale, "")
    if not scale and match.string[match.end() : match.end() + 1].isalpha():
        suffix = " "
    return f"{minus(sign)}{number(low) + ' to ' if low else ''}{number(plain)} {name}{suffix}"


def _bare_degrees(match: re.Match[str], _: RuleContext) -> str:
    name = "degree" if is_one(match.group(2)) else "degrees"
    scale = "Celsius" if match.group(3) == "C" else "Fahrenheit"
    return f"{minus(match.group(1))}{number(match.group(2))} {name} {scale}"


def _degrees_letter(match: re.Match[str], _: RuleContext) -> str:
    return _LETTERS[match.group(1)]


def _both_degrees(match: re.Match[str], _: RuleContext) -> str | None:
    first, scale, second, scale2, close = match.groups()
    if bool(close) != ("(" in match.group()):
        return None
    names = {"C": "Celsius", "F": "Fahrenheit"}
    low, high = f"{number(first)} degrees {names[scale]}", f"{number(second)} degrees {names[scale2]}"
    return f"{low} ({high})" if close else f"{low} or {high}"


# "88°/75°": the day's and the night's.
_HIGH_AND_LOW = re.compile(r"(?<=[°º])\s?/\s?(?=[-−]?[0-9]{1,3}\s?[°º])")

RULES: tuple[Rule, ...] = (
    PatternRule("temperature", frozenset("/"), _HIGH_AND_LOW, lambda _match, _ctx: ", "),
    PatternRule("temperature", frozenset("CF"), _BOTH_DEGREES, _both_degrees, re.compile("[CF]\\s?[/(]\\s?[0-9]")),
    PatternRule("temperature", frozenset("°º˚℃℉"), _DEGREES, _degrees),
    PatternRule(
        "temperature", frozenset("CFNSEW"), _DEGREES_LETTER, _degrees_letter, re.compile("degrees [CFNSEW](?![A-Za-z])")
    ),
    PatternRule("temperature", frozenset("CF"), _BARE_DEGREES, _bare_degrees, re.compile("[0-9] [CF]")),
)
