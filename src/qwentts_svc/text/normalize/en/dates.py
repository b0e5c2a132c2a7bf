"""Calendar dates in all the usual orders, months and weekdays in short form."""

from __future__ import annotations

import re
from functools import lru_cache

from qwentts_svc.text.normalize.en.numbers import ordinal, year
from qwentts_svc.text.normalize.en.tables import (
    MONTH,
    MONTH_NAMES,
    MONTHS,
    WEEKDAY_SHORT,
    counts_something,
    ends_sentence,
)
from qwentts_svc.text.normalize.rule import DIGITS, Gate, PatternRule, Replace, Rule, RuleContext

_UPPER = frozenset("JFMASONDjfasond")
_DAY = r"(0?[1-9]|[12][0-9]|3[01])"
_NOT_MORE = r"(?![\w%]|[.,:/-][0-9]|\s?(?:[ap]\.?m\b|%|million|billion))"
_YEAR = r"([12][0-9]{3})"
_MONTH_FIRST = re.compile(
    rf"\b({MONTH})\.?[\s-]{_DAY}(?:st|nd|rd|th)?(?:\s?[-–—]\s?{_DAY}(?:st|nd|rd|th)?)?(?:(,?\s|-){_YEAR})?{_NOT_MORE}"
)
_DAY_FIRST = re.compile(
    rf"(?<![\w.,:/$-])([Tt]he\s)?{_DAY}(st|nd|rd|th)?(?:\s?[-–—]\s?{_DAY}(?:st|nd|rd|th)?)?([\s-]of\s|[\s-])({MONTH})\b"
    rf"\.?(?:(,?\s|-){_YEAR}{_NOT_MORE})?"
)
_MONTH_YEAR = re.compile(rf"\b({MONTH})\.?(,?\s(?:of\s)?){_YEAR}(?![\w%]|[.,:/][0-9])")
_MONTH_SPAN = re.compile(
    rf"\b({MONTH})\.?\s{_DAY}(?:st|nd|rd|th)?\s?[-–—]\s?(?={MONTH}\.?\s[0-3]?[0-9](?:st|nd|rd|th)?(?!\w))"
)
_ISO = re.compile(rf"(?<![\w.,/-]){_YEAR}([-/.])(0?[1-9]|1[0-2])\2{_DAY}(?![\w%/-]|[.,:][0-9])")
_NUMERIC = re.compile(r"(?<![\w.,/-])([0-9]{1,2})([/.-])([0-9]{1,2})\2([12][0-9]{3}|[0-9]{2})(?![\w%/-]|[.,:][0-9])")
_NO_YEAR = re.compile(
    r"\b((?:[Oo]n|[Bb]y|[Uu]ntil|[Ss]ince|[Dd]ue|[Dd]ated|[Ff]rom|[Bb]efore|[Aa]fter|[Ss]ee you|[Tt]hrough|[Tt]hru|"
    r"[Aa]s of|[Ww]eek of|[Dd]eadline:?|[Ee]ffective|(?:[Ss]tart|[Ee]nd|[Oo]pen|[Bb]egin|[Cc]lose|[Ss]hip|[Aa]rrive|"
    r"[Ee]xpire|[Ll]aunche)s?|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day,?)\s)(0?[1-9]|1[0-2])/"
    + _DAY
    + r"(?![\w%/-]|[.,:][0-9]|\s(?:of|cup|tea|table|inch|mile|hour))"
)
_ZERO_PADDED = re.compile(
    r"(?<![\w.,/:$€£-])(?=0|[0-9]{2}/0)(0[1-9]|1[0-2])/(0[1-9]|[12][0-9]|3[01])(?![\w%/-]|[.,:][0-9])"
)
_DAY_SPAN = re.compile(
    r"(?<![\w.,/:$€£-])(0?[1-9]|1[0-2])/(0?[1-9]|[12][0-9]|3[01])\s?[-–—]\s?(0?[1-9]|1[0-2])/(0?[1-9]|[12][0-9]|3[01])"
    r"(?![\w%/\"'-]|[.,:][0-9]|\s(?:of|cup|tea|table|inch|mile|hour|in\b(?! [A-Za-z])))"
)
_MONTH_OF_YEAR = re.compile(r"(?<![\w.,/:$€£-])(0?[1-9]|1[0-2])/((?:19|20)[0-9]{2})(?![\w%/-]|[.,:][0-9])")
_STAMP = re.compile(r"(?<=[0-9]{4}-[0-9]{2}-[0-9]{2})T(?=[0-9]{2}:[0-9]{2})")
_ZULU = re.compile(r"(?<=:[0-9]{2})Z(?!\w)")
_WEEKDAY = re.compile(
    rf"\b(Mon|Tues?|Wed|Thu(?:rs?)?|Fri|Sat|Sun)\b\.?(?=,?\s(?:{MONTH}\b|the\s[0-9]|[0-9]|at\s|and\s(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\b))"
)
_WEEKDAY_ALONE = re.compile(r"\b(Mon|Tues?|Wed|Thu(?:rs?)?|Fri)\.(?!\w)|(?<=\b(?:on|by) )(Sat|Sun)\.(?!\w)")
_MONTH_ALONE = re.compile(r"\b(Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept|Sep|Oct|Nov|Dec)\.(?!\w)")
_LAST_DAY = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def month_name(text: str) -> str:
    """The full name of a month, however it is written."""
    return MONTH_NAMES[text.lower()]


