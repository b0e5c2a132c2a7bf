"""Times of day, spans of them, and lengths given as h:mm:ss."""

from __future__ import annotations

import re

from qwentts_svc.text.normalize.en.numbers import cardinal, number
from qwentts_svc.text.normalize.en.tables import MONTHS, WEEKDAYS, ends_sentence
from qwentts_svc.text.normalize.rule import DIGITS, PatternRule, Rule, RuleContext

_AP = r"(?:\s?([AaPp])(?:\.\s?[Mm]\.|[Mm]\.?)(?!\w))?"
_T = rf"([01]?[0-9]|2[0-4])(?::([0-5][0-9]))?(?::([0-5][0-9]))?{_AP}"
_START = r"(?<![\w.,:/$€£#-])"
_END = r"(?![\w%°]|[:/-][0-9]|[.,][0-9])"
_RANGE = re.compile(rf"{_START}{_T}\s?[-–—]\s?{_T}{_END}")
_SINGLE = re.compile(rf"{_START}{_T}{_END}")
_DOTTED = re.compile(
    r"(?<![\w.,:/$€£#])(?:1[0-2]|0?[1-9])\.[0-5][0-9]"
    r"(?=\s?(?:[-–—]\s?[0-9]{1,2}(?:[.:][0-5][0-9])?\s?)?[AaPp](?:\.\s?[Mm]\.|[Mm])(?!\w))"
)
_STOPWATCH = re.compile(rf"{_START}([0-9]{{1,2}}):([0-5][0-9]\.[0-9]{{1,3}})(?![\w%:/-]|[.,][0-9])")
_SHORT_LENGTH = re.compile(
    r"(?<![\w.,:/$€£#-])(?:([0-9]{1,3})h\s?([0-5]?[0-9])m(?:ins?)?(?:\s?([0-5]?[0-9])s(?:ecs?)?)?"
    r"|([0-9]{1,3})m(?:in)?\s?([0-5]?[0-9])s(?:ecs?)?)"
    r"(?![\w²³/])"
)
_MILITARY = re.compile(r"(?<![\w.,:/$€£#-])(0[0-9]|1[0-9]|2[0-3])([0-5][0-9])(\s(?:hours|hrs)\b)")
_AT = re.compile(r"\b(?:[Aa]t|[Bb]y|[Ff]rom|[Uu]ntil|[Bb]efore|[Aa]fter)\s$")
_LENGTH = re.compile(r"(?:\b(?:in|of|took|lasted|lasts|takes|time:?|record:?|runs|for)\s)$")
_ARTICLE = re.compile(r"\b(?:an?|his|her|my|their)\s$")
_RESULT = re.compile(
    r"\b(?:(?:[Mm]arathon|[Tt]riathlon|[Ii]ronman|[Ff]inish(?:ing)?|[Rr]un(?:ning)?|[Pp]laying|[Ll]ap|[Ee]lapsed|[Cc]hip"
    r"|[Ww]inning|[Bb]est|[Tt]otal)\stime|[Mm]arathon|[Rr]untime|[Dd]uration|[Ff]inish|[Ll]ap)"
    r"(?:(?:\s(?:of|for|in)(?:\s[\w']{1,12}){1,3})?\s(?:is|was|were)|:)?\s\(?$"
)
"""What is as long as the time after it: "her marathon time was 3:42:18"."""
_ZONES = ("Eastern", "Central", "Mountain", "Pacific")
_PRECISE = re.compile(
    r"(?<![\w.,:/$€£#-])([01]?[0-9]|2[0-3]):([0-5][0-9]):([0-5][0-9]\.[0-9]{1,9})(?![\w%:/-]|[.,][0-9])"
)
_MINUTES = re.compile(
    r"(?<![\w.,:/$€£#-])(2[5-9]|[3-5][0-9]):([0-5][0-9])(?![\w%:/-]|[.,][0-9]|\s(?:split|ratio|mix|odds))"
)
"""No time of day."""
_GATES = (
    re.compile(r"[0-9]:[0-9]{2}|(?<![A-Za-z])[AaPp](?:\.?[Mm](?![A-Za-z])|\.(?=\s))"),
    re.compile(r"[0-9]:[0-9]{2}|[0-9]\s?[AaPp]\.?\s?[Mm]"),
)


def _clock(hour: int, minute: str | None, half: str | None) -> str:
    suffix = f" {half.upper()}M" if half else ""
    if minute is None:
        return cardinal(hour) + suffix
    if int(minute) == 0:
        if half:
            return cardinal(hour) + suffix
        if hour == 0:
            return "midnight"
        return f"{cardinal(hour)} o'clock" if hour <= 12 else f"{cardinal(hour)} hundred"
    low = cardinal(int(minute)) if int(minute) >= 10 else f"oh {cardinal(int(minute))}"
    return f"{cardinal(hour)} {low}{suffix}"


def _counted(value: int, unit: str) -> str:
    return f"{cardinal(value)} {unit}" + ("" if value == 1 else "s")


def _bare(hour: str, minute: str, second: str) -> str:
    """A length that names a race: "a 3:29:12 marathon"."""
    last = cardinal(int(second)) if int(second) >= 10 else f"oh {cardinal(int(second))}"
    return f"{_clock(int(hour), minute, None)} {last}"


