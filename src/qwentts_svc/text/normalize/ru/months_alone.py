"""Months without a day: "до 09.2026", "в сент. 2023 г.", "в марте 2024 г."."""

from __future__ import annotations

import re

from qwentts_svc.text.normalize.ru.context import ends_clause
from qwentts_svc.text.normalize.ru.dates import BY_PREPOSITION
from qwentts_svc.text.normalize.ru.digit_rule import DigitRule
from qwentts_svc.text.normalize.ru.govern import governor
from qwentts_svc.text.normalize.ru.grammar import Case
from qwentts_svc.text.normalize.ru.months import (
    ANY_FORM,
    LEMMAS,
    SHORT,
    month_index,
)
from qwentts_svc.text.normalize.ru.morph import inflect
from qwentts_svc.text.normalize.ru.ordinal_words import ordinal
from qwentts_svc.text.normalize.rule import DIGITS, PatternRule, Rule, RuleContext
from qwentts_svc.text.normalize.stops import shortened

_SHORT_MONTH = re.compile(
    r"(?<![\w.-])((?i:янв|февр?|апр|авг|сент?|окт|нояб?|дек))\.(?=\s?(?:(?:19|20)[0-9]{2}(?![0-9])|[-–]\s?[а-я]{3}|\s(?:по|до)\s[а-яё]))"
)
_MONTH_OF_YEAR = re.compile(
    r"(?i:(?<=\bс )|(?<=\bдо )|(?<=\bк )|(?<=\bот )|(?<=\bпо )|(?<=\bна )|(?<=\bза )|(?<=\bв ))"
    r"(0[1-9]|1[0-2])[./]((?:19|20)[0-9]{2})(?![\w%-]|[.,/][0-9])(?:\s?г(?:\.(?=\s?[а-яё,)])|ода?(?!\w)))?"
)
_MONTH_YEAR = re.compile(rf"(?<!\w)({ANY_FORM})\s([12][0-9]{{3}})(?![\w-])(?:\s?(?:(г)(\.)?|года?)(?!\w))?")


def _short_month(match: re.Match[str], _: RuleContext) -> str:
    """A month cut short without its day ("в сент. 2023 г.")."""
    asked = governor(match.string, match.start())
    case: Case = "loct" if asked.word == "в" else BY_PREPOSITION.get(asked.word, asked.cases[0])
    case = "gent" if asked.word in ("с", "со") else case
    name = inflect(LEMMAS[month_index(match.group(1))], case, "sing")
    return name.capitalize() if match.group(1)[0].isupper() else name


def _month_of_year(match: re.Match[str], _: RuleContext) -> str:
    """ "до 09.2026", "за 03/2024" """
    asked = governor(match.string, match.start())
    case: Case = "loct" if asked.word == "в" else BY_PREPOSITION.get(asked.word, asked.cases[0])
    return f"{inflect(LEMMAS[int(match.group(1)) - 1], case, 'sing')} {ordinal(int(match.group(2)), 'gent')} года"


def _month_year(match: re.Match[str], _: RuleContext) -> str:
    name, year, short, short_stop = match.groups()
    kept = "." if short and short_stop and ends_clause(match.string, match.start(), match.end()) else ""
    return f"{name} {ordinal(int(year), 'gent')} года{kept}"


RULES: tuple[Rule, ...] = (
    DigitRule("date", _MONTH_OF_YEAR, _month_of_year, re.compile("[01][0-9][./][12]")),
    PatternRule("date", frozenset("."), _SHORT_MONTH, _short_month, shortened((*SHORT, "февр", "сент", "нояб"))),
    PatternRule("date", DIGITS, _MONTH_YEAR, _month_year),
)
