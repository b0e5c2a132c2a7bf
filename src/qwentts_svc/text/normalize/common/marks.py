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


class ExcessMarks:
    """Drops marks stacked beyond ``MAX_MARKS``; also what keeps composition linear."""

    name = "marks"
    triggers = None

    def apply(self, text: str, ctx: RuleContext) -> Iterator[Edit]:
        if not text.isascii():
            for match in _EXCESS.finditer(text):
                yield Edit(match.start(), match.end(), "")


class Compose:
    """Unicode normalization form C, as edits of the runs that change."""

    name = "nfc"
    triggers = None

    def apply(self, text: str, ctx: RuleContext) -> Iterator[Edit]:
        if text.isascii() or unicodedata.is_normalized("NFC", text):
            return
        for match in _RUN.finditer(text):
            run = match.group()
            composed = unicodedata.normalize("NFC", run)
            if composed != run:
                yield Edit(match.start(), match.end(), composed)


RULES: tuple[Rule, ...] = (ExcessMarks(), Compose())
