"""IP addresses, digit by digit."""

from __future__ import annotations

import re

from qwentts_svc.text.normalize.en.numbers import cardinal, digits
from qwentts_svc.text.normalize.en.spell import letters
from qwentts_svc.text.normalize.rule import DIGITS, PatternRule, Rule, RuleContext

_V4 = re.compile(r"(?<![\w.])((?:[0-9]{1,3}\.){3}[0-9]{1,3})(?::([0-9]{1,5})|/([0-9]{1,2}))?(?![\w:/]|\.[0-9])")
_V6 = re.compile(
    r"(?<![\w:.])(?=[0-9A-Fa-f:]{0,39}::|(?:[0-9A-Fa-f]{1,4}:){7})(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{1,4}(?![\w:])"
)
_COLONS = 7
_DOTS = re.compile(r"[0-9]\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]")


def _v4(match: re.Match[str], _: RuleContext) -> str | None:
    parts = match.group(1).split(".")
    if any(int(part) > 255 for part in parts):
        return None
    spoken = " dot ".join(digits(part) for part in parts)
    if match.group(2):
        spoken += " colon " + digits(match.group(2))
    if match.group(3):
        spoken += " slash " + cardinal(int(match.group(3)))
    return spoken


def _v6(match: re.Match[str], _: RuleContext) -> str:
    spoken = ["colon" if c == ":" else digits(c) if c.isdigit() else letters(c) for c in match.group()]
    return " ".join(spoken)


def _has_colons(text: str) -> bool:
    return "::" in text or text.count(":") >= _COLONS


RULES: tuple[Rule, ...] = (
    PatternRule("ip", DIGITS, _V4, _v4, _DOTS),
    PatternRule("ip", frozenset(":"), _V6, _v6, _has_colons),
)
