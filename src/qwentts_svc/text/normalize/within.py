"""Whether a pattern matches within one word: what stands between two blanks, signs included."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from qwentts_svc.text.normalize.parsed import parsed

__all__ = ["is_within_word"]

_WIDE = 400
_NEVER_BLANK = ("CATEGORY_DIGIT", "CATEGORY_WORD")


def is_within_word(pattern: re.Pattern[str]) -> bool:
    """Whether each match lies in one word, and is found in the word alone with a blank on either side. Few but sure."""
    return _all_within(parsed(pattern))


def _all_within(items: Iterable[tuple[Any, Any]]) -> bool:
    return all(_is_within(str(code), value) for code, value in items)


def _is_within(code: str, value: Any) -> bool:
    match code:
        case "LITERAL":
            return not chr(value).isspace()
        case "IN":
            return all(_is_no_blank(str(kind), detail) for kind, detail in value)
        case "AT":
            return str(value) == "AT_BOUNDARY"
        case "ASSERT":
            # One character may be the blank that is put there.
            return _all_within(value[1]) or (len(value[1]) == 1 and str(value[1][0][0]) in ("LITERAL", "IN"))
        case "ASSERT_NOT":
            return _all_within(value[1])
        case "BRANCH":
            return all(map(_all_within, value[1]))
        case "ATOMIC_GROUP":
            return _all_within(value)
        case "SUBPATTERN":
            return _all_within(value[3])
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            return _all_within(value[2])
        case _:
            return False


def _is_no_blank(kind: str, detail: Any) -> bool:
    match kind:
        case "LITERAL":
            return not chr(detail).isspace()
        case "RANGE":
            low, high = detail
            return high - low < _WIDE and not any(chr(point).isspace() for point in range(low, high + 1))
        case "CATEGORY":
            return str(detail) in _NEVER_BLANK
        case _:
            return False
