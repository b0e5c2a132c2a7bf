"""Arithmetic and comparison between numbers, one-letter variables and brackets; what follows a comparison declines."""

from __future__ import annotations

import re

from qwentts_svc.text.normalize.ru.digit_rule import DigitRule
from qwentts_svc.text.normalize.ru.grammar import Case, Gender
from qwentts_svc.text.normalize.ru.ordinal_words import ordinal
from qwentts_svc.text.normalize.ru.quantity import NUM, parse, say
from qwentts_svc.text.normalize.rule import PatternRule, Rule, RuleContext

_OPERAND = r"(?:[0-9]|[a-zA-Zπ](?![A-Za-z0-9_']))"
_LEFT = r"(?<=[0-9)\]²³%πa-zA-Zа-я])"
_COMPARE = re.compile(
    rf"{_LEFT}\s?(!=|<>|<=|>=|[=≠≤⩽≥⩾<>≈])\s?(?=[-−+√(]?\s?{_OPERAND}|√)([-−]?)(?:({NUM})"
    rf"(?![\w%°$€₽/*×+^²³]|[.,][0-9]|\s?[-−+*/×÷·^]\s?[0-9(]))?"
)
_PREFIX = re.compile(r"(?<![\w)\]<>=])(<=|>=|[<>≤≥~≈])\s?(?=[-−+]?[0-9$€])")
_OPERAND_BEFORE = re.compile(r"(?:[0-9)\]²³%]|(?<!\w)[A-Za-zπ])\s?$")
_WORDS = {
    "=": "равно", "≠": "не равно", "!=": "не равно", "<>": "не равно", "<=": "меньше или равно",
    "≤": "меньше или равно",
    "⩽": "меньше или равно", ">=": "больше или равно", "≥": "больше или равно", "⩾": "больше или равно", "<": "меньше",
    ">": "больше",
    "≈": "примерно равно",
}  # fmt: skip
_PREFIXES = {
    "<": "меньше",
    ">": "больше",
    "<=": "не более",
    "≤": "не более",
    ">=": "не менее",
    "≥": "не менее",
    "~": "примерно",
    "≈": "примерно",
}
_RIGHT = rf"(?=[(√]?{_OPERAND}|[(√])"
_BINARY = r"(?<=[0-9)\]²³π])|(?<=\b[a-zA-Z])|(?<=[0-9][a-z])"
_PLUS = re.compile(rf"(?:{_BINARY})\s?\+\s?{_RIGHT}")
_MINUS = re.compile(rf"(?:{_BINARY})(?:\s[-−–]\s|−)(?=[(√]?(?:[0-9]|[a-z](?![A-Za-z0-9_]))|\()")
_MINUS_GATE = re.compile(r"[-–−](?:(?<=[0-9)\]²³πa-zA-Z]\s.)\s|(?<=−))")
_CHAIN_MINUS = re.compile(rf"(?<![\w.,-])({NUM})[-−–]({NUM})(?=\s?=\s?[-−]?[0-9a-z])")
_TIMES = re.compile(rf"(?:{_BINARY})\s?[*×·⋅∙]\s?{_RIGHT}|(?<=[0-9])\s[xх]\s(?=[0-9]+\s?=)")
_DIVIDED = re.compile(
    rf"(?:{_BINARY})\s?[÷]\s?{_RIGHT}|(?<=[0-9)])\s/\s(?=[0-9(])|(?<=[0-9])\s?[:/]\s?(?=[0-9]{{1,9}}\s?=)|"
    rf"(?<=[0-9])\s:\s(?=[0-9])"
)
_DIVIDED_GATE = re.compile(r"÷|[0-9)]\s[/:]\s[0-9(]|[:/]\s?[0-9]{1,9}\s?=")
_POWER = re.compile(
    r"(?:(?<![\w.,])([0-9]{1,9})|(?<=[A-Za-zА-Яа-я)])(?<!\d))(?:\^\(?([-−]?[0-9]{1,4}|[a-zn])\)?|"
    r"([²³¹⁰⁴-⁹⁻ⁿ]{1,6}))(?![0-9])(?:/(л|мл|мкл)(?!\w))?"
)
_SUPER = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻ⁿ", "0123456789-n")
_VOLUMES = {"л": "литр", "мл": "миллилитр", "мкл": "микролитр"}
_ROOT = re.compile(rf"√\s?(?:({NUM})|(?=[a-zA-Z(]))")
_PLUS_MINUS_ROOT = re.compile(r"(?<!\w)±\s?(?=√)")
_SIGNS = {"π": "пи", "∞": "бесконечность", "±": "плюс-минус"}
_GREEK = {
    "α": "альфа", "β": "бета", "γ": "гамма", "δ": "дельта", "ε": "эпсилон", "θ": "тета", "λ": "лямбда", "μ": "мю",
    "ρ": "ро", "σ": "сигма", "τ": "тау", "φ": "фи", "ω": "омега", "Δ": "дельта",
}  # fmt: skip
_SIGNS.update(_GREEK)
_SINGLE = re.compile(rf"[π∞]|±(?=\s?[0-9√])|(?<![^\W\d_])[{''.join(_GREEK)}](?![^\W\d_])")
_CASE: dict[str, Case] = {"=": "datv", "≠": "datv", "!=": "datv", "<>": "datv", "≈": "datv"}


