"""Shorthand that is written out before numbers are read: "доп. расходы", "р-на", "сев.-зап.", "за кв. м"."""

from __future__ import annotations

import re

from qwentts_svc.text.normalize.ru.attributes import agreeing, described
from qwentts_svc.text.normalize.ru.context import last_word, stop
from qwentts_svc.text.normalize.ru.digit_rule import DigitRule
from qwentts_svc.text.normalize.ru.govern import governor
from qwentts_svc.text.normalize.ru.grammar import Case
from qwentts_svc.text.normalize.ru.morph import forms, inflect, inflect_adjective, part_of_speech
from qwentts_svc.text.normalize.ru.numbers import group
from qwentts_svc.text.normalize.rule import PatternRule, Rule, RuleContext
from qwentts_svc.text.normalize.stops import shortened

_SIDES = {"сев": "северный", "юж": "южный", "зап": "западный", "вост": "восточный", "центр": "центральный"}
_SIDE = re.compile(r"(?<![\w.-])(?:([Сс]ев|[Юю]г|[Юю]ж)\.?-)?([Сс]ев|[Юю]ж|[Зз]ап|[Вв]ост|[Цц]ентр)\.(?=\s?[а-яё,)]|$)")
_NEXT = re.compile(r"\s?([а-яё]{3,30})")
_TONGUES = {"англ": "английский", "нем": "немецкий", "фр": "французский", "рус": "русский", "исп": "испанский",
            "итал": "итальянский", "кит": "китайский", "яп": "японский", "лат": "латинский"}  # fmt: skip
_TONGUE = re.compile(rf"(?<![\w.-])((?i:{'|'.join(_TONGUES)}))\.\sяз\.")
_SQUARE = re.compile(r"(?<![\w.-])(?:(кв|куб)\.\s?(метр|км|см|дм|мм|м)(?![\w²³])|(км|см|мм|м)([²³]))")
_LENGTH = {"м": "метр", "км": "километр", "см": "сантиметр", "дм": "дециметр", "мм": "миллиметр", "метр": "метр"}


_QUOTED_DAY = re.compile(
    r'"\s?(0?[1-9]|[12][0-9]|3[01])\s?"(?=\s(?:январ|феврал|март|апрел|ма[йя]|ию[нл]|август|сентябр|октябр|ноябр|декабр))'
)
_MADE = re.compile(r"(?<![\w.,])((?:19|20)[0-9]{2})\s?г\.?\s?(?:(в|вып)\.|(р|рожд)\.)(?!\s?[А-ЯЁ]\.)")
_DISTRICT = re.compile(r"(?<=\s)(?:([Рр])-н|(мкр)-н)(а|у|ом|е|ы|ов|ах)(?!\w)")
_ADJECTIVES = {
    "осн": "основной", "доп": "дополнительный", "ген": "генеральный", "мин": "минимальный", "макс": "максимальный",
    "гос": "государственный", "мед": "медицинский", "соц": "социальный", "физ": "физический", "юр": "юридический",
    "атм": "атмосферный", "нац": "национальный", "рос": "российский", "сов": "советский", "воен": "военный",
    "гор": "городской", "мат": "материальный", "совр": "современный", "общ": "общий", "след": "следующий",
    "пред": "предыдущий", "раб": "рабочий", "кал": "календарный", "банк": "банковский", "техн": "технический",
}  # fmt: skip
_ADJECTIVE = re.compile(
    rf"(?<![\w.-])({'|'.join(_ADJECTIVES)})\."
    r"(?=\s(?:(?:и|или)\s[а-яё]{2,8}\.\s)?([а-яё]{3,30})(?!\w|\.\s?[а-яё]))",
    re.IGNORECASE,
)


def _quoted_day(match: re.Match[str], _: RuleContext) -> str:
    """The day in a document's date: «15» мая."""
    return match.group(1)


