"""The numbers that no other rule took. After these rules no ASCII digit is left."""

from __future__ import annotations

import re

from qwentts_svc.text.normalize.ru import numbered
from qwentts_svc.text.normalize.ru.agree import agree, head_after, is_label
from qwentts_svc.text.normalize.ru.digit_rule import DigitRule
from qwentts_svc.text.normalize.ru.govern import governor
from qwentts_svc.text.normalize.ru.grammar import Case, Gender
from qwentts_svc.text.normalize.ru.measures import sign_word
from qwentts_svc.text.normalize.ru.numbers import MAX_DIGITS, cardinal, digits, padded
from qwentts_svc.text.normalize.ru.quantity import NUM, half_word, one_and_half, parse, say
from qwentts_svc.text.normalize.rule import DIGITS, PatternRule, Rule, RuleContext

_START = r"(?<![\w.,])"
_RANGE = re.compile(rf"(?<![\w.,-])({NUM})\s?([-–—])\s?({NUM})(?![\w-]|[.,][0-9])")
_SIGNED = re.compile(rf"(?<![\w.,)\]%])([-−–+±])({NUM})(?![\w]|\.[0-9])")
_PLAIN = re.compile(rf"{_START}({NUM})(?![\w]|\.[0-9])")
_LEFT_OVER = re.compile(r"[0-9]{1,64}")
_PLUS_AFTER = re.compile(rf"{_START}({NUM})\+(?![\w+])")
_SLASH = re.compile(rf"{_START}([0-9]{{1,4}})/([0-9]{{1,4}})(?![\w/]|[.,][0-9])")
_PRESSURE = re.compile(r"(?i:давлени|\bАД)")
_UP_TO = re.compile(
    r"\sдо\s(?:[0-9]{1,3}(?:[.,][0-9])?\s?|[а-яё ]{3,40}\s)(?:тыс|млн|млрд|трлн|тысяч|миллион|миллиард|час|лит|метр)"
)
_ELLIPSIS = re.compile(r"(?<=[0-9])\s?\.\.\.\s?(?=[-−+]?[0-9])")
_SPACED_ID = re.compile(r"(?<![\w.,])[0-9]{4}(?:[ -][0-9]{4}){2,4}(?![\w])")
_COLLECTIVE: dict[int, tuple[str, str]] = {2: ("двое", "двоих"), 3: ("трое", "троих"), 4: ("четверо", "четверых")}


def _range(match: re.Match[str], _: RuleContext) -> str | None:
    low, _dash, high = match.groups()
    first, second = parse(low), parse(high)
    if len(first.whole) > 9 or len(second.whole) > 9:
        return None
    text = match.string
    case, gender, animate = _agreed(match.string, match.start(), match.end(), second.value if not second.frac else 5)
    if not first.frac and not second.frac and first.value > second.value and " " in text[match.start() : match.end()]:
        return None
    one = not first.frac and first.value % 10 == 1 and first.value % 100 != 11
    if one and case == "accs" and governor(text, match.start()).word == "по":
        return f"{say(first, 'datv', gender)}-{say(second, case, gender, animate=animate)}"
    words = [
        half_word(case, gender) if one_and_half(n) else say(n, case, gender, animate=animate) for n in (first, second)
    ]
    return "-".join(words)


def _agreed(text: str, start: int, end: int, n: int) -> tuple[Case, Gender, bool]:
    found = agree(text, start, end, n)
    return found.case, found.gender, found.animate


def _signed(match: re.Match[str], ctx: RuleContext) -> str | None:
    sign, number = match.groups()
    if sign == "–" and match.start() and match.string[match.start() - 1].isalnum():
        return None
    if sign in "-−" and number.isdigit() and (storey := numbered.below_ground(match, int(number))):
        return sign_word(sign) + storey
    return sign_word(sign) + _spoken(match.string, match.start(), match.end(), number)


def _plain(match: re.Match[str], _: RuleContext) -> str:
    return _spoken(match.string, match.start(), match.end(), match.group(1))


