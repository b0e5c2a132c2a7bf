"""Spans and scores: 10-15, Monday-Friday, 3:1, K-12."""

from __future__ import annotations

import re

from qwentts_svc.text.normalize.en.dates import month_name
from qwentts_svc.text.normalize.en.numbers import NUM, number
from qwentts_svc.text.normalize.en.tables import MONTH, WEEKDAY_SHORT
from qwentts_svc.text.normalize.rule import PatternRule, Rule, RuleContext

_END = r"(?![\w]|[.,/:-][0-9]|\s?[-–—=]\s?[0-9])"
_TIGHT = re.compile(rf"(?<![\w.,/:$€£-])((?<![\w)])-)?({NUM})(?:-|\s?[–—]\s?)(-)?({NUM})(?=s?\b)(?!s\w){_END}")
_RECORD = re.compile(r"(?<![\w.,/:$€£-])([0-9]{1,2})[-–]([0-9]{1,2})[-–]([0-9])(?![\w%–-]|[.,:/][0-9])")
_RECORD_BEFORE = re.compile(
    r"(?:\b(?:[Rr]ecord\s(?:of|is|was)|[Ww]ent|[Ff]inished|(?:improved|fell|dropped|moved)\sto"
    r"|[Tt]he\s[A-Z][\w ]{2,20}\s(?:are|were))\s|[a-z]\s\()$"
)
_RECORD_AFTER = re.compile(r"\srecord\b")
_RATIO = re.compile(
    r"(?<![\w.,/:-])([0-9]{1,4}(?:\.[0-9]{1,3})?):"
    r"([0-9]{1,3}(?:,[0-9]{3}){1,3}|[0-9]{1,4}(?:\.[0-9]{1,3})?)(?![\w%]|[.,:/-][0-9])"
)
_K = re.compile(r"\bK-(?=(?:[1-9]|1[0-2])\b)")
_WORKWEEK = re.compile(r"(?<![\w-])M\s?[-–—]\s?F(?![\w-])")
_LETTERS = re.compile(
    r"\b((?:[Rr]ow|[Ss]ection|[Gg]roup|[Ss]eat|[Zz]one|[Bb]uilding|[Ee]xhibit|[Vv]olume|[Cc]olumn|[Uu]nit|[Ll]evel|[Pp]art|"
    r"[Ss]tep|[Ww]ing|[Tt]erminal|[Gg]ate|[Tt]able|[Oo]ption|[Qq]uestion|[Ll]etter|[Ff]loor|[Pp]latform|[Ll]ine)s\s"
    r"|[Ff]rom\s)([A-Z])[-–—](?=[A-Z](?![\w-]))"
)
_HOURS = re.compile(r"[0-9]|\b(?:AM|PM|o'clock)\b")
_DAY = r"Mon(?:day)?|Tue(?:s(?:day)?)?|Wed(?:nesday)?|Thu(?:rs?(?:day)?)?|Fri(?:day)?|Sat(?:urday)?|Sun(?:day)?"
_DAYS = re.compile(rf"\b({_DAY})\b\.?\s?[-–—]\s?({_DAY})\b(\.(?=\s[a-z0-9,]))?")
_MONTHS = re.compile(rf"\b({MONTH})\.?\s?[-–—]\s?({MONTH})\b(?:\.(?=\s[a-z0-9]))?")
_HYPHEN = frozenset("-–—")


def _range(match: re.Match[str], _: RuleContext) -> str | None:
    minus, low, minus2, high = match.groups()
    return f"{'minus ' if minus else ''}{number(low)} to {'minus ' if minus2 else ''}{number(high)}"


def _record(match: re.Match[str], _: RuleContext) -> str | None:
    """Games that were won, lost and tied: "The Bruins (24-10-3)"."""
    text, games = match.string, match.groups()
    before = _RECORD_BEFORE.search(text, max(0, match.start() - 34), match.start())
    if before is None and not _RECORD_AFTER.match(text, match.end()):
        return None
    if games == ("1", "2", "3") or (before and before.group().endswith("(") and sum(map(int, games)) == 10):
        return None  # how a team stands on the field: "England (4-3-3)"
    return " to ".join(map(number, games))


def _ratio(match: re.Match[str], _: RuleContext) -> str:
    return f"{number(match.group(1))} to {number(match.group(2))}"


def _k(_: re.Match[str], __: RuleContext) -> str:
    return "K to "


def _workweek(match: re.Match[str], _: RuleContext) -> str | None:
    return "Monday to Friday" if _HOURS.search(match.string) else None


def _letters(match: re.Match[str], _: RuleContext) -> str:
    return f"{match.group(1)}{match.group(2)} to "


def _days(match: re.Match[str], _: RuleContext) -> str:
    return " to ".join(WEEKDAY_SHORT.get(day, day) for day in match.groups()[:2])


def _months(match: re.Match[str], _: RuleContext) -> str:
    return f"{month_name(match.group(1))} to {month_name(match.group(2))}"


RULES: tuple[Rule, ...] = (
    PatternRule("range", _HYPHEN, _DAYS, _days),
    PatternRule("range", _HYPHEN, _MONTHS, _months, re.compile(rf"[-–—]\s?{MONTH}")),
    PatternRule("range", frozenset("M"), _WORKWEEK, _workweek, re.compile("M ?[-–—] ?F")),
    PatternRule("range", _HYPHEN, _LETTERS, _letters, re.compile(r"\s[A-Z][-–—][A-Z]")),
    PatternRule("range", _HYPHEN, _K, _k),
    PatternRule("range", _HYPHEN, _RECORD, _record, re.compile("[0-9][-–][0-9]{1,2}[-–][0-9]")),
    PatternRule("range", _HYPHEN, _TIGHT, _range, re.compile("[0-9](?:-|\\s?[–—])")),
    PatternRule("ratio", frozenset(":"), _RATIO, _ratio, re.compile("[0-9]:[0-9]")),
)
