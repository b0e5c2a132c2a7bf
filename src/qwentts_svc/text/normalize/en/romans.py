"""Roman numerals where they are meant: after a monarch's name, a numbered noun, or a capitalized name."""

from __future__ import annotations

import re

from qwentts_svc.text.normalize.en.numbers import cardinal, ordinal
from qwentts_svc.text.normalize.en.tables import FUNCTION_WORDS
from qwentts_svc.text.normalize.rule import PatternRule, Rule, RuleContext
from qwentts_svc.text.normalize.wordlist import words

_MONARCHS = frozenset(
    words(
        "Henry Louis Elizabeth George Edward Richard Charles James William John Paul Benedict Pius Gregory Leo "
        "Clement Innocent Alexander Nicholas Peter Catherine Ivan Frederick Napoleon Ramses Rameses Ptolemy Philip "
        "Ferdinand Francis Mary Otto Harald Haakon Christian Gustav Umberto Emmanuel Xerxes Darius Cyrus Mehmed "
        "Suleiman Selim Murad Wilhelm Franz Joseph Maximilian Leopold Albert Baldwin Rudolf Robert Kenneth Malcolm "
        "David Constantine Justinian Theodosius Urban Sixtus Julius Boniface Celestine Eugene Adrian Stephen Honorius "
        "Martin Felix Carlos Alfonso Felipe Isabella Pedro Manuel Abdullah Hassan Mohammed Amenhotep Thutmose Seti "
        "Artaxerxes Tiberius Sigismund Casimir Vlad Stefan Michael Basil Carl Eric Valdemar Magnus Olaf Anne Margaret "
        "Beatrix Wilhelmina Willem Thomas Samuel Arthur Hugh Walter Sam Juan Fernando Victor Conrad Lothair Akbar "
        "Menelik Farouk Hussein Idris Rama Bhumibol Antiochus Mithridates Cleopatra Berenice Theodore Andrew "
        "Kamehameha"
    )
)
_FIRST_NAMES = frozenset(
    words(
        "Christopher Daniel Matthew Anthony Mark Donald Steven Joshua Kevin Brian Ronald Timothy Jason Jeffrey Ryan "
        "Jacob Gary Jonathan Larry Justin Scott Brandon Benjamin Frank Raymond Patrick Jack Dennis Jerry Tyler Aaron "
        "Jose Adam Nathan Douglas Zachary Kyle Ethan Jeremy Harold Keith Roger Noah Gerald Terry Sean Austin Lawrence "
        "Jesse Dylan Bryan Joe Jordan Billy Bruce Willie Gabriel Logan Alan Wayne Roy Ralph Randy Vincent Russell "
        "Bobby Johnny Thurston Davis Marvin Calvin Clarence Cornelius Preston Jim Bob Bill Tom Dan Ben Harry Fred "
        "Ken Ed Mike Steve Tim Jeff Greg Chris Nick Alex Pete Hank Dale Rob Dave Jay Ray Lou"
    )
)
"""Of people that are numbered in their family; the numeral follows the last name."""
_INITIAL = re.compile(r"[A-Z]\.?")
_NUMBERED = frozenset(
    words(
        "chapter part section act scene volume vol number book article title type phase stage level grade class "
        "episode season appendix figure table unit lesson round schedule annex amendment canto division group apollo "
        "gemini "
        "rocky rambo bowl olympiad wrestlemania mark model saturn factor category tier psalm step version area region "
        "quarter vatican fantasy wars corps calculus algebra statistics symphony opus zone block form league trek "
        "series century gen generation day d-day"
    )
)
_LINKS = frozenset(words("ruled reigned died became married of was abdicated had and were took"))
_ROMAN = re.compile(r"M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})$")
_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
_AFTER_WORD = re.compile(r"\b([A-Za-z][a-z'-]{1,20})(\s)([IVXLCDM]{1,12})(?![\w]|-[A-Za-z]|\.[A-Za-z])")
_NUMERAL = re.compile(r"\b(?:[IVXLCDM]{2,12}|[IVX])\b")
# One letter is a numeral only after a capitalized word.
_AFTER_WORD_GATE = re.compile(r"[A-Z](?:[a-z'-]{1,20}\s[IVX](?!\w)|(?<=\s[IVXLCDM])[IVXLCDM]{1,11}(?!\w))")
_CENTURY = re.compile(r"\b([IVXL]{1,8})(?:th|st|nd|rd)?(\s(?:[Cc]entury|[Cc]enturies|[Oo]lympiads?))(?!\w)")
_AND = re.compile(
    r"\b((?:World Wars?|Parts?|Chapters?|Acts?|Types?|Volumes?|Books?|Sections?|Phases?)\s)"
    r"([IVX]{1,6})(\s(?:and|or|to)\s|[-–—])([IVX]{1,6})(?!\w)"
)
_LETTERED = frozenset(words("series model generation gen class factor"))
"""Nouns after which a lone X is a letter."""
_NAME_IN_CAPITALS = re.compile(r"(?<![\w'])([A-Z]{2,6}\s)((?!IV\b)[IVX]{2,5})(?![\w'-]|\.[A-Za-z])")
_TITLES = frozenset(words("king queen pope tsar czar emperor empress prince sultan shah pharaoh kaiser saint st"))


