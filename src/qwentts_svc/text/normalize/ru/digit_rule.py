"""Rules whose matches start at a number: tried only there, so that a text costs as much as it has numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from qwentts_svc.text.normalize.rule import DIGITS, Edit, Replace, RuleContext

_RUN = re.compile("[0-9]+")
_LEADING = frozenset("+-−–±(~")


def number_matches(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """Matches of ``pattern`` that start at a run of digits or at one sign before it, in order, not overlapping."""
    end = 0
    for run in _RUN.finditer(text):
        start = run.start()
        if start < end:
            continue
        match = None
        if start > end and text[start - 1] in _LEADING:
            match = pattern.match(text, start - 1)
        match = match or pattern.match(text, start)
        if match is not None:
            yield match
            end = match.end()


@dataclass(frozen=True, slots=True)
class DigitRule:
    """``PatternRule`` for patterns that start with a number, behind at most one sign."""

    name: str
    pattern: re.Pattern[str]
    replace: Replace
    gate: re.Pattern[str] | None = None
    triggers: frozenset[str] | None = DIGITS

    @property
    def patterns(self) -> tuple[re.Pattern[str], ...]:
        """Each is found in every text that the rule can change."""
        return (self.pattern,) if self.gate is None else (self.pattern, self.gate)

    def apply(self, text: str, ctx: RuleContext) -> list[Edit]:
        if self.gate is not None and self.gate.search(text) is None:
            return []
        edits = []
        for match in number_matches(self.pattern, text):
            replacement = self.replace(match, ctx)
            if replacement is not None and replacement != match.group():
                edits.append(Edit(match.start(), match.end(), replacement))
        return edits
