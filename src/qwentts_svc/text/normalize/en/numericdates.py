"""Calendar dates in digits: 3/14/2024, 2024-03-14, 12/25, 6/3-6/7, time stamps."""

from __future__ import annotations

import re

from qwentts_svc.text.normalize.en.context import ContextRule
from qwentts_svc.text.normalize.en.numbers import cardinal, ordinal, year
from qwentts_svc.text.normalize.en.tables import MONTHS, counts_something
from qwentts_svc.text.normalize.rule import DIGITS, Gate, PatternRule, Replace, Rule, RuleContext

_DAY = r"(0?[1-9]|[12][0-9]|3[01])"
_YEAR = r"([12][0-9]{3})"
_ISO = re.compile(rf"(?<![\w.,/-]){_YEAR}([-/.])(0?[1-9]|1[0-2])\2{_DAY}(?![\w%/-]|[.,:][0-9])")
_NUMERIC = re.compile(r"(?<![\w.,/-])([0-9]{1,2})([/.-])([0-9]{1,2})\2([12][0-9]{3}|[0-9]{2})(?![\w%/-]|[.,:][0-9])")
_NUMERIC_SPAN = re.compile(
    r"(?<![\w.,/-])([01]?[0-9]/[0-3]?[0-9]/(?:[12][0-9]{3}|[0-9]{2}))\s?[-–—]\s?"
    r"(?=[01]?[0-9]/[0-3]?[0-9]/(?:[12][0-9]{3}|[0-9]{2})(?![\w/-]))"
)
_OFFSET = re.compile(r"(?<=[0-9]:[0-9]{2}:[0-9]{2})([+-])([01][0-9]):?([0-5][0-9])(?![\w:.-])")
_LEAD = (
    "[Oo]n|[Bb]y|[Uu]ntil|[Ss]ince|[Dd]ue|[Dd]ated|[Ff]rom|[Bb]efore|[Aa]fter|[Tt]hrough|[Tt]hru|[Dd]eadline:?|"
    "[Ee]ffective|(?:[Ss]tart|[Ee]nd|[Oo]pen|[Bb]egin|[Cc]lose|[Ss]hip|[Aa]rrive|[Ee]xpire|[Ll]aunche)s?|[Pp]laced|"
    "[Ss]hipped|[Dd]elivered|[Rr]eceived|[Ss]ent|[Ff]iled|[Ss]igned|[Pp]osted|[Uu]pdated|[Aa]rrived|"
    "(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day,?"
)
_A_DAY = rf"(0?[1-9]|1[0-2])/{_DAY}(?![\w%/-]|[.,:][0-9])"
_NO_YEAR = re.compile(
    rf"\b((?:{_LEAD}|[Ss]ee you|[Aa]s of|[Ww]eek of)\s){_A_DAY}(?!\s(?:of|cup|tea|table|inch|mile|hour))"
)
_ZERO_PADDED = re.compile(
    r"(?<![\w.,/:$€£-])(?=0|[0-9]{2}/0)(0[1-9]|1[0-2])/(0[1-9]|[12][0-9]|3[01])(?![\w%/-]|[.,:][0-9])"
)
_DAY_ONLY = re.compile(
    r"(?<![\w.,/:$€£-])(0?[1-9]|1[0-2])/(17|19|2[1236789]|31)"
    r"(?![\w%/-]|[.,:][0-9]|\s(?:of|cup|tea|table|inch|mile|hour|scale|majority|share|stake|time|chance))"
)
"""What scarcely is a fraction."""
_DAY_SPAN = re.compile(
    r"(?<![\w.,/:$€£-])(0?[1-9]|1[0-2])/(0?[1-9]|[12][0-9]|3[01])\s?[-–—]\s?(0?[1-9]|1[0-2])/(0?[1-9]|[12][0-9]|3[01])"
    r"(?![\w%/\"'-]|[.,:][0-9]|\s(?:of|cup|tea|table|inch|mile|hour|in\b(?! [A-Za-z])))"
)
_MONTH_OF_YEAR = re.compile(r"(?<![\w.,/:$€£-])(0?[1-9]|1[0-2])/((?:19|20)[0-9]{2})(?![\w%/-]|[.,:][0-9])")
_STAMP = re.compile(r"(?<=[0-9]{4}-[0-9]{2}-[0-9]{2})T(?=[0-9]{2}:[0-9]{2})")
_ZULU = re.compile(r"(?<=:[0-9]{2})Z(?!\w)")
_RARELY_DATES = re.compile("(?:from|by|[a-z]{3,7}(?:ed|sent)|sent) ", re.IGNORECASE)
_ASKED = re.compile(r"(?:\b(?:due|reply|respond|submit|return|register|pay|done|ready|order)|RSVP) $")
_FRACTIONS = (" 1/2", " 1/3", " 2/3", " 1/4", " 3/4")
_LAST_DAY = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def _two_digit_year(text: str) -> int:
    value = int(text)
    return value if len(text) == 4 else value + (2000 if value < 50 else 1900)