def value_of(text: str) -> int | None:
    """The value of a roman numeral in its usual form, else ``None``."""
    if not text or not _ROMAN.match(text):
        return None
    total = 0
    for char, following in zip(text, [*text[1:], ""], strict=True):
        value = _VALUES[char]
        total += -value if following and _VALUES[following] > value else value
    return total


def _after_word(match: re.Match[str], _: RuleContext) -> str | None:
    word, space, numeral = match.groups()
    text = match.string
    value = value_of(numeral)
    lower = word.lower()
    if value is None or numeral in ("L", "C", "D", "M") or (numeral == "X" and lower in _LETTERED):
        return None
    if lower in FUNCTION_WORDS:
        return None
    head = text[: match.start()].rstrip()
    before = head.rpartition(" ")[2].strip("\"'(,")
    rest = text[match.end() :]
    if word == "War" and before == "World":
        return f"{word}{space}{cardinal(value).title()}"
    if lower in _NUMBERED and (word[0].isupper() or len(numeral) > 1):
        return f"{word}{space}{cardinal(value)}"
    if not word[0].isupper():
        return None
    if word in _MONARCHS or (
        (before in _MONARCHS or before in _FIRST_NAMES or _INITIAL.fullmatch(before))
        and not head.endswith(",")
        and len(numeral) > 1
    ):
        if len(numeral) > 1 or _surely_numeral(numeral, word, before, rest, first=not head or head[-1] in ".!?"):
            return f"{word}{space}the {ordinal(value)}"
        return None
    if len(numeral) > 1 and set(numeral) <= set("IVX") and value < 40:
        return f"{word}{space}{cardinal(value)}"
    return None


def _surely_numeral(numeral: str, word: str, before: str, rest: str, *, first: bool) -> bool:
    """One letter after a name: a numeral after a title, before punctuation or before what is said of monarchs."""
    if numeral == "X":
        return word != "Malcolm"
    if numeral == "V":
        return True
    if first or before.lower() in _TITLES or rest[:2] in ("'s", "") or rest[:1] in ",.;:)!?":
        return True
    return rest.split(maxsplit=1)[0] in _LINKS - {"was", "had", "and", "were", "took"} if rest.split() else True


def _century(match: re.Match[str], _: RuleContext) -> str | None:
    value = value_of(match.group(1))
    return None if value is None else ordinal(value) + match.group(2)


def _and(match: re.Match[str], _: RuleContext) -> str | None:
    low, high = value_of(match.group(2)), value_of(match.group(4))
    if low is None or high is None:
        return None
    link = match.group(3) if match.group(3)[0] == " " else " to "
    words = (cardinal(low), cardinal(high))
    if match.group(1).startswith("World"):
        words = (words[0].title(), words[1].title())
    return f"{match.group(1)}{words[0]}{link}{words[1]}"


def _name_in_capitals(match: re.Match[str], _: RuleContext) -> str | None:
    value = value_of(match.group(2))
    if value is None or value >= 40 or match.string.isupper() or match.group(1).strip().lower() in FUNCTION_WORDS:
        return None
    return match.group(1) + cardinal(value)


_WORLD_WAR = re.compile(r"(?<!\w)WW\s?(II?|[12])(?!\w)")
_TRIGGERS = frozenset("IVXLCDM")
_GATE = re.compile(r"[IVXLCDM]\b")
_LOWER = re.compile(
    r"\b(Act|Scene|Chapter|Part|Section|Volume|Book|Appendix|[Pp]ages?|p\.|pp\.)(\s)([ivx]{1,7}(?=[-–][ivx])|[ivx]{2,7})(?:[-–]([ivx]{1,7}))?(?!\w)"
)


_PAGES = {"p.": "page", "pp.": "pages"}


def _lower(match: re.Match[str], _: RuleContext) -> str | None:
    word, space, numeral, last = match.groups()
    value, end = value_of(numeral.upper()), value_of(last.upper()) if last else 0
    if value is None or end is None:
        return None
    return f"{_PAGES.get(word, word)}{space}{cardinal(value)}{f' to {cardinal(end)}' if end else ''}"


def _world_war(match: re.Match[str], _: RuleContext) -> str:
    return "World War " + ("One" if match.group(1) in ("I", "1") else "Two")


RULES: tuple[Rule, ...] = (
    PatternRule("roman", frozenset("ivx"), _LOWER, _lower, re.compile(r"\s[ivx]{2,7}\b")),
    PatternRule("roman", frozenset("W"), _WORLD_WAR, _world_war, re.compile("WW ?[I12]")),
    PatternRule("roman", _TRIGGERS, _CENTURY, _century, _GATE),
    PatternRule("roman", _TRIGGERS, _AND, _and, _GATE),
    PatternRule("roman", _TRIGGERS, _AFTER_WORD, _after_word, _NUMERAL, _AFTER_WORD_GATE),
    PatternRule("roman", _TRIGGERS, _NAME_IN_CAPITALS, _name_in_capitals, re.compile(r"[A-Z]\s[IVX]{2}")),
)
