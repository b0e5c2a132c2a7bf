"""Numbers jotted down with what they count or order cut short: "120к руб.", "2 р. в день", "41-й км", "в 3 т."."""

from __future__ import annotations

import re

from qwentts_svc.text.normalize.ru.context import last_word, stop
from qwentts_svc.text.normalize.ru.digit_rule import DigitRule
from qwentts_svc.text.normalize.ru.govern import governor
from qwentts_svc.text.normalize.ru.grammar import Case
from qwentts_svc.text.normalize.ru.morph import forms, inflect, part_of_speech
from qwentts_svc.text.normalize.ru.numbers import cardinal, group
from qwentts_svc.text.normalize.ru.ordinal_words import ordinal
from qwentts_svc.text.normalize.ru.quantity import Noun, parse, quantity
from qwentts_svc.text.normalize.rule import DIGITS, PatternRule, Rule, RuleContext
from qwentts_svc.text.normalize.stops import shortened

_QUARTER = re.compile(
    r"(?<![\w.,-])([1-4]|I{1,3}|IV)(?:-(?:й|го|му|м))?\s?(кв|пол|полуг)\.(?=\s(?:19|20)[0-9]{2}(?![0-9]))"
)
_INCHES = re.compile(r'(?<![\w.,/])([0-9]{1,3}(?:[.,][0-9]{1,2})?)["″](?!\w)')
_HAS_DIAGONAL = re.compile(
    r"(?i:экран|диагонал|монитор|телевизор|дисплей|диск|труб|кран|кол[её]с|диаметр|ноутбук|планшет|матриц|тв)[^\"″]{0,30}\Z"
)
_RANK = re.compile(
    r"(?<=[а-яё]\s)(I{1,3}|IV|[1-4])(?:-?(?:й|го|ой))?\s?(ст|кл|кат|гр|разр)\.(?=\s?(?:[,;)]|$|[А-ЯЁ]|сложн|тяж))"
)
_RANKS = {"ст": "степень", "кл": "класс", "кат": "категория", "гр": "группа", "разр": "разряд"}
_ROMAN = {"I": 1, "II": 2, "III": 3, "IV": 4}
_AGE = re.compile(r"(?<![\w.,])([0-9]{1,2})\s?[гл]\.?\s(?=(?:и\s)?[0-9]{1,2}\s?мес)")
_PHONE = re.compile(r"(?<![\w.-])т\.:?(?=\s?(?:\+7|8)[\s(-]?[0-9(])")
_HALF_OF_AGE = re.compile(r"(?<=[0-9]-([йяю])\s)(пол|четв)\.(?=\s[IVX1-9])")
_HALVES = {"пол": "половина", "четв": "четверть"}
_YEARS_BEFORE = re.compile(r"[0-9/–-]{4,9}\s\Z")
_SCHOOL_YEAR = re.compile(r"(?<=[0-9]\s)уч\.\s?г(?:\.|од)(?!\w)")
_ADDED_TIME = re.compile(r"(?<![\w.,])(45|90|105|120)\+(?=[0-9]{1,2}(?:-(?:й|я|ю))?(?:\s|[,.)]))")
_MINUTES = re.compile(r"(?<![\w.,])([0-9]{1,2}\s?ч\.?\s?[0-5]?[0-9]\s?)м(?![\w²³/-])")
_THOUSANDS = re.compile(
    r"(?<![\w.,])([0-9]{1,4}(?:[.,][0-9])?)\s?[кКkK](?=\s?(?:₽|руб|долл|евро|тенге|подписч|просмотр|лайк|р\.|\$|€))"
)
_COLLOQUIAL = re.compile(
    r"(?<![\w.,])([0-9]{1,3}(?:[.,][0-9]|[-–][0-9]{1,3})?)[кКkK](?=[\s,.!?)]|$)(?![,.]\s?[а-яё]{1,4}\.)(?!\s?[0-9])"
)
_PRICED = re.compile(
    r"(?i:сто[ия][тл]|цен[аеоуы]|зарпл|зарабат|получа|заплат|потрат|за\s\Z|вклад|\bзп\b|кредит|оклад|преми|доход|долж[на]|скин|торг)"
)
_DOSES = re.compile(
    r"(?<![\w.,-])([1-9]|10)(?:([-–])([1-9]|10))?\s?р(?:\.\s?в\s|\.?/)(д(?:ень|н)?|сут(?:ки)?|нед(?:елю)?)(?!\w)\.?"
)
_SPANS = {"де": "день", "дн": "день", "су": "сутки", "не": "неделю"}
_ORDERED_UNIT = re.compile(r"(?<![\w.,])([1-9][0-9]{0,3}-(й|го|му|м|я|ю))\s(км|мин|сек)(?![\w/])(\.)?")
_ORDERED_UNITS = {"км": "километр", "мин": "минута", "сек": "секунда"}
_UNIT_CASES: dict[str, Case] = {"го": "gent", "му": "datv", "я": "nomn", "ю": "accs"}
_CLASS = re.compile(r'(?<![\w.,-])([1-9]|1[01])[\s-]?"([А-К])"(?!\w)(?:\s(класс[а-яё]{0,3}))?')
_VOLUMES = re.compile(r"(?<=\bв )([2-9]|[1-9][0-9])(-(?:х|ти))?\sт\.(?=\s?(?:[.,;)]|$|[А-ЯЁ]))")
_BOOKS = re.compile(r"(?i:рома|собран|сочинен|издан|издал|том|энциклоп|словар|книг|вышел|вышл|труд)[^.]{0,40}\Z")
_PRESSURE = re.compile(r"(?<![\w.,/])([0-9]{2,3})/(?=[0-9]{2,3}\s?мм\s?рт)")
_NO_KOPECKS = re.compile(r"(?<![\w.,])([1-9][0-9]{0,2}(?: ?[0-9]{3}){0,3}|[1-9][0-9]{0,9})[-=]00(?=\s?руб)")
_KOPECKS = re.compile(r"(?<=[0-9])(\s?р(?:уб)?\.?\s?[0-9]{1,2}\s?)к\.")
_SHEETS = re.compile(r"(?<=\bна )([0-9]{1,3})\sл\.(?=(?:,|\s|,\s)?(?:в|$|\)|;|[0-9]\sэкз))")
_COUNTED = re.compile(
    r"(?<![\w.,])([0-9]{1,4})-(х|ёх|ех|ти|и|м|ём|мя|ью)(?=\s(?:кв\.\s?м|куб\.\s?м|км|кг|см|мм|м|л|мл|г|га|т|мин|ч|руб|шт)(?!\w))"
)


