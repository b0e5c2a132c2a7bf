"""Dates, money, percent, degrees and numbers of the languages without a package of their own."""

from __future__ import annotations

import re

from qwentts_svc.text.normalize.other.words import LOCALES, Locale, cardinal, day, decimal, money
from qwentts_svc.text.normalize.rule import DIGITS, PatternRule, Rule, RuleContext

_CODES = {"€": "EUR", "$": "USD", "£": "GBP", "¥": "JPY", "₩": "KRW", "円": "JPY", "원": "KRW"}
_START = r"(?<![A-Za-z0-9_.,:/-])"
_END = r"(?![A-Za-z0-9_%]|[.,:/-][0-9])"
_GERMAN_DATIVE = re.compile(r"\b(?:[Aa]m|[Vv]om|[Dd]em|[Dd]en|[Zz]um|[Bb]is|[Ss]eit|[Aa]b)\s$")
_NUMERIC_DATE = re.compile(r"(?<![\w.,/-])([0-9]{1,2})([./-])([0-9]{1,2})\2([12][0-9]{3})(?![\w%/-]|[.,][0-9])")
_ISO_DATE = re.compile(r"(?<![A-Za-z0-9_.,/-])([12][0-9]{3})([-./])([0-9]{1,2})\2([0-9]{1,2})(?![\w%/-]|[.,][0-9])")


def _number_pattern(locale: Locale) -> str:
    group, point = f"[{re.escape(locale.group)}]", re.escape(locale.point)
    return rf"(?:[0-9]{{1,3}}(?:{group}[0-9]{{3}}){{1,4}}(?![0-9])|[0-9]{{1,15}})(?:{point}[0-9]{{1,15}})?"


def _plain(text: str, locale: Locale) -> str:
    """``text`` as the library wants it: no grouping, a decimal point."""
    for char in locale.group:
        text = text.replace(char, "")
    return text.replace(locale.point, ".")


def _spoken(text: str, locale: Locale, lang: str) -> str:
    plain = _plain(text, locale)
    if len(plain) > 1 and plain[0] == "0" and "." not in plain:
        return ("" if lang == "ja" else " ").join(cardinal(int(digit), lang) for digit in plain)
    return decimal(plain, lang) if "." in plain else cardinal(int(plain), lang)


def build(lang: str) -> tuple[Rule, ...]:
    """The rules of ``lang``, one of ``LOCALES``."""
    locale = LOCALES[lang]
    number = _number_pattern(locale)
    gap = " " if locale.spaced else ""

    def say_date(year: str, month: str, day_of_month: str) -> str | None:
        m, d = int(month), int(day_of_month)
        if not (1 <= m <= 12 and 1 <= d <= 31):
            return None
        month_word = locale.months[m - 1] if locale.months else cardinal(m, lang)
        return locale.date.format(day=day(d, lang), month=month_word, year=cardinal(int(year), lang))

    def numeric_date(match: re.Match[str], _: RuleContext) -> str | None:
        if not locale.months:
            return None
        spoken = say_date(match.group(4), match.group(3), match.group(1))
        if spoken and lang == "de" and _GERMAN_DATIVE.search(match.string[max(0, match.start() - 6) : match.start()]):
            head, _space, tail = spoken.partition(" ")
            spoken = f"{head.removesuffix('r')}n {tail}"
        return spoken

    def iso_date(match: re.Match[str], _: RuleContext) -> str | None:
        return say_date(match.group(1), match.group(3), match.group(4))

    def currency(match: re.Match[str], _: RuleContext) -> str | None:
        sign, text = match.group(1) or match.group(4), match.group(2) or match.group(3)
        return money(_plain(text, locale), _CODES.get(sign, sign), lang)

    def percent(match: re.Match[str], _: RuleContext) -> str:
        return f"{_spoken(match.group(1), locale, lang)}{gap}{locale.percent}"

    def degrees(match: re.Match[str], _: RuleContext) -> str:
        minus = f"{locale.minus}{gap}" if match.group(1) else ""
        return f"{minus}{_spoken(match.group(2), locale, lang)}{gap}{locale.degree[match.group(3) == 'F']}"

    def negative(match: re.Match[str], _: RuleContext) -> str:
        return f"{locale.minus}{gap}{_spoken(match.group(1), locale, lang)}"

    def plain(match: re.Match[str], _: RuleContext) -> str:
        return _spoken(match.group(), locale, lang)

    signs = re.escape("".join(_CODES))
    money_pattern = re.compile(
        rf"{_START}([€$£¥₩])\s?({number}){_END}|{_START}({number})\s?([{signs}]|EUR|USD|GBP|JPY|KRW)(?![A-Za-z0-9])"
    )
    separated = re.compile("[0-9][./-][0-9]")
    return (
        PatternRule("date", DIGITS, _NUMERIC_DATE, numeric_date, separated),
        PatternRule("date", DIGITS, _ISO_DATE, iso_date, separated),
        PatternRule("currency", frozenset([*_CODES, "E", "U", "G", "J", "K"]), money_pattern, currency),
        PatternRule("percent", frozenset("%"), re.compile(rf"{_START}({number})\s?%"), percent),
        PatternRule(
            "temperature",
            frozenset("°"),
            re.compile(rf"(?<![A-Za-z0-9_.,:/-])([-−])?({number})\s?°\s?([CF])(?!\w)"),
            degrees,
        ),
        PatternRule(
            "cardinal", DIGITS, re.compile(rf"(?<![\w.,)-])[-−]({number}){_END}"), negative, re.compile("[-−][0-9]")
        ),
        PatternRule("cardinal", DIGITS, re.compile(rf"{_START}{number}{_END}"), plain),
    )
