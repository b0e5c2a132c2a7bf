"""Written numbers ("1 500,25") as values, said alone or together with a unit that the writer abbreviated."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from qwentts_svc.text.normalize.ru.agree import noun_form
from qwentts_svc.text.normalize.ru.grammar import Case, Gender
from qwentts_svc.text.normalize.ru.morph import forms, inflect, inflect_adjective
from qwentts_svc.text.normalize.ru.numbers import MAX_DIGITS, cardinal, digits, group
from qwentts_svc.text.normalize.ru.ordinal_words import ordinal

INT = r"(?:[1-9][0-9]{0,2}(?: [0-9]{3}){1,6}(?![0-9])|[1-9][0-9]{0,2}(?:\.[0-9]{3}){2,6}(?![0-9])|[0-9]{1,64})"
NUM = rf"(?>{INT}(?:[.,][0-9]{{1,12}}(?![0-9]))?)"
"""A number as written, grouped by spaces or not, with a decimal part or not. Has no groups."""

_DECIMAL_PLACES = {1: 10, 2: 100, 3: 1000, 4: 10000, 5: 100000, 6: 1000000}
_PLACE_STEMS = {4: "десятитысячн", 5: "стотысячн"}


class Number(NamedTuple):
    """A parsed number: its whole part as written without grouping, and its decimals ("" for none)."""

    whole: str
    frac: str

    @property
    def value(self) -> int:
        return int(self.whole)


def parse(text: str) -> Number:
    """``text`` matched by ``NUM``. "1,000,000" and "1.000.000" are grouped; one separator is a decimal one."""
    text = text.replace(" ", "")
    for mark in ",.":
        if text.count(mark) > 1:
            text = text.replace(mark, "")
    whole, _, frac = text.replace(",", ".").partition(".")
    return Number(whole, frac)


class Noun(NamedTuple):
    """A noun phrase that declines: optional adjective, head, and a tail that does not change ("километр" "в час")."""

    head: str
    adjective: str = ""
    tail: str = ""

    @property
    def gender(self) -> Gender:
        return _gender(self.head)

    def form(self, n: int, case: Case) -> str:
        """The phrase as it stands after the number ``n`` in ``case``."""
        noun_case, number = noun_form(n, case)
        words = [inflect(self.head, noun_case, number)]
        if self.adjective:
            if group(n) == 1:
                words.insert(0, inflect_adjective(self.adjective, case, self.gender))
            else:
                adjective_case: Case = "gent" if case in ("nomn", "accs") else noun_case
                words.insert(0, inflect_adjective(self.adjective, adjective_case, "plur"))
        return " ".join([*words, self.tail] if self.tail else words)

    def partitive(self) -> str:
        """The phrase after a decimal or a fraction: genitive singular."""
        words = [inflect(self.head, "gent", "sing")]
        if self.adjective:
            words.insert(0, inflect_adjective(self.adjective, "gent", self.gender))
        return " ".join([*words, self.tail] if self.tail else words)


@lru_cache(maxsize=1024)
def _gender(lemma: str) -> Gender:
    for form in forms(lemma):
        if form.case == "nomn" and not form.adjective:
            return form.gender
    return "masc"


def _of_parts(n: int, stem: str, case: Case) -> str:
    """ "целая", "десятых": the feminine adjective ``stem`` after ``n``; a zero is a noun that keeps its genitive."""
    if n == 0:
        return stem + "ых"
    if group(n) == 1:
        return stem + {"nomn": "ая", "accs": "ую"}.get(case, "ой")
    return stem + {"datv": "ым", "ablt": "ыми"}.get(case, "ых")


def _place(n: int, places: int, case: Case) -> str:
    stem = _PLACE_STEMS.get(places)
    if stem:
        return _of_parts(n, stem, case)
    if group(n) == 1:
        return ordinal(10**places, case, "femn")
    return ordinal(10**places, case if n and case in ("datv", "ablt") else "gent", "plur")


def say(number: Number, case: Case = "nomn", gender: Gender = "masc", *, animate: bool = False) -> str:
    """The number in words, decimals as "три целых пять десятых"."""
    whole, frac = number
    if len(whole) > MAX_DIGITS - 3:
        return digits(whole) + (" запятая " + digits(frac) if frac else "")
    if not frac:
        return cardinal(int(whole), case, gender, animate=animate)
    if len(frac) > 6:
        return f"{cardinal(int(whole))} запятая {digits(frac)}"
    n, part = int(whole), int(frac)
    whole_word = _of_parts(n, "цел", case)
    return f"{cardinal(n, case, 'femn')} {whole_word} {cardinal(part, case, 'femn')} {_place(part, len(frac), case)}"


def one_and_half(number: Number) -> bool:
    """Whether the number is written "1,5"."""
    return number.whole == "1" and number.frac == "5"


def half_word(case: Case, gender: Gender) -> str:
    """ "полтора" in ``case`` and ``gender``."""
    if case in ("nomn", "accs"):
        return "полторы" if gender == "femn" else "полтора"
    return "полутора"


def quantity(number: Number, noun: Noun, case: Case, *, half: bool = False) -> str:
    """Number and unit in ``case``. ``half``: "1,5" is said "полтора"."""
    if number.frac:
        if half and one_and_half(number):
            form = noun.partitive() if case in ("nomn", "accs") else noun.form(5, case)
            return f"{half_word(case, noun.gender)} {form}"
        return f"{say(number, case)} {noun.partitive()}"
    if len(number.whole) > MAX_DIGITS - 3:
        return f"{say(number)} {noun.form(5, 'nomn')}"
    return f"{say(number, case, noun.gender)} {noun.form(number.value, case)}"
