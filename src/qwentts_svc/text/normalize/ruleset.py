"""An ordered set of rules that knows, for the characters of a text, which of them can have anything to do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from qwentts_svc.text.normalize.rule import DIGITS, PatternRule, Rule

_CACHE_ENTRIES = 4096
_DIGIT = frozenset("0")
"""Stands for all digits: which of them a text has makes no difference."""


class RuleSet:
    """Rules in order. Choosing by characters is remembered: most units of a text look alike."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = tuple(rules)
        self._wanted = tuple(_wanted(rule) for rule in self.rules)
        every = frozenset[str]().union(*(chars for wanted in self._wanted for chars in wanted))
        self._signs = every - DIGITS
        self._chosen: dict[frozenset[str], tuple[int, ...]] = {}

    def __iter__(self) -> Iterator[Rule]:
        return iter(self.rules)

    def choose(self, chars: set[str]) -> tuple[int, ...]:
        """Indices of the rules that a text of ``chars`` may concern."""
        key = self._signs.intersection(chars)
        if not DIGITS.isdisjoint(chars):
            key |= _DIGIT
        chosen = self._chosen.get(key)
        if chosen is None:
            if len(self._chosen) >= _CACHE_ENTRIES:
                self._chosen.clear()
            chosen = tuple(
                index
                for index, wanted in enumerate(self._wanted)
                if not any(key.isdisjoint(alternatives) for alternatives in wanted)
            )
            self._chosen[key] = chosen
        return chosen


def _wanted(rule: Rule) -> tuple[frozenset[str], ...]:
    """Sets of characters of each of which a text for ``rule`` has one."""
    sets = [] if rule.triggers is None else [rule.triggers]
    if isinstance(rule, PatternRule):
        sets += rule.needs
    return tuple(dict.fromkeys(chars if chars.isdisjoint(DIGITS) else chars | _DIGIT for chars in sets))
