"""Rules whose matches start at a number: tried only there, so that a text costs as much as it has numbers."""

from __future__ import annotations

import re
from functools import lru_cache

from qwentts_svc.text.normalize.rule import DIGITS, Edit, Gate, Replace, RuleContext, gates_of

_RUN = re.compile("[0-9](?<![0-9].)")
_LEADING = frozenset("+-−–±(~")


@lru_cache(maxsize=4)
def _numbers(text: str) -> list[int]:
    """Where runs of digits begin; remembered, for rule after rule asks it of the same text."""
    return [run.start() for run in _RUN.finditer(text)]


def number_matches(pattern: re.Pattern[str], text: str) -> list[re.Match[str]]:
    """Matches of ``pattern`` that start at a run of digits or at one sign before it, in order, not overlapping."""
    found: list[re.Match[str]] = []
    match_at, end = pattern.match, 0
    for start in _numbers(text):
        if start < end:
            continue
        match = None
        if start > end and text[start - 1] in _LEADING:
            match = match_at(text, start - 1)
        match = match or match_at(text, start)
        if match is not None:
            found.append(match)
            end = match.end()
    return found


class DigitRule:
    """``PatternRule`` for patterns that start with a number, behind at most one sign."""

    __slots__ = ("gate", "name", "pattern", "patterns", "replace", "triggers", "word_gates")

    def __init__(
        self,
        name: str,
        pattern: re.Pattern[str],
        replace: Replace,
        *gates: Gate,
        triggers: frozenset[str] | None = DIGITS,
    ) -> None:
        self.name = name
        self.pattern = pattern
        self.replace = replace
        self.triggers = triggers
        self.patterns = (pattern, *(gate for gate in gates if isinstance(gate, re.Pattern)))
        """Each is found in every text that the rule can change."""
        self.gate, self.word_gates = gates_of(gates)

    def apply(self, text: str, ctx: RuleContext) -> list[Edit]:
        """See ``Rule``."""
        edits = []
        for match in number_matches(self.pattern, text):
            replacement = self.replace(match, ctx)
            if replacement is not None and replacement != match.group():
                edits.append(Edit(match.start(), match.end(), replacement))
        return edits