def _counted(match: re.Match[str], _: RuleContext) -> str | None:
    """ "от 5-ти км": the ending says no more than the preposition does, and hides the unit."""
    n, ending = int(match.group(1)), match.group(2)
    if ending not in ("ти", "и", "ью") and group(n) != 2:
        return None  # "на 41-м км" is an ordinal
    asked = governor(match.string, match.start())
    if ending == "м" and asked.cases[0] != "datv":
        return None
    return match.group(1) if asked.word else None


def _thousands(match: re.Match[str], _: RuleContext) -> str:
    return match.group(1) + " тыс"


def _colloquial(match: re.Match[str], _: RuleContext) -> str | None:
    """ "стоит 2к": thousands, where something is paid."""
    start = match.start()
    return match.group(1) + " тыс" if _PRICED.search(match.string, max(0, start - 30), start) else None


def _doses(match: re.Match[str], _: RuleContext) -> str:
    low, dash, high, span = match.groups()
    times = "раза" if group(int(high or low)) == 2 else "раз"
    kept = stop(match.string, match.end(), "." if match.group().endswith(".") else None)
    return f"{low}{dash or ''}{high or ''} {times} в {_SPANS[span[:2].ljust(2, 'е')]}{kept}"


def _ordered_unit(match: re.Match[str], _: RuleContext) -> str:
    """One of many ("на 12-м км", "на 87-й мин.")."""
    number, ending, unit, written_stop = match.groups()
    asked = governor(match.string, match.start()).cases
    feminine = unit != "км"
    case = _UNIT_CASES.get(ending)
    if case is None:
        usual: tuple[Case, ...] = ("loct", "gent", "datv", "ablt") if feminine else ("nomn", "accs")
        allowed = usual if ending == "й" else ("loct", "ablt")
        case = next((case for case in asked if case in allowed), allowed[0])
    kept = stop(match.string, match.end(), written_stop)
    return f"{number} {inflect(_ORDERED_UNITS[unit], case, 'sing')}{kept}"


