"""Whole words that a compiled pattern cannot match without, and the words that a text has.

Many patterns of the rules ask for one of a few words ("room", "flight", "тел."). Most texts have none of them, and
looking words up in a set costs far less than running the pattern. Letter case does not count.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, TypeAlias

from qwentts_svc.text.normalize.parsed import parsed

__all__ = ["CONFUSED", "words_in", "words_of"]

Chars: TypeAlias = frozenset[str]
Texts: TypeAlias = frozenset[str]
"""What a part of a pattern can match: letters in small ones, ``_EDGE`` for what is no part of a word or for the edge of
one, ``_STOP`` for a full stop, ``_ANY`` for any text, the empty one included."""

_ANY = "?"
_EDGE = "|"
_STOP = "."
_EDGES = (_EDGE, _STOP)
_UNKNOWN: Texts = frozenset((_ANY,))
_EMPTY: Texts = frozenset(("",))
_AT_EDGE: Texts = frozenset((_EDGE,))
_AT_STOP: Texts = frozenset((_STOP,))
_MAX_TEXTS = 3000
_MAX_MEMBERS = 12
_LONGEST = 14
"""Letters of the longest word that is looked for."""
_LENGTH = 2
_SETS_PER_PATTERN = 3
_COMMON = frozenset(["a", "and", "in", "of", "on", "the", "to", "was", "в", "и", "на", "не", "он", "с", "что"])
_RUN = re.compile(r"\w+\.?")
_WORD = re.compile(r"(?<![^|.])([^|.?]+)(?=([|.]))")


@cache
def _confused() -> Chars:
    every = "".join(map(chr, range(0x80, 0x20000)))
    found = re.findall("[a-zа-яё]", every, re.IGNORECASE)
    return frozenset(char for char in found if re.fullmatch("[a-zа-яё]", char.lower()) is None)


CONFUSED = _confused()
"""Characters that the expression engine takes for letters which they are not in small ones either. Nothing can be told
of the words of a text that has one."""


def words_in(text: str) -> set[str]:
    """The words of ``text`` in small letters; those before a full stop both with it and without."""
    parts = set(text.lower().split())
    mixed = [part for part in parts if not part.isalnum()]
    parts.difference_update(mixed)
    # What has a sign in it is a small part of most texts; a newline keeps it apart.
    for word in _RUN.findall("\n".join(mixed)):
        parts.add(word)
        if word[-1] == _STOP:
            parts.add(word[:-1])
    return parts


def words_of(pattern: re.Pattern[str]) -> tuple[Texts, ...]:
    """Sets of words of each of which every text with a match has one; few but sure."""
    if pattern.flags & re.ASCII:
        return ()
    needs: list[Texts] = []
    _note(_sequence(parsed(pattern), _UNKNOWN, needs, sure=True), needs)
    return tuple(sorted(dict.fromkeys(needs), key=len)[:_SETS_PER_PATTERN])


def _note(texts: Texts, needs: list[Texts]) -> None:
    """Add what all of ``texts`` need, if it tells anything."""
    chosen: set[str] = set()
    for text in texts:
        parts = [part + after.strip(_EDGE) for part, after in _WORD.findall(text, 1)]
        if not parts:
            return
        chosen.add(max(parts, key=lambda part: (not part[0].isdigit(), len(part))))
    if chosen and chosen.isdisjoint(_COMMON) and max(map(len, chosen)) <= _LONGEST:
        needs.append(frozenset(chosen))


def _sequence(items: Iterable[tuple[Any, Any]], before: Texts, needs: list[Texts], *, sure: bool) -> Texts:
    """``before`` continued by the items. ``sure``: every match goes through them, so that what they need is needed."""
    now = before
    for code, value in _flat(items):
        texts = _texts(str(code), value)
        if len(now) * len(texts) > _MAX_TEXTS:
            if sure:
                head = (_EDGE if all(text.startswith(_EDGES) for text in texts) else "") + _ANY
                _note(frozenset(_joined(one, head) for one in now), needs)
            now = frozenset((_EDGE if all(text.endswith(_EDGES) for text in texts) else _ANY,))
            continue
        now = frozenset(_joined(one, other) for one in now for other in texts)
    return now


def _flat(items: Iterable[tuple[Any, Any]]) -> Iterator[tuple[Any, Any]]:
    """The items, those of groups in their place."""
    for code, value in items:
        match str(code):
            case "SUBPATTERN":
                yield from _flat(value[3])
            case "ATOMIC_GROUP":
                yield from _flat(value)
            case _:
                yield code, value


def _joined(one: str, other: str) -> str:
    if (one.endswith(_ANY) and other.startswith(_ANY)) or (one.endswith(_EDGE) and other.startswith(_EDGE)):
        return one + other[1:]
    return one + other


def _inner(items: Iterable[tuple[Any, Any]]) -> Texts:
    return _sequence(items, _EMPTY, [], sure=False)


def _texts(kind: str, value: Any) -> Texts:
    match kind:
        case "LITERAL":
            return _letter(chr(value))
        case "IN":
            return _class(value)
        case "AT":
            return _EMPTY if str(value) == "AT_NON_BOUNDARY" else _AT_EDGE
        case "ASSERT":
            return _around(value[0], _inner(value[1]))
        case "ASSERT_NOT":
            return _AT_EDGE if _refuses_words(value[1]) else _EMPTY
        case "BRANCH":
            found = frozenset[str]().union(*map(_inner, value[1]))
            return found if len(found) <= _MAX_TEXTS else _UNKNOWN
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            low, high, items = value
            once = _inner(items)
            if high == 1:
                return once if low else once | _EMPTY
            if once in (_AT_EDGE, _AT_STOP):
                once = _AT_EDGE
                return once if low else once | _EMPTY
            return frozenset(_joined(text, _ANY) for text in once) if low else _UNKNOWN
        case _:
            return _UNKNOWN


def _around(direction: int, inner: Texts) -> Texts:
    """What an assertion of ``inner`` tells. What it looks at is told again by the items beside it."""
    worded = [part for text in inner for part in re.split(r"[|.?]", text) if len(part) >= _LENGTH]
    if worded:
        return frozenset(_joined(text, _ANY) if direction > 0 else _joined(_ANY, text) for text in inner)
    if inner and all(text.startswith(_EDGES) if direction > 0 else text.endswith(_EDGES) for text in inner):
        return _AT_EDGE
    return _EMPTY


def _refuses_words(items: Any) -> bool:
    """Whether an assertion that ``items`` are not there keeps all letters, digits and underscores away."""
    if len(items) != 1:
        return False
    code, value = str(items[0][0]), items[0][1]
    if code == "IN":
        return any(str(member) == "CATEGORY" and str(detail) == "CATEGORY_WORD" for member, detail in value)
    if code == "BRANCH":
        return any(_refuses_words(part) for part in value[1])
    return code == "SUBPATTERN" and _refuses_words(value[3])


def _letter(char: str) -> Texts:
    if char.isalnum() or char == "_":
        low = char.lower()
        return frozenset((low,)) if (len(low) == 1 and low.isascii()) or "а" <= low <= "ё" else _UNKNOWN
    return _AT_STOP if char == _STOP else _AT_EDGE


def _class(members: Any) -> Texts:
    """The characters of a class in brackets."""
    found: set[str] = set()
    for code, value in members:
        match str(code):
            case "LITERAL":
                found |= _letter(chr(value))
            case "RANGE" if not chr(value[0]).isdigit() and value[1] - value[0] < _MAX_MEMBERS:
                for point in range(value[0], value[1] + 1):
                    found |= _letter(chr(point))
            case "CATEGORY" if str(value) == "CATEGORY_SPACE" or str(value) == "CATEGORY_NOT_WORD":
                found |= _AT_EDGE
            case _:
                return _UNKNOWN
        if len(found) > _MAX_MEMBERS or _ANY in found:
            return _UNKNOWN
    return frozenset(found)
