"""Ordinals with a written ending ("5-й", "20-х"), cardinals with one ("5-ти"), compounds ("5-летний", "3D" apart)."""

from __future__ import annotations

import re
from functools import lru_cache

from qwentts_svc.text.normalize.ru.agree import Head, head_after
from qwentts_svc.text.normalize.ru.digit_rule import DigitRule
from qwentts_svc.text.normalize.ru.govern import governor
from qwentts_svc.text.normalize.ru.grammar import BY_NAME, GENDERS, Case, Gender
from qwentts_svc.text.normalize.ru.morph import Form, forms, inflect_adjective
from qwentts_svc.text.normalize.ru.numbers import cardinal
from qwentts_svc.text.normalize.ru.ordinal_words import combining, ordinal
from qwentts_svc.text.normalize.ru.quantity import Number, say
from qwentts_svc.text.normalize.rule import Rule, RuleContext

_ENDINGS: dict[str, tuple[str, ...]] = {
    "й": ("masc:nomn accs", "femn:gent datv ablt loct"), "ый": ("masc:nomn accs",), "ий": ("masc:nomn accs",),
    "ой": ("masc:nomn accs", "femn:gent datv ablt loct"), "ей": ("femn:gent datv ablt loct",),
    "я": ("femn:nomn",), "ая": ("femn:nomn",), "ья": ("femn:nomn",), "ю": ("femn:accs",), "ую": ("femn:accs",),
    "ью": ("femn:accs",),
    "е": ("neut:nomn accs", "plur:nomn accs"), "ое": ("neut:nomn accs",), "ье": ("neut:nomn accs",),
    "ые": ("plur:nomn accs",), "ие": ("plur:nomn accs",), "ьи": ("plur:nomn accs",),
    "го": ("masc:gent", "neut:gent"), "ого": ("masc:gent", "neut:gent"), "его": ("masc:gent", "neut:gent"),
    "му": ("masc:datv", "neut:datv"), "ому": ("masc:datv", "neut:datv"), "ему": ("masc:datv", "neut:datv"),
    "м": ("masc:ablt loct", "neut:ablt loct", "plur:datv"), "ым": ("masc:ablt", "neut:ablt", "plur:datv"),
    "им": ("masc:ablt", "neut:ablt", "plur:datv"), "ом": ("masc:loct", "neut:loct"), "ем": ("masc:loct", "neut:loct"),
    "х": ("plur:gent loct",), "ых": ("plur:gent loct",), "их": ("plur:gent loct",),
    "ми": ("plur:ablt",), "ыми": ("plur:ablt",), "ими": ("plur:ablt",),
}  # fmt: skip
_SUFFIX = "|".join(sorted(_ENDINGS, key=len, reverse=True))
_START = r"(?<![\w.,/])"
_ORDINAL = re.compile(rf"{_START}([0-9]{{1,9}})(?:\s?[-–—]\s?([0-9]{{1,9}}))?-({_SUFFIX})(?![\w-])")
_PAIR = re.compile(rf"{_START}([0-9]{{1,4}})(?:-({_SUFFIX}))(\s?[-–—]\s?)(?=[0-9]{{1,4}}-(?:{_SUFFIX})(?!\w))")
_CARDINAL = re.compile(rf"{_START}([0-9]{{1,9}})-?(ти|тью|ью|и|ми|мя|ех|ёх|х|ём|ем|м|а|ка|ста|та)(?![\w])")
_COLLECTIVE = re.compile(rf"{_START}([4-9]|10)-(ро|рых)(?!\w)")
_COLLECTIVES = {4: "четверо", 5: "пятеро", 6: "шестеро", 7: "семеро", 8: "восьмеро", 9: "девятеро", 10: "десятеро"}
_SOLUTION = re.compile(
    rf"{_START}([1-9][0-9]?|0)(,[0-9]{{1,2}})?\s?%(?=\s(?:[а-яё]{{3,20}}\s)?(раствор[а-яё]{{0,3}})(?!\w))"
)
_JOINED = re.compile(rf"(?:(?:,\s?|\s?(?:и|или|либо|-|–)\s?)[0-9]{{1,4}}-(?:{_SUFFIX})(?!\w)){{1,4}}")
_JOINS = re.compile(rf"[0-9]-(?:{_SUFFIX})\s?(?:,|и|или|либо)\s\Z")
_COMPOUND = re.compile(rf"{_START}([1-9][0-9]{{0,5}})(?:\s?([-–])\s?([1-9][0-9]{{0,5}}))?-([а-яё]{{4,30}})(?![\w])")
_HALF_COMPOUND = re.compile(rf"{_START}([1-9][0-9]?),5-([а-яё]{{4,30}})(?![\w])")
_SPLIT_COMPOUND = re.compile(
    rf"{_START}([1-9][0-9]{{0,3}})-?(?:х|ти|и|ми)[ -](комнатн|этажн|дневн|летн|местн|часов|кратн|ярусн"
    rf"|разов|тонн|тысячн|литров|звёздочн|звездочн|минутн|процентн|значн|недельн|месячн|метров|сторонн"
    rf"|дверн|ступенчат|палубн|створчат|спальн|камерн|цветн|слойн|колёсн|колесн|уровнев|полосн|ядерн|канальн)([а-яё]{{1,3}})(?!\w)"
)
_PERCENT = re.compile(
    rf"{_START}((?:[1-9][0-9]{{0,2}}|0)(?:,[0-9]{{1,2}})?)\s?%-?(?:([а-яё]{{1,2}})|(?:ого|н(ый|ого|ому|ым|ом|ая|ой|ую|ое|ые|ых"
    rf"|ыми)|процентн([а-яё]{{2,3}})))(?![\w])"
)


