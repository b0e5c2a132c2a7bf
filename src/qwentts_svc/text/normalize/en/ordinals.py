"""1st, 22nd, 1,000th."""

from __future__ import annotations

import re

from qwentts_svc.text.normalize.en.numbers import ordinal
from qwentts_svc.text.normalize.rule import DIGITS, PatternRule, Rule, RuleContext

_ORDINAL = re.compile(r"(?<![\w.,/])([0-9]{1,3}(?:,[0-9]{3}){1,5}|[0-9]{1,15})\s?(st|nd|rd|th|ST|ND|RD|TH)(?![\w])")


_RANGE = re.compile(r"(?<![\w.,/-])([0-9]{1,4})(st|nd|rd|th)\s?[-–—]\s?([0-9]{1,4})(st|nd|rd|th)(?![\w-])")


def _suffix(value: int) -> str:
    if value % 100 in (11, 12, 13):
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(value % 10, "th")


def _ordinal(match: re.Match[str], _: RuleContext) -> str | None:
    value = int(match.group(1).replace(",", ""))
    return ordinal(value) if match.group(2).lower() == _suffix(value) else None


def _range(match: re.Match[str], _: RuleContext) -> str | None:
    low, high = int(match.group(1)), int(match.group(3))
    if match.group(2) != _suffix(low) or match.group(4) != _suffix(high):
        return None
    return f"{ordinal(low)} to {ordinal(high)}"


_ENDING = re.compile("(?<![A-Za-z])(?:st|nd|rd|th|ST|ND|RD|TH)(?![A-Za-z])")
RULES: tuple[Rule, ...] = (
    PatternRule("ordinal", DIGITS, _RANGE, _range, re.compile("[a-z]\\s?[-–—]\\s?[0-9]")),
    PatternRule("ordinal", DIGITS, _ORDINAL, _ordinal, _ENDING, re.compile("[0-9]\\s?(?:st|nd|rd|th|ST|ND|RD|TH)")),
)