def _made(match: re.Match[str], _: RuleContext) -> str:
    kept = stop(match.string, match.end(), ".") if match.group().endswith(".") else ""
    return f"{match.group(1)} года {'выпуска' if match.group(2) else 'рождения'}{kept}"


def _district(match: re.Match[str], _: RuleContext) -> str:
    large, small, ending = match.groups()
    return ("микрорайон" if small else "Район" if large == "Р" else "район") + ending


def _adjective(match: re.Match[str], _: RuleContext) -> str | None:
    """A shortened adjective before the noun that it agrees with ("доп. расходы", "юр. лица")."""
    written, noun = match.groups()
    text, start = match.string, match.start()
    before = last_word(text, start)
    if before[:1].isdigit():
        return _counted_adjective(_ADJECTIVES[written.lower()], before, noun)
    form = described(noun, text, start)
    if form is None:
        return None
    spoken = agreeing(_ADJECTIVES[written.lower()], form)
    return spoken.capitalize() if written[0].isupper() else spoken


def _counted_adjective(adjective: str, number: str, noun: str) -> str | None:
    """Between a number and its noun ("3 раб. дня"); "5 мин." are minutes."""
    if adjective == "минимальный" or not number.isdigit():
        return None
    form = next((form for form in forms(noun) if not form.adjective), None)
    if form is None:
        return None
    if form.number == "sing" and form.case == "gent" and group(int(number)) == 2:
        return inflect_adjective(adjective, "nomn" if form.gender == "femn" else "gent", "plur")
    return inflect_adjective(adjective, form.case, "plur" if form.number == "plur" else form.gender)


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


def _tongue(match: re.Match[str], _: RuleContext) -> str:
    """ "на англ. яз." """
    asked = governor(match.string, match.start())
    case: Case = "loct" if asked.word in ("на", "в") else "datv" if asked.word == "по" else asked.cases[0]
    if not asked.word and part_of_speech(last_word(match.string, match.start())) == "NOUN":
        case = "gent"
    spoken = f"{inflect_adjective(_TONGUES[match.group(1).lower()], case, 'masc')} {inflect('язык', case, 'sing')}"
    spoken += stop(match.string, match.end(), ".")
    return spoken.capitalize() if match.group(1)[0].isupper() else spoken


def _square(match: re.Match[str], _: RuleContext) -> str | None:
    """One square or cubic unit without a number ("цена за кв. м")."""
    kind, unit, plain, raised = match.groups()
    if raised:
        kind, unit = "кв" if raised == "²" else "куб", plain
    text, start = match.string, match.start()
    before = last_word(text, start)
    asked = governor(text, start)
    if not asked.word or asked.word != before.lower() or unit == "метр":
        return None
    case: Case = "accs" if asked.word in ("за", "на", "в", "под") else "gent" if asked.word == "с" else asked.cases[0]
    adjective = inflect_adjective("квадратный" if kind == "кв" else "кубический", case, "masc")
    return f"{adjective} {inflect(_LENGTH[unit], case, 'sing')}"


DATES: tuple[Rule, ...] = (
    PatternRule("date", frozenset('"'), _QUOTED_DAY, _quoted_day, re.compile('[0-9] ?"')),
    DigitRule("year", _MADE, _made, re.compile(r"[0-9] ?г\.? ?[вр]")),
)
"""Before the rules of dates and years."""

RULES: tuple[Rule, ...] = (
    PatternRule("abbreviation", frozenset("."), _TONGUE, _tongue, shortened(("яз",))),
    PatternRule("abbreviation", frozenset("."), _ADJECTIVE, _adjective, shortened(_ADJECTIVES)),
    PatternRule("abbreviation", frozenset("-"), _DISTRICT, _district, re.compile("р-н[аоуеы]")),
    PatternRule("abbreviation", frozenset("."), _SIDE, _side, shortened((*_SIDES, "юг"))),
    PatternRule("abbreviation", frozenset(".²³"), _SQUARE, _square, re.compile(r"(?:кв|куб)\.|м[²³]")),
)