def _two_digit_year(text: str) -> int:
    value = int(text)
    return value if len(text) == 4 else value + (2000 if value < 50 else 1900)


def _spoken(month: int, day: int, year_value: int) -> str | None:
    if not 1 <= month <= 12 or not 1 <= day <= _LAST_DAY[month - 1]:
        return None
    return f"{MONTHS[month - 1]} {ordinal(day)}, {year(year_value)}"


def _month_first(match: re.Match[str], _: RuleContext) -> str:
    month, first, last, separator, year_text = match.groups()
    spoken = f"{month_name(month)} {ordinal(int(first))}"
    if last:
        spoken += f" to {ordinal(int(last))}"
    if year_text:
        spoken += (", " if "," in separator else " ") + year(int(year_text))
    return spoken


def _day_first(match: re.Match[str], _: RuleContext) -> str | None:
    the, day, suffix, last, _of, month, separator, year_text = match.groups()
    if not suffix and not year_text and not month[0].isupper():
        return None
    before = match.string[: match.start()].rstrip().rpartition(" ")[2].lower()
    if not the:
        the = "" if before in ("the", "this", "that", "every", "each", "last", "next") else "the "
        if the and not match.string[: match.start()].strip():
            the = "The "
    spoken = the + ordinal(int(day))
    if last:
        spoken += f" to the {ordinal(int(last))}"
    spoken += f" of {month_name(month)}"
    if year_text:
        spoken += (", " if "," in separator else " ") + year(int(year_text))
    elif match.group().endswith(".") and ends_sentence(match.string, match.end()):
        spoken += "."
    elif separator:
        spoken += separator
    return spoken


def _month_span(match: re.Match[str], _: RuleContext) -> str:
    return f"{month_name(match.group(1))} {ordinal(int(match.group(2)))} to "


def _month_year(match: re.Match[str], _: RuleContext) -> str:
    return month_name(match.group(1)) + match.group(2) + year(int(match.group(3)))


def _iso(match: re.Match[str], _: RuleContext) -> str | None:
    return _spoken(int(match.group(3)), int(match.group(4)), int(match.group(1)))


def _numeric(match: re.Match[str], _: RuleContext) -> str | None:
    first, separator, second, year_text = match.groups()
    if separator != "/" and len(year_text) == 2:
        return None
    value = _two_digit_year(year_text)
    return _spoken(int(first), int(second), value) or _spoken(int(second), int(first), value)


def _no_year(match: re.Match[str], _: RuleContext) -> str | None:
    month, day = int(match.group(2)), int(match.group(3))
    return match.group(1) + f"{MONTHS[month - 1]} {ordinal(day)}" if day <= _LAST_DAY[month - 1] else None


