"""An ordered set of rules that knows, for the characters of a text, which of them can have anything to do."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from qwentts_svc.text.normalize.pairs import pairs_in, pairs_of
from qwentts_svc.text.normalize.rule import DIGITS, Rule
from qwentts_svc.text.normalize.starts import needs_of

_CACHE_ENTRIES = 4096
_DIGIT = frozenset("0")
"""Stands for all digits: which of them a text has makes no difference."""


class RuleSet:
    """Rules in order. Choosing by characters is remembered: most units of a text look alike."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = tuple(rules)
        self._wanted = tuple(_wanted(rule) for rule in self.rules)
        self._last_bit = 1
        self._bits: dict[str, int] = {}
        """Pair of characters -> one bit for each set of pairs that it is in."""
        self.needed = tuple(map(self._number, self.rules))
        """For each rule the bits of what it can do nothing without; see ``found``."""
        self._known = frozenset(self._bits)
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

    def found(self, text: str, chars: set[str]) -> int:
        """The bits of what ``text``, whose characters are ``chars``, has of what rules need."""
        bits, have = self._bits, 0
        for pair in pairs_in(text, chars).intersection(self._known):
            have |= bits[pair]
        return have

    def _number(self, rule: Rule) -> int:
        needed = 0
        for pattern in _patterns(rule):
            for pairs in pairs_of(pattern):
                self._last_bit <<= 1
                needed |= self._last_bit
                for pair in pairs:
                    self._bits[pair] = self._bits.get(pair, 0) | self._last_bit
        return needed


def _patterns(rule: Rule) -> tuple[re.Pattern[str], ...]:
    """Rules that know patterns without which they do nothing say so; the others are always tried."""
    found: tuple[re.Pattern[str], ...] = getattr(rule, "patterns", ())
    return found


def _wanted(rule: Rule) -> tuple[frozenset[str], ...]:
    """Sets of characters of each of which a text for ``rule`` has one."""
    sets = [] if rule.triggers is None else [rule.triggers]
    for pattern in _patterns(rule):
        sets += needs_of(pattern)
    return tuple(dict.fromkeys(chars if chars.isdisjoint(DIGITS) else chars | _DIGIT for chars in sets))
