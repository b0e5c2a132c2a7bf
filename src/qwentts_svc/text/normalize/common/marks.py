"""Combining marks: composed (NFC), and no more of them on one letter than any language writes."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

import regex

from qwentts_svc.text.dirt import MAX_MARKS
from qwentts_svc.text.normalize.rule import Edit, Rule, RuleContext

_EXCESS = regex.compile(rf"(?<=\p{{M}}{{{MAX_MARKS}}})\p{{M}}+")
# Composition never reaches back over an ASCII character, so these runs can be composed one by one.
_RUN = regex.compile(r"[\x00-\x7f]?[^\x00-\x7f]+")

# Only the first two planes and the variation selectors have marks.
_MARKED = "".join(map(chr, (*range(0x20000), *range(0xE0100, 0xE01F0))))
_MARKS = frozenset(regex.findall(r"\p{M}", _MARKED))


class ExcessMarks:
    """Drops marks stacked beyond ``MAX_MARKS``; also what keeps composition linear."""

    name = "marks"
    triggers = _MARKS

    def gate(self, text: str) -> bool:
        """See ``Rule``."""
        return _EXCESS.search(text) is not None

    def apply(self, text: str, ctx: RuleContext) -> list[Edit]:
        """See ``Rule``."""
        return [Edit(match.start(), match.end(), "") for match in _EXCESS.finditer(text)]


class Compose:
    """Unicode normalization form C, as edits of the runs that change."""

    name = "nfc"
    triggers = None

    def gate(self, text: str) -> bool:
        """See ``Rule``."""
        return not text.isascii() and not unicodedata.is_normalized("NFC", text)

    def apply(self, text: str, ctx: RuleContext) -> Iterator[Edit]:
        """See ``Rule``."""
        for match in _RUN.finditer(text):
            run = match.group()
            composed = unicodedata.normalize("NFC", run)
            if composed != run:
                yield Edit(match.start(), match.end(), composed)


RULES: tuple[Rule, ...] = (ExcessMarks(), Compose())