def _zero_padded(match: re.Match[str], _: RuleContext) -> str | None:
    month, day = int(match.group(1)), int(match.group(2))
    return f"{MONTHS[month - 1]} {ordinal(day)}" if day <= _LAST_DAY[month - 1] else None


def _day_span(match: re.Match[str], _: RuleContext) -> str | None:
    month, day, last_month, last_day = map(int, match.groups())
    if not (month, day) < (last_month, last_day) or (month < day and {day, last_day} <= {2, 3, 4, 8, 16}):
        return None  # "1/2-3/4" is a span of fractions.
    return f"{MONTHS[month - 1]} {ordinal(day)} to {MONTHS[last_month - 1]} {ordinal(last_day)}"


def _month_of_year(match: re.Match[str], _: RuleContext) -> str | None:
    if counts_something(match.string, match.end()):
        return None
    return f"{MONTHS[int(match.group(1)) - 1]} {year(int(match.group(2)))}"


def _stamp(_: re.Match[str], __: RuleContext) -> str:
    return " at "


def _zulu(_: re.Match[str], __: RuleContext) -> str:
    return " UTC"


def _weekday_alone(match: re.Match[str], _: RuleContext) -> str:
    name = WEEKDAY_SHORT[match.group(1) or match.group(2)]
    rest = match.string[match.end() : match.end() + 5].lstrip(" ")
    stops = ends_sentence(match.string, match.end()) or (rest[:1].isupper() and not _has_weekday(rest))
    return name + ("." if stops else "")


def _weekday(match: re.Match[str], _: RuleContext) -> str:
    return WEEKDAY_SHORT[match.group(1)]


def _month_alone(match: re.Match[str], _: RuleContext) -> str:
    stop = "." if ends_sentence(match.string, match.end()) else ""
    return month_name(match.group(1)) + stop


_STEMS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


@lru_cache(maxsize=4)
def _has_month(text: str) -> bool:
    """Whether a month's name may be there. Several rules ask this of one text."""
    lower = text.lower()
    return any(stem in lower for stem in _STEMS)


def _has_weekday(text: str) -> bool:
    return any(day in text for day in ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"))


def _rule(pattern: re.Pattern[str], replace: Replace, triggers: frozenset[str], gate: Gate = None) -> Rule:
    return PatternRule("date", triggers, pattern, replace, gate)


RULES: tuple[Rule, ...] = (
    _rule(_WEEKDAY, _weekday, frozenset("MTWFS"), _has_weekday),
    _rule(_WEEKDAY_ALONE, _weekday_alone, frozenset("."), re.compile(r"(?:Mon|Tues?|Wed|Thu(?:rs?)?|Fri|Sat|Sun)\.")),
    _rule(_STAMP, _stamp, frozenset("T"), re.compile("[0-9]T[0-9]")),
    _rule(_ZULU, _zulu, frozenset("Z"), re.compile("[0-9]Z")),
    _rule(_ISO, _iso, DIGITS, re.compile("[0-9]{4}[-/.][0-9]")),
    _rule(_NUMERIC, _numeric, DIGITS, re.compile("[0-9][-/.][0-9]{1,2}[-/.][0-9]")),
    _rule(_NO_YEAR, _no_year, DIGITS, re.compile("[0-9]/[0-9]")),
    _rule(_DAY_SPAN, _day_span, DIGITS, re.compile("[0-9]/[0-9]{1,2}\\s?[-–—]\\s?[0-9]{1,2}/")),
    _rule(_ZERO_PADDED, _zero_padded, DIGITS, re.compile("[0-9]/[0-9]")),
    _rule(_MONTH_OF_YEAR, _month_of_year, DIGITS, re.compile("[0-9]/(?:19|20)[0-9]")),
    _rule(_MONTH_SPAN, _month_span, DIGITS, _has_month),
    _rule(_DAY_FIRST, _day_first, DIGITS, _has_month),
    _rule(_MONTH_FIRST, _month_first, DIGITS, _has_month),
    _rule(_MONTH_YEAR, _month_year, DIGITS, _has_month),
    _rule(_MONTH_ALONE, _month_alone, frozenset("."), re.compile(r"[bcglnprtvy]\.")),
)