def _spoken(month: int, day: int, year_value: int) -> str | None:
    if not 1 <= month <= 12 or not 1 <= day <= _LAST_DAY[month - 1]:
        return None
    return f"{MONTHS[month - 1]} {ordinal(day)}, {year(year_value)}"


def _iso(match: re.Match[str], _: RuleContext) -> str | None:
    return _spoken(int(match.group(3)), int(match.group(4)), int(match.group(1)))


def _numeric(match: re.Match[str], _: RuleContext) -> str | None:
    first, separator, second, year_text = match.groups()
    if separator != "/" and len(year_text) == 2:
        return None
    value = _two_digit_year(year_text)
    return _spoken(int(first), int(second), value) or _spoken(int(second), int(first), value)


def _numeric_span(match: re.Match[str], _: RuleContext) -> str:
    return f"{match.group(1)} to "


def _offset(match: re.Match[str], _: RuleContext) -> str:
    sign, hours, minutes = match.groups()
    spoken = f" UTC {'plus' if sign == '+' else 'minus'} {cardinal(int(hours))}"
    return spoken if minutes == "00" else f"{spoken} {cardinal(int(minutes))}"


def _no_year(match: re.Match[str], _: RuleContext) -> str | None:
    if match.group().endswith(_FRACTIONS) and _RARELY_DATES.fullmatch(match.group(1)):
        before = match.string[max(0, match.start() - 9) : match.start()]
        if not _ASKED.search(before):
            return None  # "fell from 2/3 to 1/2"
    month, day = int(match.group(2)), int(match.group(3))
    return match.group(1) + f"{MONTHS[month - 1]} {ordinal(day)}" if day <= _LAST_DAY[month - 1] else None


def _zero_padded(match: re.Match[str], _: RuleContext) -> str | None:
    month, day = int(match.group(1)), int(match.group(2))
    return f"{MONTHS[month - 1]} {ordinal(day)}" if day <= _LAST_DAY[month - 1] else None


def _day_span(match: re.Match[str], _: RuleContext) -> str | None:
    month, day, last_month, last_day = map(int, match.groups())
    turns = month >= 11 and last_month <= 2
    if not (turns or (month, day) < (last_month, last_day)) or (month < day and {day, last_day} <= {2, 3, 4, 8, 16}):
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


def _rule(pattern: re.Pattern[str], replace: Replace, triggers: frozenset[str], *gates: Gate) -> Rule:
    return PatternRule("date", triggers, pattern, replace, *gates)


RULES: tuple[Rule, ...] = (
    _rule(_STAMP, _stamp, frozenset("T"), re.compile("[0-9]T[0-9]")),
    _rule(_ZULU, _zulu, frozenset("Z"), re.compile("[0-9]Z")),
    _rule(_ISO, _iso, DIGITS, re.compile("[0-9]{4}[-/.][0-9]")),
    _rule(_OFFSET, _offset, frozenset(":"), re.compile("[0-9]:[0-9]{2}[+-][0-9]")),
    _rule(_NUMERIC_SPAN, _numeric_span, frozenset("/"), re.compile("/[0-9]{2,4} ?[-–—] ?[0-9]{1,2}/")),
    _rule(_NUMERIC, _numeric, DIGITS, re.compile("[0-9][-/.][0-9]{1,2}[-/.][0-9]")),
    ContextRule(
        "date", DIGITS, _NO_YEAR, _no_year, re.compile(rf"(?<![\w.,/:-]){_A_DAY}"), re.compile(rf"\b(?:{_LEAD}|you|of)")
    ),
    _rule(_DAY_SPAN, _day_span, DIGITS, re.compile("[0-9]/[0-9]{1,2}\\s?[-–—]\\s?[0-9]{1,2}/")),
    _rule(_ZERO_PADDED, _zero_padded, DIGITS, _ZERO_PADDED),
    _rule(_DAY_ONLY, _zero_padded, DIGITS, re.compile("[0-9]/(?:[12][0-9]|31)")),
    _rule(_MONTH_OF_YEAR, _month_of_year, DIGITS, re.compile("[0-9]/(?:19|20)[0-9]")),
)