def _compare(match: re.Match[str], _: RuleContext) -> str | None:
    mark, minus, operand = match.groups()
    text = match.string
    if mark in "<>" and not (text[match.start()] == " " or text[match.end() - 1 : match.end()].isdigit() or operand):
        return None
    spoken = f" {_WORDS[mark]} "
    if minus:
        spoken += "минус "
    if not operand:
        return spoken
    case: Case = "nomn" if mark == "=" else _CASE.get(mark, "datv" if len(_WORDS[mark]) > 9 else "gent")
    return spoken + say(parse(operand), case)


def _prefix(match: re.Match[str], _: RuleContext) -> str | None:
    if _OPERAND_BEFORE.search(match.string[max(0, match.start() - 4) : match.start()]):
        return None
    return _PREFIXES[match.group(1)] + " "


def _power(match: re.Match[str], _: RuleContext) -> str:
    volume = match.group(4)  # "10⁹/л": so many cells in a litre
    return _raised(match) + (f" на {_VOLUMES[volume]}" if volume else "")


def _raised(match: re.Match[str]) -> str:
    base, caret, raised, _volume = match.groups()
    exponent = caret or raised.translate(_SUPER)
    spoken = say(parse(base)) if base else ""
    if exponent == "2":
        return f"{spoken} в квадрате"
    if exponent == "3":
        return f"{spoken} в кубе"
    if exponent.lstrip("-−").isdigit():
        minus = "минус " if exponent[0] in "-−" else ""
        gender: Gender = "femn"
        return (
            f"{spoken} в {minus}{ordinal(int(exponent.lstrip('-−')), 'loct', gender)} степени"
            if not minus
            else (f"{spoken} в степени {minus}{say(parse(exponent.lstrip('-−')))}")
        )
    return f"{spoken} в степени {exponent}"


def _root(match: re.Match[str], _: RuleContext) -> str:
    number = match.group(1)
    return f"корень из {say(parse(number), 'gent')}" if number else "корень из "


def _single(match: re.Match[str], _: RuleContext) -> str:
    text = match.string
    before = " " if match.start() and text[match.start() - 1].isalnum() else ""
    after = " " if match.end() < len(text) and text[match.end()].isalnum() else ""
    return before + _SIGNS[match.group()] + after


def _chain_minus(match: re.Match[str], _: RuleContext) -> str:
    return f"{say(parse(match.group(1)))} минус {say(parse(match.group(2)))}"


EARLY: tuple[Rule, ...] = (
    PatternRule("math", frozenset("±"), re.compile(r"±\s(?=[0-9])"), lambda _m, _c: "плюс-минус "),
    PatternRule("math", frozenset("<>≤≥~≈"), _PREFIX, _prefix),
)
_BETWEEN_WORDS = re.compile(
    r"(?:(?<=[а-яё)])\s([=+])|(?<=[а-яё)])(=)|(?<=\b[A-Za-zα-ωΔА-Я])\s?([=<>≤≥≈≠]))\s?(?:(?<=\s)|(?<=[=<>≤≥≈≠]))(?=[а-яёА-ЯЁ0-9(])"
)


def _between_words(match: re.Match[str], _: RuleContext) -> str:
    sign = match.group(1) or match.group(2) or match.group(3)
    return " плюс " if sign == "+" else f" {_WORDS[sign]} "


RULES: tuple[Rule, ...] = (
    PatternRule("math", frozenset("√"), _PLUS_MINUS_ROOT, lambda _m, _c: "плюс-минус "),
    PatternRule("math", frozenset("√"), _ROOT, _root),
    DigitRule("math", _CHAIN_MINUS, _chain_minus, re.compile("[0-9][-−–][0-9]")),
    PatternRule("math", frozenset("-−–"), _MINUS, lambda _m, _c: " минус ", _MINUS_GATE),
    PatternRule("math", frozenset("+"), _PLUS, lambda _m, _c: " плюс "),
    PatternRule(
        "math", frozenset("*×·⋅∙xх"), _TIMES, lambda _m, _c: " умножить на ", re.compile("[0-9a-zπ)] ?[*×·⋅∙xх]")
    ),
    PatternRule("math", frozenset("÷/:"), _DIVIDED, lambda _m, _c: " разделить на ", _DIVIDED_GATE),
    PatternRule("math", frozenset("=≠≤⩽≥⩾<>≈"), _COMPARE, _compare),
    PatternRule("math", frozenset("=+<>≤≥≈≠"), _BETWEEN_WORDS, _between_words),
    PatternRule("math", frozenset("^²³¹⁰⁴⁵⁶⁷⁸⁹⁻ⁿ"), _POWER, _power),
    PatternRule("math", frozenset(_SIGNS), _SINGLE, _single),
)
