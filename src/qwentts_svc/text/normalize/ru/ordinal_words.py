"""Ordinal number words ("двадцать пятого") and the joined first part of number adjectives ("двадцатипяти-")."""

from __future__ import annotations

from functools import lru_cache

from qwentts_svc.text.normalize.ru.grammar import CASE_INDEX, Case, Gender
from qwentts_svc.text.normalize.ru.numbers import cardinal

_STEMS = {
    0: "нулев", 1: "перв", 2: "втор", 3: "трет", 4: "четвёрт", 5: "пят", 6: "шест", 7: "седьм", 8: "восьм",
    9: "девят", 10: "десят", 11: "одиннадцат", 12: "двенадцат", 13: "тринадцат", 14: "четырнадцат", 15: "пятнадцат",
    16: "шестнадцат", 17: "семнадцат", 18: "восемнадцат", 19: "девятнадцат", 20: "двадцат", 30: "тридцат",
    40: "сороков", 50: "пятидесят", 60: "шестидесят", 70: "семидесят", 80: "восьмидесят", 90: "девяност",
    100: "сот", 200: "двухсот", 300: "трёхсот", 400: "четырёхсот", 500: "пятисот", 600: "шестисот", 700: "семисот",
    800: "восьмисот", 900: "девятисот",
}  # fmt: skip
_STRESSED_END = frozenset((0, 2, 6, 7, 8, 40))
_SCALE_STEMS = {1: "тысячн", 2: "миллионн", 3: "миллиардн", 4: "триллионн"}
_ENDS = {
    "masc": ["ый", "ого", "ому", "ый", "ым", "ом"],
    "femn": ["ая", "ой", "ой", "ую", "ой", "ой"],
    "neut": ["ое", "ого", "ому", "ое", "ым", "ом"],
    "plur": ["ые", "ых", "ым", "ые", "ыми", "ых"],
}
_THIRD = {
    "masc": ["ий", "ьего", "ьему", "ий", "ьим", "ьем"],
    "femn": ["ья", "ьей", "ьей", "ью", "ьей", "ьей"],
    "neut": ["ье", "ьего", "ьему", "ье", "ьим", "ьем"],
    "plur": ["ьи", "ьих", "ьим", "ьи", "ьими", "ьих"],
}


@lru_cache(maxsize=8192)
def ordinal(n: int, case: Case = "nomn", gender: Gender = "masc", *, animate: bool = False) -> str:
    """The ordinal of ``n`` >= 0 agreeing with a noun of ``gender``, case and animacy."""
    if case == "accs" and animate and gender in ("masc", "plur"):
        case = "gent"
    if n and n % 1000 == 0:
        level = 0
        while n % 1000 == 0:
            n //= 1000
            level += 1
        if level in _SCALE_STEMS:
            head = cardinal(n // 1000 * 1000) + " " if n >= 1000 else ""
            joined = "" if n == 1 else combining(n % 1000)
            return head + joined + _SCALE_STEMS[level] + _ENDS[gender][CASE_INDEX[case]]
        return cardinal(n * 1000**level, case)
    rest = n % 100
    if rest == 0 and n:
        last = n % 1000
    elif rest <= 20:
        last = rest
    else:
        last = rest % 10 or rest
    head = cardinal(n - last) + " " if n > last else ""
    return head + _simple(last, case, gender)


def _simple(n: int, case: Case, gender: Gender) -> str:
    index = CASE_INDEX[case]
    if n == 3:
        return _STEMS[3] + _THIRD[gender][index]
    end = _ENDS[gender][index]
    if n in _STRESSED_END and end == "ый":
        end = "ой"
    return _STEMS[n] + end


def combining(n: int) -> str:
    """``n`` as the first part of a compound adjective or noun: 5 -> "пяти", 1 -> "одно", 90 -> "девяносто"."""
    words = []
    for word, part in zip(cardinal(n, "gent").split(), cardinal(n).split(), strict=True):
        if part in ("девяносто", "сто"):
            words.append(part)
        elif part in ("один", "одна"):
            words.append("одно")
        elif part == "тысяча":
            words.append("тысяче")
        else:
            words.append(word)
    return "".join(words)
