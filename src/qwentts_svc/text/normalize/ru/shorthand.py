"""Shorthand that is written out before its numbers are read: "120к руб.", "2 р. в день", "41-й км", "сев.-зап."."""

from __future__ import annotations

import re

from qwentts_svc.text.normalize.ru.context import last_word, stop
from qwentts_svc.text.normalize.ru.digit_rule import DigitRule
from qwentts_svc.text.normalize.ru.govern import governor
from qwentts_svc.text.normalize.ru.grammar import Case
from qwentts_svc.text.normalize.ru.morph import forms, inflect, inflect_adjective, part_of_speech
from qwentts_svc.text.normalize.ru.numbers import group
from qwentts_svc.text.normalize.ru.ordinal_words import combining, ordinal
from qwentts_svc.text.normalize.rule import DIGITS, PatternRule, Rule, RuleContext
from qwentts_svc.text.normalize.stops import shortened

_THOUSANDS = re.compile(
    r"(?<![\w.,])([0-9]{1,4}(?:[.,][0-9])?)\s?[кКkK](?=\s?(?:₽|руб|долл|евро|тенге|подписч|просмотр|лайк|р\.|\$|€))"
)
_COLLOQUIAL = re.compile(
    r"(?<![\w.,])([0-9]{1,3}(?:[.,][0-9])?)[кКkK](?=[\s,.!?)]|$)(?![,.]\s?[а-яё]{1,4}\.)(?!\s?[0-9])"
)
_PRICED = re.compile(r"(?i:сто[ия][тл]|цен[аеоуы]|зарпл|зарабат|получа|заплат|потрат|за\s\Z|долж[на]|скин|торг)")
_DOSES = re.compile(
    r"(?<![\w.,-])([1-9]|10)(?:([-–])([1-9]|10))?\s?р(?:\.\s?в\s|\.?/)(д(?:ень|н)|сут(?:ки)?|нед(?:елю)?)(?!\w)\.?"
)
_SPANS = {"де": "день", "дн": "день", "су": "сутки", "не": "неделю"}
_KILOMETRE = re.compile(r"(?<![\w.,])([1-9][0-9]{0,3}-(й|го|му|м))\sкм(?![\w/])")
_KM_CASES: dict[str, Case] = {"й": "nomn", "го": "gent", "му": "datv"}
_ROOMS = re.compile(r"(?<![\w.,])([1-9])-?к(?:омн)?\.?(?=\s(?:кв\.\s(?=[а-яё])|(квартир[а-яё]{1,3})))")
_CLASS = re.compile(r'(?<![\w.,-])([1-9]|1[01])[\s-]?"([А-К])"(?!\w)(?:\s(класс[а-яё]{0,3}))?')
_SIDES = {"сев": "северный", "юж": "южный", "зап": "западный", "вост": "восточный", "центр": "центральный"}
_SIDE = re.compile(r"(?<![\w.-])(?:([Сс]ев|[Юю]г|[Юю]ж)\.?-)?([Сс]ев|[Юю]ж|[Зз]ап|[Вв]ост|[Цц]ентр)\.(?=\s?[а-яё,)]|$)")
_NEXT = re.compile(r"\s?([а-яё]{3,30})")
_SQUARE = re.compile(r"(?<![\w.-])(кв|куб)\.\s?(метр|км|см|дм|мм|м)(?![\w²³])")
_LENGTH = {"м": "метр", "км": "километр", "см": "сантиметр", "дм": "дециметр", "мм": "миллиметр", "метр": "метр"}


_QUOTED_DAY = re.compile(
    r'"\s?(0?[1-9]|[12][0-9]|3[01])\s?"(?=\s(?:январ|феврал|март|апрел|ма[йя]|ию[нл]|август|сентябр|октябр|ноябр|декабр))'
)
_MADE = re.compile(r"(?<![\w.,])((?:19|20)[0-9]{2})\s?г\.?\s?(?:в\.(?!\s?[А-ЯЁ])|вып\.)")
_DISTRICT = re.compile(r"(?<=\s)(?:([Рр])-н|(мкр)-н)(а|у|ом|е|ы|ов|ах)(?!\w)")
_COUNTED = re.compile(
    r"(?<![\w.,])([0-9]{1,4})-(?:х|ёх|ех|ти|и|м|ём|мя|ью)(?=\s(?:кв\.\s?м|куб\.\s?м|км|кг|см|мм|м|л|мл|г|га|т|мин|ч|руб|шт)(?!\w))"
)
_ADJECTIVES = {
    "осн": "основной", "доп": "дополнительный", "ген": "генеральный", "мин": "минимальный", "макс": "максимальный",
    "гос": "государственный", "мед": "медицинский", "соц": "социальный", "физ": "физический", "юр": "юридический",
    "атм": "атмосферный", "нац": "национальный", "рос": "российский", "сов": "советский", "воен": "военный",
    "гор": "городской", "мат": "материальный", "совр": "современный", "общ": "общий", "след": "следующий",
    "пред": "предыдущий",
}  # fmt: skip
_ADJECTIVE = re.compile(
    rf"(?<![\w.-])({'|'.join(_ADJECTIVES)})\.(?=\s([а-яё]{{3,30}})(?!\w|\.\s?[а-яё]))", re.IGNORECASE
)


def _quoted_day(match: re.Match[str], _: RuleContext) -> str:
    """The day in a document's date: «15» мая."""
    return match.group(1)


def _made(match: re.Match[str], _: RuleContext) -> str:
    kept = stop(match.string, match.end(), ".") if match.group().endswith(".") else ""
    return f"{match.group(1)} года выпуска{kept}"


