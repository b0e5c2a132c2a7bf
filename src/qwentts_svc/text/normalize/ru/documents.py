"""Numbers of laws, standards and papers: "ГОСТ 7.1-2003", "152-ФЗ", "ИНН 7707083893", "паспорт 45 09 123456"."""

from __future__ import annotations

import re
from itertools import pairwise

from qwentts_svc.text.normalize.ru.digit_rule import DigitRule
from qwentts_svc.text.normalize.ru.numbers import cardinal, digits, padded
from qwentts_svc.text.normalize.rule import DIGITS, PatternRule, Rule, RuleContext

_STANDARD = re.compile(
    r"(?<![\w-])(ГОСТ(?:\s[РИ]|\sИСО|\sISO)?|СНиП|СП|ОСТ|СанПиН|ISO|ИСО)\s([0-9]{1,6}(?:\.[0-9]{1,6}){0,4})"
    r"(?:([-–—:])([0-9]{2,5}))?(?!\w|[.,][0-9])"
)
_LAW = re.compile(r"(?<![\w.,])([0-9]{1,4})-(?=(?:ФЗ|ФКЗ|ОЗ|РП|ГД|ПП|СФ)(?!\w))")
_PAPER = re.compile(
    r"(?<!\w)((?:ИНН|КПП|ОГРН|ОГРНИП|БИК|ОКПО|ОКВЭД|СНИЛС|ОМС|IBAN|УИН|(?i:паспорт[а-яё]{0,2}))"
    r"(?:\s(?:РФ|серии|серия|номер))?:?\s)([0-9]{2,4}(?:[ -][0-9]{2,4}){0,2}[ -][0-9]{2,6}"
    r"|[0-9]{4,20})(?!\w|[.,][0-9]|-)"
)


def _standard(match: re.Match[str], _: RuleContext) -> str:
    name, number, _mark, year = match.groups()
    parts = number.split(".")
    spoken = " точка ".join(padded(part) if len(part) < 4 else _long(part) for part in parts)
    return f"{name} {spoken}" + (f" - {_long(year)}" if year else "")


def _long(part: str) -> str:
    return digits(part) if part[0] == "0" and len(part) > 3 else padded(part) if part[0] == "0" else cardinal(int(part))


def _law(match: re.Match[str], _: RuleContext) -> str:
    return match.group(1) + " "


def _paper(match: re.Match[str], _: RuleContext) -> str:
    parts = re.split("[ -]", match.group(2))
    spoken = padded(parts[0]) if len(parts[0]) == 2 else digits(parts[0])
    for before, part in pairwise(parts):
        pair = len(part) == 2
        spoken += (" " if pair and len(before) == 2 else ", ") + (padded(part) if pair else digits(part))
    return match.group(1) + spoken


RULES: tuple[Rule, ...] = (
    PatternRule("serial", DIGITS, _STANDARD, _standard, re.compile("ГОСТ|СНиП|СП|ОСТ|СанПиН|ISO|ИСО")),
    DigitRule("serial", _LAW, _law, re.compile("[0-9]-[ФОРГПС]")),
    PatternRule("digits", DIGITS, _PAPER, _paper, re.compile("ИНН|КПП|ОГРН|БИК|ОК|СНИЛС|ОМС|IBAN|УИН|(?i:паспорт)")),
)
