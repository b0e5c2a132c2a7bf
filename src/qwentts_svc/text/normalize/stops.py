"""Which words are shortened: those right before a full stop, slash or hyphen."""

from __future__ import annotations

import re
from collections.abc import Iterable

from qwentts_svc.text.normalize.rule import WordGate

__all__ = ["shortened"]

_SIGN = re.compile("[./-]")
_LETTERS_LAST = re.compile(r"[^\W\d_]{1,9}\Z")


def shortened(words: Iterable[str]) -> WordGate:
    """A gate for texts in which one of ``words`` (eight letters at most, in any letter case) stands before a stop,
    slash or hyphen."""
    known = frozenset(word.lower() for word in words)

    def is_shortened(word: str) -> bool:
        letters = (_LETTERS_LAST.search(part) for part in _SIGN.split(word)[:-1])
        return any(found is not None and found.group().lower() in known for found in letters)

    return WordGate(is_shortened, _SIGN)
