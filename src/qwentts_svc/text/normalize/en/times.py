"""Times of day, spans of them, and lengths given as h:mm:ss."""

from __future__ import annotations

import re

from qwentts_svc.text.normalize.en.numbers import cardinal
from qwentts_svc.text.normalize.en.tables import MONTHS, WEEKDAYS, ends_sentence
from qwentts_svc.text.normalize.rule import DIGITS, PatternRule, Rule, RuleContext

_AP = r"(?:\s?([AaPp])(?:\.\s?[Mm]\.|[Mm]\.?)(?!\w))?"
_T = rf"([01]?[0-9]|2[0-4])(?::([0-5][0-9]))?(?::([0-5][0-9]))?{_AP}"
_START = r"(?<![\w.,:/$€£#-])"
_END = r"(?![\w%°]|[:/-][0-9]|[.,][0-9])"
_RANGE = re.compile(rf"{_START}{_T}\s?[-–—]\s?{_T}{_END}")
_SINGLE = re.compile(rf"{_START}{_T}{_END}")
_LENGTH = re.compile(r"(?:\b(?:in|of|took|lasted|lasts|takes|time:?|runs|for)\s)$")
_GATE = re.compile(r"[0-9]:[0-9]{2}|[0-9]\s?[AaPp]\.?\s?[Mm]")


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
    if rest.startswith((*WEEKDAYS, *MONTHS, "EST", "PST", "CST", "MST", "EDT", "PDT", "GMT", "UTC", "ET", "PT")):
        return ""
    return "." if ends_sentence(match.string, match.end()) or (rest[:1].isupper() and rest[1:2].islower()) else ""


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
    return _spoken(hour, minute, second, half, length=bool(_LENGTH.search(before))) + _stop(match)


RULES: tuple[Rule, ...] = (
    PatternRule("time", DIGITS, _RANGE, _range, _GATE),
    PatternRule("time", DIGITS, _SINGLE, _single, _GATE),
)
