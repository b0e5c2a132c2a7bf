"""Times of day: "15:30", "в 7.05", spans of them; hours with seconds; scores and proportions, which look alike."""

from __future__ import annotations

import re

from qwentts_svc.text.normalize.ru.context import last_word, next_word
from qwentts_svc.text.normalize.ru.digit_rule import DigitRule
from qwentts_svc.text.normalize.ru.govern import governor
from qwentts_svc.text.normalize.ru.grammar import Case
from qwentts_svc.text.normalize.ru.numbers import cardinal
from qwentts_svc.text.normalize.ru.quantity import Noun
from qwentts_svc.text.normalize.rule import PatternRule, Rule, RuleContext

_TIME = re.compile(
    r"(?<![\w:.,/])(?:([01]?[0-9]|2[0-4]):([0-5][0-9])\s?[-–—]\s?)?([01]?[0-9]|2[0-4]):([0-5][0-9])(?::"
    r"([0-5][0-9]))?(?![\w:]|[.,][0-9])(?:\s?(?:ч\.?|час[оа]в?)(?![а-яё]))?"
)
_DOTTED = re.compile(
    r"(?i:(?<=\bв )|(?<=\bдо )|(?<=\bс )|(?<=\bк )|(?<=\bпосле )|(?<=\bоколо ))([01]?[0-9]|2[0-3])\."
    r"([0-5][0-9])(?![\w%°:]|[.,][0-9]|\s?[-–—]\s?[0-9]+[.,][0-9]+\s?(?:%|кг|м))(?:\s?час(?:ов|а)?(?![а-яё]))?"
)
_DOTTED_SPAN = re.compile(
    r"(?<![\w:.,/])([01]?[0-9]|2[0-4])\.([0-5][05])\s?[-–—]\s?([01]?[0-9]|2[0-4])\.([0-5][05])(?![\w:%°]|[.,][0-9])"
)
_HOURS = re.compile(
    r"(?<!\w)(?i:час|врем|работ|при[её]м|перерыв|обед|открыт|занят|начал|сеанс|касс|понедельн|вторн|сред|четверг|пятниц"
    r"|суббот|воскрес|ежедневн|будн|выходн|пн|вт|ср|чт|пт|сб|вс)"
)
_RATIO = re.compile(r"(?<![\w:.,/])([0-9]{1,6}):([0-9]{1,7})(?![\w:]|[.,][0-9]|\s?=)")
_HOUR, _MINUTE, _SECOND = Noun("час"), Noun("минута"), Noun("секунда")
_PROPORTION = re.compile(r"(?i:масштаб|пропорц|соотношен|отношени|шанс|развед|разбав|ставк)")
_COUNTED = re.compile(
    r"\s?(?:раз|руб|процент|балл|метр|кило|литр|см|мм|км|кг|м|л|г|млн|млрд|тыс|секунд|минут|доллар|евро"
    r"|градус|цел|тонн)"
)


def clock(hour: int, minute: int, case: Case) -> str:
    """A time in ``case``: "пятнадцать тридцать", "семь ноль пять", "десять часов"."""
    if minute == 0 or hour == 0:
        spoken = f"{cardinal(hour, case)} {_HOUR.form(hour, case)}"
        return spoken if minute == 0 else f"{spoken} {cardinal(minute, case, 'femn')} {_MINUTE.form(minute, case)}"
    zero = "ноль " if minute < 10 else ""
    return f"{cardinal(hour, case)} {zero}{cardinal(minute, case)}"


def _time(match: re.Match[str], _: RuleContext) -> str | None:
    first_hour, first_minute, hour, minute, second = match.groups()
    text, start = match.string, match.start()
    asked = governor(text, start)
    if not second and len(minute) == 2 and minute < "60" and _is_ratio(text, start):
        return None
    case: Case = "gent" if asked.word in ("с", "со") else asked.cases[0]
    if second:
        if first_hour:
            return None
        h, m, s = int(hour), int(minute), int(second)
        parts = [f"{cardinal(h, case)} {_HOUR.form(h, case)}"] if h else []
        parts += [
            f"{cardinal(m, case, 'femn')} {_MINUTE.form(m, case)}",
            f"{cardinal(s, case, 'femn')} {_SECOND.form(s, case)}",
        ]
        return " ".join(parts)
    if first_hour:
        link = "до"
        first = f"{clock(int(first_hour), int(first_minute), 'gent')} {link} {clock(int(hour), int(minute), 'gent')}"
        return first if asked.word in ("с", "со", "от") else f"с {first}"
    return clock(int(hour), int(minute), case)


