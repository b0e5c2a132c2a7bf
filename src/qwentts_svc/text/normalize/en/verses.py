"""Chapter and verse of the Bible: John 3:16, 1 Corinthians 13:4-7."""

from __future__ import annotations

import re

from qwentts_svc.text.normalize.en.numbers import cardinal
from qwentts_svc.text.normalize.rule import PatternRule, Rule, RuleContext

_BOOKS = (
    "Genesis|Exodus|Leviticus|Numbers|Deuteronomy|Joshua|Judges|Ruth|Samuel|Kings|Chronicles|Ezra|Nehemiah|Esther|Job|"
    "Psalms?|Proverbs|Ecclesiastes|Isaiah|Jeremiah|Lamentations|Ezekiel|Daniel|Hosea|Joel|Amos|Jonah|Micah|Habakkuk|"
    "Zechariah|Malachi|Matthew|Mark|Luke|John|Acts|Romans|Corinthians|Galatians|Ephesians|Philippians|Colossians|"
    "Thessalonians|Timothy|Titus|Hebrews|James|Peter|Jude|Revelation"
)
_SHORT_BOOKS = {
    "Gen": "Genesis", "Ex": "Exodus", "Exod": "Exodus", "Lev": "Leviticus", "Num": "Numbers", "Deut": "Deuteronomy",
    "Ps": "Psalm", "Prov": "Proverbs", "Eccl": "Ecclesiastes", "Isa": "Isaiah", "Jer": "Jeremiah", "Ezek": "Ezekiel",
    "Dan": "Daniel", "Matt": "Matthew", "Rom": "Romans", "Cor": "Corinthians", "Gal": "Galatians", "Eph": "Ephesians",
    "Phil": "Philippians", "Col": "Colossians", "Thess": "Thessalonians", "Tim": "Timothy", "Heb": "Hebrews",
    "Pet": "Peter", "Rev": "Revelation",
}  # fmt: skip
_SHORT = re.compile(rf"\b({'|'.join(_SHORT_BOOKS)})\.\s(?=[1-9][0-9]{{0,2}}:[1-9])")
_VERSE = re.compile(
    rf"\b(?:([123])\s)?((?:{_BOOKS})\s)([1-9][0-9]{{0,2}}):([1-9][0-9]{{0,2}})(?:[-–—]([1-9][0-9]{{0,2}}))?"
    r"(?![\w%/-]|[.,:][0-9]|\s?[AaPp]\.?[Mm]\b)"
)
_GATE = re.compile(rf"(?:{_BOOKS})\s[0-9]{{1,3}}:[1-9]")
_WHICH = {"1": "First ", "2": "Second ", "3": "Third "}


def _short(match: re.Match[str], _: RuleContext) -> str:
    return _SHORT_BOOKS[match.group(1)] + " "


def _verse(match: re.Match[str], _: RuleContext) -> str:
    which, book, chapter, verse, last = match.groups()
    spoken = f"{_WHICH.get(which, '')}{book}{cardinal(int(chapter))} {cardinal(int(verse))}"
    return f"{spoken} to {cardinal(int(last))}" if last else spoken


RULES: tuple[Rule, ...] = (
    PatternRule("verse", frozenset(":"), _SHORT, _short, re.compile(r"[a-z]\.\s[0-9]{1,3}:[1-9]")),
    PatternRule("verse", frozenset(":"), _VERSE, _verse, _GATE),
)
