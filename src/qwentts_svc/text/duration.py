"""How long a text takes to say, roughly: for segment budgets, runaway guards and progress. Not for alignment."""

from __future__ import annotations

import math
import unicodedata
from itertools import accumulate

__all__ = ["FRAMES_PER_SECOND", "estimate_frames", "estimate_seconds", "runaway_budget_frames", "running_seconds"]

FRAMES_PER_SECOND = 12.5
_RUNAWAY_FACTOR = 3.0
_RUNAWAY_EXTRA_S = 5.0

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


def estimate_frames(text: str, *, frames_per_second: float = FRAMES_PER_SECOND) -> int:
    """Codec frames of speech, at least one."""
    return max(1, math.ceil(estimate_seconds(text) * frames_per_second))


def runaway_budget_frames(text: str, *, frames_per_second: float = FRAMES_PER_SECOND) -> int:
    """More frames than any honest reading of ``text`` needs; speech beyond them has run away."""
    seconds = estimate_seconds(text) * _RUNAWAY_FACTOR + _RUNAWAY_EXTRA_S
    return math.ceil(seconds * frames_per_second)