def _dotted(match: re.Match[str], _: RuleContext) -> str | None:
    text = match.string
    if _COUNTED.match(text, match.end()):
        return None
    word = last_word(text, match.start()).lower()
    following = next_word(text, match.end()).lower()
    if word != "в" and following not in ("утра", "вечера", "дня", "ночи", "часов", "до", "по"):
        return None
    asked = governor(text, match.start())
    return clock(int(match.group(1)), int(match.group(2)), "gent" if word == "с" else asked.cases[0])


def _is_ratio(text: str, pos: int) -> bool:
    return _PROPORTION.search(text, max(0, pos - 40), pos) is not None


def _ratio(match: re.Match[str], _: RuleContext) -> str:
    first, second = int(match.group(1)), int(match.group(2))
    if (first == 1 and (second >= 100 or _is_ratio(match.string, match.start()))) or _is_ratio(
        match.string, match.start()
    ):
        asked = governor(match.string, match.start()).cases[0]
        return f"{cardinal(first, asked if asked == 'gent' else 'nomn')} к {cardinal(second, 'datv')}"
    return f"{cardinal(first)} {cardinal(second)}"


_MOSCOW = re.compile(r"(?<=[а-яё0-9])\s(?:мск|МСК)(?!\w)")
_DAYS = {
    "пн": "понедельник",
    "вт": "вторник",
    "ср": "среда",
    "чт": "четверг",
    "пт": "пятница",
    "сб": "суббота",
    "вс": "воскресенье",
}
_DAY = "|".join(_DAYS)
_ONE_DAY = re.compile(
    rf"(?<!\w)((?i:{_DAY}))\.?(?=:\s|,?\s[0-9]{{1,2}}(?:[:.][0-5][0-9](?!\w)|\s(?:янв|фев|мар|апр|ма[йя]|ию[нл]|авг|сен|окт"
    r"|ноя|дек))|\s[-–—]\s)"
)
_DAY_SPAN = re.compile(rf"(?<!\w)((?i:{_DAY}))\.?\s?[-–—]\s?((?i:{_DAY}))\.?(?!\w)")


def _has_moscow(text: str) -> bool:
    return "мск" in text or "МСК" in text


def _moscow(_match: re.Match[str], _: RuleContext) -> str:
    return " по московскому времени"


def _day_span(match: re.Match[str], _: RuleContext) -> str:
    first, last = (_DAYS[day.lower()] for day in match.groups())
    return f"{first} - {last}"


def _one_day(match: re.Match[str], _: RuleContext) -> str:
    day, before = match.group(1), last_word(match.string, match.start()).lower()
    name = _DAYS[day.lower()]
    if before in ("в", "во", "на") and name[-1] == "а":
        name = name[:-1] + "у"
    return name.capitalize() if day[0].isupper() else name


def _dotted_span(match: re.Match[str], _: RuleContext) -> str | None:
    """ "11.00-16.00" where hours are told, as on a door."""
    text, start = match.string, match.start()
    first_hour, first_minute, hour, minute = (int(part) for part in match.groups())
    if not _HOURS.search(text, max(0, start - 60), start):
        return None
    spoken = f"{clock(first_hour, first_minute, 'gent')} до {clock(hour, minute, 'gent')}"
    return spoken if governor(text, start).word in ("с", "со", "от") else f"с {spoken}"


RULES: tuple[Rule, ...] = (
    DigitRule("time", _DOTTED_SPAN, _dotted_span, re.compile(r"[0-9]\.[0-5][05] ?[-–—]")),
    DigitRule("time", _TIME, _time, re.compile("[0-9]:[0-5]")),
    DigitRule("time", _DOTTED, _dotted, re.compile(r"[0-9]\.[0-5]")),
    PatternRule("time", frozenset("м" + "М"), _MOSCOW, _moscow, _has_moscow),
    PatternRule("date", frozenset("-–—"), _DAY_SPAN, _day_span),
    PatternRule("date", frozenset("0123456789-–—:"), _ONE_DAY, _one_day),
    DigitRule("score", _RATIO, _ratio, re.compile("[0-9]:[0-9]")),
)
