"""Pairs of neighbouring characters that a compiled pattern cannot match without, and the pairs that a text has.

Most patterns of the rules hold a piece of a few characters ("м/", ".д", three digits) that most texts do not have.
Looking pairs up in a set costs far less than running the pattern. All digits count as one character, and so do all
blanks; a run of at least three digits is told by its length too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from operator import add
from typing import Any, NamedTuple, TypeAlias

from qwentts_svc.text.normalize.parsed import parsed

__all__ = ["pairs_in", "pairs_of"]

Chars: TypeAlias = frozenset[str]

_MAX_CHARS = 400
_MAX_PAIRS = 1200
_SETS_PER_PATTERN = 3
_PLAIN = frozenset(
    [
        "e ",
        " t",
        "th",
        "s ",
        "d ",
        "he",
        " s",
        " a",
        " w",
        "t ",
        "n ",
        "an",
        "in",
        "er",
        "on",
        "re",
        "а ",
        "о ",
        "и ",
        "е ",
        "ст",
        "но",
        " п",
        " с",
        " в",
        " н",
        "на",
        "то",
        "ко",
        "ра",
        "ен",
    ]
) | {", ", ". "}
"""Pairs that nearly every text has: looking for one of them tells nothing."""
_LONGEST = 6
"""Characters of the longest thing that is looked for: a run of so many digits."""
_RUNS = tuple("0" * size for size in range(3, _LONGEST + 1))


def _folded(char: str) -> str:
    return "0" if char.isdecimal() else " " if char.isspace() else char


_FOLDED = {char: _folded(char) for char in re.findall(r"[\d\s]", "".join(map(chr, range(0x20000)))) if char not in "0 "}
_FOLDING = frozenset(_FOLDED)


def pairs_in(text: str, chars: set[str]) -> set[str]:
    """The pairs of ``text``, whose characters are ``chars``, and its runs of digits."""
    for char in _FOLDING.intersection(chars):
        text = text.replace(char, _FOLDED[char])
    found = set(map(add, text, text[1:]))
    if "00" in found:
        for run in _RUNS:
            if run not in text:
                break
            found.add(run)
    return found


def pairs_of(pattern: re.Pattern[str]) -> tuple[Chars, ...]:
    """Sets of each of which every text with a match has one; few but sure, the most telling first."""
    shape = _sequence(parsed(pattern), bool(pattern.flags & re.IGNORECASE))
    telling = filter(_PLAIN.isdisjoint, dict.fromkeys(shape.needs))
    return tuple(sorted(telling, key=_weight)[:_SETS_PER_PATTERN])


class _Shape(NamedTuple):
    """``first``/``last``: characters that a non-empty match can begin and end with, None where unknown."""

    first: Chars | None
    last: Chars | None
    empty: bool
    """The match may be empty."""
    needs: list[Chars]


_UNKNOWN = _Shape(None, None, True, [])


def _weight(pairs: Chars) -> int:
    """How likely a text has one of ``pairs``, roughly: pairs of small letters and blanks are common."""
    return sum(8 if pair.islower() and len(pair.strip()) == 2 else 3 if pair.strip().islower() else 1 for pair in pairs)


def _sequence(items: Iterable[tuple[Any, Any]], fold_case: bool) -> _Shape:
    first: Chars | None = frozenset()
    last: Chars | None = frozenset()
    before: Chars | None = None
    """What may stand right before the item at hand; None where unknown, or where nothing may."""
    empty, needs = True, list[Chars]()
    for code, value in items:
        kind = str(code)
        if kind in ("AT", "ASSERT_NOT"):
            continue
        if kind == "ASSERT":
            direction, inner = value
            around = _sequence(inner, fold_case)
            needs += around.needs
            if direction > 0 and not around.empty:
                needs += _paired(before, around.first)
            elif direction < 0 and not around.empty and before is None:
                before = around.last
            continue
        shape = _shape(kind, value, fold_case)
        needs += shape.needs
        if empty:
            first = _either(first, shape.first)
        if shape.empty:
            last, before = _either(last, shape.last), _either(before, shape.last)
            continue
        needs += _paired(before, shape.first)
        last = before = shape.last
        empty = False
    return _Shape(first, last, empty, needs)


def _shape(kind: str, value: Any, fold_case: bool) -> _Shape:
    match kind:
        case "LITERAL":
            chars = _cased(chr(value), fold_case)
            return _Shape(chars, chars, False, [])
        case "IN":
            found = _class(value, fold_case)
            return _Shape(found, found, False, [])
        case "NOT_LITERAL" | "ANY":
            return _Shape(None, None, False, [])
        case "ATOMIC_GROUP":
            return _sequence(value, fold_case)
        case "SUBPATTERN":
            _group, added, removed, inner = value
            return _sequence(inner, (fold_case or bool(added & re.IGNORECASE)) and not removed & re.IGNORECASE)
        case "BRANCH":
            return _branch([_sequence(part, fold_case) for part in value[1]])
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            low, _high, inner = value
            return _repeat(low, _sequence(inner, fold_case), single=len(inner) == 1)
        case _:
            return _UNKNOWN


def _branch(parts: list[_Shape]) -> _Shape:
    first: Chars | None = frozenset()
    last: Chars | None = frozenset()
    for part in parts:
        first, last = _either(first, part.first), _either(last, part.last)
    needs = []
    if all(part.needs for part in parts):
        needs.append(frozenset[str]().union(*(min(part.needs, key=_weight) for part in parts)))
    return _Shape(first, last, any(part.empty for part in parts), needs)


def _repeat(low: int, inner: _Shape, *, single: bool) -> _Shape:
    if low == 0:
        return _Shape(inner.first, inner.last, True, [])
    needs = inner.needs
    if low > 1 and not inner.empty:
        needs = needs + _paired(inner.last, inner.first)
        if low > 2 and single and inner.first == frozenset("0"):
            needs.append(frozenset(("0" * min(low, _LONGEST),)))
    return inner._replace(needs=needs)


def _either(one: Chars | None, other: Chars | None) -> Chars | None:
    return None if one is None or other is None else one | other


def _paired(before: Chars | None, after: Chars | None) -> list[Chars]:
    if not before or not after or len(before) * len(after) > _MAX_PAIRS:
        return []
    return [frozenset(one + other for one in before for other in after)]


def _class(members: Iterable[tuple[Any, Any]], fold_case: bool) -> Chars | None:
    """The characters of a class in brackets; None for one that is negated or wide."""
    chars: set[str] = set()
    for code, value in members:
        match str(code):
            case "LITERAL":
                chars |= _cased(chr(value), fold_case)
            case "RANGE" if value[1] - value[0] < _MAX_CHARS:
                for point in range(value[0], value[1] + 1):
                    chars |= _cased(chr(point), fold_case)
            case "CATEGORY" if str(value) == "CATEGORY_DIGIT":
                chars.add("0")
            case "CATEGORY" if str(value) == "CATEGORY_SPACE":
                chars.add(" ")
            case _:
                return None
    return frozenset(chars)


@cache
def _cased(char: str, fold_case: bool) -> Chars:
    """``char`` and, if letter case does not matter, what the expression engine takes for the same."""
    if fold_case and char.isalpha():
        return frozenset(re.findall(re.escape(char), _letters_with_case(), re.IGNORECASE)) | {char}
    return frozenset(_folded(char))


@cache
def _letters_with_case() -> str:
    return "".join(char for char in map(chr, range(0x2E80)) if char.lower() != char.upper())