def _parse(options: tuple[str, ...]) -> list[tuple[Gender, Case]]:
    found: list[tuple[Gender, Case]] = []
    for option in options:
        gender, _, cases = option.partition(":")
        found += [(GENDERS[gender], BY_NAME[case]) for case in cases.split()]
    return found


@lru_cache(maxsize=2048)
def _lemma_gender(lemma: str) -> Gender:
    return next((form.gender for form in forms(lemma) if form.number == "sing" and not form.adjective), "masc")


_READINGS = {ending: _parse(options) for ending, options in _ENDINGS.items()}


def choose(readings: list[tuple[Gender, Case]], text: str, start: int, end: int, n: int) -> tuple[Gender, Case, bool]:
    """Of the readings that an ending leaves open, the one that the noun after and the preposition before allow."""
    asked = governor(text, start)
    joined = _JOINED.match(text, end)
    follows = _JOINS.search(text, max(0, start - 12), start) is not None
    head = head_after(text, joined.end() if joined else end)
    found: tuple[Form, ...] = head.readings if head else ()
    ranked = {case: rank for rank, case in enumerate(asked.cases)} if asked.word else {}
    best: tuple[tuple[int, int, int], tuple[Gender, Case, bool]] | None = None
    for order, (gender, case) in enumerate(readings):
        form = next((f for f in found if _fits(f, gender, case, joined=bool(joined) or follows)), None)
        score = (0 if form else 1, ranked.get(case, 9 if ranked else 0), order)
        if not form and gender == "plur" and n % 10 == 0 and n >= 10 and not head:
            score = (1, score[1], -1)
        if best is None or score < best[0]:
            best = (score, (gender, case, form.animate if form else False))
    assert best is not None
    return best[1]


def _fits(form: Form, gender: Gender, case: Case, *, joined: bool = False) -> bool:
    if form.case != case and not form.fixed:
        return False
    if joined and gender != "plur" and form.number == "plur":
        return _lemma_gender(form.lemma) == gender  # "в 1-й и 2-й группах": each of them is one
    return form.number == "plur" if gender == "plur" else form.number == "sing" and form.gender == gender


def _ordinal(match: re.Match[str], _: RuleContext) -> str | None:
    first, second, ending = match.groups()
    n = int(second or first)
    if n >= 10**9:
        return None
    text = match.string
    head = head_after(text, match.end())
    if ending == "ми" and n % 10 in (7, 8) and not 11 <= n % 100 <= 19 and not second:
        return None  # "к 8-ми" is "к восьми"
    if (
        ending in ("х", "м")
        and not (ending == "м" and not _has(head, "plur", "datv"))
        and n % 10 in (2, 3, 4)
        and not 11 <= n % 100 <= 14
        and not second
        and _counts(head)
    ):
        return None
    gender, case, animate = choose(_READINGS[ending], text, match.start(), match.end(), n)
    spoken = ordinal(n, case, gender, animate=animate)
    return f"{ordinal(int(first), case, gender, animate=animate)}-{spoken}" if second else spoken


def _counts(head: Head | None) -> bool:
    """ "2-х", "3-м" are written for "двух", "трём"; after such an ending only a singular noun asks for an ordinal."""
    if head is None:
        return True
    return not any(form.number == "sing" and form.case in ("loct", "ablt", "datv") for form in head.readings) or all(
        form.number == "plur" for form in head.readings
    )


def _pair(match: re.Match[str], _: RuleContext) -> str:
    digits, ending, joint = match.groups()
    gender, case, _animate = choose(_READINGS[ending], match.string, match.start(), match.end(), int(digits))
    return ordinal(int(digits), case, gender) + (" - " if joint.strip() in "–—" else "-")


