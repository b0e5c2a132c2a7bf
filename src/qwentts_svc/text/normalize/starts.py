"""What a compiled pattern says about the texts it can match: where a match can begin, and what it cannot do without.

Most patterns of the rules begin with a digit, a sign, a capital or a certain word after a lookbehind, which the
expression engine can only try at every character. Both facts are read off the pattern once, so that a rule is run only
on text that has what it needs, and tried only at the few places where it can match.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Any

from qwentts_svc.text.normalize.parsed import parsed

_MAX_CHARS = 400
_MAX_COMMON = 14
"""Small letters at which a word may begin: with more of them too many places are looked at."""
_MAX_NEEDED = 100
_CATEGORIES = {"CATEGORY_WORD": r"\w", "CATEGORY_DIGIT": r"\d", "CATEGORY_SPACE": r"\s"}


class Starts:
    """Places where one of a set of characters stands; ``fresh``: and not right after a letter, digit or underscore."""

    def __init__(self, chars: frozenset[str], *, fresh: bool) -> None:
        # A class comes first: the expression engine skips to its characters at once, and looks behind them then.
        wanted = re.compile(f"[{re.escape(''.join(sorted(chars)))}]" + (r"(?<!\w.)" if fresh else ""))
        self.places = wanted.finditer
        """Finds, in order, all places of a text at which a match may begin, and few more."""

    def matches(self, pattern: re.Pattern[str], text: str) -> list[re.Match[str]]:
        """What ``pattern.finditer`` would give, tried at ``places`` alone."""
        found: list[re.Match[str]] = []
        match_at, end = pattern.match, 0
        for place in self.places(text):
            at = place.start()
            if at >= end and (match := match_at(text, at)) is not None:
                found.append(match)
                end = match.end()
        return found


_shared = cache(Starts)


def starts_of(pattern: re.Pattern[str]) -> Starts | None:
    """Where ``pattern`` can match; None if that may be nearly anywhere, or cannot be told."""
    items = parsed(pattern)
    chars, empty = _first(items)
    if not chars or empty or len(chars) > _MAX_CHARS:
        return None
    behind = _not_behind(items, words=all(_is_word(char) for char in chars))
    fresh = r"\w" in behind
    if pattern.flags & re.IGNORECASE or "(?i" in pattern.pattern:
        return None
    if sum(map(_is_common, chars)) > (_MAX_COMMON if fresh else 0):
        return None
    return _shared(frozenset(chars), fresh=fresh)


def needs_of(pattern: re.Pattern[str]) -> tuple[frozenset[str], ...]:
    """Sets of characters of each of which every text with a match has one; letters and blanks aside, few but sure."""
    if pattern.flags & re.IGNORECASE:
        return ()
    return tuple(dict.fromkeys(_needed(parsed(pattern))))


def _first(items: Iterable[tuple[Any, Any]]) -> tuple[set[str] | None, bool]:
    """The characters that a match of the sequence may begin with (None: unknown), and whether it may be empty."""
    chars: set[str] = set()
    ahead: set[str] | None = None
    """What a lookahead at the very start asks for."""
    for code, value in items:
        kind = str(code)
        if kind == "ASSERT" and value[0] > 0 and not chars:
            asked, empty = _first(value[1])
            ahead = ahead if empty else asked
            continue
        found, empty = _first_of(kind, value)
        if found is None:
            return ahead, False
        chars |= found
        if not empty:
            return chars, False
    return (chars, True) if ahead is None else (ahead, False)


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
            return _first(value[3])
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


def _needed(items: Iterable[tuple[Any, Any]]) -> list[frozenset[str]]:
    """Rare characters of which any match of the sequence, or what must stand around it, has one; one set per place."""
    sets: list[frozenset[str]] = []
    for code, value in items:
        match str(code):
            case "LITERAL":
                sets.append(frozenset(chr(value)))
            case "IN":
                sets.append(frozenset(_class(value) or ()))
            case "ATOMIC_GROUP":
                sets += _needed(value)
            case "ASSERT":
                sets += _needed(value[1])
            case "SUBPATTERN" if not value[1] and not value[2]:
                sets += _needed(value[3])
            case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT" if value[0]:
                sets += _needed(value[2])
            case "BRANCH":
                parts = [_needed(part) for part in value[1]]
                if all(parts):
                    sets.append(frozenset[str]().union(*(min(part, key=len) for part in parts)))
            case _:
                pass
    return [chars for chars in sets if 0 < len(chars) <= _MAX_NEEDED and not any(map(_is_common, chars))]


def _is_common(char: str) -> bool:
    return char.islower() or char.isspace()


def _is_word(char: str) -> bool:
    return char.isalnum() or char == "_"


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


def _not_behind(items: Iterable[tuple[Any, Any]], *, words: bool) -> set[str]:
    """Classes, as written in brackets, of characters that must not stand before a match of the sequence."""
    kinds: set[str] = set()
    for code, value in items:
        name = str(code)
        if name == "ASSERT_NOT":
            direction, inner = value
            if direction < 0 and len(inner) == 1:
                kinds |= _kinds(inner[0])
        elif name == "AT":
            if words and str(value) == "AT_BOUNDARY":
                kinds.add(r"\w")
        elif name != "ASSERT":
            break
    return kinds


def _kinds(item: tuple[Any, Any]) -> set[str]:
    code, value = str(item[0]), item[1]
    members = [(item[0], value)] if code == "LITERAL" else value if code == "IN" else []
    kinds: set[str] = set()
    for member, detail in members:
        match str(member):
            case "LITERAL":
                kinds.add(re.escape(chr(detail)))
            case "RANGE":
                kinds.add(f"{re.escape(chr(detail[0]))}-{re.escape(chr(detail[1]))}")
            case "CATEGORY" if str(detail) in _CATEGORIES:
                kinds.add(_CATEGORIES[str(detail)])
            case _:
                return set()
    return kinds
