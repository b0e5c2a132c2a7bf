"""Calendar dates: day and month in words or digits, with or without a year, single, in pairs and in spans."""

from __future__ import annotations

import re

from qwentts_svc.text.normalize.ru.agree import is_label
from qwentts_svc.text.normalize.ru.context import ends_clause, last_word
from qwentts_svc.text.normalize.ru.digit_rule import DigitRule
from qwentts_svc.text.normalize.ru.govern import governor, tokens_before
from qwentts_svc.text.normalize.ru.grammar import Case
from qwentts_svc.text.normalize.ru.months import (
    ANY_GENITIVE,
    GENITIVES,
    LAST_DAY,
    month_index,
)
from qwentts_svc.text.normalize.ru.ordinal_words import ordinal
from qwentts_svc.text.normalize.ru.wordlist import words
from qwentts_svc.text.normalize.rule import PatternRule, Rule, RuleContext

_DAY = r"(0?[1-9]|[12][0-9]|3[01])"
_YEAR = r"(?:,?\s([12][0-9]{3}|[0-9]{2}(?=\s?г))(?![0-9])(?:\s?(?:(г)(\.)?|года?|году)(?!\w))?|\s(года))?"
_END = r"(?:-?(?:го|ого|е|ое|му))?"
_WORDS = re.compile(
    rf"(?<![\w.,:/])(?:{_DAY}{_END}(\s?[-–—]\s?|,\s|\sи\s|\sили\s|\sна\s|\sпо\s|\sдо\s))?{_DAY}{_END}\s("
    rf"(?i:{ANY_GENITIVE}))(?![а-яё]){_YEAR}"
)
_SPAN = re.compile(
    rf"(?<![\w.,:/-]){_DAY}\.(0?[1-9]|1[0-2])\.([12][0-9]{{3}}|[0-9]{{2}})(?:\s?г\.)?\s?[-–—]\s?"
    r"(?=[0-3]?[0-9]\.[01]?[0-9]\.[0-9]{2})"
)
_SPAN_OF_WORDS = re.compile(
    rf"(?<![\w.,:/-]){_DAY}\s((?i:{ANY_GENITIVE}))()\s?[-–—]\s?(?=[0-3]?[0-9]\s(?i:{ANY_GENITIVE})(?![а-яё]))"
)
_LISTED = re.compile(
    rf"(?<![\w.,:/-]){_DAY}{_END}(?=,\s(?:[0-9]{{1,2}},\s){{0,4}}[0-9]{{1,2}}\sи\s[0-9]{{1,2}}\s(?:{ANY_GENITIVE}))"
)
_ISO = re.compile(
    r"(?<![\w.,:/-])([12][0-9]{3})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])(?![\w-]|\.[0-9])(?:\s?г(?:\.|ода?)(?!\w))?"
)
_NUMERIC = re.compile(
    r"(?<![\w.,:/-])(?:(0?[1-9]|[12][0-9]|3[01])\s?[-–—]\s?)?(0?[1-9]|[12][0-9]|3[01])([./-])(0?[1-9]"
    r"|1[0-2])\3([12][0-9]{3}|[0-9]{2})(?![\w/-]|[.,][0-9])(?:\s?(?:г(\.)?|года?)(?!\w))?"
)
_DAY_MONTH = re.compile(
    r"(?i:(?<=\bс )|(?<=\bсо )|(?<=\bдо )|(?<=\bк )|(?<=\bот )|(?<=\bпо )|(?<=\bна )|(?<=\bза )"
    r"|(?<=\bдедлайн )|(?<=\bсрок )|(?<=\bдата )|(?<=\bсрок: )|(?<=\bдата: ))"
    r"(0?[1-9]|[12][0-9]|3[01])\.(0[1-9]|1[0-2])(?![\w%°]|\.[0-9]|\s?(?:руб|раз|кг|км|м|г|л|%|млн|тыс|балл|процент)\b)"
)
_DAY_MONTH_TIME = re.compile(
    rf"(?<![\w.,:/-]){_DAY}\.(0[1-9]|1[0-2])\.?(?=,?\s(?:в|с|к|до|на|после)\s[0-9]{{1,2}}[:.][0-5][0-9](?![\w.]))"
)
_DAY_MONTH_ALONE = re.compile(
    rf"(?<![\w.,:/-]){_DAY}\.(0[1-9]|1[0-2])(?![\w%°]|\.[0-9]|\s?(?:[%°$€₽]|руб|раз|кг|км|см|мм|м|г|л|млн|тыс|балл|процент)\b)"
)
_STAMP = re.compile(r"(?<=[0-9]{4}-[01][0-9]-[0-3][0-9])T(?=[0-2][0-9]:[0-5][0-9])")
_TODAY = frozenset(
    words("сегодня завтра вчера послезавтра позавчера это наступило наступит наступает праздник дата датой")
)
_NAMES_OF_DAYS = frozenset(("дата", "срок", "день", "дедлайн"))
_EVENTS = frozenset(
    words(
        "вылет прилёт прилет возвращение заезд выезд приезд отъезд отправление прибытие "
        "начало окончание старт финиш открытие закрытие премьера рождения родился родилась умер умерла встреча концерт"
    )
)
_NOMINATIVE_NEXT = re.compile(r"\s?[-–—]\s")
_CONGRATULATED = re.compile(
    r"(?i:\bсо?\s(?:[а-яё]{3,20}\s){0,2}праздник(?:ом|ами)(?:\s(?:вас|тебя|всех))?,?\s(?:и\s)?со?\s\Z)"
)
_GREETED = re.compile(r"(?:(?:^|[.!?\n(\"]\s?)(Со?)|(?i:,|\bвсех|\bвас|\bтебя)\sсо?)\s\Z")
_WITH = frozenset(("с", "со", "вместе с"))
_UNTIL = re.compile(r"\s(?:по|до)\s")
_BY_LINK: dict[str, Case] = {"на": "accs", "по": "accs", "до": "gent"}
_WITH_DATES: dict[str, Case] = {
    "на": "accs",
    "за": "accs",
    "по": "accs",
    "к": "datv",
    "до": "gent",
    "с": "gent",
    "от": "gent",
}
BY_PREPOSITION: dict[str, Case] = {
    "на": "accs",
    "по": "accs",
    "за": "accs",
    "в": "accs",
    "про": "accs",
    "о": "loct",
    "об": "loct",
}


