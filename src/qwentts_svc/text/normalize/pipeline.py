"""Apply rules in order to each unit of a text and keep the alignment. Knows no rule and no language by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache

from qwentts_svc.text.normalize.alignment import Piece, compose, rewrite, runs_together, to_spans
from qwentts_svc.text.normalize.common import FINISH, PREPARE, UNCLEAN, is_unfinished
from qwentts_svc.text.normalize.common.language import detect_language, language_code, language_spans
from qwentts_svc.text.normalize.lexicon import Lexicon, LexiconRun
from qwentts_svc.text.normalize.registry import rules_of
from qwentts_svc.text.normalize.rule import Edit, Rule, RuleContext
from qwentts_svc.text.normalize.ruleset import RuleSet
from qwentts_svc.text.normalize.types import NormText
from qwentts_svc.text.normalize.units import units

RuleFailed = Callable[[str, Exception], None]
"""Told the rule's name and what it raised, so that failures can be counted."""

_DETECT_CHARS = 2000
_MAX_PASSES = 4
"""What one rule writes may be read by an earlier one; a second pass, nearly free as digits are gone, makes the output a
fixed point. The bound is for a pair of rules that would undo each other."""

_PREPARE = RuleSet(PREPARE)
_FINISH = RuleSet(FINISH)
_context = cache(RuleContext)


class Normalizer:
    """Normalization with the server's settings. Holds no state between calls; safe to share between threads."""

    def __init__(
        self,
        *,
        lexicon: Lexicon | None = None,
        disabled: Iterable[str] = (),
        emoji: str = "name",
        on_rule_failed: RuleFailed | None = None,
    ) -> None:
        self._lexicon = lexicon
        self._disabled = frozenset(disabled)
        self._emoji = emoji
        self._on_rule_failed = on_rule_failed

    def normalize(
        self,
        text: str,
        lang_hint: str = "auto",
        *,
        lexicon: Lexicon | None = None,
        disabled: Iterable[str] = (),
    ) -> NormText:
        """``text`` as it is said. ``lexicon`` goes before the server's own; ``disabled`` adds to the server's set.

        Raises ``InputError`` for an unknown ``lang_hint`` and nothing else. Time is linear in the text.
        """
        hint = language_code(lang_hint)
        off = self._disabled | frozenset(disabled)
        main = detect_language(text[:_DETECT_CHARS], hint)
        lexicons = [item.start(self._failed) for item in (lexicon, self._lexicon) if item]
        parts: list[str] = []
        pieces: list[Piece] = []
        for start, end in units(text):
            unit = _Unit(text[start:end], off, self._failed)
            self._normalize_unit(unit, hint, main, lexicons)
            if parts and runs_together(text[start - 1], parts[-1][-1:], text[start], unit.text[:1]):
                parts.append(" ")
                pieces.append((1, 0))
            parts.append(unit.text)
            pieces += unit.pieces
        return NormText("".join(parts), main, to_spans(pieces))

    def _normalize_unit(self, unit: _Unit, hint: str, main: str, lexicons: Sequence[LexiconRun]) -> None:
        common = _context(main, self._emoji)
        if UNCLEAN.search(unit.text):
            unit.run(_PREPARE, common)
        for entries in lexicons:
            unit.protect(entries.edits(unit.text, unit.protected))
        code = settled = ""
        for _ in range(_MAX_PASSES):
            before = unit.text
            # What was one language stays so: the rules write words of it.
            cuts = [(0, len(before), code)] if code else language_spans(before, hint, main)
            if len(cuts) == 1:
                code = cuts[0][2]
                unit.run(rules_of(code), _context(code, self._emoji))
            else:
                parts = [(start, end, rules_of(lang), _context(lang, self._emoji)) for start, end, lang in cuts]
                unit.run_parts(parts)
            if unit.text != settled and is_unfinished(unit.text) and not unit.run(_FINISH, common):
                settled = unit.text
            if unit.text == before:
                break

    def _failed(self, name: str, error: Exception) -> None:
        if self._on_rule_failed is not None:
            self._on_rule_failed(name, error)


