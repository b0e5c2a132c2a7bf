"""What a normalization rule is. A rule proposes edits; only the pipeline applies them and keeps the alignment.

A rule sees one unit of text (about a sentence or a line) in one language and nothing outside it, must be
deterministic, must run in time linear in the unit, and leaves alone whatever it is not sure of.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple, Protocol, TypeAlias

from qwentts_svc.text.normalize.near import is_near, near_digits
from qwentts_svc.text.normalize.starts import starts_of
from qwentts_svc.text.normalize.within import is_within_word

DIGITS = frozenset("0123456789")
"""Triggers of every rule that starts from an ASCII digit."""


class Edit(NamedTuple):
    """Replace ``text[start:end]`` by ``replacement``. Offsets are into the text given to the rule."""

    start: int
    end: int
    replacement: str


@dataclass(frozen=True, slots=True)
class RuleContext:
    """What a rule may know besides its text. ``lang`` is the unit's language ("en", "ru", ...)."""

    lang: str
    emoji: str = "name"
    """"name": an emoji is read by its name; "drop": it is removed."""


Test: TypeAlias = Callable[[str], object]


class Rule(Protocol):
    """One kind of rewriting, switched off by its ``name``. Rules of one name share the switch."""

    @property
    def name(self) -> str: ...

    @property
    def triggers(self) -> frozenset[str] | None:
        """The rule is run only on text that has one of these characters; ``None`` runs it always."""

    @property
    def gate(self) -> Test | None:
        """A cheap test, which never raises, that every text passes which the rule can change; others are spared it."""

    def apply(self, text: str, ctx: RuleContext) -> Iterable[Edit]:
        """Edits in order, not overlapping. May raise: the pipeline then skips the rule for this unit and counts it."""


Replace: TypeAlias = Callable[[re.Match[str], RuleContext], str | None]
"""The replacement of a whole match, or ``None`` to leave it as it was."""


@dataclass(frozen=True, slots=True)
class WordGate:
    """A gate that a text passes if one of its words, as they stand between two blanks, does."""

    test: Test
    """Given the word with a blank on either side; raises nothing."""
    needs: re.Pattern[str]
    """Is found in every word that passes."""


Gate: TypeAlias = re.Pattern[str] | Test | WordGate | None
"""What a rule's gates are made of: a pattern to find, a test of the text, or one of its words."""


def gates_of(gates: Iterable[Gate]) -> tuple[Test | None, tuple[WordGate, ...]]:
    """``gates``, all of which a text has to pass, as one test of the text and, wherever that is enough, tests of its
    words, whose answers are remembered."""
    tests: list[Test] = []
    words: list[WordGate] = []
    for gate in gates:
        if isinstance(gate, WordGate):
            words.append(gate)
        elif not isinstance(gate, re.Pattern):
            tests += [gate] if gate is not None else []
        elif is_within_word(gate):
            words.append(WordGate(gate.search, gate))
        else:
            tests.append(_search_near_digits(gate) if is_near(gate) else gate.search)
    if len(tests) > 1:
        return (lambda text: all(test(text) for test in tests)), tuple(words)
    return tests[0] if tests else None, tuple(words)


def _search_near_digits(pattern: re.Pattern[str]) -> Test:
    return lambda text: pattern.search(near_digits(text))


class PatternRule:
    """A rule made of one compiled pattern and a function from match to replacement.

    Patterns use bounded quantifiers, so that a hostile text cannot make them backtrack. Immutable.
    """

    __slots__ = ("_starts", "gate", "name", "pattern", "patterns", "replace", "triggers", "word_gates")

    def __init__(
        self,
        name: str,
        triggers: frozenset[str] | None,
        pattern: re.Pattern[str],
        replace: Replace,
        *gates: Gate,
    ) -> None:
        self.name = name
        self.triggers = triggers
        self.pattern = pattern
        self.replace = replace
        self.gate, self.word_gates = gates_of(gates)
        self.patterns = (pattern, *(gate for gate in gates if isinstance(gate, re.Pattern)))
        """Each is found in every text that the rule can change."""
        self._starts = starts_of(pattern)

    def apply(self, text: str, ctx: RuleContext) -> Iterable[Edit]:
        """See ``Rule``."""
        starts, replace = self._starts, self.replace
        edits: list[Edit] = []
        for match in self.pattern.finditer(text) if starts is None else starts.matches(self.pattern, text):
            replacement = replace(match, ctx)
            if replacement is not None and replacement != match.group():
                edits.append(Edit(match.start(), match.end(), replacement))
        return edits
