"""Cut a long text into the units that rules look at: lines, and long lines at sentence ends or, failing that, spaces.

Units bound the work of every rule, whatever the text; a text that arrives in parts is cut by its own reader instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from qwentts_svc.text.abbreviations import BEFORE_NUMBER, CLOSING, LONG, NEVER_LAST

TARGET_CHARS = 60
"""What a rule costs grows with the unit, what a unit costs does not."""
LIMIT_CHARS = 1200

# A sentence end that is surely one: four lower-case letters before the stop keep most abbreviations out.
_SAFE_END = re.compile(r"(?<=[a-zа-яё]{4}[.!?…])[\"'”»)\]]{0,3}[ \t]+(?=[\"'“«(]?[A-ZА-ЯЁ])|(?<=[。！？])")
_SHORTENED = LONG | NEVER_LAST | BEFORE_NUMBER | CLOSING
_WORD_GAP = re.compile(r"(?<=[^\W\d_]{2}) (?=[^\W\d_]{2})")


def units(text: str) -> Iterator[tuple[int, int]]:
    """(start, end) of each unit, ordered and gap-free."""
    start = 0
    while start < len(text):
        newline = text.find("\n", start, start + TARGET_CHARS)
        if newline >= 0:
            end = _after_blank_lines(text, newline)
        elif len(text) - start <= TARGET_CHARS:
            end = len(text)
        else:
            end = _long_line_end(text, start)
        yield start, end
        start = end


def _after_blank_lines(text: str, newline: int) -> int:
    end = newline + 1
    limit = newline + LIMIT_CHARS
    while end < limit and text.startswith("\n", end):
        end += 1
    return end


def _long_line_end(text: str, start: int) -> int:
    limit = min(len(text), start + LIMIT_CHARS)
    newline = text.find("\n", start, limit)
    stop = newline + 1 if newline >= 0 else limit
    for safe in _SAFE_END.finditer(text, start + TARGET_CHARS // 2, stop):
        if not _is_shortened(text[start : safe.start()]):
            return safe.end()
    if newline >= 0 or stop == len(text):
        return stop
    gaps = [gap.end() for gap in _WORD_GAP.finditer(text, start + LIMIT_CHARS // 2, limit)]
    return gaps[-1] if gaps else limit


def _is_shortened(text: str) -> bool:
    """Whether the last word of ``text`` is one that is written with a stop."""
    return text.endswith(".") and text[text.rfind(" ") + 1 : -1].lower().lstrip("\"'«“‘„([") in _SHORTENED
