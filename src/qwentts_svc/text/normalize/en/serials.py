"""Names made of letters and digits: MP3, F-16, COVID-19, 4K, iPhone15."""

from __future__ import annotations

import re

from qwentts_svc.text.normalize.en.acronyms import spelled
from qwentts_svc.text.normalize.en.numbers import cardinal, digits, pairs, plural_of
from qwentts_svc.text.normalize.rule import DIGITS, PatternRule, Rule, RuleContext

_PLAN = re.compile(r"(?<!\w)(401|403|529)\(?([kKbB])\)?(?!\w)")
_JET = re.compile(r"\b((?:Boeing|Airbus|Route|Highway|Interstate|[Ff]light)\s)([0-9]{3,4})(s?)(?![\w%]|[.,:-]?[0-9])")
_TOKEN = re.compile(
    r"(?<![\w'.])(?=[\w-]{0,40}[0-9])(?:[A-Za-z]{1,20}[0-9][A-Za-z0-9]{0,30}|[0-9]{1,18}[A-Za-z][A-Za-z0-9]{0,30}|[A-Z][A-Za-z]{0,11}-[0-9][A-Za-z0-9]{0,20})(?:-[A-Za-z0-9]{0,20}[0-9][A-Za-z0-9]{0,20}){0,5}(?![\w]|\.[0-9])"
)
_PART = re.compile(r"[A-Za-z]+|[0-9]+")
_LETTER_DIGIT = re.compile(r"[0-9](?:[A-Za-z]|(?<=[A-Za-z][0-9])|(?<=[A-Za-z]-[0-9]))")


def _number(text: str) -> str:
    if len(text) > 1 and text[0] == "0":
        return digits(text)
    if len(text) <= 2:
        return cardinal(int(text))
    if len(text) == 3:
        return pairs(text)
    return cardinal(int(text)) if len(text) == 4 and text.endswith("00") else digits(text)


def _letters(text: str) -> str:
    return " ".join(text) if text.isupper() and (len(text) <= 2 or spelled(text)) else text


def _token(match: re.Match[str], _: RuleContext) -> str:
    parts = _PART.findall(match.group())
    spoken = [_number(part) if part.isdigit() else _letters(part) for part in parts]
    return " ".join(spoken)


def _plan(match: re.Match[str], _: RuleContext) -> str:
    return f"{pairs(match.group(1))} {match.group(2)}"


def _jet(match: re.Match[str], _: RuleContext) -> str:
    spoken = pairs(match.group(2))
    return match.group(1) + (plural_of(spoken) if match.group(3) else spoken)


RULES: tuple[Rule, ...] = (
    PatternRule("serial", DIGITS, _PLAN, _plan),
    PatternRule("serial", DIGITS, _JET, _jet),
    PatternRule("serial", DIGITS, _TOKEN, _token, _LETTER_DIGIT),
)
