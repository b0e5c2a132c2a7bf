"""Amounts of money: signs before, signs and codes after, cents, thousands to trillions, spans, "per"."""

from __future__ import annotations

import re
from typing import NamedTuple

from qwentts_svc.text.normalize.en.numbers import NUM, cardinal, number, plural_of
from qwentts_svc.text.normalize.en.tables import FUNCTION_WORDS, ends_sentence, next_word
from qwentts_svc.text.normalize.en.units import UNITS
from qwentts_svc.text.normalize.rule import DIGITS, PatternRule, Rule, RuleContext


class _Money(NamedTuple):
    one: str
    many: str
    cent: str = ""
    cents: str = ""


_DOLLAR = _Money("dollar", "dollars", "cent", "cents")
_EURO = _Money("euro", "euros", "cent", "cents")
_POUND = _Money("pound", "pounds", "penny", "pence")
_YEN = _Money("yen", "yen")
_BY_SIGN = {
    "$": _DOLLAR, "€": _EURO, "£": _POUND, "¥": _YEN, "₹": _Money("rupee", "rupees", "paisa", "paise"),
    "₩": _Money("won", "won"), "₽": _Money("ruble", "rubles", "kopeck", "kopecks"), "₿": _Money("bitcoin", "bitcoins"),
    "₺": _Money("lira", "lira"), "₴": _Money("hryvnia", "hryvnias"), "₫": _Money("dong", "dong"),
    "₱": _Money("peso", "pesos", "centavo", "centavos"), "₪": _Money("shekel", "shekels"), "฿": _Money("baht", "baht"),
}  # fmt: skip
_PREFIX = {
    "US": "U S", "C": "Canadian", "CA": "Canadian", "A": "Australian", "AU": "Australian", "NZ": "New Zealand",
    "HK": "Hong Kong", "S": "Singapore", "CAD": "Canadian", "AUD": "Australian",
    "USD": "U S", "NZD": "New Zealand", "HKD": "Hong Kong",
    "SGD": "Singapore",
}  # fmt: skip
_BY_CODE = {
    "USD": _Money("U S dollar", "U S dollars", "cent", "cents"), "EUR": _EURO, "GBP": _POUND, "JPY": _YEN,
    "CAD": _Money("Canadian dollar", "Canadian dollars", "cent", "cents"),
    "AUD": _Money("Australian dollar", "Australian dollars", "cent", "cents"),
    "CHF": _Money("Swiss franc", "Swiss francs"), "CNY": _Money("yuan", "yuan"), "RMB": _Money("yuan", "yuan"),
    "INR": _Money("rupee", "rupees"), "RUB": _Money("ruble", "rubles"), "KRW": _Money("won", "won"),
    "MXN": _Money("Mexican peso", "Mexican pesos"), "BRL": _Money("real", "reais"), "SEK": _Money("krona", "kronor"),
    "BTC": _Money("bitcoin", "bitcoins"), "ETH": _Money("ether", "ether"),
}  # fmt: skip
_SCALE = {
    "k": "thousand", "K": "thousand", "m": "million", "M": "million", "mn": "million", "MM": "million", "mm": "million",
    "b": "billion", "B": "billion", "bn": "billion", "Bn": "billion", "tn": "trillion", "T": "trillion",
    "t": "trillion",
}  # fmt: skip
_PER = {
    "hr": "hour", "h": "hour", "mo": "month", "yr": "year", "wk": "week", "lb": "pound", "kg": "kilogram",
    "oz": "ounce",
    "gal": "gallon", "sqft": "square foot", "mi": "mile", "km": "kilometer", "min": "minute", "ea": "each",
    "l": "liter",
    "bbl": "barrel", "L": "liter", "kWh": "kilowatt hour", "GB": "gigabyte",
}  # fmt: skip
_SIGNS = "".join(_BY_SIGN)
_CODES = "|".join(_BY_CODE)
_MAGNITUDE = (
    r"(?:\s?(?:hundred|thousand|million|billion|trillion)(?![a-z])|\s?(?:[kKmMbBtT]n?|Bn|MM)(?![\w'])"
    r"|-(?:million|billion|trillion|thousand)(?![a-z]))"
)
_BEFORE = re.compile(
    rf"(?<![\w$.])(-)?(?:(US(?=\s?\$)|(?:CA|C|AU|A|NZ|HK|S)(?=\$))\s?)?([{_SIGNS}])\s?(-)?({NUM})({_MAGNITUDE})?"
    rf"(?:\s?[-–—]\s?([{_SIGNS}])?({NUM})({_MAGNITUDE})?)?"
    r"(?:\s?/\s?([A-Za-z]{1,12})([²³]|\^[23])?(?![\w/])(\.(?!\w))?)?(?![0-9])(?:\s(USD|CAD|AUD|NZD|HKD|SGD)(?!\w))?"
)
_AMOUNT = rf"(?<![\w.$€£])(-)?({NUM})({_MAGNITUDE})?(?:\s?[-–—]\s?({NUM})({_MAGNITUDE})?)?\s?"
_SIGN_AFTER = re.compile(rf"{_AMOUNT}([{_SIGNS}])(?!\w)")
_CODE_AFTER = re.compile(rf"{_AMOUNT}({_CODES})(?!\w)")
_ACCOUNTING = re.compile(rf"([{_SIGNS}])\s?\(({NUM})\)")
_NOTES = re.compile(r"(?<![\w$])\$(1|2|5|10|20|50|100)s(?!\w)")
_CODE_FIRST = re.compile(rf"(?<![\w.])({_CODES}|Rs\.?)\s?({NUM})({_MAGNITUDE})?(?![\w%]|[.,][0-9])")
_CENT = re.compile(rf"(?<![\w.])({NUM})\s?¢")
_ARTICLES = frozenset(("a", "an", "the", "this", "that", "every", "his", "her", "my", "our", "their", "your"))
_PRICED = frozenset(("deal", "contract", "extension", "loan", "grant", "settlement", "jackpot", "budget", "bond"))
"""Nouns that a sum before them describes in any case: "a 3-year, $45 million deal"."""
_NO_NOUN = FUNCTION_WORDS | {"million", "billion", "thousand", "trillion", "each", "off", "after", "before", "us"}


