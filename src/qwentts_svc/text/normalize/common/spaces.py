"""Left-over joiners go and runs of spaces become one; line breaks stay, they are pauses."""

from __future__ import annotations

import re

from qwentts_svc.text.normalize.rule import PatternRule, Rule, RuleContext


def _drop(_: re.Match[str], __: RuleContext) -> str:
    return ""


def _one(_: re.Match[str], __: RuleContext) -> str:
    return " "


RULES: tuple[Rule, ...] = (
    PatternRule("joiners", frozenset("\u200d\ufe0e\ufe0f"), re.compile("[\u200d\ufe0e\ufe0f]{1,64}"), _drop),
    PatternRule("spaces", frozenset(" "), re.compile(" {2,}"), _one),
)
