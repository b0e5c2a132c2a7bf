"""The user's own replacements, by word or by pattern. They go before every rule, and no rule touches them after."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import regex

from qwentts_svc.errors import InputError
from qwentts_svc.text.normalize.rule import Edit

MAX_ENTRIES = 5000
MAX_PATTERNS = 200
MAX_CHARS = 500
PATTERN_BUDGET_S = 0.25
"""Time that all patterns of one lexicon may spend on one text; what is over it is cut off."""

GROWTH_BUDGET_CHARS = 1_000_000
"""Characters that one lexicon may write into one text; replacements beyond it are left out."""

_FIELD = "lexicon"
_GROUP = regex.compile(r"\\(?:(\d{1,2})|g<(\w{1,40})>|(.?))", regex.DOTALL)


@dataclass(frozen=True, slots=True)
class LexiconEntry:
    """``word``: whole words, compared without case unless ``match_case``. ``pattern=True``: a regular expression, whose
    groups may be used in ``replacement`` as ``\\1`` or ``\\g<name>``."""

    word: str
    replacement: str
    pattern: bool = False
    match_case: bool = False


class Lexicon:
    """Compiled, immutable entries. Words go before patterns, longer words before shorter, patterns in given order."""

    def __init__(self, entries: Iterable[LexiconEntry]) -> None:
        """Raises ``InputError`` naming the entry that is empty, too long, not a valid pattern, or one too many."""
        self.entries = tuple(entries)
        if len(self.entries) > MAX_ENTRIES:
            raise InputError(
                f"lexicon has {len(self.entries)} entries, at most {MAX_ENTRIES} are allowed", field=_FIELD
            )
        for index, entry in enumerate(self.entries):
            _check(index, entry)
        patterns = [(index, entry) for index, entry in enumerate(self.entries) if entry.pattern]
        if len(patterns) > MAX_PATTERNS:
            raise InputError(f"lexicon has {len(patterns)} patterns, at most {MAX_PATTERNS} are allowed", field=_FIELD)
        self._exact = {entry.word: entry.replacement for entry in self._words(match_case=True)}
        self._folded = {entry.word.casefold(): entry.replacement for entry in self._words(match_case=False)}
        self._word_patterns = [
            (_word_pattern([entry.word for entry in self._words(match_case=case)], match_case=case), case)
            for case in (True, False)
            if any(self._words(match_case=case))
        ]
        self._patterns = [(_compile(index, entry), entry.replacement) for index, entry in patterns]

    @classmethod
    def from_words(cls, words: Mapping[str, str]) -> Lexicon:
        """A lexicon of whole words compared without case."""
        return cls(LexiconEntry(word, replacement) for word, replacement in words.items())

    def start(self, failed: Callable[[str, Exception], None]) -> LexiconRun:
        """The state of one text: its time budget and the patterns still trusted."""
        return LexiconRun(self, failed)

    def word_edits(self, text: str) -> list[Edit]:
        """Edits of the word entries, ordered, not overlapping."""
        edits: list[Edit] = []
        for pattern, match_case in self._word_patterns:
            for match in pattern.finditer(text):
                word = match.group()
                found = self._exact.get(word) if match_case else self._folded.get(word.casefold())
                if found is not None:
                    edits.append(Edit(match.start(), match.end(), found))
        return _disjoint(edits)

    @property
    def patterns(self) -> Sequence[tuple[regex.Pattern[str], str]]:
        """Compiled patterns and their replacement templates."""
        return self._patterns

    def _words(self, *, match_case: bool) -> list[LexiconEntry]:
        return [entry for entry in self.entries if not entry.pattern and entry.match_case == match_case]


class LexiconRun:
    """A lexicon at work on one text."""

    def __init__(self, lexicon: Lexicon, failed: Callable[[str, Exception], None]) -> None:
        self._lexicon = lexicon
        self._failed = failed
        self._left_s = PATTERN_BUDGET_S
        self._left_chars = GROWTH_BUDGET_CHARS
        self._patterns = list(lexicon.patterns)

    def edits(self, text: str, taken: Sequence[tuple[int, int]]) -> list[Edit]:
        """Edits on ``text`` outside of the ``taken`` ranges."""
        edits = self._lexicon.word_edits(text)
        for item in tuple(self._patterns):
            edits += self._pattern_edits(text, item)
        if taken:
            edits = [edit for edit in edits if not any(a < edit.end and edit.start < b for a, b in taken)]
        edits = _disjoint(edits)
        if self._left_chars <= 0:
            return []
        self._left_chars -= sum(len(edit.replacement) for edit in edits)
        return edits

    def _pattern_edits(self, text: str, item: tuple[regex.Pattern[str], str]) -> list[Edit]:
        pattern, template = item
        if self._left_s <= 0:
            return []
        found = []
        start = time.perf_counter()
        try:
            for match in pattern.finditer(text, timeout=self._left_s):
                if match.end() > match.start():
                    found.append(Edit(match.start(), match.end(), _expand(match, template)))
        except TimeoutError as error:
            self._patterns.remove(item)
            self._failed(_FIELD, error)
            return []
        finally:
            self._left_s -= time.perf_counter() - start
        return found


def _check(index: int, entry: LexiconEntry) -> None:
    for name, value in (("word", entry.word), ("replacement", entry.replacement)):
        if len(value) > MAX_CHARS:
            raise InputError(f"lexicon entry {index}: {name} is longer than {MAX_CHARS} characters", field=_FIELD)
    if not entry.word.strip():
        raise InputError(f"lexicon entry {index}: word is empty", field=_FIELD)


def _word_pattern(words: Sequence[str], *, match_case: bool) -> regex.Pattern[str]:
    flags = 0 if match_case else regex.IGNORECASE | regex.FULLCASE
    return regex.compile(r"(?<!\w)\L<words>(?!\w)", flags=flags, words=list(words))


def _compile(index: int, entry: LexiconEntry) -> regex.Pattern[str]:
    try:
        pattern = regex.compile(entry.word, 0 if entry.match_case else regex.IGNORECASE)
    except (regex.error, ValueError, OverflowError, RecursionError) as error:
        raise InputError(f"lexicon entry {index}: not a valid pattern ({error})", field=_FIELD) from error
    for group in _GROUP.finditer(entry.replacement):
        number, name = group.group(1), group.group(2)
        if (number and int(number) > pattern.groups) or (name and name not in pattern.groupindex):
            raise InputError(f"lexicon entry {index}: the pattern has no group {number or name!r}", field=_FIELD)
    return pattern


def _expand(match: regex.Match[str], template: str) -> str:
    def value(group: regex.Match[str]) -> str:
        if group.group(1):
            return match.group(int(group.group(1))) or ""
        return (match.group(group.group(2)) or "") if group.group(2) else (group.group(3) or "\\")

    return _GROUP.sub(value, template)


def _disjoint(edits: list[Edit]) -> list[Edit]:
    """Ordered; of two that overlap, the one that starts first, of those the longer."""
    kept: list[Edit] = []
    for edit in sorted(edits, key=lambda edit: (edit.start, -edit.end)):
        if not kept or edit.start >= kept[-1].end:
            kept.append(edit)
    return kept