def _has(head: Head | None, number: str, case: Case) -> bool:
    return head is not None and any(form.number == number and form.case == case for form in head.readings)


_CARDINAL_CASES: dict[str, Case] = {
    "ти": "gent", "и": "gent", "ех": "gent", "ёх": "gent", "х": "gent", "мя": "ablt", "тью": "ablt", "ью": "ablt",
    "ём": "datv",
    "ем": "datv", "м": "datv", "а": "gent", "ка": "gent", "ми": "gent", "ста": "gent", "та": "gent",
}  # fmt: skip


def _cardinal(match: re.Match[str], _: RuleContext) -> str | None:
    n, ending = int(match.group(1)), match.group(2)
    if "-" not in match.group() and ending in ("м", "а", "и", "х"):
        return None
    last = cardinal(n).split()[-1]
    asked = governor(match.string, match.start())
    case = _CARDINAL_CASES[ending]
    if case == "gent" and asked.word and asked.cases[0] in ("datv", "loct"):
        case = asked.cases[0]
    if ending in ("х", "ех", "ёх", "м", "ем", "ём", "мя") and last not in ("два", "три", "четыре"):
        return None
    if ending in ("ти", "и", "тью", "ью") and last[-1] != "ь":
        return None
    if ending == "ми" and last not in ("семь", "восемь"):
        return None
    if ending == "ми" and asked.word and asked.cases[0] == "ablt":
        case = "ablt"
    if ending in ("а", "ка", "ста", "та") and last not in ("сорок", "сто", "девяносто"):
        return None
    return cardinal(n, case)


def _collective(match: re.Match[str], _: RuleContext) -> str:
    """ "7-ро козлят" """
    word = _COLLECTIVES[int(match.group(1))]
    return word if match.group(2) == "ро" else word[:-1] + "ых"


def _compound(match: re.Match[str], _: RuleContext) -> str | None:
    first, _dash, second, word = match.groups()
    if second:
        return f"{combining(int(first))}-{combining(int(second))}{word}"
    return combining(int(first)) + word


def _half_compound(match: re.Match[str], _: RuleContext) -> str:
    n, word = int(match.group(1)), match.group(2)
    return ("полутора" if n == 1 else combining(n) + "споловиной") + word


def _split_compound(match: re.Match[str], _: RuleContext) -> str:
    return combining(int(match.group(1))) + match.group(2) + match.group(3)


def _solution(match: re.Match[str], _: RuleContext) -> str | None:
    """ "10% раствор" is "десятипроцентный раствор"."""
    whole, part, noun = match.groups()
    readings = [form for form in forms(noun) if form.lemma == "раствор"]
    if not readings:
        return None
    asked = governor(match.string, match.start())
    form = next((f for case in asked.cases for f in readings if f.case == case), readings[0])
    first = combining(int(whole)) if not part else say(Number(whole, part[1:])) + " "
    return first + inflect_adjective("процентный", form.case, "plur" if form.number == "plur" else "masc")


def _percent(match: re.Match[str], _: RuleContext) -> str | None:
    digits, short, long, full = match.groups()
    whole, _comma, part = digits.partition(",")
    first = combining(int(whole))
    if part == "5" and whole != "0":
        first = "полутора" if whole == "1" else first + "споловиной"
    elif part:
        first = say(Number(whole, part)) + " "
    if short in _READINGS:
        gender, case, _animate = choose(_READINGS[short], match.string, match.start(), match.end(), int(whole))
        return first + inflect_adjective("процентный", case, gender)
    end = long or full or ""
    if short and not end:
        return None
    return f"{first}процентн{end or 'ого'}"


SOLUTIONS: tuple[Rule, ...] = (DigitRule("percent", _SOLUTION, _solution, re.compile("% .{0,22}раствор")),)
"""Before the percents that are amounts."""

RULES: tuple[Rule, ...] = (
    DigitRule("percent", _PERCENT, _percent),
    DigitRule("compound", _SPLIT_COMPOUND, _split_compound, re.compile("[0-9]-?(?:х|ти|и|ми)[ -]")),
    DigitRule("cardinal", _COLLECTIVE, _collective, re.compile("[0-9]-р")),
    DigitRule("ordinal", _PAIR, _pair, re.compile("[0-9]-[а-яё]{1,3} ?[-–—]")),
    DigitRule("ordinal", _ORDINAL, _ordinal, re.compile("[0-9]-[а-яё]")),
    DigitRule("ordinal", _CARDINAL, _cardinal, re.compile("[0-9]-?[а-яё]")),
    DigitRule("compound", _HALF_COMPOUND, _half_compound, re.compile("[0-9],5-")),
    DigitRule("compound", _COMPOUND, _compound, re.compile("[0-9]-[а-яё]{4}")),
)
