"""An ordered set of rules that knows, for the characters of a text, which of them can have anything to do."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Iterator, Set
from functools import reduce
from operator import or_
from typing import Generic, TypeVar

from qwentts_svc.text.normalize.pairs import key_of, keys_in, pairs_of
from qwentts_svc.text.normalize.rule import DIGITS, Rule
from qwentts_svc.text.normalize.starts import needs_of
from qwentts_svc.text.normalize.words import CONFUSED, LONGEST, is_part_of_word, words_in, words_of

T = TypeVar("T", bound=Hashable)
_CACHE_ENTRIES = 4096
_DIGIT = frozenset("0")
"""Stands for all digits: which of them a text has makes no difference."""


class RuleSet:
    """Rules in order. What each can do nothing without is a number of bits, and so is what a text has of it.
    Choosing is remembered: most units of a text look alike."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = tuple(rules)
        self._char_bits = _Bits[str]()
        self._pair_bits = _Bits[Hashable]()
        self._wanted = tuple(self._char_bits.number(_wanted(rule)) for rule in self.rules)
        pairs = [
            self._pair_bits.number(
                frozenset(map(key_of, pairs)) for pattern in _patterns(rule) for pairs in pairs_of(pattern)
            )
            for rule in self.rules
        ]
        self._word_bits = _Bits[str](self._pair_bits.size)
        words = [
            self._word_bits.number(words for pattern in _patterns(rule) for words in words_of(pattern))
            for rule in self.rules
        ]
        self.needed = tuple(map(or_, pairs, words))
        """For each rule the bits of the pairs and words that it needs; see ``found``."""
        self._signs = self._char_bits.strings - DIGITS
        self._chosen: dict[frozenset[str], tuple[int, ...]] = {}
        self._brought: dict[str, int] = {}

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
            missing = ~self._char_bits.of(key)
            chosen = tuple([index for index, wanted in enumerate(self._wanted) if not wanted & missing])
            self._chosen[key] = chosen
        return chosen

    def found(self, text: str, chars: set[str]) -> int:
        """The bits of what ``text``, whose characters are ``chars``, has of what rules need."""
        words = self._word_bits.of(words_in(text)) if CONFUSED.isdisjoint(chars) else self._word_bits.every
        return self._pair_bits.of(keys_in(text, chars)) | words

    def brought_in(self, text: str, start: int, end: int) -> int:
        """The bits of what ``text`` has since ``text[start:end]`` came into it, and may not have had before."""
        before, after = text[start - 1 : start], text[end : end + 1]
        if start == end or is_part_of_word(before) or is_part_of_word(after):
            # Words were joined or parted here.
            near = text[max(0, start - LONGEST) : end + LONGEST]
            return self.found(near, set(near))
        # Whole words came, often the same ones, and nothing but they and what touches them can be new.
        near = before + text[start:end] + after
        bits = self._brought.get(near)
        if bits is None:
            if len(self._brought) >= _CACHE_ENTRIES:
                self._brought.clear()
            bits = self._brought[near] = self.found(near, set(near))
        return bits


class _Bits(Generic[T]):
    """A bit for each of some sets of strings: what of them a text has is then one number."""

    def __init__(self, first: int = 0) -> None:
        self._first = first
        self._numbers: dict[frozenset[T], int] = {}
        self._of: dict[T, int] = {}

    @property
    def size(self) -> int:
        """Bits up to the last one in use."""
        return self._first + len(self._numbers)

    @property
    def every(self) -> int:
        """All bits."""
        return (1 << self.size) - (1 << self._first)

    def number(self, sets: Iterable[frozenset[T]]) -> int:
        """The bits of ``sets`` together."""
        bits = 0
        for members in sets:
            bit = self._numbers.get(members)
            if bit is None:
                bit = self._numbers[members] = 1 << self.size
                for member in members:
                    self._of[member] = self._of.get(member, 0) | bit
            bits |= bit
        return bits

    def of(self, strings: Set[T]) -> int:
        """The bits of the sets that have one of ``strings``."""
        bits_of = self._of
        return reduce(or_, map(bits_of.__getitem__, bits_of.keys() & strings), 0)

    @property
    def strings(self) -> frozenset[T]:
        """All strings in the sets."""
        return frozenset(self._of)


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
