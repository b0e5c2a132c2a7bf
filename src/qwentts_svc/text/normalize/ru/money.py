"""Sums of money: signs before and after, Russian short forms and codes, kopecks and cents, thousands and millions."""

from __future__ import annotations

import re
from typing import NamedTuple

from qwentts_svc.text.normalize.ru.amounts import SCALE, AmountRule, amount, amount_case, spread
from qwentts_svc.text.normalize.ru.context import stop
from qwentts_svc.text.normalize.ru.grammar import Case
from qwentts_svc.text.normalize.ru.measures import DASH, START, sign_word
from qwentts_svc.text.normalize.ru.morph import inflect
from qwentts_svc.text.normalize.ru.quantity import NUM, Noun, Number, parse, quantity
from qwentts_svc.text.normalize.ru.units import PER_TIME, UNITS
from qwentts_svc.text.normalize.rule import DIGITS, Rule


class _Money(NamedTuple):
    unit: Noun
    part: Noun | None = None


_CENT, _KOPECK = Noun("цент"), Noun("копейка")
_RUBLE, _DOLLAR = _Money(Noun("рубль"), _KOPECK), _Money(Noun("доллар"), _CENT)
_EURO = _Money(Noun("евро"), _CENT)
_POUND = _Money(Noun("фунт", "", "стерлингов"), Noun("пенс"))
_YUAN, _YEN, _FRANC = _Money(Noun("юань")), _Money(Noun("иена")), _Money(Noun("франк", "швейцарский"))
_BY_SIGN = {
    "$": _DOLLAR, "€": _EURO, "£": _POUND, "₽": _RUBLE, "¥": _YEN, "₴": _Money(Noun("гривна"), _KOPECK),
    "₸": _Money(Noun("тенге")), "₿": _Money(Noun("биткоин")), "₹": _Money(Noun("рупия")), "₺": _Money(Noun("лира",
    "турецкий")),
    "₾": _Money(Noun("лари")), "₩": _Money(Noun("вона")), "¢": _Money(_CENT), "₪": _Money(Noun("шекель")),
}  # fmt: skip
_BY_WORD = {
    "рублей": _RUBLE, "руб": _RUBLE, "р": _RUBLE, "RUB": _RUBLE, "RUR": _RUBLE, "коп": _Money(_KOPECK),
    "к": _Money(_KOPECK), "долл": _DOLLAR,
    "дол": _DOLLAR, "USD": _Money(Noun("доллар"), _CENT), "EUR": _EURO, "евро": _EURO, "GBP": _POUND, "CNY": _YUAN,
    "JPY": _YEN,
    "CHF": _FRANC, "BYN": _Money(Noun("рубль", "белорусский"), _KOPECK), "KZT": _Money(Noun("тенге")),
    "UAH": _Money(Noun("гривна"), _KOPECK),
    "грн": _Money(Noun("гривна"), _KOPECK), "тг": _Money(Noun("тенге")), "бел. руб": _Money(Noun("рубль",
    "белорусский"), _KOPECK),
    "долл. США": _Money(Noun("доллар", "", "США"), _CENT), "BTC": _Money(Noun("биткоин")),
}  # fmt: skip
del _BY_WORD["рублей"], _BY_WORD["к"]
_SIGNS = "".join(map(re.escape, _BY_SIGN))
_WORDS = "|".join(re.escape(word) for word in sorted(_BY_WORD, key=len, reverse=True))
_PER = r"(?:\s?/\s?([а-яёА-Я²³2.]{1,8}?)(?![\w²³]))?"
_BEFORE = re.compile(
    rf"(?<![\w.,$€£₽])([-−–])?([{_SIGNS}])\s?(?:({NUM}){DASH}[{_SIGNS}]?)?({NUM})(?:\s?({SCALE}|тысяч"
    rf"|миллион|миллиард)(?![\w]))?{_PER}(?![\w%])"
)
_AFTER = re.compile(
    rf"{START}([-−–+])?(?:({NUM})(?:{DASH}|\s?(?:[{_SIGNS}]|руб\.|р\.)[-–—]))?({NUM})\s?({SCALE})?\s?(?:"
    rf"([{_SIGNS}])|({_WORDS})(?![\w-]))(\.(?!\w))?{_PER}"
)
_AFTER_GATE = re.compile(rf"[0-9.ндс][ ]{{0,2}}(?:[{_SIGNS}]|р(?:уб)?(?![а-яё])|коп|дол|евро|грн|тг|бел|[A-Z]{{3}})")
_AFTER_WORD_GATE = re.compile(rf"[{_SIGNS}]|(?<![а-яёА-ЯЁ])(?:р(?:уб)?(?![а-яё])|коп|дол|евро|грн|тг|бел|[A-Z]{{3}})")
_GROUPED = re.compile("[1-9][0-9]{0,2}(?:,[0-9]{3})+")


def _sum(number: Number, scale: str | None, money: _Money, case: Case) -> str:
    """ "99,90" is rubles and kopecks; a number of thousands is one amount."""
    if scale or not number.frac or money.part is None or len(number.frac) > 2:
        return amount(number, scale, money.unit, case)
    part = int(number.frac.ljust(2, "0"))
    whole = quantity(Number(number.whole, ""), money.unit, case)
    if not part:
        return whole
    small = quantity(Number(str(part), ""), money.part, case)
    return small if number.value == 0 else f"{whole} {small}"


def _per(short: str | None) -> str | None:
    if not short:
        return ""
    short = short.rstrip(".")
    if short in PER_TIME:
        return f" в {PER_TIME[short]}"
    if short in UNITS:
        noun = UNITS[short]
        return f" за {noun.form(1, 'accs') if noun.adjective else inflect(noun.head, 'accs', 'sing')}"
    return None


def _before(match: re.Match[str], last: Case | None) -> tuple[str, Case] | None:
    sign, mark, low, high, scale, per = match.groups()
    case = amount_case(match.string, match.start(), match.end())
    per_words = _per(per)
    if per_words is None:
        return None
    if mark == "$" and _GROUPED.fullmatch(high):
        high = high.replace(",", "")
    scale = {"тысяч": "тыс", "миллион": "млн", "миллиард": "млрд"}.get(scale or "", scale)
    money, number = _BY_SIGN[mark], parse(high)
    spoken = spread(low, number, scale, money.unit, case, half=bool(scale)) if low else _sum(number, scale, money, case)
    return sign_word(sign) + spoken + per_words + stop(
        match.string, match.end(), "." if match.group().endswith(".") else None
    ), case


def _after(match: re.Match[str], last: Case | None) -> tuple[str, Case] | None:
    sign, low, high, scale, mark, word, written_stop, per = match.groups()
    per_words = _per(per)
    if per_words is None:
        return None
    if word == "р" and not written_stop and not per and match.group()[-2] in " ":
        return None
    case = last or amount_case(match.string, match.start(), match.end())
    money, number = _BY_SIGN[mark] if mark else _BY_WORD[word], parse(high)
    spoken = spread(low, number, scale, money.unit, case, half=bool(scale)) if low else _sum(number, scale, money, case)
    swallowed = written_stop if word or not mark else None
    end = ("." if mark and written_stop else "") or ("" if per else stop(match.string, match.end(), swallowed))
    return sign_word(sign) + spoken + per_words + end, case


RULES: tuple[Rule, ...] = (
    AmountRule("currency", frozenset(_BY_SIGN), _BEFORE, _before, at_digits=False),
    AmountRule("currency", DIGITS, _AFTER, _after, _AFTER_WORD_GATE, _AFTER_GATE),
)
