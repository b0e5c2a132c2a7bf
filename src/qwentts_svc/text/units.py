"""Cut a text into small normalization units at places that a bounded look-ahead decides.

Whole texts and texts that arrive in pieces are normalized over the *same* units, so that they read the same by
construction. A cut lies before a plain word, and only where no number, date, amount, abbreviation or address is near:
after a token with a digit three plain words must follow, after any other token that is not a plain word one. A newline
always cuts. A unit that finds no such place is cut after ``LIMIT_CHARS``, at a space if it has one.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import regex

from qwentts_svc.text.abbreviations import LONG

__all__ = ["LIMIT_CHARS", "Unit", "iter_units", "next_unit", "trailing_words"]

LIMIT_CHARS = 160
"""No unit is longer; no cut needs to see more of the text than this and one character."""

_CJK = r"\p{Han}\p{Hiragana}\p{Katakana}ー。、，！？；：「」『』（）"
# Text without spaces is taken four characters at a time.
_CJK_RUN = rf"(?:[{_CJK}]\p{{M}}*+){{1,4}}+"
_TOKEN = regex.compile(rf"{_CJK_RUN}|[^\s{_CJK}]++|\n")
_CJK_TOKEN = regex.compile(_CJK_RUN)
_CAPITALS = r"\p{Lu}(?:['’\-]?\p{Lu})+s?"
_ROMAN = r"(?:[IVXLCDMІХСМ]{2,}|[ivx]{2,})"
# Letters left out in the middle: "Int'l", "gov't", but not "don't".
_CONTRACTED = r"\p{L}+['’](?:l|n|(?<!n['’])t)"
_CONSONANTS = r"(?:[a-zA-ZгжбнлрмдйзхцчшщъьГЖБНЛРМДЙЗХЦЧШЩЪЬ]|(?i:[bcdfghjklmnpqrstvwxzбвгджзйклмнпрстфхцчшщъь]){2,})"
_PLAIN_WORD = regex.compile(
    rf"[\"'«“‘„(\[¿¡]?+(?!(?:{_CAPITALS}|{_CONSONANTS}|{_ROMAN}|{_CONTRACTED})(?!\p{{L}}))\p{{L}}\p{{M}}*(?:['’\-]?[\p{{L}}\p{{M}}])*+"
    r"(?:[\"'»”’)\],;:!?…]*+|(?<=\p{L}{5})\.[\"'»”’)]?)"
)
_UNTOUCHED = regex.compile(
    r"(?!.*[\ufb00-\ufb06\uff21-\uff5a\U0001d400-\U0001d7ff])[\p{L}\p{M}]++(?:'[\p{L}]++)?[,;:.!?]?|" + _CJK_RUN
)
_NUMERIC = regex.compile(rf"[\p{{N}}\p{{Sc}}%‰№#°+=<>±]|(?<!\p{{L}}){_ROMAN}(?!\p{{L}})")
_AFTER_NUMBER = 3
_AFTER_OTHER = 1
_TRAILING = 3
_LEFT_CHARS = 2 * LIMIT_CHARS
_LAST_SPACE = regex.compile(r"(?r)\s(?=\S)")
_CLUSTER_START = regex.compile(r"(?r)(?<=.{120,})[^\p{M}\u200d\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]", regex.DOTALL)


@lru_cache(maxsize=8192)
def _weigh(token: str) -> tuple[int, bool]:
    """How many plain words must follow ``token`` before a cut (0 for a plain word); is it said as it is written?"""
    if (_PLAIN_WORD.fullmatch(token) and not _is_shortened(token)) or _CJK_TOKEN.fullmatch(token):
        return 0, _UNTOUCHED.fullmatch(token) is not None
    return (_AFTER_NUMBER if _NUMERIC.search(token) else _AFTER_OTHER), False


def _is_shortened(token: str) -> bool:
    word, stop, _ = token.strip("\"'«“‘„»”’()[]").partition(".")
    return bool(stop) and word.lower() in LONG


class Unit(NamedTuple):
    """Where a unit ends, and whether every token of it is an ordinary word that no rule changes."""

    end: int
    untouched: bool


def next_unit(text: str, start: int, *, final: bool) -> Unit | None:
    """The unit that begins at ``start``; None if that depends on text after the known one.

    ``final``: nothing follows ``text``. Depends on at most ``LIMIT_CHARS + 1`` characters from ``start`` on.
    """
    size = len(text)
    if start >= size:
        return None
    limit = start + LIMIT_CHARS
    known = min(size, limit + 1)
    last = final and size <= limit
    needed, untouched, before = -1, True, start
    for match in _TOKEN.finditer(text, start, known):
        token = match.group()
        untouched = untouched and match.start() - before <= 1  # of several blanks one is left
        before = match.end()
        if token == "\n":
            if match.start() >= limit:
                break
            return Unit(match.end(), untouched)
        if match.end() >= known and not last:
            break  # The token may go on, or does so beyond the limit.
        weight, as_written = _weigh(token)
        if weight == 0 and needed == 0:
            return Unit(match.start(), untouched)
        needed = max(weight, needed) if weight else max(needed - 1, 0)
        untouched = untouched and as_written
    if last:
        return Unit(size, untouched and size - before <= 1)
    return None if size <= limit else Unit(_forced_cut(text, start, limit), False)


def _forced_cut(text: str, start: int, limit: int) -> int:
    space = _LAST_SPACE.search(text, start, limit)
    if space is not None and space.end() > start:
        return space.end()
    window = text[start:limit]
    cluster = _CLUSTER_START.search(window)
    return start + cluster.start() if cluster is not None else limit


def iter_units(text: str) -> Iterator[tuple[int, int]]:
    """(start, end) of the units, in order, without gaps. Lazy; linear in the text."""
    start = 0
    while (unit := next_unit(text, start, final=True)) is not None:
        yield start, unit.end
        start = unit.end


def trailing_words(text: str) -> tuple[str, bool]:
    """The plain words that ``text`` ends with (at most three, spaces kept), and whether that is all of it.

    They are what the next unit is read after ("in the course of" + "5 days"); none across a line or sentence end.
    """
    tokens = list(_TOKEN.finditer(text, max(0, len(text) - _LEFT_CHARS)))
    start, count = len(text), 0
    for match in reversed(tokens):
        token = match.group()
        if count == _TRAILING or _weigh(token)[0] or token == "\n" or token[-1] in ".!?…。！？":
            return text[start:], False
        start, count = match.start(), count + 1
    return (text, True) if len(text) <= _LEFT_CHARS else (text[start:], False)