def date_case(text: str, start: int, end: int) -> Case:
    """The case of the day: what a preposition asks, nominative where the date is named, else genitive ("when")."""
    asked = governor(text, start)
    if asked.word in _WITH and _UNTIL.match(text, end):
        return "gent"
    if asked.word in ("с", "со") and _is_feast(text, start, end):
        return "ablt"
    if asked.word:
        return BY_PREPOSITION.get(asked.word, asked.cases[0])
    tokens = [token.lower() for token in tokens_before(text, start)]
    if tokens[:1] == ["и"] and len(tokens) > 3 and tokens[1] in GENITIVES and tokens[3] in _WITH_DATES:
        return _WITH_DATES[tokens[3]]  # "на 23 февраля и 8 марта"
    if tokens and tokens[0] in ("было", "будет"):
        del tokens[0]
    if len(tokens) > 1 and tokens[0] in "-–—" and tokens[1] in GENITIVES:
        return "nomn"
    if tokens and tokens[0] in ":-–—" and _NAMES_OF_DAYS.intersection(tokens[1:4]):
        return "nomn"
    if tokens and (tokens[0] in _TODAY or (tokens[0] in ":-–—" and "сегодня" in tokens[1:3])):
        return "nomn"
    if (not tokens or tokens[0] == ".") and _NOMINATIVE_NEXT.match(text, end):
        return "nomn"
    return "gent"


def _is_feast(text: str, start: int, end: int) -> bool:
    """Whether somebody is wished well on the day ("С 8 Марта!", "с праздником, с 9 Мая")."""
    if _CONGRATULATED.search(text, max(0, start - 70), start):
        return True
    after = text[end : end + 2].lstrip()[:1]
    greeted = _GREETED.search(text, max(0, start - 10), start) if after in ("!", ",") else None
    if greeted is None:
        return False
    return last_word(text, end)[:1].isupper() or (after == "!" and greeted.group(1) is not None)


def _valid(day: int, month: int) -> bool:
    return 1 <= month <= 12 and 1 <= day <= LAST_DAY[month - 1]


def _full_year(text: str) -> int:
    value = int(text)
    if len(text) == 2:
        value += 2000 if value < 50 else 1900
    return value


def date(day: int, month: int, year: int | None, case: Case, name: str = "") -> str:
    """A date in words, month (``name`` as it is written, if given) and year in the genitive."""
    spoken = f"{ordinal(day, case, 'neut')} {name or GENITIVES[month - 1]}"
    return spoken if year is None else f"{spoken} {ordinal(year, 'gent')} года"


def _span(match: re.Match[str], ctx: RuleContext) -> str | None:
    """The first of two whole dates with a dash between ("03.02.2025–14.02.2025", "3 февраля - 14 марта")."""
    text, start = match.string, match.start()
    day, month_text, year_text = match.groups()
    month = int(month_text) if month_text.isdigit() else month_index(month_text) + 1
    asked = governor(text, start).word
    if not _valid(int(day), month) or (asked and asked not in ("с", "со", "от")):
        return None
    spoken = date(int(day), month, _full_year(year_text) if year_text else None, "gent")
    return f"{spoken} по " if asked else f"{'со' if int(day) == 2 else 'с'} {spoken} по "


