"""Percent and per mille; degrees of temperature and of angle."""

from __future__ import annotations

import re

from qwentts_svc.text.normalize.ru.agree import head_after
from qwentts_svc.text.normalize.ru.amounts import AmountRule, amount, amount_case, spread
from qwentts_svc.text.normalize.ru.digit_rule import DigitRule
from qwentts_svc.text.normalize.ru.govern import governor
from qwentts_svc.text.normalize.ru.grammar import Case
from qwentts_svc.text.normalize.ru.measures import DASH, SIGN, START, sign_word
from qwentts_svc.text.normalize.ru.quantity import NUM, Noun, parse, say
from qwentts_svc.text.normalize.rule import PatternRule, Rule, RuleContext

_PERCENT = re.compile(rf"{START}({SIGN})(?:({NUM})\s?%?{DASH})?({NUM})\s?([%‰])(?!\w|-[а-яё])")
_DEGREES = re.compile(
    rf"{START}({SIGN})\s?(?:({NUM})\s?[°º]?\s?[CСFК]?(?:{DASH}|\s?\.\.\.?\s?)([-−+]?))?({NUM})\s?(?:[°º]"
    rf"(?:\s?([CСFКK])(?!\w))?|([℃℉]))(?!-)"
)
_NAMES = {"%": Noun("процент"), "‰": Noun("промилле")}
_SCALES = {"C": " Цельсия", "С": " Цельсия", "F": " Фаренгейта", "℃": " Цельсия", "℉": " Фаренгейта"}
_DEGREE = Noun("градус")


def _percent(match: re.Match[str], last: Case | None) -> tuple[str, Case] | None:
    sign, low, high, mark = match.groups()
    text, end = match.string, match.end()
    case = amount_case(text, match.start(), end)
    if case == "accs" and governor(text, match.start()).word in ("в", "во"):
        head = head_after(text, end)
        if head is not None and any(form.case == "gent" and form.number == "plur" for form in head.readings):
            case = "loct"  # a share of many: "в пяти процентах случаев"
    noun, number = _NAMES[mark], parse(high)
    spoken = spread(low, number, None, noun, case) if low else amount(number, None, noun, case)
    return sign_word(sign) + spoken, case


def _degrees(match: re.Match[str], last: Case | None) -> tuple[str, Case] | None:
    sign, low, high_sign, high, scale, joined = match.groups()
    case = amount_case(match.string, match.start(), match.end())
    number = parse(high)
    if scale in ("К", "K"):
        return sign_word(sign) + amount(number, None, Noun("кельвин"), case), case
    last_part = sign_word(high_sign) + amount(number, None, _DEGREE, case)
    if low and (sign or high_sign):
        first = sign_word(sign) + say(parse(low), case)
        spoken = f"{first} - {last_part}"
    elif low:
        spoken = spread(low, number, None, _DEGREE, case)
    else:
        spoken = sign_word(sign) + last_part
    after = match.string[match.end() : match.end() + 1]
    return spoken + _SCALES.get(scale or joined or "", "") + (" " if after.isalpha() else ""), case


_ANGLE = re.compile(
    r"(?<![\w.,])([0-9]{1,3})\s?°\s?([0-5]?[0-9])\s?[′'](?:\s?([0-5]?[0-9](?:[.,][0-9]{1,3})?)\s?(?:″|\"|''))?"
)


def _angle(match: re.Match[str], _: RuleContext) -> str:
    """Degrees, minutes and seconds of arc."""
    degrees, minutes, seconds = match.groups()
    case = governor(match.string, match.start()).cases[0]
    spoken = f"{amount(parse(degrees), None, _DEGREE, case)} {amount(parse(minutes), None, Noun('минута'), case)}"
    return f"{spoken} {amount(parse(seconds), None, Noun('секунда'), case)}" if seconds else spoken


# "20°/15°": the day's and the night's.
_HIGH_AND_LOW = re.compile(r"(?<=[°º])\s?/\s?(?=[-−+]?[0-9]{1,3}\s?[°º])")

RULES: tuple[Rule, ...] = (
    PatternRule("temperature", frozenset("/"), _HIGH_AND_LOW, lambda _match, _ctx: ", "),
    DigitRule("temperature", _ANGLE, _angle, re.compile("°")),
    AmountRule("percent", frozenset("%‰"), _PERCENT, _percent),
    AmountRule("temperature", frozenset("°º℃℉"), _DEGREES, _degrees),
)
