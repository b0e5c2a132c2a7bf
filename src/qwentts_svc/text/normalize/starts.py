"""Where in a text a compiled pattern can begin to match at all.

Most patterns of the rules begin with a digit, a sign or a capital after a lookbehind, which the expression engine can
only try at every character. The characters that a match can begin with are read off the pattern once, so that it is
tried at those few places alone. A pattern that may begin with a common character is searched for as usual.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterable
from functools import cache, lru_cache
from typing import Any

_MAX_CHARS = 400
_parser: Any = importlib.import_module("re._parser")
"""The standard library's own view of a pattern; it has no public name since ``sre_parse`` was retired."""


class Starts:
    """Places of ``chars``, without those right after one of ``blocked``, where the pattern's lookbehind fails."""

    def __init__(self, chars: frozenset[str], blocked: frozenset[str]) -> None:
        self.chars = chars
        self.blocked = blocked
        self._find = re.compile("[" + re.escape("".join(sorted(chars))) + "]").finditer

    def places(self, text: str) -> list[int]:
        """Offsets in order, worked out once for the rules that ask it of the same text one after another."""
        return _places(self, text)

    def find(self, text: str) -> list[int]:
        """Offsets in order."""
        blocked = self.blocked
        found = [match.start() for match in self._find(text)]
        if blocked:
            return [at for at in found if not at or text[at - 1] not in blocked]
        return found


@lru_cache(maxsize=128)
def _places(starts: Starts, text: str) -> list[int]:
    return starts.find(text)


@cache
def _shared(chars: frozenset[str], blocked: frozenset[str]) -> Starts:
    return Starts(chars, blocked)


def starts_of(pattern: re.Pattern[str]) -> Starts | None:
    """Where ``pattern`` can match; None if that may be nearly anywhere, or cannot be told."""
    parsed = _parser.parse(pattern.pattern, pattern.flags)
    chars, empty = _first(parsed)
    if chars is None or empty or not chars or len(chars) > _MAX_CHARS:
        return None
    if pattern.flags & re.IGNORECASE and any(char.isalpha() for char in chars):
        return None
    if any(char.islower() or char.isspace() for char in chars):
        return None
    return _shared(frozenset(chars), frozenset(char for char in chars if _stops(parsed, char)))


def _first(items: Iterable[tuple[Any, Any]]) -> tuple[set[str] | None, bool]:
    """The characters that a match of the sequence may begin with (None: unknown), and whether it may be empty."""
    chars: set[str] = set()
    for code, value in items:
        found, empty = _first_of(str(code), value)
        if found is None:
            return None, False
        chars |= found
        if not empty:
            return chars, False
    return chars, True


def _first_of(code: str, value: Any) -> tuple[set[str] | None, bool]:
    match code:
        case "AT" | "ASSERT" | "ASSERT_NOT":
            return set(), True
        case "LITERAL":
            return {chr(value)}, False
        case "IN":
            return _class(value), False
        case "ATOMIC_GROUP":
            return _first(value)
        case "SUBPATTERN":
            _group, added, removed, items = value
            return (None, False) if added or removed else _first(items)
        case "BRANCH":
            parts = [_first(items) for items in value[1]]
            if any(chars is None for chars, _ in parts):
                return None, False
            return set[str]().union(*(chars or () for chars, _ in parts)), any(empty for _, empty in parts)
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            low, _high, items = value
            chars, empty = _first(items)
            return chars, empty or low == 0
        case _:
            return None, False


def _class(members: Iterable[tuple[Any, Any]]) -> set[str] | None:
    """The characters of a class in brackets; None for one that is negated, wide, or has a category in it."""
    chars: set[str] = set()
    for code, value in members:
        if str(code) == "LITERAL":
            chars.add(chr(value))
        elif str(code) == "RANGE" and value[1] - value[0] < _MAX_CHARS:
            chars.update(map(chr, range(value[0], value[1] + 1)))
        else:
            return None
    return chars


def _stops(items: Iterable[tuple[Any, Any]], char: str) -> bool:
    """Whether a lookbehind that the sequence begins with rules out a match right after ``char``."""
    for code, value in items:
        name = str(code)
        if name == "ASSERT_NOT":
            direction, inner = value
            if direction < 0 and len(inner) == 1 and _holds(inner[0], char):
                return True
        elif name not in ("AT", "ASSERT"):
            return False
    return False


def _holds(item: tuple[Any, Any], char: str) -> bool:
    """Whether the one-character item surely matches ``char``."""
    code, value = str(item[0]), item[1]
    if code == "LITERAL":
        return chr(value) == char
    if code != "IN":
        return False
    for member, detail in value:
        name = str(member)
        if name == "NEGATE":
            return False
        if (
            (name == "LITERAL" and chr(detail) == char)
            or (name == "RANGE" and detail[0] <= ord(char) <= detail[1])
            or (name == "CATEGORY" and str(detail) == "CATEGORY_WORD" and (char.isalnum() or char == "_"))
        ):
            return True
    return False
