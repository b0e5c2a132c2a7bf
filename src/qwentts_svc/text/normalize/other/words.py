"""Number words of German, French, Spanish, Portuguese, Italian, Japanese and Korean, from the num2words library."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from num2words import num2words

from qwentts_svc.text.normalize.wordlist import words


@dataclass(frozen=True, slots=True)
class Locale:
    """How a language writes numbers and dates. ``months`` is empty where a numeric date is read number by number."""

    group: str
    point: str
    percent: str
    minus: str
    degree: tuple[str, str]
    months: tuple[str, ...]
    date: str
    spaced: bool = True


_MONTHS = {
    "de": words("Januar Februar März April Mai Juni Juli August September Oktober November Dezember"),
    "fr": words("janvier février mars avril mai juin juillet août septembre octobre novembre décembre"),
    "es": words("enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre"),
    "pt": words("janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro"),
    "it": words("gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre"),
}
_EUROPEAN_DATE = "{day} {month} {year}"
_IBERIAN_DATE = "{day} de {month} de {year}"
_DE_DEGREES = ("Grad Celsius", "Grad Fahrenheit")
_FR_DEGREES = ("degrés Celsius", "degrés Fahrenheit")
_ES_DEGREES = ("grados Celsius", "grados Fahrenheit")
_PT_DEGREES = ("graus Celsius", "graus Fahrenheit")
_IT_DEGREES = ("gradi Celsius", "gradi Fahrenheit")

LOCALES: dict[str, Locale] = {
    "de": Locale(". ", ",", "Prozent", "minus", _DE_DEGREES, _MONTHS["de"], _EUROPEAN_DATE),
    "fr": Locale(" .", ",", "pour cent", "moins", _FR_DEGREES, _MONTHS["fr"], _EUROPEAN_DATE),
    "es": Locale(". ", ",", "por ciento", "menos", _ES_DEGREES, _MONTHS["es"], _IBERIAN_DATE),
    "pt": Locale(". ", ",", "por cento", "menos", _PT_DEGREES, _MONTHS["pt"], _IBERIAN_DATE),
    "it": Locale(". ", ",", "per cento", "meno", _IT_DEGREES, _MONTHS["it"], _EUROPEAN_DATE),
    "ja": Locale(",", ".", "パーセント", "マイナス", ("度", "華氏度"), (), "{year}年{month}月{day}日", spaced=False),
    "ko": Locale(",", ".", "퍼센트", "마이너스 ", ("도", "화씨 도"), (), "{year}년 {month}월 {day}일", spaced=False),
}
"""Chinese is not here: the library has no Chinese, and the model reads Chinese digits by itself."""

_FIRST_DAY = {"de": "erster", "fr": "premier", "pt": "primeiro", "it": "primo"}


@lru_cache(maxsize=4096)
def cardinal(value: int, lang: str) -> str:
    """``value`` in words of ``lang``; German years before 2000 in hundreds."""
    if lang == "de" and 1100 <= value < 2000:
        return str(num2words(value, lang=lang, to="year"))
    return str(num2words(value, lang=lang)).strip()


@lru_cache(maxsize=4096)
def decimal(text: str, lang: str) -> str:
    """A decimal, written with a point, in words of ``lang``: the digits after the point one by one."""
    whole, _, rest = text.partition(".")
    point = str(num2words(Decimal("0.5"), lang=lang)).split()
    separator = point[1] if len(point) == 3 else "点"
    parts = [cardinal(int(whole), lang), separator, *(cardinal(int(digit), lang) for digit in rest)]
    return ("" if lang == "ja" else " ").join(parts)


def day(value: int, lang: str) -> str:
    """A day of the month."""
    if lang == "de":
        return str(num2words(value, lang="de", to="ordinal")) + "r"
    return _FIRST_DAY.get(lang, cardinal(1, lang)) if value == 1 else cardinal(value, lang)


def money(text: str, code: str, lang: str) -> str | None:
    """An amount, written with a point, of the currency ``code``; ``None`` where the library does not know it."""
    try:
        amount = Decimal(text)
        spoken = str(num2words(float(amount), lang=lang, to="currency", currency=code))
        if amount == amount.to_integral_value():
            spoken = spoken.removesuffix(" " + _no_cents(spoken))
    except (NotImplementedError, ArithmeticError, ValueError, TypeError):
        return None
    return spoken


def _no_cents(spoken: str) -> str:
    """The tail of a whole amount that says "and zero cents", in any of the languages."""
    words = spoken.split()
    return " ".join(words[-3:]) if len(words) > 3 else ""