def _spoken(hour: str, minute: str | None, second: str | None, half: str | None, *, length: bool) -> str:
    if second is None:
        return _clock(int(hour), minute, half)
    seconds = _counted(int(second), "second")
    if length:
        return f"{_counted(int(hour), 'hour')} {_counted(int(minute or 0), 'minute')} and {seconds}"
    if int(second) == 0:
        return _clock(int(hour), minute, half)
    suffix = f" {half.upper()}M" if half else ""
    return f"{_clock(int(hour), minute, None)} and {seconds}{suffix}"


def _stop(match: re.Match[str]) -> str:
    """The full stop that closed both "p.m." and its sentence."""
    if not match.group().endswith("."):
        return ""
    rest = match.string[match.end() :].lstrip()
    if rest.startswith(
        (*WEEKDAYS, *MONTHS, "EST", "PST", "CST", "MST", "EDT", "PDT", "GMT", "UTC", "ET", "PT", *_ZONES)
    ):
        return ""
    return "." if ends_sentence(match.string, match.end()) or (rest[:1].isupper() and rest[1:2].islower()) else ""


def _dotted(match: re.Match[str], _: RuleContext) -> str:
    return match.group().replace(".", ":")


def _stopwatch(match: re.Match[str], _: RuleContext) -> str:
    return f"{_counted(int(match.group(1)), 'minute')} and {number(match.group(2).removeprefix('0'))} seconds"


def _precise(match: re.Match[str], _: RuleContext) -> str:
    hour, minute, second = match.groups()
    low = second[1:] if second[0] == "0" else second
    return f"{_clock(int(hour), minute, None)} and {number(low)} seconds"


def _minutes(match: re.Match[str], _: RuleContext) -> str | None:
    before = match.string[max(0, match.start() - 10) : match.start()]
    if not _LENGTH.search(before):
        return None
    return f"{_counted(int(match.group(1)), 'minute')} and {_counted(int(match.group(2)), 'second')}"


def _short_length(match: re.Match[str], _: RuleContext) -> str:
    hours, minutes, seconds, alone, alone_seconds = match.groups()
    counts = ((hours, "hour"), (minutes or alone, "minute"), (seconds or alone_seconds, "second"))
    return " ".join(_counted(int(value), unit) for value, unit in counts if value is not None)


def _military(match: re.Match[str], _: RuleContext) -> str | None:
    hour, minute, unit = match.groups()
    before = match.string[max(0, match.start() - 8) : match.start()]
    if hour[0] != "0" and not _AT.search(before):
        return None  # "1500 hours" is a count
    first = f"oh {cardinal(int(hour))}" if hour[0] == "0" else cardinal(int(hour))
    last = "hundred" if minute == "00" else cardinal(int(minute)) if minute[0] != "0" else f"oh {cardinal(int(minute))}"
    return f"{first} {last}{unit}"


def _range(match: re.Match[str], _: RuleContext) -> str | None:
    hour, minute, second, half, last_hour, last_minute, last_second, last_half = match.groups()
    if not (minute or half or last_minute or last_half) or second or last_second:
        return None
    if bool(minute) != bool(last_minute) and not (half or last_half):
        return None
    return f"{_clock(int(hour), minute, half)} to {_clock(int(last_hour), last_minute, last_half)}{_stop(match)}"


def _single(match: re.Match[str], _: RuleContext) -> str | None:
    hour, minute, second, half = match.groups()
    if (minute is None and half is None) or (half and not 0 <= int(hour) <= 23):
        return None
    if match.string[match.end() : match.end() + 8].lstrip().startswith("o'clock"):
        minute = None if minute == "00" else minute
    before = match.string[max(0, match.start() - 10) : match.start()]
    if minute and second and half is None and minute != "00" and _ARTICLE.search(before):
        return _bare(hour, minute, second)
    length = _LENGTH.search(before) is not None
    if second and not half:
        length = length or _RESULT.search(match.string, max(0, match.start() - 64), match.start()) is not None
    return _spoken(hour, minute, second, half, length=length) + _stop(match)


EARLY: tuple[Rule, ...] = (PatternRule("time", DIGITS, _MILITARY, _military, re.compile(r"[0-9]\s(?:hours|hrs)")),)
RULES: tuple[Rule, ...] = (
    PatternRule("time", frozenset("."), _DOTTED, _dotted, re.compile(r"[0-9]\s?[AaPp]\.?\s?[Mm]")),
    PatternRule("time", frozenset(":"), _PRECISE, _precise, re.compile(r":[0-9]{2}:[0-9]{2}\.[0-9]")),
    PatternRule("time", frozenset(":"), _STOPWATCH, _stopwatch, re.compile(r"[0-9]:[0-9]{2}\.[0-9]")),
    PatternRule("time", frozenset(":"), _MINUTES, _minutes, re.compile("[2-5][0-9]:[0-5]")),
    PatternRule("time", DIGITS, _SHORT_LENGTH, _short_length, re.compile(r"[0-9][hm](?:in)?\s?[0-9]")),
    PatternRule("time", DIGITS, _RANGE, _range, *_GATES),
    PatternRule("time", DIGITS, _SINGLE, _single, *_GATES),
)
