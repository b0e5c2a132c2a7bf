"""Left-over joiners go and runs of spaces become one; line breaks stay, they are pauses."""

from __future__ import annotations

import re

from qwentts_svc.text.normalize.rule import PatternRule, Rule, RuleContext


def _drop(_: re.Match[str], __: RuleContext) -> str:
    return ""


def _one(_: re.Match[str], __: RuleContext) -> str:
    return " "


JOINERS = "\u200d\ufe0e\ufe0f"

RULES: tuple[Rule, ...] = (
    PatternRule("joiners", frozenset(JOINERS), re.compile(f"[{JOINERS}]{{1,64}}"), _drop),
    PatternRule("spaces", frozenset(" "), re.compile(" {2,}"), _one),
)
