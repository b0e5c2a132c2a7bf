"""English number words, the American way: no "and" inside a number, no hyphens."""

from __future__ import annotations

from functools import lru_cache

from qwentts_svc.text.normalize.wordlist import words

NUM = r"(?:[0-9]{1,3}(?:,[0-9]{3}){1,6}|[0-9]{1,18})(?:\.[0-9]{1,18})?|\.[0-9]{1,18}"
"""A plain number: digits with or without thousands commas, with or without decimals."""

AMOUNT_START = r"(?<![\w.,$€£/])"
"""Where an amount with a unit may begin."""
SIGN = r"(?:(?<![\w)])[-−])?"
"""The minus of an amount, or nothing."""

ONES = words(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
)
TENS = words("zero ten twenty thirty forty fifty sixty seventy eighty ninety")
SCALES = ("", "thousand", "million", "billion", "trillion", "quadrillion", "quintillion")
_ORDINALS = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}


def _below_thousand(value: int) -> list[str]:
    words = []
    if value >= 100:
        words += [ONES[value // 100], "hundred"]
        value %= 100
    if value >= 20:
        words.append(TENS[value // 10])
        value %= 10
        if value:
            words.append(ONES[value])
    elif value:
        words.append(ONES[value])
    return words


@lru_cache(maxsize=4096)
def cardinal(value: int) -> str:
    """``value`` in words; beyond the named scales digit by digit."""
    if value < 0:
        return "minus " + cardinal(-value)
    if value < 20:
        return ONES[value]
    if value >= 1000 ** len(SCALES):
        return digits(str(value))
    groups: list[str] = []
    scale = 0
    while value:
        value, group = divmod(value, 1000)
        if group:
            words = _below_thousand(group)
            groups.append(" ".join([*words, SCALES[scale]]) if scale else " ".join(words))
        scale += 1
    return " ".join(reversed(groups))


def ordinal_of(words: str) -> str:
    """The ordinal of a cardinal given in words."""
    head, _, last = words.rpartition(" ")
    if last in _ORDINALS:
        last = _ORDINALS[last]
    elif last.endswith("y"):
        last = last[:-1] + "ieth"
    else:
        last += "th"
    return f"{head} {last}" if head else last


def ordinal(value: int) -> str:
    """``value``-th in words."""
    return ordinal_of(cardinal(value))


def digits(text: str) -> str:
    """Each ASCII digit of ``text`` in words; anything else is skipped."""
    return " ".join(ONES[ord(char) - 48] for char in text if "0" <= char <= "9")


def number(text: str) -> str:
    """A ``NUM`` in words: decimals digit by digit, a number with leading zeros digit by digit."""
    whole, point, decimals = text.replace(",", "").partition(".")
    leading_zero = len(whole) > 1 and whole[0] == "0"
    spoken = digits(whole) if leading_zero else cardinal(int(whole)) if whole else ""
    if not point:
        return spoken
    return f"{spoken} point {digits(decimals)}" if spoken else f"point {digits(decimals)}"


def minus(sign: str) -> str:
    """The word for a ``SIGN``, with the blank after it."""
    return "minus " if sign else ""


def is_one(text: str) -> bool:
    """Whether a ``NUM`` is exactly one, and so takes the singular."""
    return text in ("1", "01")


def pairs(text: str) -> str:
    """Two digits at a time, as house numbers and model names are read: 123 "one twenty three", 205 "two oh five"."""
    if text[0] == "0" or len(text) > 4:
        return digits(text)
    value = int(text)
    if len(text) < 3 or value % 1000 == 0:
        return cardinal(value)
    high, low = divmod(value, 100)
    return f"{cardinal(high)} {_low_pair(low)}"


def year(value: int) -> str:
    """``value`` as a year: 1998 "nineteen ninety eight", 1905 "nineteen oh five", 2005 "two thousand five"."""
    if value < 100 or value % 1000 == 0 or 2000 <= value < 2010 or value > 9999:
        return cardinal(value)
    high, low = divmod(value, 100)
    return f"{cardinal(high)} {_low_pair(low)}"


def plural_of(words: str) -> str:
    """The plural of a number in words: "nineties", "twenty tens", "eighteen hundreds"."""
    head, _, last = words.rpartition(" ")
    last = last[:-1] + "ies" if last.endswith("y") else last + ("es" if last.endswith("x") else "s")
    return f"{head} {last}" if head else last


def _low_pair(low: int) -> str:
    if low == 0:
        return "hundred"
    return cardinal(low) if low >= 10 else f"oh {ONES[low]}"
