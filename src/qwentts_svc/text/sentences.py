"""Where sentences, lines, list items and paragraphs end.

Rules look at a bounded neighbourhood of each stop, so that the first sentence of a long text is found at once and the
time is linear for every input. What is in doubt is left together: a sentence that is missed is split at a clause later.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import IntEnum
from typing import NamedTuple

import regex

from qwentts_svc.text.abbreviations import BEFORE_NUMBER, CLOSING, MONTHS_DE, NEVER_LAST

__all__ = ["Break", "Sentence", "sentences"]

MAX_CHARS = 2000
"""A stretch without any end is cut here."""
_WRAP_CHARS = 45
"""A line at least this long that ends without a stop may have been wrapped."""


class Break(IntEnum):
    """What a stretch of text ends with; a higher value is a longer pause."""

    CUT = 0
    CLAUSE = 1
    SENTENCE = 2
    LINE = 3
    ITEM = 4
    PARAGRAPH = 5


class Sentence(NamedTuple):
    """text[start:end], without spaces at its edges."""

    start: int
    end: int
    ends_with: Break


_OPENERS = r"\"'«“‘„‹(\[{¿¡「『（【《*_"
_SPACE = r"[^\S\x1c-\x1f]"
"""The separators of records are no spaces."""
_CLOSERS = r"\"'»”’›)\]}」』）】》*_"
# Each part begins with what stands before it already: an expression that begins with one class finds it at once.
_STOP = re.compile(
    rf"[。！？｡.!?…‥।؟۔\n](?:(?<=[。！？｡])[。！？｡]*+[.!?…。！？]*+[{_CLOSERS}]*+|(?<=[.!?…‥।؟۔])[.!?…‥।؟۔]*+[{_CLOSERS}]*+"
    rf"|(?<=\n){_SPACE}*+)"
)
_SPACES = re.compile(rf"{_SPACE}++")
_NEXT = regex.compile(rf"\s*+(?P<dash>[—–-]\s?)?[{_OPENERS}—–]{{0,8}}+(?P<first>\S)?")
_ITEM = regex.compile(r"(?:[-*•‣◦▪–—·]|\(?(?:\d{1,3}|\p{L})[.)])\s")
_WORD_BEFORE = regex.compile(r"(?r)[\p{L}\p{M}\p{N}.º\-]{1,24}")
_WORD_AFTER = regex.compile(r"\s+(\p{L}+)")
_CONTINUES_QUOTE = regex.compile(r"\p{Hiragana}")
_WRITTEN_WITHOUT_SPACES = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}]")
_GOES_ON = frozenset(",;—–-")
_LETTER_AND_STOP = regex.compile(r"\s*\p{L}\.")
_LAST_SPACE = regex.compile(r"(?r)\s")


def sentences(text: str) -> Iterator[Sentence]:
    """The sentences of ``text`` in order; together they cover every character that is not a space. Lazy."""
    start = _skip_spaces(text, 0)
    while start < len(text):
        end, ends_with = _end(text, start)
        if ends_with is Break.SENTENCE and _is_one_blank(text, end):
            yield Sentence(start, end, ends_with)
            start = end + 1
            continue
        last = start + len(text[start:end].rstrip())
        if last > start:
            yield Sentence(start, last, ends_with)
        start = _skip_spaces(text, max(end, last))


def _is_one_blank(text: str, at: int) -> bool:
    """Whether a blank stands at ``at``, and no space after it."""
    return text[at : at + 1] == " " and not text[at + 1 : at + 2].isspace()


def _skip_spaces(text: str, at: int) -> int:
    match = _SPACES.match(text, at)
    return at if match is None else match.end()


def _end(text: str, start: int) -> tuple[int, Break]:
    """Where the sentence that begins at ``start`` ends, spaces perhaps included, and with what."""
    limit = min(len(text), start + MAX_CHARS)
    for match in _STOP.finditer(text, start, limit):
        mark = match.group()
        if mark[0] == "\n":
            kind = _line_break(text, start, match.start(), match.end(), mark)
            if kind is not None:
                return match.start(), kind
            continue
        at, after = match.span()
        if after == limit < len(text):
            break
        if _is_end(text, start, at, after, mark):
            return after, _break_after(text, after)
    if limit == len(text):
        return limit, Break.PARAGRAPH
    space = _LAST_SPACE.search(text, start + MAX_CHARS // 2, limit)
    return limit if space is None else space.end(), Break.CUT


def _break_after(text: str, end: int) -> Break:
    """A sentence end is a line or paragraph end too if nothing else follows on the line."""
    if _is_one_blank(text, end):
        return Break.SENTENCE
    match = _SPACES.match(text, end, min(len(text), end + MAX_CHARS))
    if match is None or "\n" not in match.group():
        return Break.SENTENCE if end < len(text) else Break.PARAGRAPH
    return _newline_kind(text, match.group(), match.end())


def _newline_kind(text: str, spaces: str, after: int) -> Break:
    if spaces.count("\n") > 1:
        return Break.PARAGRAPH
    return Break.ITEM if _ITEM.match(text, after) else Break.LINE


def _line_break(text: str, start: int, at: int, after: int, spaces: str) -> Break | None:
    """What a line break (with the spaces after it) ends, outside of a sentence end; None if nothing."""
    kind = _newline_kind(text, spaces, after)
    if kind is not Break.LINE:
        return kind
    following = text[after : after + 1]
    if following.islower() or text[max(start, at - 8) : at].rstrip()[-1:] in _GOES_ON:
        return None
    # A long line before a capital letter was probably wrapped; a short one is a heading, a verse, an item.
    line = at - (text.rfind("\n", start, at) + 1 if "\n" in text[start:at] else start)
    wrapped = line >= _WRAP_CHARS and following.isalpha()
    return None if wrapped else Break.LINE


def _is_end(text: str, start: int, at: int, after: int, mark: str) -> bool:
    """Whether the stop ``mark`` = text[at:after] ends the sentence that began at ``start``."""
    if mark[0] in "。！？｡":
        # A quotation that goes on: 「そう。」と言った.
        closed = mark[-1] not in "。！？｡.!?…"
        return not (closed and _CONTINUES_QUOTE.match(text, after))
    if after < len(text) and not text[after].isspace():
        return _WRITTEN_WITHOUT_SPACES.match(text, after) is not None and mark[0] in "!?…।"
    dash, first = _what_follows(text, after)
    if first is None:
        return True
    if first.islower() or (dash and not first.isupper() and not first.isdigit()):
        return False
    if mark[0] == "." and mark.rstrip("\"'»”’›)]}*_") == ".":
        return _full_stop_ends(text, start, at, after, first)
    return True


def _what_follows(text: str, after: int) -> tuple[str | None, str | None]:
    """The dash after ``after``, if any, and the first character that is neither a blank nor opens anything."""
    near = text[after : after + 2]
    if near[:1] == " " and near[1:].isalnum():
        return None, near[1]
    found = _NEXT.match(text, after, min(len(text), after + 64))
    return (None, None) if found is None else (found["dash"], found["first"])


def _full_stop_ends(text: str, start: int, at: int, after: int, first: str) -> bool:
    written = text[max(start, at - 24) : at].rpartition(" ")[2]
    if not written.isalpha():
        found = _WORD_BEFORE.search(text, max(start, at - 24), at)
        if found is None or found.end() != at:
            return True
        written = found.group()
    word, begin = written.strip("-").lower(), at - len(written)
    if word.isdigit():
        if begin <= start + 1:
            return False  # The number of a list item.
        after_word = _WORD_AFTER.match(text, after, min(len(text), after + 32))
        return after_word is None or after_word.group(1).lower() not in MONTHS_DE
    if len(word) > 1 and word not in NEVER_LAST and word not in BEFORE_NUMBER:
        return True
    joined = _with_spaced_letters(text, start, begin, word) if len(word) == 1 else word
    if word in CLOSING or joined in CLOSING:
        return True
    if text[max(start, begin - 6) : begin].rstrip()[-1:].isdecimal():
        return True  # A unit ("5 г. Потом"), which may well be last.
    if word in NEVER_LAST or joined in NEVER_LAST or (word in BEFORE_NUMBER and first.isdigit()):
        return False
    if len(word) == 1 and _LETTER_AND_STOP.match(text, after, min(len(text), after + 8)):
        return False  # The first half of "z. B.".
    # An initial: one capital letter (A. S. Pushkin), unless it is a word of its own (I.).
    return not (len(written) == 1 and written.isupper() and written not in "IЯ")


def _with_spaced_letters(text: str, start: int, at: int, word: str) -> str:
    """``word`` with the one before it if both are written with stops and a space ("т. д", "z. B")."""
    before = text[max(start, at - 4) : at].strip()
    if len(before) >= 2 and before[-1] == "." and before[-2].isalpha():
        return f"{before[-2].lower()}.{word}"
    return word
