"""A gate that lies within one word is asked of each word alone, and says the same as of the whole text."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qwentts_svc.text.normalize.registry import rules_of
from qwentts_svc.text.normalize.within import is_within_word

_WITHIN = [r"[0-9]:[0-9]{2}", r"\bkm(?!\w)", r"(?<![a-z])(?:st|nd)", r"(?<=\s)-(?=\s)", "[а-яё]{2,}", "(?i:jan|feb)"]
_ACROSS = ["a b", r"[0-9]\s?kg", "a.b", "[^a]", "^a", r"a\Z", r"\W", r"\S", r"a(?!\s)", "(?<!  )a", r"a|b\tc"]


@pytest.mark.parametrize("expression", _WITHIN)
def test_within_a_word(expression: str) -> None:
    assert is_within_word(re.compile(expression))


@pytest.mark.parametrize("expression", _ACROSS)
def test_not_surely_within_a_word(expression: str) -> None:
    assert not is_within_word(re.compile(expression))


_GATES = list(
    dict.fromkeys(
        gate.needs
        for lang in ("en", "ru")
        for rule in rules_of(lang)
        for gate in getattr(rule, "word_gates", ())
        if is_within_word(gate.needs)
    )
)
_PIECES = ["5", "12", "007", "km", "кг", "Dr", "ул", "г", "IV", "pm", "jan", "мая", *" .,-/:$½\n"]


@settings(max_examples=500, deadline=None)
@given(st.lists(st.sampled_from(_PIECES), max_size=10).map("".join))
def test_what_is_found_in_a_text_is_found_in_one_of_its_words(text: str) -> None:
    words = [f" {word} " for word in text.split(" ")]
    for gate in _GATES:
        if gate.search(text) is not None:
            assert any(gate.search(word) is not None for word in words), gate.pattern


def test_there_are_such_gates() -> None:
    assert len(_GATES) > 40
