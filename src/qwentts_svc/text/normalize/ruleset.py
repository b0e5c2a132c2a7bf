"""An ordered set of rules that knows, for the characters of a text, which of them can have anything to do."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence, Set
from functools import reduce
from operator import or_
from typing import NamedTuple

from qwentts_svc.text.normalize.pairs import pairs_in, pairs_of
from qwentts_svc.text.normalize.remembered import Remembered
from qwentts_svc.text.normalize.rule import DIGITS, Rule, WordGate
from qwentts_svc.text.normalize.starts import needs_of
from qwentts_svc.text.normalize.words import CONFUSED, words_in, words_of

_DIGIT = frozenset("0")
"""Stands for all digits: which of them a text has makes no difference."""
_ORDINARY = """
On Monday, May 5, 2025 at 3:30 pm Dr. Smith of the U.S. paid $4.50 for 2 kg of apples - that's 20% more than in 1998;
see No. 7, p. 12-15 (the 3rd edition). Is it John's, or Anna's? He said: "A man in St. Louis has 1,000 cars!"
В понедельник, 5 мая 2025 г. в 15:30 д-р Иванов заплатил 4,50 руб. за 2 кг яблок – на 20% больше, чем в 1998 году;
см. № 7, с. 12-15 (3-е издание). Это дом Анны или Ивана? Он сказал: «У человека из г. Москвы 1 000 машин!» И т. д.
"""
"""What most texts with numbers have: of what a rule needs, it is looked for by what is rarer."""


class RuleSet:
    """Rules in order. What each can do nothing without is a number of bits, and so is what a text has of it.

    The lowest bits stand for the rules themselves, each set by the rarest thing that the rule needs.
    """

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = tuple(rules)
        self.gates = tuple(rule.gate for rule in self.rules)
        word_gates = tuple(dict.fromkeys(gate for rule in self.rules for gate in _word_gates(rule)))
        needs = [_needs_of(_patterns(rule), rule.triggers) for rule in self.rules]
        needs += [_needs_of((gate.needs,)) for gate in word_gates]
        self._char_bits = _Bits(len(self.rules))
        chars = [self._char_bits.number(need.chars) for need in needs]
        self._pair_bits = _Bits(self._char_bits.size)
        pairs = [self._pair_bits.number(need.pairs) for need in needs]
        self._word_bits = _Bits(self._pair_bits.size)
        words = [self._word_bits.number(need.words) for need in needs]
        bits = list(map(or_, map(or_, chars, pairs), words))
        passed = {gate: 1 << self._word_bits.size + index for index, gate in enumerate(word_gates)}
        self._word_gates = [
            (passed[gate], need, gate.test) for gate, need in zip(word_gates, bits[len(self.rules) :], strict=True)
        ]
        self.every = (1 << self._word_bits.size + len(word_gates)) - 1
        """All bits."""
        self.needed = tuple(
            reduce(or_, map(passed.__getitem__, _word_gates(rule)), need)
            for rule, need in zip(self.rules, bits, strict=False)
        )
        """For each rule the bits of the characters, pairs, words and word gates that it needs; see ``found``."""
        self._own = (1 << len(self.rules)) - 1
        self._always = sum(1 << index for index, needed in enumerate(self.needed) if not needed)
        self._tells = self._rarest_needs()
        self._telling = sum(self._tells)
        self._seen = Remembered(self.look_at)
        self._last: tuple[str | None, int] = (None, 0)
        """The text that was last asked about, and the answer: the next pass asks again."""

    def __iter__(self) -> Iterator[Rule]:
        return iter(self.rules)

    def found(self, text: str) -> int:
        """The bits of what ``text`` has of what rules need, and of few things more.

        Words come again and again, so what each has, between blanks, is remembered.
        """
        last, bits = self._last
        if last is not text:
            # A blank is put on both sides of each token, so one that stands at an edge would count double.
            inner = text[:-1] if text.endswith((" ", "\n")) else text
            bits = reduce(or_, map(self._seen.__getitem__, inner.removeprefix(" ").split(" ")))
            self._last = (text, bits)
        return bits

    def concerned(self, found: int, first: int = 0) -> Iterator[int]:
        """Indices, from ``first`` on, of the rules that have all they need in a text where this is ``found``."""
        needed, missing = self.needed, self.every ^ found
        marks = (found & self._own | self._always) >> first << first
        while marks:
            lowest = marks & -marks
            marks ^= lowest
            index = lowest.bit_length() - 1
            if not needed[index] & missing:
                yield index

    def look_at(self, token: str) -> int:
        """The bits of what ``token`` has, between two blanks, and of the rules that are looked for by it."""
        had, tells = self._had(token), self._tells
        return had | reduce(or_, [tells[bit] for bit in _each_bit(had & self._telling)], 0)

    def _rarest_needs(self) -> dict[int, int]:
        """The bits of things that tell of rules, each with the bits of those rules."""
        common = Counter(bit for token in _ORDINARY.split() for bit in _each_bit(self._had(token)))
        tells: dict[int, int] = {}
        for index, needed in enumerate(self.needed):
            if needed:
                rarest = min(_each_bit(needed), key=lambda bit: (common[bit], -bit))
                tells[rarest] = tells.get(rarest, 0) | 1 << index
        return tells

    def _had(self, token: str) -> int:
        text = f" {token} "
        chars = set(text)
        signs = chars | _DIGIT if not DIGITS.isdisjoint(chars) else chars
        words = self._word_bits.of(words_in(text)) if CONFUSED.isdisjoint(chars) else self._word_bits.every
        bits = self._char_bits.of(signs) | self._pair_bits.of(pairs_in(text, chars)) | words
        missing = self.every & ~bits
        for passed, test in [(passed, test) for passed, needed, test in self._word_gates if not needed & missing]:
            if test(text):
                bits |= passed
        return bits


def _each_bit(bits: int) -> Iterator[int]:
    while bits:
        lowest = bits & -bits
        yield lowest
        bits ^= lowest


class _Needs(NamedTuple):
    """Sets of characters, of pairs of them, and of words, of each of which a text has one."""

    chars: tuple[frozenset[str], ...]
    pairs: list[frozenset[str]]
    words: list[frozenset[str]]


class _Bits:
    """A bit for each of some sets of strings: what of them a text has is then one number."""

    def __init__(self, first: int = 0) -> None:
        self._first = first
        self._numbers: dict[frozenset[str], int] = {}
        self._of: dict[str, int] = {}

    @property
    def size(self) -> int:
        """Bits up to the last one in use."""
        return self._first + len(self._numbers)

    @property
    def every(self) -> int:
        """All bits."""
        return (1 << self.size) - (1 << self._first)

    def number(self, sets: Iterable[frozenset[str]]) -> int:
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

    def of(self, strings: Set[str]) -> int:
        """The bits of the sets that have one of ``strings``."""
        bits_of = self._of
        return reduce(or_, map(bits_of.__getitem__, bits_of.keys() & strings), 0)


def _patterns(rule: Rule) -> tuple[re.Pattern[str], ...]:
    """Rules that know patterns without which they do nothing say so; the others are always tried."""
    found: tuple[re.Pattern[str], ...] = getattr(rule, "patterns", ())
    return found


def _word_gates(rule: Rule) -> tuple[WordGate, ...]:
    found: tuple[WordGate, ...] = getattr(rule, "word_gates", ())
    return found


def _needs_of(patterns: Sequence[re.Pattern[str]], triggers: frozenset[str] | None = None) -> _Needs:
    """What a text with ``triggers`` and with a match of each pattern has."""
    sets = [] if triggers is None else [triggers]
    for pattern in patterns:
        sets += needs_of(pattern)
    return _Needs(
        tuple(dict.fromkeys(chars if chars.isdisjoint(DIGITS) else chars | _DIGIT for chars in sets)),
        [pairs for pattern in patterns for pairs in pairs_of(pattern)],
        [words for pattern in patterns for words in words_of(pattern)],
    )
