"""How long a text takes to say, roughly: for segment budgets and progress. Not for alignment."""

from __future__ import annotations

import math
import unicodedata
from itertools import accumulate

__all__ = ["estimate_seconds", "running_seconds"]

_LETTER_S = 0.07
_HAN_S = 0.23
_KANA_S = 0.14
_HANGUL_S = 0.17
_DIGIT_S = 0.33
"""A digit is about a word."""
_SYMBOL_S = 0.35
_STOP_S = 0.35
_COMMA_S = 0.18
_SPACE_S = 0.03
_SILENT_S = 0.002
"""Marks, joiners and brackets: nearly nothing, but a million of them is not nothing."""

_STOPS = frozenset(".!?…。！？।؟")
_COMMAS = frozenset(",;:—–，、；：")


class _Seconds(dict[str, float]):
    """Seconds per character, worked out at the first meeting."""

    def __missing__(self, character: str) -> float:
        seconds = _character_seconds(character)
        if len(self) < 65536:
            self[character] = seconds
        return seconds


def _character_seconds(character: str) -> float:
    if character in _STOPS:
        return _STOP_S
    if character in _COMMAS:
        return _COMMA_S
    category = unicodedata.category(character)
    code = ord(character)
    if category[0] == "L":
        if 0x3040 <= code <= 0x30FF or 0xFF66 <= code <= 0xFF9D:
            return _KANA_S
        if 0xAC00 <= code <= 0xD7A3:
            return _HANGUL_S
        if 0x2E80 <= code <= 0x9FFF or 0xF900 <= code <= 0xFAFF or code >= 0x20000:
            return _HAN_S
        return _LETTER_S
    if category[0] == "N":
        return _DIGIT_S
    if category[0] == "S" or character in "%&@#*/\\":
        return _SYMBOL_S
    return _SPACE_S if character.isspace() else _SILENT_S


_SECONDS = _Seconds()


def estimate_seconds(text: str) -> float:
    """Seconds of speech; 0 for an empty text. Linear in the text."""
    return math.fsum(map(_SECONDS.__getitem__, text))


def running_seconds(text: str) -> list[float]:
    """Seconds of speech of each beginning of ``text``: entry i is the estimate of ``text[:i]``."""
    return list(accumulate(map(_SECONDS.__getitem__, text), initial=0.0))
