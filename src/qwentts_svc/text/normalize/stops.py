"""Which words are shortened: those right before a full stop, slash or hyphen."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from qwentts_svc.text.normalize.rule import WordGate

__all__ = ["shortened"]

_SIGN = re.compile("[./-]")
_LETTERS_LAST = re.compile(r"[^\W\d_]{1,9}\Z")


def shortened(words: Iterable[str]) -> WordGate:
    """A gate for texts in which one of ``words`` (eight letters at most, in any letter case) stands before a stop,
    slash or hyphen."""
    known = frozenset(word.lower() for word in words)

    return WordGate(lambda word: not known.isdisjoint(_before_signs(word)), _SIGN)


@lru_cache(maxsize=2)
def _before_signs(word: str) -> tuple[str, ...]:
    """The letters before each sign in ``word``, in small ones. Remembered, for many gates in a row ask of one word."""
    found = (_LETTERS_LAST.search(part) for part in _SIGN.split(word)[:-1])
    return tuple(letters.group().lower() for letters in found if letters is not None)
