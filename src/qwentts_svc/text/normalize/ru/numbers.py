"""Cardinal number words in every case and gender, digit strings, fractions. Pure functions of their arguments."""

from __future__ import annotations

from functools import lru_cache

from qwentts_svc.text.normalize.ru.grammar import CASE_INDEX, Case, Gender
from qwentts_svc.text.normalize.ru.wordlist import words

MAX_DIGITS = 21
"""Numbers with more digits have no name here and are read digit by digit."""

_ONE = {
    "masc": ["один", "одного", "одному", "один", "одним", "одном"],
    "femn": ["одна", "одной", "одной", "одну", "одной", "одной"],
    "neut": ["одно", "одного", "одному", "одно", "одним", "одном"],
    "plur": ["одни", "одних", "одним", "одни", "одними", "одних"],
}
_SMALL = {
    0: ["ноль", "нуля", "нулю", "ноль", "нулём", "нуле"],
    2: ["два", "двух", "двум", "два", "двумя", "двух"],
    3: ["три", "трёх", "трём", "три", "тремя", "трёх"],
    4: ["четыре", "четырёх", "четырём", "четыре", "четырьмя", "четырёх"],
    8: ["восемь", "восьми", "восьми", "восемь", "восемью", "восьми"],
    40: ["сорок", "сорока", "сорока", "сорок", "сорока", "сорока"],
    90: ["девяносто", "девяноста", "девяноста", "девяносто", "девяноста", "девяноста"],
    100: ["сто", "ста", "ста", "сто", "ста", "ста"],
    200: ["двести", "двухсот", "двумстам", "двести", "двумястами", "двухстах"],
    300: ["триста", "трёхсот", "трёмстам", "триста", "тремястами", "трёхстах"],
    400: ["четыреста", "четырёхсот", "четырёмстам", "четыреста", "четырьмястами", "четырёхстах"],
}
_SOFT = {5: "пять", 6: "шесть", 7: "семь", 9: "девять", 10: "десять", 20: "двадцать", 30: "тридцать"}
_TEENS = "одиннадцать двенадцать тринадцать четырнадцать пятнадцать шестнадцать семнадцать восемнадцать девятнадцать"
_SOFT.update({11 + index: word for index, word in enumerate(_TEENS.split())})
for _n, _word in _SOFT.items():
    _stem = _word[:-1]
    _SMALL[_n] = [_word, _stem + "и", _stem + "и", _word, _stem + "ью", _stem + "и"]
for _n in (5, 6, 7, 8):
    _unit = _SMALL[_n]
    _SMALL[_n * 10] = [
        a + b for a, b in zip(_unit, ["десят", "десяти", "десяти", "десят", "десятью", "десяти"], strict=True)
    ]
for _n in (5, 6, 7, 8, 9):
    _unit = _SMALL[_n]
    _SMALL[_n * 100] = [a + b for a, b in zip(_unit, ["сот", "сот", "стам", "сот", "стами", "стах"], strict=True)]

_THOUSAND = words("тысяча тысячи тысяче тысячу тысячей тысяче тысячи тысяч тысячам тысячи тысячами тысячах")
_LARGE_STEMS = ("миллион", "миллиард", "триллион", "квадриллион", "квинтиллион")
_LARGE_ENDS = ("", "а", "у", "", "ом", "е", "ы", "ов", "ам", "ы", "ами", "ах")


def is_teen(n: int) -> bool:
    """Whether ``n`` ends in 11..14, which do not agree like 1..4."""
    return 11 <= n % 100 <= 14


def group(n: int) -> int:
    """How a noun agrees with ``n``: 1 (like one), 2 (like two, three, four) or 5 (like five)."""
    if is_teen(n) or n % 10 == 0 or n % 10 >= 5:
        return 5
    return 1 if n % 10 == 1 else 2


@lru_cache(maxsize=4096)
def _below_thousand(n: int, case: Case, gender: Gender, animate: bool) -> tuple[str, ...]:
    index = CASE_INDEX[case]
    words = []
    if n >= 100:
        words.append(_SMALL[n // 100 * 100][index])
    rest = n % 100
    if rest >= 20:
        words.append(_SMALL[rest // 10 * 10][index])
        rest %= 10
    if rest:
        words.append(_small(rest, case, gender, animate=animate, alone=n < 10))
    return tuple(words)


def _small(n: int, case: Case, gender: Gender, *, animate: bool, alone: bool) -> str:
    index = CASE_INDEX[case]
    if n == 1:
        if case == "accs" and animate and gender in ("masc", "plur"):
            index = CASE_INDEX["gent"]
        return _ONE[gender][index]
    if n in (2, 3, 4) and case == "accs" and animate and alone:
        index = CASE_INDEX["gent"]
    if n == 2 and gender == "femn" and index in (0, CASE_INDEX["accs"]):
        return "две"
    return _SMALL[n][index]


def scale_word(power: int, n: int, case: Case) -> str:
    """The word for 1000 ** ``power`` (1: thousand) as it stands after the number ``n`` in ``case``."""
    index = CASE_INDEX[case]
    kind = group(n)
    if kind != 1:
        if case in ("nomn", "accs"):
            index = 1 if kind == 2 else 7
        else:
            index += 6
    if power == 1:
        return _THOUSAND[index]
    return _LARGE_STEMS[power - 2] + _LARGE_ENDS[index]


def cardinal(n: int, case: Case = "nomn", gender: Gender = "masc", *, animate: bool = False) -> str:
    """``n`` in words; ``gender`` and ``animate`` are those of the counted noun. A leading "one" of thousands is dropped
    ("тысяча девятьсот"). Beyond ``MAX_DIGITS`` digits: digit by digit."""
    if n < 0:
        return "минус " + cardinal(-n, case, gender, animate=animate)
    if n == 0:
        return _SMALL[0][CASE_INDEX[case]]
    text = str(n)
    if len(text) > MAX_DIGITS - 3:
        return digits(text)
    words: list[str] = []
    power = (len(text) - 1) // 3
    for level in range(power, -1, -1):
        part = n // 1000**level % 1000
        if not part:
            continue
        if not level:
            words += _below_thousand(part, case, gender, animate)
            continue
        if not (part == 1 and level == 1 and level == power):
            words += _below_thousand(part, case, "femn" if level == 1 else "masc", False)
        words.append(scale_word(level, part, case))
    return " ".join(words)


def digits(text: str) -> str:
    """A digit string read digit by digit."""
    return " ".join(_SMALL[int(digit)][0] if digit != "1" else "один" for digit in text)


def padded(text: str) -> str:
    """A short digit string with its leading zeros said: "05" is "ноль пять"."""
    value = text.lstrip("0")
    zeros = ["ноль"] * (len(text) - len(value))
    return " ".join([*zeros, cardinal(int(value))] if value else zeros)