def _since(day: int) -> str:
    return f"{'со' if day == 2 else 'с'} {ordinal(day, 'gent', 'neut')}"


def _words(match: re.Match[str], _: RuleContext) -> str | None:
    first, joint, day, month_text, year_text, short, short_stop, bare_year = match.groups()
    month = month_index(month_text) + 1
    if not _valid(int(day), month) or (first and not _valid(int(first), month)):
        return None
    text, start = match.string, match.start()
    case = date_case(text, start, match.end())
    year = _full_year(year_text) if year_text else None
    second_case = case
    prefix = ""
    if first:
        link = joint.strip()
        if case == "ablt" and link in ("по", "до"):
            case = "gent"
        if link in "-–—":
            if case == "gent" and not governor(text, start).word:
                prefix, second_case = f"{_since(int(first))} по ", "accs"
            else:
                prefix = f"{ordinal(int(first), case, 'neut')}-"
        else:
            second_case = _BY_LINK.get(link, case)
            prefix = f"{ordinal(int(first), case, 'neut')}{joint}"
    spoken = prefix + date(int(day), month, year, second_case, "" if month_text.endswith(".") else month_text)
    if bare_year:
        spoken += " года"
    if (short and short_stop and ends_clause(text, match.start(), match.end())) or (
        month_text.endswith(".") and not year_text and ends_clause(text, match.start(), match.end())
    ):
        spoken += "."
    return spoken


def _listed(match: re.Match[str], _: RuleContext) -> str | None:
    """The first days of a list ("3, 4 и 5 мая")."""
    if int(match.group(1)) > 31:
        return None
    return ordinal(int(match.group(1)), date_case(match.string, match.start(), match.end()), "neut")


def _iso(match: re.Match[str], _: RuleContext) -> str | None:
    year, month, day = (int(part) for part in match.groups())
    return date(day, month, year, date_case(match.string, match.start(), match.end())) if _valid(day, month) else None


def _numeric(match: re.Match[str], _: RuleContext) -> str | None:
    first, day_text, mark, month_text, year_text, short_stop = match.groups()
    day, month = int(day_text), int(month_text)
    if not _valid(day, month) or (mark != "." and len(year_text) == 2) or (first and not _valid(int(first), month)):
        return None
    case = date_case(match.string, match.start(), match.end())
    kept = "." if short_stop and ends_clause(match.string, match.start(), match.end()) else ""
    if first:
        return f"{_since(int(first))} по {date(day, month, _full_year(year_text), 'accs')}{kept}"
    return date(day, month, _full_year(year_text), case) + kept


def _day_month(match: re.Match[str], _: RuleContext) -> str | None:
    day, month = int(match.group(1)), int(match.group(2))
    if not _valid(day, month):
        return None
    return date(day, month, None, date_case(match.string, match.start(), match.end()))


def _day_month_alone(match: re.Match[str], ctx: RuleContext) -> str | None:
    """Without a year or an hour: a day with its leading zero, or after a word for what has a date."""
    sure = match.group(1)[0] == "0" or last_word(match.string, match.start()).lower() in _EVENTS
    return _day_month(match, ctx) if sure and not is_label(match.string, match.start()) else None


_DAY_THEN_LETTER = re.compile(rf"[0-9]{_END}\s(?i:[янфмаисод])")
_MONTH_AFTER_DAY = (re.compile(rf"(?<!\w)(?i:{ANY_GENITIVE})(?![а-яё])"), _DAY_THEN_LETTER)

RULES: tuple[Rule, ...] = (
    PatternRule("date", frozenset("T"), _STAMP, lambda _m, _c: " ", re.compile("[0-9]T[0-9]")),
    DigitRule("date", _ISO, _iso, re.compile("[0-9]-[01]")),
    DigitRule("date", _SPAN, _span, re.compile(r"[0-9.] ?[-–—] ?[0-9]{1,2}\.")),
    DigitRule("date", _SPAN_OF_WORDS, _span, *_MONTH_AFTER_DAY),
    DigitRule("date", _NUMERIC, _numeric, re.compile("[0-9][./-][01]?[0-9][./-]")),
    DigitRule("date", _DAY_MONTH_TIME, _day_month, re.compile(r"[0-9]\.[01]")),
    DigitRule("date", _DAY_MONTH, _day_month, re.compile(r"[0-9]\.[01]")),
    DigitRule("date", _DAY_MONTH_ALONE, _day_month_alone, re.compile(r"[0-9]\.[01]")),
    DigitRule("date", _LISTED, _listed, *_MONTH_AFTER_DAY),
    DigitRule(
        "date",
        _WORDS,
        _words,
        *_MONTH_AFTER_DAY,
    ),
)
