"""Calendar dates with the names of months in all the usual orders, months and weekdays in short form."""

from __future__ import annotations

import re

from qwentts_svc.text.normalize.en import numericdates
from qwentts_svc.text.normalize.en.numbers import ordinal, year
from qwentts_svc.text.normalize.en.tables import (
    MONTH,
    MONTH_NAMES,
    MONTHS,
    WEEKDAY_SHORT,
    ends_sentence,
)
from qwentts_svc.text.normalize.rule import DIGITS, Gate, PatternRule, Replace, Rule, RuleContext

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
_MONTH_YEAR_SPAN = re.compile(rf"\b({MONTH})\.?\s{_YEAR}\s?[-–—]\s?(?={MONTH}\.?\s[12][0-9]{{3}}(?!\w|[.,:/][0-9]))")
_MONTH_SPAN = re.compile(
    rf"\b({MONTH})\.?\s{_DAY}(?:st|nd|rd|th)?\s?[-–—]\s?(?={MONTH}\.?\s[0-3]?[0-9](?:st|nd|rd|th)?(?!\w))"
)
_WEEKDAY = re.compile(
    rf"\b(Mon|Tues?|Wed|Thu(?:rs?)?|Fri|Sat|Sun)\b\.?(?=,?\s(?:{MONTH}\b|the\s[0-9]|[0-9]|at\s|(?:morning|afternoon|evening|night)\b|and\s(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\b))"
)
_WEEKDAY_ALONE = re.compile(
    r"\b(Mon|Tues?|Wed|Thu(?:rs?)?|Fri)\.(?!\w)|(?:(?<=\bon )|(?<=\bby )|(?<=\bexcept )|(?<=\bevery )|"
    r"(?<=\bnext )|(?<=\blast )|(?<=\bthis )|(?<=day and )|(?<=day or )|(?<=day to )|(?<=day, )|(?<=at\. and ))"
    r"(Sat|Sun)\.(?!\w)"
)
_MONTH_ALONE = re.compile(r"\b(Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept|Sep|Oct|Nov|Dec)\.(?!\w)")


def month_name(text: str) -> str:
    """The full name of a month, however it is written."""
    return MONTH_NAMES[text.lower()]


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
    elif match.group().endswith(".") and (month.capitalize() in MONTHS or ends_sentence(match.string, match.end())):
        spoken += "."
    elif separator:
        spoken += separator
    return spoken


def _month_span(match: re.Match[str], _: RuleContext) -> str:
    return f"{month_name(match.group(1))} {ordinal(int(match.group(2)))} to "


def _month_year_span(match: re.Match[str], _: RuleContext) -> str:
    return f"{month_name(match.group(1))} {year(int(match.group(2)))} to "


def _month_year(match: re.Match[str], _: RuleContext) -> str:
    return month_name(match.group(1)) + match.group(2) + year(int(match.group(3)))


def _weekday_alone(match: re.Match[str], _: RuleContext) -> str:
    name = WEEKDAY_SHORT[match.group(1) or match.group(2)]
    rest = match.string[match.end() : match.end() + 5].lstrip(" ")
    stops = ends_sentence(match.string, match.end()) or (rest[:1].isupper() and not _A_WEEKDAY.search(rest))
    return name + ("." if stops else "")


def _weekday(match: re.Match[str], _: RuleContext) -> str:
    return WEEKDAY_SHORT[match.group(1)]


def _month_alone(match: re.Match[str], _: RuleContext) -> str:
    stop = "." if ends_sentence(match.string, match.end()) else ""
    return month_name(match.group(1)) + stop


_A_MONTH = re.compile(rf"\b{MONTH}\b")
_A_WEEKDAY = re.compile("Mon|Tue|Wed|Thu|Fri|Sat|Sun")


def _rule(pattern: re.Pattern[str], replace: Replace, triggers: frozenset[str], *gates: Gate) -> Rule:
    return PatternRule("date", triggers, pattern, replace, *gates)


RULES: tuple[Rule, ...] = (
    _rule(_WEEKDAY, _weekday, frozenset("MTWFS"), _A_WEEKDAY),
    _rule(_WEEKDAY_ALONE, _weekday_alone, frozenset("."), re.compile(r"(?:Mon|Tues?|Wed|Thu(?:rs?)?|Fri|Sat|Sun)\.")),
    *numericdates.RULES,
    _rule(_MONTH_YEAR_SPAN, _month_year_span, DIGITS, _A_MONTH),
    _rule(_MONTH_SPAN, _month_span, DIGITS, _A_MONTH),
    _rule(_DAY_FIRST, _day_first, DIGITS, _A_MONTH),
    _rule(_MONTH_FIRST, _month_first, DIGITS, _A_MONTH),
    _rule(_MONTH_YEAR, _month_year, DIGITS, _A_MONTH),
    _rule(_MONTH_ALONE, _month_alone, frozenset("."), re.compile(r"[bcglnprtvy]\.")),
)
