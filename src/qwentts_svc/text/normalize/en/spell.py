"""Reading things letter by letter or sign by sign: addresses of the net, files, identifiers."""

from __future__ import annotations

import re

from qwentts_svc.text.normalize.en.numbers import digits
from qwentts_svc.text.normalize.wordlist import words

_SIGNS = {
    ".": "dot", "/": "slash", "\\": "backslash", "-": "dash", "_": "underscore", ":": "colon", "?": "question mark",
    "&": "and", "=": "equals", "#": "hash", "%": "percent", "+": "plus", "~": "tilde", "@": "at", ",": "comma",
    ";": "semicolon", "*": "star", "$": "dollar", "!": "exclamation mark", "|": "pipe",
}  # fmt: skip
_SPELLED = frozenset(
    words(
        "py io ai uk eu ru de ie au us id api url faq ui ux usa ip exe iso irs fda epa nyu ucla usc usps usda "
        "mit nih fbi cia espn ssa faa"
    )
)
_PART = re.compile(r"[A-Za-z]{1,200}|[0-9]{1,200}|[^\W\d_]{1,200}|[^A-Za-z0-9]")
_VOWEL = re.compile("[aeiouyAEIOUY]")


def letters(text: str) -> str:
    """``text`` as separate capital letters."""
    return " ".join(text.upper())


def word_or_letters(word: str) -> str:
    """``word`` itself where it can be pronounced, else its letters."""
    if len(word) > 1 and (word.lower() in _SPELLED or (len(word) <= 5 and not _VOWEL.search(word))):
        return letters(word)
    return word


def address(text: str) -> str:
    """An e-mail, URL or path: words kept or spelled, digits one by one, signs by name, others dropped."""
    spoken = []
    for part in _PART.findall(text):
        if part.isascii() and part.isalpha():
            spoken.append(word_or_letters(part))
        elif part.isascii() and part.isdigit():
            spoken.append(digits(part))
        elif part in _SIGNS:
            spoken.append(_SIGNS[part])
        elif part.isalpha():
            spoken.append(part)
    return " ".join(spoken)
