"""Designations of letters and digits ("Т-34", "COVID-19", "А4", "SU-1234"): letters and number apart."""

from __future__ import annotations

import re

from qwentts_svc.text.normalize.ru.acronyms import LETTERS
from qwentts_svc.text.normalize.ru.digit_rule import DigitRule
from qwentts_svc.text.normalize.ru.numbers import cardinal, digits, padded
from qwentts_svc.text.normalize.rule import DIGITS, PatternRule, Rule, RuleContext

_SERIAL = re.compile(
    r"(?<![\w.-])([A-Za-zА-ЯЁ][A-Za-zА-Яа-яё]{0,14})(-|–)?([0-9]{1,9})(?:-?([A-Za-zА-ЯЁ]{1,3})([0-9]{1,3})?)?(?![\w%°]|[.,][0-9])"
)
_TAIL = re.compile(r"(?<![\w.,-])([0-9]{1,4})-?([A-Z]{1,3}|[АБВГДЕЖК])(?![\w'-])")
_YEAR = re.compile("(?:19|20)[0-9]{2}$")


def number(text: str) -> str:
    """The digits of a designation: short ones as a number, four in pairs, longer ones digit by digit."""
    if text[0] == "0" and len(text) > 1:
        return padded(text) if len(text) <= 3 else digits(text)
    if len(text) <= 3 or _YEAR.match(text) or text.endswith("00"):
        return cardinal(int(text)) if len(text) <= 5 else digits(text)
    if len(text) == 4:
        return f"{padded(text[:2])} {padded(text[2:])}"
    return digits(text)


def _letters(text: str) -> str:
    return LETTERS.get(text, text)


def _serial(match: re.Match[str], _: RuleContext) -> str | None:
    letters, dash, run, tail, mark = match.groups()
    if not dash and not letters.isupper() and not letters.isascii():
        return None
    spoken = f"{_letters(letters)} {number(run)}"
    return " ".join(filter(None, (spoken, tail and _letters(tail), mark and number(mark))))


def _tail(match: re.Match[str], _: RuleContext) -> str:
    return f"{number(match.group(1))} {_letters(match.group(2))}"


RULES: tuple[Rule, ...] = (
    PatternRule("serial", DIGITS, _SERIAL, _serial, re.compile("[A-Za-zА-Яа-яё][-–]?[0-9]")),
    DigitRule("serial", _TAIL, _tail, re.compile("[0-9]-?[A-ZА-К]")),
)