class _Unit:
    """One unit under rewriting."""

    __slots__ = ("_disabled", "_failed", "pieces", "protected", "text")

    def __init__(self, text: str, disabled: frozenset[str], failed: RuleFailed) -> None:
        self.text = text
        self.pieces: list[Piece] = [(len(text), len(text))]
        self.protected: list[tuple[int, int]] = []
        self._disabled = disabled
        self._failed = failed

    def run(self, rules: RuleSet, ctx: RuleContext) -> bool:
        """Apply each rule that is on and that the unit has what it needs for; whether any changed something."""
        gates, first = rules.gates, 0
        while True:
            # What a rule writes may concern others than the text as it stood, and what is gone fewer.
            text = self.text
            for index in rules.concerned(rules.found(text), first):
                if (gate := gates[index]) is not None and not gate(text):
                    continue
                if self._run_rule(rules.rules[index], ctx):
                    first = index + 1
                    break
            else:
                return first > 0

    def _run_rule(self, rule: Rule, ctx: RuleContext) -> bool:
        """Apply one rule; whether it changed anything."""
        try:
            if rule.name in self._disabled or not (edits := list(rule.apply(self.text, ctx))):
                return False
            if self.protected and not (edits := [edit for edit in edits if not self._is_protected(edit)]):
                return False
            text = rewrite(self.text, edits)
        except Exception as error:  # a defect in one rule must not cost the caller the rest of the text
            self._failed(rule.name, error)
            return False
        self._take(text, edits)
        return True

    def run_parts(self, parts: Sequence[tuple[int, int, RuleSet, RuleContext]]) -> None:
        """Apply each part's rules to that part alone. Parts are ordered and cover the text."""
        edits: list[Edit] = []
        for start, end, rules, ctx in parts:
            part = _Unit(self.text[start:end], self._disabled, self._failed)
            part.protected = [(a - start, b - start) for a, b in self.protected if start <= a and b <= end]
            part.run(rules, ctx)
            out_pos, src_pos = 0, start
            for out_len, src_len in part.pieces:
                replacement = part.text[out_pos : out_pos + out_len]
                if replacement != self.text[src_pos : src_pos + src_len]:
                    edits.append(Edit(src_pos, src_pos + src_len, replacement))
                out_pos += out_len
                src_pos += src_len
        if edits:
            self._take(rewrite(self.text, edits), edits)

    def protect(self, edits: list[Edit]) -> None:
        """Apply the user's own replacements and keep every later rule off them."""
        if not edits:
            return
        self._take(rewrite(self.text, edits), edits)
        shift = 0
        for start, end, replacement in edits:
            self.protected.append((start + shift, start + shift + len(replacement)))
            shift += len(replacement) - (end - start)
        self.protected.sort()

    def _take(self, text: str, edits: list[Edit]) -> None:
        """``text`` is what ``edits`` make of the text."""
        self.text = text
        self.pieces = compose(self.pieces, edits)
        if self.protected:
            self.protected = _shifted(self.protected, edits)

    def _is_protected(self, edit: Edit) -> bool:
        return any(start < edit.end and edit.start < end for start, end in self.protected)


def _shifted(ranges: list[tuple[int, int]], edits: Sequence[Edit]) -> list[tuple[int, int]]:
    """``ranges`` moved by edits that touch none of them."""
    moved, shift, queue = [], 0, iter(edits)
    edit = next(queue, None)
    for start, end in ranges:
        while edit is not None and edit.end <= start:
            shift += len(edit.replacement) - (edit.end - edit.start)
            edit = next(queue, None)
        moved.append((start + shift, end + shift))
    return moved


_DEFAULT = Normalizer()


def normalize(
    text: str,
    lang_hint: str = "auto",
    *,
    lexicon: Lexicon | None = None,
    disabled: Iterable[str] = frozenset(),
) -> NormText:
    """``text`` as it is said, with default settings. See ``Normalizer.normalize``."""
    return _DEFAULT.normalize(text, lang_hint, lexicon=lexicon, disabled=disabled)