def _class(match: re.Match[str], _: RuleContext) -> str:
    """A form at school ("в 6 «Б»"): the number is an ordinal, as before the word itself."""
    number, letter, noun = match.groups()
    asked = governor(match.string, match.start())
    cases = [form.case for form in forms(noun)] if noun else []
    if asked.word in ("в", "во", "о", "об"):
        case: Case = "loct"
    else:
        case = "gent" if asked.word in ("с", "со") else asked.cases[0]
    if cases and case not in cases:
        case = cases[0]
    return f'{ordinal(int(number), case, "masc")} "{letter}"' + (f" {noun}" if noun else "")


def _quarter(match: re.Match[str], _: RuleContext) -> str:
    """A quarter of a year ("в 1 кв. 2026 г.")."""
    number, part, text, start = match.group(1), match.group(2), match.string, match.start()
    asked, before = governor(text, start), last_word(text, start)
    case: Case = "loct" if asked.word in ("в", "во") else "gent" if asked.word in ("с", "со") else asked.cases[0]
    if not asked.word and part_of_speech(before) == "NOUN":
        case = "gent"
    n = _ROMAN.get(number) or int(number)
    if part == "кв":
        return f"{ordinal(n, case)} {inflect('квартал', case, 'sing')}"
    return f"{ordinal(n, case, 'neut')} {inflect('полугодие', case, 'sing')}"


def _inches(match: re.Match[str], _: RuleContext) -> str | None:
    """The size of a screen, a disk, a pipe."""
    found = _HAS_DIAGONAL.search(match.string, max(0, match.start() - 40), match.start())
    return match.group(1) + " дюйм" if found else None


def _volumes(match: re.Match[str], _: RuleContext) -> str | None:
    """ "роман в 3 т." """
    n = int(match.group(1))
    if not _BOOKS.search(match.string, max(0, match.start() - 60), match.start()):
        return None
    kept = stop(match.string, match.end(), ".")
    return f"{cardinal(n, 'loct')} {'томе' if group(n) == 1 else 'томах'}{kept}"


def _sheets(match: re.Match[str], _: RuleContext) -> str:
    """How long a paper is ("на 2 л. в 2 экз.")."""
    n = int(match.group(1))
    return f"{cardinal(n, 'loct')} {'листе' if group(n) == 1 else 'листах'}"


def _rank(match: re.Match[str], _: RuleContext) -> str | None:
    """A degree or class of what is named before ("гипертония III ст.", "инвалид 2 гр.")."""
    number, rank = match.groups()
    text, start = match.string, match.start()
    if part_of_speech(last_word(text, start)) != "NOUN":
        return None
    noun = _RANKS[rank]
    gender = next(form.gender for form in forms(noun) if not form.adjective)
    kept = stop(text, match.end(), ".")
    return f"{ordinal(_ROMAN.get(number) or int(number), 'gent', gender)} {inflect(noun, 'gent', 'sing')}{kept}"


