"""Times of day: "15:30", "в 7.05", spans of them; hours with seconds; scores and proportions, which look alike."""

from __future__ import annotations

import re

from qwentts_svc.text.normalize.ru.context import last_word, next_word
from qwentts_svc.text.normalize.ru.digit_rule import DigitRule
from qwentts_svc.text.normalize.ru.govern import governor
from qwentts_svc.text.normalize.ru.grammar import Case
from qwentts_svc.text.normalize.ru.months import GENITIVE
from qwentts_svc.text.normalize.ru.morph import inflect
from qwentts_svc.text.normalize.ru.numbers import cardinal
from qwentts_svc.text.normalize.ru.ordinal_words import ordinal
from qwentts_svc.text.normalize.ru.quantity import Noun, Number, parse, quantity
from qwentts_svc.text.normalize.rule import DIGITS, PatternRule, Rule, RuleContext

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
_HYPHENED = re.compile(
    r"(?<=\b[ВвКк] )([01]?[0-9]|2[0-3])-(00|15|30|45)(?=\s?(?:[.,;!?)]|$|утра|вечера|дня|ночи|по\s|на\s|у\s|в\s|к\s))"
)
_HALF_HOUR = re.compile(r"(?<!\w)([Пп]ол)(?:-(1[0-2]|[1-9])(?:-го)?|\s(1[0-2]|[1-9])-го)(?![\w,:-]|\.[0-9])")
_FROM_DOTTED = re.compile(r"(?i:\bсо?) [0-2]?[0-9]\.[0-5][0-9] до \Z")
_HOURS = re.compile(
    r"(?<!\w)(?i:час|врем|работ|при[её]м|перерыв|обед|открыт|занят|начал|сеанс|касс|понедельн|вторн|сред|четверг|пятниц"
    r"|суббот|воскрес|ежедневн|будн|выходн|пн|вт|ср|чт|пт|сб|вс)"
)
_RATIO = re.compile(r"(?<![\w:.,/])([0-9]{1,6}):([0-9]{1,7})(?![\w:]|[.,][0-9]|\s?=)")
_RESULT = re.compile(r"(?<![\w:.,/])([0-5]?[0-9]):([0-5][0-9][.,][0-9]{1,3})(?![\w:]|[.,][0-9])")
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
    if not first_hour and asked.word == "за":
        return _lasted(hour, minute)
    if first_hour:
        link = "до"
        first = f"{clock(int(first_hour), int(first_minute), 'gent')} {link} {clock(int(hour), int(minute), 'gent')}"
        return first if asked.word in ("с", "со", "от") else f"с {first}"
    return clock(int(hour), int(minute), case)


def _lasted(minutes: str, seconds: str) -> str:
    """How long something took ("за 41:15")."""
    m, s = int(minutes), int(seconds)
    parts = (_MINUTE, m), (_SECOND, s)
    return " ".join(f"{cardinal(n, 'accs', 'femn')} {unit.form(n, 'accs')}" for unit, n in parts)


def _result(match: re.Match[str], _: RuleContext) -> str:
    """Minutes and seconds of a race ("1:23,456")."""
    case = governor(match.string, match.start()).cases[0]
    minutes, seconds = Number(match.group(1).lstrip("0") or "0", ""), parse(match.group(2))
    seconds = Number(seconds.whole.lstrip("0") or "0", seconds.frac)
    return f"{quantity(minutes, _MINUTE, case)} {quantity(seconds, _SECOND, case)}"


def _dotted(match: re.Match[str], _: RuleContext) -> str | None:
    text = match.string
    if _COUNTED.match(text, match.end()):
        return None
    word = last_word(text, match.start()).lower()
    following = next_word(text, match.end()).lower()
    span = word == "до" and _FROM_DOTTED.search(text, max(0, match.start() - 16), match.start())
    if word != "в" and not span and following not in ("утра", "вечера", "дня", "ночи", "часов", "до", "по"):
        return None
    asked = governor(text, match.start())
    return clock(int(match.group(1)), int(match.group(2)), "gent" if word == "с" else asked.cases[0])


def _hyphened(match: re.Match[str], _: RuleContext) -> str:
    asked = governor(match.string, match.start()).cases[0]
    return clock(int(match.group(1)), int(match.group(2)), asked)


def _half_hour(match: re.Match[str], _: RuleContext) -> str:
    """ "пол-8" is "полвосьмого"."""
    hour = int(match.group(2) or match.group(3))
    return f"{match.group(1)}{'-' if hour == 11 else ''}{ordinal(hour, 'gent')}"


def _is_ratio(text: str, pos: int) -> bool:
    return _PROPORTION.search(text, max(0, pos - 40), pos) is not None


def _ratio(match: re.Match[str], _: RuleContext) -> str:
    first, second = int(match.group(1)), int(match.group(2))
    if (first == 1 and (second >= 100 or _is_ratio(match.string, match.start()))) or _is_ratio(
        match.string, match.start()
    ):
        asked = governor(match.string, match.start()).cases[0]
        return f"{cardinal(first, asked if asked == 'gent' else 'nomn')} к {cardinal(second, 'datv')}"
    if len(match.group(2)) == 2 and second < 60 and last_word(match.string, match.start()).lower() == "за":
        return _lasted(*match.groups())
    return f"{cardinal(first)} {cardinal(second)}"


_MOSCOW = re.compile(r"(?<=[а-яё0-9])\s(\(?)(?:мск|МСК)(?!\w)")
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
    rf"|ноя|дек))|\s[-–—]\s|\s(?:[а-яё]{{4,20}}\s){{1,2}}(?:{GENITIVE})(?!\w))"
)
_DAY_SPAN = re.compile(rf"(?<!\w)((?i:{_DAY}))\.?\s?[-–—]\s?((?i:{_DAY}))\.?(?!\w)")


def _has_moscow(text: str) -> bool:
    return "мск" in text or "МСК" in text


def _moscow(match: re.Match[str], _: RuleContext) -> str:
    return f" {match.group(1)}по московскому времени"


def _day_span(match: re.Match[str], _: RuleContext) -> str:
    first, last = (_DAYS[day.lower()] for day in match.groups())
    first = first.capitalize() if match.group(1)[0].isupper() else first
    return f"{first} - {last}"


def _one_day(match: re.Match[str], _: RuleContext) -> str:
    day, asked = match.group(1), governor(match.string, match.start())
    case: Case = "gent" if asked.word in ("с", "со") else asked.cases[0] if asked.word else "nomn"
    name = inflect(_DAYS[day.lower()], case, "sing")
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
    DigitRule("time", _RESULT, _result, re.compile("[0-9]:[0-5][0-9][.,][0-9]")),
    DigitRule("time", _TIME, _time, re.compile("[0-9]:[0-5]")),
    DigitRule("time", _HYPHENED, _hyphened, re.compile("[0-9]-[0134]")),
    PatternRule("time", DIGITS, _HALF_HOUR, _half_hour, re.compile("(?i)пол[- ]?[0-9]")),
    DigitRule("time", _DOTTED, _dotted, re.compile(r"[0-9]\.[0-5]")),
    PatternRule("time", frozenset("м" + "М"), _MOSCOW, _moscow, _has_moscow),
    PatternRule("date", frozenset("-–—"), _DAY_SPAN, _day_span),
    PatternRule("date", frozenset("0123456789-–—:."), _ONE_DAY, _one_day),
    DigitRule("score", _RATIO, _ratio, re.compile("[0-9]:[0-9]")),
)