def _spoken(text: str, start: int, end: int, raw: str) -> str:
    number = parse(raw)
    if len(number.whole) > 1 and number.whole[0] == "0":
        return (
            padded(number.whole)
            if len(number.whole) <= 3 and not number.frac
            else digits(number.whole) + (f" запятая {digits(number.frac)}" if number.frac else "")
        )
    if len(number.whole) > 12 and " " not in raw:
        return say(number) if number.frac else digits(number.whole)
    if len(number.whole) > MAX_DIGITS - 3:
        return digits(number.whole)
    if number.frac:
        return _decimal(text, start, end, raw)
    found = agree(text, start, end, number.value)
    n = number.value
    if found.head and n in _COLLECTIVE:
        form = found.head.readings[0]
        if form.plural_only and form.lemma in (
            "сутки",
            "сани",
            "ножницы",
            "ворота",
            "часы",
            "брюки",
            "джинсы",
            "очки",
            "двери",
        ):
            if found.case in ("nomn", "accs"):
                return _COLLECTIVE[n][0]
        elif form.lemma == "ребёнок" and found.case == "accs" and not governor(text, start).word:
            return _COLLECTIVE[n][0]
    return cardinal(n, found.case, found.gender, animate=found.animate)


def _decimal(text: str, start: int, end: int, raw: str) -> str:
    number = parse(raw)
    if "." in raw and is_label(text, start):
        return f"{cardinal(number.value)} точка {padded(number.frac)}"  # "пункт 4.2"
    asked = governor(text, start)
    case = asked.cases[0]
    if one_and_half(number) and case == "gent" and _UP_TO.match(text, end):
        return half_word("gent", "masc")
    head = head_after(text, end)
    if one_and_half(number) and head and any(form.case in ("gent", "datv", "ablt", "loct") for form in head.readings):
        gender = next(form.gender for form in head.readings)
        oblique = not any(form.case == "gent" and form.number == "sing" for form in head.readings)
        return half_word("gent" if oblique else "nomn", gender)
    if head and head.word == "лет" and number.frac == "5":
        return f"{cardinal(number.value, 'gent')} с половиной"
    return say(number, case)


def _left_over(match: re.Match[str], _: RuleContext) -> str:
    text, run = match.string, match.group()
    before = " " if match.start() and (text[match.start() - 1].isalpha() or text[match.start() - 1] == "_") else ""
    after = " " if match.end() < len(text) and (text[match.end()].isalpha() or text[match.end()] == "_") else ""
    zero = len(run) > 1 and run[0] == "0"
    spoken = padded(run) if zero and len(run) < 4 else digits(run) if zero or len(run) > 6 else cardinal(int(run))
    return f"{before}{spoken}{after}"


def _plus_after(match: re.Match[str], _: RuleContext) -> str:
    return f"{say(parse(match.group(1)))} плюс"


def _slash(match: re.Match[str], _: RuleContext) -> str:
    """A blood pressure is so much "на" so much, the number of a house or a paper is "дробь"."""
    first, second = match.groups()
    if match.group() in ("24/7", "50/50"):
        return f"{cardinal(int(first))} на {cardinal(int(second))}"
    pressure = _PRESSURE.search(match.string, max(0, match.start() - 40), match.start())
    return f"{cardinal(int(first))} {'на' if pressure else 'дробь'} {cardinal(int(second))}"


def _ellipsis(_match: re.Match[str], _: RuleContext) -> str:
    return " - "


def _identifier(match: re.Match[str], _: RuleContext) -> str:
    return ", ".join(digits(part) for part in re.split("[ -]", match.group()))


RULES: tuple[Rule, ...] = (
    DigitRule("digits", _SPACED_ID, _identifier, re.compile("[0-9]{4}[ -][0-9]{4}")),
    PatternRule("range", frozenset("."), _ELLIPSIS, _ellipsis),
    DigitRule("symbol", _PLUS_AFTER, _plus_after),
    DigitRule("symbol", _SLASH, _slash),
    *numbered.RULES,
    DigitRule("range", _RANGE, _range, re.compile("[0-9] ?[-–—] ?[0-9]")),
    DigitRule("cardinal", _SIGNED, _signed, re.compile("[-−–+±][0-9]")),
    DigitRule("cardinal", _PLAIN, _plain),
    PatternRule("cardinal", DIGITS, _LEFT_OVER, _left_over),
)
