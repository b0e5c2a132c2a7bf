"""Where a text that arrives character by character may be cut, and how long what came before takes to say.

Additive over characters and without look-ahead, so that it cannot depend on how a text is split; coarse on purpose: it
only places cuts in long texts (``text.segment`` cuts texts that are known as a whole, with more care).
"""

from __future__ import annotations

import unicodedata

from qwentts_svc.text.duration import estimate_seconds
from qwentts_svc.text.sentences import Break

_ENDS = frozenset(".!?…。！？؟।")
_CLOSERS = frozenset("\"'”’»)]}」』）")
_CLAUSES = frozenset(",;:—–，；：、،؛")
_LETTERS = frozenset(("Lu", "Ll", "Lt", "Lo"))
_LETTERS_AND_ACCENTS = _LETTERS | {"Mn", "Mc"}
_VIRAMA = 9
"""Combining class of the signs that bind two letters into one."""
_ABBREVIATION_LETTERS = 3
"""A word this short before a full stop may be an abbreviation or an initial."""

CLAUSE_BUDGETS, WORD_BUDGETS, LETTER_BUDGETS = 1.5, 2.5, 3.0
"""A sentence that has not ended after so many budgets is cut between clauses, then between words, and in the end, where
no space comes (some scripts have none), between any two letters: a piece that goes on for ever would hit the model's
limit, and the rest of it would not be spoken."""


def _may_part(left: str, right: str) -> bool:
    """Letters that stand for themselves: no digits of one number, no accent or joiner torn from its letter."""
    if unicodedata.category(right) not in _LETTERS:
        return False
    return unicodedata.category(left) in _LETTERS_AND_ACCENTS and unicodedata.combining(left) != _VIRAMA


class SentenceClock:
    """State of one piece of text."""

    def __init__(self) -> None:
        self.spoken_s = 0.0
        self._letters = 0
        """Letters of the word so far."""
        self._ended = False
        """A sentence end was seen and nothing but closing marks and white space since."""
        self._spaced = False
        self._mark = ""
        """The last character that is no white space."""
        self._blank = False
        """White space has followed it."""

    def cut_before(self, char: str, budget_s: float) -> Break | None:
        """How a piece of ``budget_s`` may end before ``char``, the next one; None when it goes on."""
        if self.spoken_s < budget_s or char.isspace():
            return None
        if self._ended and self._spaced and not char.islower():
            return Break.SENTENCE
        if self.spoken_s >= LETTER_BUDGETS * budget_s and _may_part(self._mark, char):
            return Break.CUT
        if not (self._blank or self._mark in "，；：、"):
            return None
        if self.spoken_s >= CLAUSE_BUDGETS * budget_s and self._mark in _CLAUSES:
            return Break.CLAUSE
        if self.spoken_s >= WORD_BUDGETS * budget_s and self._mark.isalpha() and char.isalpha():
            return Break.CUT
        return None

    def advance(self, char: str) -> None:
        """``char`` has been read."""
        if char in _ENDS:
            self._ended = char != "." or self._letters > _ABBREVIATION_LETTERS
            self._spaced = char in "。！？"
            self._letters = 0
        elif char.isspace():
            self._spaced = self._spaced or self._ended
            self._letters = 0
        elif char not in _CLOSERS:
            self._ended = self._spaced = False
            self._letters = self._letters + 1 if char.isalpha() else 0
        if char.isspace():
            self._blank = True
        else:
            self._mark, self._blank = char, False
        self.spoken_s += estimate_seconds(char)
