"""Hashtags, @mentions and "#1"."""

from __future__ import annotations

import re

from qwentts_svc.text.normalize.en.numbers import number, year
from qwentts_svc.text.normalize.rule import PatternRule, Rule, RuleContext

_TAG = re.compile(r"(?<![\w&#/])#([0-9]{0,6}[^\W\d]\w{0,99})")
_NUMBER = re.compile(r"(?<![\w&#/])#:?\s?(?=[0-9]{1,18}[ABCEFH]?(?!\w))")
_ITEM = re.compile(r"(?<![\w&#/])#\s?(?=[A-Z]{1,4}-?[0-9]{2,12}(?!\w))")
_ITEM_WORD = re.compile(
    r"\b(?:[Oo]rder|[Ii]nvoice|[Tt]icket|[Cc]ase|[Ii]tem|[Pp]art|[Mm]odel|[Uu]nit|[Rr]ef|SKU|[Ff]light|[Ss]erial|[Ii]ssue)"
    r"[.:]?\s$"
)
_MENTION = re.compile(r"(?<![\w@])(?<!\w\.)@([A-Za-z_]\w{0,49})")
_NUMBER_WORD = re.compile("[0-9]{1,18}")
_YEAR = re.compile("(?:19|20)[0-9]{2}")
_WORDS = re.compile(r"[A-Z]{2,99}(?![a-z])|[A-Z]?[a-z]{1,99}|[A-Z]|[0-9]{1,99}|_|[^\WA-Za-z0-9_]{1,99}")


def _tag(match: re.Match[str], _: RuleContext) -> str:
    words = [word for word in _WORDS.findall(match.group(1)) if word != "_"]
    return "hashtag " + " ".join(_word(word) for word in words)


def _word(word: str) -> str:
    """A year in a tag is read as one, whatever follows the tag; no number of a tag has a unit."""
    if _YEAR.fullmatch(word):
        return year(int(word))
    return number(word) if _NUMBER_WORD.fullmatch(word) else word


def _item(match: re.Match[str], _: RuleContext) -> str | None:
    text = match.string
    named = _ITEM_WORD.search(text, max(0, match.start() - 10), match.start())
    return "number " if named or "-" in text[match.end() : match.end() + 5] else None


def _number(_: re.Match[str], __: RuleContext) -> str:
    return "number "


def _mention(match: re.Match[str], _: RuleContext) -> str:
    return "at " + " ".join("underscore" if word == "_" else word for word in _WORDS.findall(match.group(1)))


RULES: tuple[Rule, ...] = (
    PatternRule("hashtag", frozenset("#"), _NUMBER, _number),
    PatternRule("hashtag", frozenset("#"), _ITEM, _item),
    PatternRule("hashtag", frozenset("#"), _TAG, _tag),
    PatternRule("mention", frozenset("@"), _MENTION, _mention),
)