def _magnitude(text: str | None) -> str:
    if not text:
        return ""
    key = text.strip(" -")
    return _SCALE.get(key, key)


def amount(text: str, magnitude: str | None, money: _Money, *, adjective: bool = False) -> str:
    """A sum in words. ``adjective``: it describes a noun, so the unit is singular ("a twenty dollar bill")."""
    scale = _magnitude(magnitude)
    plural = money.one if adjective else money.many
    if scale:
        return f"{number(text)} {scale} {plural}"
    whole, _, decimals = text.replace(",", "").partition(".")
    units = int(whole or "0")
    if not decimals.strip("0"):
        return f"{cardinal(units)} {money.one if units == 1 else plural}"
    if not money.cent or len(decimals.rstrip("0")) > 2:
        return f"{number(text)} {plural}"
    cents = int(decimals.rstrip("0").ljust(2, "0"))
    small = f"{cardinal(cents)} {money.cent if cents == 1 else money.cents}"
    return f"{cardinal(units)} {money.one if units == 1 else money.many} and {small}" if units else small


def _is_adjective(text: str, start: int, end: int) -> bool:
    if text[end : end + 1] == "-" and text[end + 1 : end + 2].islower():
        return True
    article = text[:start].rstrip().rpartition(" ")[2].lower()
    word = next_word(text, end)
    if article in ("a", "an") and word[:1].isupper():
        return True  # "a $50 Amazon card"
    return word in _PRICED or (article in _ARTICLES and word.islower() and word not in _NO_NOUN)