def _district(match: re.Match[str], _: RuleContext) -> str:
    large, small, ending = match.groups()
    return ("микрорайон" if small else "Район" if large == "Р" else "район") + ending


def _counted(match: re.Match[str], _: RuleContext) -> str | None:
    """ "от 5-ти км": the ending says no more than the preposition does, and hides the unit."""
    asked = governor(match.string, match.start())
    return match.group(1) if asked.word and asked.cases[0] in ("gent", "datv", "ablt") else None


def _adjective(match: re.Match[str], _: RuleContext) -> str | None:
    """A shortened adjective before the noun that it agrees with ("доп. расходы", "юр. лица")."""
    written, noun = match.groups()
    readings = forms(noun)
    if not readings or last_word(match.string, match.start())[:1].isdigit():
        return None
    text, start = match.string, match.start()
    asked, before = governor(text, start), last_word(text, start)
    cases: tuple[Case, ...] = asked.cases
    if not asked.word and before[:1].islower() and part_of_speech(before) == "NOUN":
        cases = ("gent", *cases)
    form = next((form for case in cases for form in readings if form.case == case), readings[0])
    spoken = inflect_adjective(
        _ADJECTIVES[written.lower()], form.case, "plur" if form.number == "plur" else form.gender
    )
    return spoken.capitalize() if written[0].isupper() else spoken


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
    return f"{low}{dash or ''}{high or ''} {times} в {_SPANS[span[:2]]}{kept}"


def _kilometre(match: re.Match[str], _: RuleContext) -> str:
    number, ending = match.groups()
    around = governor(match.string, match.start())
    case = _KM_CASES.get(ending) or ("loct" if around.word in ("в", "на", "о", "при") else "ablt")
    return f"{number} {inflect('километр', case, 'sing')}"


def _rooms(match: re.Match[str], _: RuleContext) -> str | None:
    written = match.group(2)
    if written is None:
        return None
    form = next((form for form in forms(written) if form.lemma == "квартира"), None)
    if form is None:
        return None
    asked = governor(match.string, match.start())
    readings = [form for form in forms(written) if form.number == "sing"] or [form]
    form = next((form for case in asked.cases for form in readings if form.case == case), readings[0])
    adjective = inflect_adjective("комнатный", form.case, "plur" if form.number == "plur" else "femn")
    return combining(int(match.group(1))) + adjective


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


def _side(match: re.Match[str], _: RuleContext) -> str | None:
    first, second = match.groups()
    lemma = _SIDES[second.lower()]
    if first:
        lemma = ("юго" if first.lower().startswith("ю") else "северо") + "-" + lemma
    text = match.string
    word = _NEXT.match(text, match.end())
    readings = [form for form in forms(word.group(1)) if not form.adjective] if word else []
    if second.lower() == "центр" and not readings:
        return None
    if readings:
        asked = governor(text, match.start())
        form = next((form for case in asked.cases for form in readings if form.case == case), readings[0])
        head, _hyphen, tail = lemma.rpartition("-")
        said = inflect_adjective(tail, form.case, "plur" if form.number == "plur" else form.gender)
        spoken = f"{head}-{said}" if head else said
    else:
        spoken = lemma
    stop = "." if match.end() == len(text) else ""
    return (spoken.capitalize() if (first or second)[0].isupper() else spoken) + stop


def _square(match: re.Match[str], _: RuleContext) -> str | None:
    """One square or cubic unit without a number ("цена за кв. м")."""
    kind, unit = match.groups()
    text, start = match.string, match.start()
    before = last_word(text, start)
    asked = governor(text, start)
    if asked.word != before.lower() or unit == "метр":
        return None
    case: Case = "accs" if asked.word in ("за", "на", "в", "под") else "gent" if asked.word == "с" else asked.cases[0]
    adjective = inflect_adjective("квадратный" if kind == "кв" else "кубический", case, "masc")
    return f"{adjective} {inflect(_LENGTH[unit], case, 'sing')}"


DATES: tuple[Rule, ...] = (
    PatternRule("date", frozenset('"'), _QUOTED_DAY, _quoted_day, re.compile('[0-9] ?"')),
    DigitRule("year", _MADE, _made, re.compile(r"[0-9] ?г\.? ?в")),
)
"""Before the rules of dates and years."""

RULES: tuple[Rule, ...] = (
    PatternRule("abbreviation", frozenset("."), _ADJECTIVE, _adjective, shortened(_ADJECTIVES)),
    PatternRule("abbreviation", frozenset("-"), _DISTRICT, _district, re.compile("р-н[аоуеы]")),
    DigitRule("scale", _THOUSANDS, _thousands, re.compile("[0-9] ?[кКkK]")),
    DigitRule("cardinal", _COUNTED, _counted, re.compile("[0-9]-[а-яё]{1,2} ")),
    DigitRule("scale", _COLLOQUIAL, _colloquial, re.compile("[0-9][кКkK]")),
    DigitRule("measure", _DOSES, _doses, re.compile("[0-9] ?р[./]")),
    DigitRule("ordinal", _KILOMETRE, _kilometre, re.compile("м? км|й км|о км|у км")),
    DigitRule("compound", _ROOMS, _rooms, re.compile("[0-9]-?к")),
    PatternRule("ordinal", DIGITS, _CLASS, _class, re.compile('"[А-К]"')),
    PatternRule("abbreviation", frozenset("."), _SIDE, _side, shortened((*_SIDES, "юг"))),
    PatternRule("abbreviation", frozenset("."), _SQUARE, _square, shortened(("кв", "куб"))),
)
