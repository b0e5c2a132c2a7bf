"""Which short words of a text stand right before a full stop, slash or hyphen: a look that spares most texts the
patterns of shortened words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache

__all__ = ["shortened", "stopped_words"]

_LONGEST = 9
_SIGN = re.compile("[./-]")
_LETTERS_LAST = re.compile(r"[^\W\d_]+\Z")


@lru_cache(maxsize=8)
def stopped_words(text: str) -> frozenset[str]:
    """The words before each ``.``, ``/`` and ``-``, in small letters; of longer ones the last letters alone."""
    found = set()
    for part in _SIGN.split(text)[:-1]:
        word = part[-_LONGEST:].rpartition(" ")[2]
        if not word.isalpha():
            letters = _LETTERS_LAST.search(word)
            if letters is None:
                continue
            word = letters.group()
        found.add(word.lower())
    return frozenset(found)


def shortened(words: Iterable[str]) -> Callable[[str], bool]:
    """A test that every text passes in which one of ``words`` (eight letters at most, in any letter case) stands before
    a stop, slash or hyphen."""
    known = frozenset(word.lower() for word in words)

    def passes(text: str) -> bool:
        return not known.isdisjoint(stopped_words(text))

    return passes