def _before(match: re.Match[str], _: RuleContext) -> str | None:
    minus, country, sign, inner_minus, low, low_scale, sign2, high, high_scale, per, power, stop, code = match.groups()
    money = _BY_SIGN[sign]
    if country or (code and sign == "$"):
        name = _PREFIX[country or code]
        money = money._replace(one=f"{name} {money.one}", many=f"{name} {money.many}")
    adjective = not per and _is_adjective(match.string, match.start(), match.end())
    if high is None:
        spoken = amount(low, low_scale, money, adjective=adjective)
    elif sign2:
        spoken = f"{amount(low, low_scale, money)} to {amount(high, high_scale, _BY_SIGN[sign2], adjective=adjective)}"
    elif not high_scale and ("." in low or "." in high):
        spoken = f"{amount(low, low_scale, money)} to {amount(high, high_scale, money)}"
    else:
        first = " ".join(filter(None, (number(low), _magnitude(low_scale))))
        spoken = f"{first} to {amount(high, high_scale, money, adjective=adjective)}"
    if minus or inner_minus:
        spoken = "minus " + spoken
    if per:
        unit = _PER.get(per) or UNITS.get(per, (per,))[0]
        if power:
            unit = f"{'square' if power in ('²', '^2') else 'cubic'} {unit}"
        spoken += " each" if unit == "each" else f" per {unit}"
        opens = match.string[match.end() : match.end() + 2].lstrip()[:1].isupper()
        if stop and (unit == per or opens or ends_sentence(match.string, match.end())):
            spoken += "."
    return spoken


def _notes(match: re.Match[str], _: RuleContext) -> str:
    return plural_of(cardinal(int(match.group(1))).removeprefix("one "))


def _accounting(match: re.Match[str], _: RuleContext) -> str:
    """A loss as balance sheets write it: $(5)."""
    return f"-{match.group(1)}{match.group(2)}"


def _after(match: re.Match[str], _: RuleContext) -> str:
    minus, low, low_scale, high, high_scale, unit = match.groups()
    money = _BY_SIGN.get(unit) or _BY_CODE[unit]
    spoken = amount(high or low, high_scale if high else low_scale, money)
    if high:
        spoken = " ".join(filter(None, (number(low), _magnitude(low_scale), "to", spoken)))
    return f"minus {spoken}" if minus else spoken


def _code_first(match: re.Match[str], _: RuleContext) -> str:
    return amount(match.group(2), match.group(3), _BY_CODE[match.group(1).replace("Rs", "INR").rstrip(".")])


def _cent(match: re.Match[str], _: RuleContext) -> str:
    return f"{number(match.group(1))} {'cent' if match.group(1) == '1' else 'cents'}"


# A class is skipped to at once, what stands before it is looked at then.
_CODE_STARTS = "".join(sorted({code[0] for code in _BY_CODE}))
_AFTER_AMOUNT = r"(?:(?<=[0-9dnkKmMbBtT].)|(?<=[0-9dnkKmMbBtT]\s.))"

RULES: tuple[Rule, ...] = (
    PatternRule("currency", frozenset("$"), _NOTES, _notes, re.compile("[0-9]s")),
    PatternRule("currency", frozenset("("), _ACCOUNTING, _accounting, re.compile(rf"[{_SIGNS}]\s?\([0-9.]")),
    PatternRule("currency", frozenset(_SIGNS), _BEFORE, _before),
    PatternRule("currency", frozenset(_SIGNS), _SIGN_AFTER, _after, re.compile(f"[{_SIGNS}]{_AFTER_AMOUNT}")),
    PatternRule("currency", DIGITS, _CODE_AFTER, _after, re.compile(f"[{_CODE_STARTS}](?=[A-Z]{{2}}){_AFTER_AMOUNT}")),
    PatternRule("currency", DIGITS, _CODE_FIRST, _code_first, re.compile(rf"(?:{_CODES}|Rs\.?)\s?[0-9]")),
    PatternRule("currency", frozenset("¢"), _CENT, _cent),
)
