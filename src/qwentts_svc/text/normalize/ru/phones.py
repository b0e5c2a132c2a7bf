"""Telephone numbers, group by group; the leading zeros of a group are said."""

from __future__ import annotations

import re

from qwentts_svc.text.normalize.ru.digit_rule import DigitRule
from qwentts_svc.text.normalize.ru.numbers import digits, padded
from qwentts_svc.text.normalize.rule import DIGITS, PatternRule, Rule, RuleContext

_S = r"[ \-–]"
_FULL = re.compile(
    rf"(?<![\w+.,])(\+7|\+3[0-9]{{2}}|\+[1-9][0-9]?|8|7)(?:{_S}?\(|{_S})([0-9]{{2,5}})(?:\){_S}?|{_S})"
    rf"([0-9]{{1,3}}){_S}?([0-9]{{2}}){_S}?([0-9]{{2}})(?![\w]|[.,-][0-9])"
)
_TOLL_FREE = re.compile(
    rf"(?<![\w+.,])(8){_S}(80[0-9]){_S}([0-9]{{3}}){_S}([0-9]{{2,4}})(?:{_S}([0-9]{{2}}))?(?![\w]|[.,-][0-9])"
)
_SOLID = re.compile(r"(?<![\w.,])(\+7 ?|8|8[ -](?=9))([0-9]{3})([0-9]{3})([0-9]{2})([0-9]{2})(?![\w]|[.,-][0-9])")
_AREA = re.compile(rf"(?<!\w)\(([0-9]{{3,5}})\){_S}?([0-9]{{1,3}}){_S}([0-9]{{2}}){_S}([0-9]{{2}})(?![\w-])")
_LOCAL = re.compile(r"(?<![\w+.,/-])([0-9]{1,3})-([0-9]{2})-([0-9]{2})(?![\w-]|[.,][0-9])")
_FOREIGN = re.compile(
    rf"(?<![\w.,])(\+[1-9][0-9]{{0,2}})(?:{_S}?\(?([0-9]{{1,5}})\)?){_S}([0-9]{{2,4}}){_S}([0-9]{{2,4}})(?![\w-])"
)
_GROUPED = re.compile(r"(?<![\w+.,/-])(8|\+?7)((?:-[0-9]{1,4}){4,6})(?![\w-]|[.,][0-9])")
_FULL_DIGITS = 11
_SHORT = re.compile(
    r"(?i:(?<=\bтел\. )|(?<=\bзвоните )|(?<=\bпо номеру )|(?<=\bтелефону )|(?<=\bтелефон ))([0-9]{3,4})"
    r"(?![\w%-]|[.,:][0-9]|\s[а-яё]{1,20}(?:ов|ей)\b)"
)
_NAMED = re.compile(r"(?i:тел|факс|звон|номер)")
_EXTENSION = re.compile(r"(?i)(?<!\w)доб\.\s?([0-9]{1,6})(?!\w)")


def _groups(parts: list[str]) -> str:
    return ", ".join(("плюс " + padded(part[1:])) if part[0] == "+" else padded(part) for part in parts)


def _local(match: re.Match[str], ctx: RuleContext) -> str | None:
    text, start = match.string, match.start()
    if len(match.group(1)) == 1 and not _NAMED.search(text, max(0, start - 20), start):
        return None  # a date, a code
    return _replace(match, ctx)


def _replace(match: re.Match[str], _: RuleContext) -> str:
    parts: list[str] = []
    for part in match.groups():
        if part:
            part = part.rstrip(" -")
            parts += [part] if len(part) <= 4 and not (len(part) == 4 and part.isdigit()) else [part[:-2], part[-2:]]
    return _groups(parts)


def _grouped(match: re.Match[str], _: RuleContext) -> str | None:
    """Any other grouping of eleven digits."""
    parts = [match.group(1), *match.group(2)[1:].split("-")]
    return _groups(parts) if sum(len(part.lstrip("+")) for part in parts) == _FULL_DIGITS else None


def _short(match: re.Match[str], _: RuleContext) -> str:
    number = match.group(1)
    return padded(number) if len(number) == 3 else _groups([number[:2], number[2:]]).replace(",", "")


def _extension(match: re.Match[str], _: RuleContext) -> str:
    number = match.group(1)
    return "добавочный " + (padded(number) if len(number) <= 3 else digits(number))


def _rule(pattern: re.Pattern[str], gate: str) -> Rule:
    return DigitRule("phone", pattern, _replace, re.compile(gate))


RULES: tuple[Rule, ...] = (
    _rule(_TOLL_FREE, "8[ –-]80"),
    _rule(_FULL, r"[0-9](?:[ \-–]?\(|[ \-–])[0-9]{2}"),
    _rule(_SOLID, "(?:7|8)[ -]?[0-9]{10}"),
    _rule(_FOREIGN, r"\+[1-9]"),
    _rule(_AREA, r"\([0-9]{3}"),
    DigitRule("phone", _GROUPED, _grouped, re.compile("[78]-[0-9]")),
    DigitRule("phone", _LOCAL, _local, re.compile("[0-9]-[0-9]{2}-[0-9]")),
    DigitRule("phone", _SHORT, _short, re.compile("(?i)тел|звон|номер")),
    PatternRule("phone", DIGITS, _EXTENSION, _extension, re.compile("(?i)доб")),
)