def _age(match: re.Match[str], _: RuleContext) -> str:
    """Years before months ("3 г. 6 мес.")."""
    case = governor(match.string, match.start()).cases[0]
    return quantity(parse(match.group(1)), Noun("год"), case) + " "


def _half_of_age(match: re.Match[str], _: RuleContext) -> str:
    """ "в 1-й пол. XIX в." """
    ending, part = match.groups()
    asked = governor(match.string, match.start() - 4).word
    oblique: Case = "loct" if asked in ("в", "во") else "datv" if asked in ("к", "ко") else "gent"
    case: Case = "nomn" if ending == "я" else "accs" if ending == "ю" else oblique
    return inflect(_HALVES[part], case, "sing")


def _school_year(match: re.Match[str], _: RuleContext) -> str:
    """ "в 2010-2011 уч. г.": what rules the years rules their noun."""
    text, start = match.string, match.start()
    years = _YEARS_BEFORE.search(text, max(0, start - 12), start)
    asked = governor(text, years.start() if years else start)
    if asked.word in ("в", "во"):
        spoken = "учебном году"
    else:
        spoken = "учебного года" if asked.cases[0] == "gent" or asked.word in ("с", "со") else "учебный год"
    return spoken + stop(match.string, match.end(), "." if match.group().endswith(".") else None)


def _pressure(match: re.Match[str], _: RuleContext) -> str:
    return f"{cardinal(int(match.group(1)))} на "


RULES: tuple[Rule, ...] = (
    DigitRule("symbol", _ADDED_TIME, lambda m, _c: f"{m.group(1)} плюс ", re.compile(r"[05]\+[0-9]")),
    DigitRule("measure", _MINUTES, lambda m, _c: f"{m.group(1)}мин", re.compile("[0-9] ?ч")),
    DigitRule("measure", _AGE, _age, re.compile("мес")),
    PatternRule("phone", frozenset("."), _PHONE, lambda _m, _c: "телефон", shortened(("т",))),
    PatternRule("abbreviation", frozenset("."), _HALF_OF_AGE, _half_of_age, shortened(("пол", "четв"))),
    PatternRule("year", frozenset("."), _SCHOOL_YEAR, _school_year, shortened(("уч",))),
    PatternRule("ordinal", frozenset("."), _RANK, _rank, shortened(("ст", "кл", "кат", "гр", "разр"))),
    PatternRule("ordinal", frozenset("."), _QUARTER, _quarter, shortened(("кв", "пол", "полуг"))),
    DigitRule("measure", _PRESSURE, _pressure, re.compile("[0-9]/[0-9]{2,3} ?мм")),
    DigitRule("currency", _NO_KOPECKS, lambda m, _c: m.group(1), re.compile("[-=]00 ?р")),
    PatternRule("currency", DIGITS, _KOPECKS, lambda m, _c: f"{m.group(1)}коп.", re.compile(r"[0-9] ?к\.")),
    DigitRule("abbreviation", _VOLUMES, _volumes, re.compile(r" т\.")),
    DigitRule("abbreviation", _SHEETS, _sheets, re.compile(r" л\.")),
    DigitRule("measure", _INCHES, _inches, re.compile('[0-9]["″]')),
    DigitRule("scale", _THOUSANDS, _thousands, re.compile("[0-9] ?[кКkK]")),
    DigitRule("cardinal", _COUNTED, _counted, re.compile("[0-9]-[а-яё]{1,2} ")),
    DigitRule("scale", _COLLOQUIAL, _colloquial, re.compile("[0-9][кКkK]")),
    DigitRule("measure", _DOSES, _doses, re.compile("[0-9] ?р[./]")),
    DigitRule("ordinal", _ORDERED_UNIT, _ordered_unit, re.compile("-[а-я]{1,2} (?:км|мин|сек)")),
    PatternRule("ordinal", DIGITS, _CLASS, _class, re.compile('"[А-К]"')),
)
