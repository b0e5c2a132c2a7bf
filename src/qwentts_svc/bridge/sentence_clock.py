"""Where a sentence begins in a text that arrives character by character, and how long what came before takes to say.

Additive over characters and without look-ahead, so that it cannot depend on how a text is split; coarse on purpose: it
only places cuts in long texts (``text.segment`` cuts texts that are known as a whole, with more care).
"""

from __future__ import annotations

from qwentts_svc.text.duration import estimate_seconds

_ENDS = frozenset(".!?…。！？؟।")
_CLOSERS = frozenset("\"'”’»)]}」』）")
_ABBREVIATION_LETTERS = 3
"""A word this short before a full stop may be an abbreviation or an initial."""


class SentenceClock:
    """State of one piece of text."""

    def __init__(self) -> None:
        self.spoken_s = 0.0
        self._letters = 0
        """Letters of the word so far."""
        self._ended = False
        """A sentence end was seen and nothing but closing marks and white space since."""
        self._spaced = False

    def begins_sentence(self, char: str) -> bool:
        """``char``, the next one, begins a sentence."""
        return self._ended and self._spaced and not char.isspace() and not char.islower()

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
        self.spoken_s += estimate_seconds(char)
