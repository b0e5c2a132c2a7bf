"""Hashtags, mentions, the number sign and other single signs."""

from __future__ import annotations

import re

from qwentts_svc.text.normalize.ru.context import last_word
from qwentts_svc.text.normalize.ru.digit_rule import DigitRule
from qwentts_svc.text.normalize.ru.govern import governor
from qwentts_svc.text.normalize.ru.numbers import cardinal, digits, padded
from qwentts_svc.text.normalize.ru.quantity import Noun
from qwentts_svc.text.normalize.rule import PatternRule, Rule, RuleContext

_HASHTAG = re.compile(r"(?<![\w#&])#([^\W\d_][\w]{0,80})")
_MENTION = re.compile(r"(?<![\w@])@([A-Za-z_][A-Za-z0-9_.]{0,40}[A-Za-z0-9_]|[A-Za-z])(?!\w)")
_CAMEL = re.compile(
    r"(?<=[a-zа-яё])(?=[A-ZА-ЯЁ])|(?<=[A-ZА-ЯЁ])(?=[A-ZА-ЯЁ][a-zа-яё])|(?<=[^\W\d_])(?=[0-9])|(?<=[0-9])(?=[^\W\d_])"
)
_NUMBER = re.compile(r"(№{1,2}|\bN[oº°]?\.?(?=\s?[0-9]{1,5}(?:\D|$)))\s?(?=([0-9A-Za-zА-Яа-я]))")
_NUMBERS = re.compile(r"№{1,2}\s?[0-9]{1,4}(?:,[0-9]{1,4}){1,8}(?![\w])")
_HASH_NUMBER = re.compile(r"(?<![\w#&])#(?=[0-9]{1,6}(?!\w))")
_SECTION = re.compile(r"§{1,2}\s?(?=[0-9IVX])")
_AND = re.compile(r"(?<=[\wА-я])\s&\s(?=\w)")
_AND_IN_NAME = re.compile(r"(?<=[A-Z])&(?=[A-Z](?![a-z]))")
_NOM_CASES = frozenset(
    ("в", "во", "на", "из", "из-под", "от", "до", "у", "к", "ко", "под", "о", "об", "за", "с", "со", "для", "при", "по")
)
_LONGEST_NUMBER, _LONGEST_PADDED = 12, 3
_NUMBER_NOUN, _SECTION_NOUN = Noun("номер"), Noun("параграф")


def _words(tag: str) -> str:
    words = [part for piece in tag.split("_") for part in _CAMEL.split(piece) if part]
    if words and words[-1].isascii() and words[-1].isdigit():
        words[-1] = _last_number(words[-1])
    return " ".join(words)


def _last_number(number: str) -> str:
    """It counts nothing and, whatever is before it, is no year in the genitive ("#лето2025")."""
    if len(number) > _LONGEST_NUMBER or (number[0] == "0" and len(number) > _LONGEST_PADDED):
        return digits(number)
    return padded(number)


def _hashtag(match: re.Match[str], _: RuleContext) -> str:
    return "хештег " + _words(match.group(1))


def _mention(match: re.Match[str], _: RuleContext) -> str:
    return "собака " + match.group(1).replace("_", " подчёркивание ").replace(".", " точка ").strip()


def _number(match: re.Match[str], _: RuleContext) -> str | None:
    text = match.string
    if match.group(1)[0] == "N" and last_word(text, match.start())[:1].isascii() and last_word(text, match.start()):
        return None
    if match.group(1) == "№№":
        return "номера "
    asked = governor(text, match.start())
    if asked.word in _NOM_CASES and last_word(text, match.start()).lower() == asked.word:
        case = "loct" if asked.word in ("в", "во", "на") else asked.cases[0]
        case = (
            "accs"
            if asked.word == "под"
            else "gent"
            if asked.word in ("с", "со")
            else "datv"
            if asked.word == "по"
            else case
        )
        return ("номером" if asked.word == "под" else _NUMBER_NOUN.form(1, case)) + " "
    return "номер "


def _hash_number(_match: re.Match[str], _: RuleContext) -> str:
    return "номер "


def _section(match: re.Match[str], _: RuleContext) -> str:
    if match.group().startswith("§§"):
        return "параграфы "
    asked = governor(match.string, match.start())
    case = "loct" if asked.word in ("в", "во") else asked.cases[0]
    return _SECTION_NOUN.form(1, case) + " "


def _and(_match: re.Match[str], _: RuleContext) -> str:
    return " и "


_STARS = re.compile(r"(?<![\w*])([1-5])\*(?![\w*])")


def _stars(match: re.Match[str], _: RuleContext) -> str:
    n = int(match.group(1))
    return f"{cardinal(n, 'nomn', 'femn')} {Noun('звезда').form(n, 'nomn')}"


RULES: tuple[Rule, ...] = (
    PatternRule("hashtag", frozenset("#"), _HASHTAG, _hashtag),
    PatternRule("mention", frozenset("@"), _MENTION, _mention),
    PatternRule("number_sign", frozenset("№"), _NUMBERS, lambda m, _c: m.group().replace(",", ", ")),
    PatternRule("number_sign", frozenset("№N"), _NUMBER, _number),
    PatternRule("number_sign", frozenset("#"), _HASH_NUMBER, _hash_number),
    PatternRule("symbol", frozenset("§"), _SECTION, _section),
    DigitRule("symbol", _STARS, _stars),
    PatternRule("symbol", frozenset("&"), _AND, _and),
    PatternRule("symbol", frozenset("&"), _AND_IN_NAME, lambda _m, _c: " энд "),
)
