"""Words that are read off a pattern never cost a match, nor does looking for numbers around numbers alone."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qwentts_svc.text.normalize.near import is_near, near_digits
from qwentts_svc.text.normalize.registry import rules_of
from qwentts_svc.text.normalize.words import CONFUSED, words_in, words_of

_DATA = Path(__file__).parents[1] / "data" / "normalize"


def corpus() -> list[str]:
    lines = [line for path in sorted(_DATA.glob("*/*.tsv")) for line in path.read_text(encoding="utf-8").splitlines()]
    return [line.split("\t")[0] for line in lines if line and not line.startswith("# ")]


@cache
def needed() -> list[tuple[re.Pattern[str], tuple[frozenset[str], ...]]]:
    found = [p for lang in ("en", "ru") for rule in rules_of(lang).rules for p in getattr(rule, "patterns", ())]
    return [(pattern, sets) for pattern in dict.fromkeys(found) if (sets := words_of(pattern))]


def assert_no_match_is_lost(text: str) -> int:
    words, spared = words_in(text), 0
    for pattern, sets in needed():
        if any(words.isdisjoint(one) for one in sets):
            spared += 1
            assert pattern.search(text) is None, (pattern.pattern, text)
    return spared


def test_every_text_with_a_match_has_the_words_that_the_pattern_needs() -> None:
    assert sum(map(assert_no_match_is_lost, corpus())) > 1000


_PIECES = st.sampled_from(
    ["room", "Room ", "PIN", "Flight", "Apt.", "No.", "Jr.", "St. ", "тел. ", "ул.", "УЛ. ", "доб.", "г.", "1998", "12",
     "5 ", "IV ", " ", " ", ".", ". ", "\n", "-", "/", "(", ")", "_", ",", "é", "\u0301", "May ", "мая ", "is ", "7:30"]
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.lists(_PIECES, max_size=12).map("".join))
def test_a_text_that_lacks_words_has_no_match(text: str) -> None:
    assert_no_match_is_lost(text)


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        (r"\b(?:[Rr]oom|Apt\.)\s", [{"room", "apt."}]),
        (r"\bcolou?r\b", [{"color", "colour"}]),
        (r"(?<!\w)ea(?!\w)", [{"ea"}]),
        (r"(?<=\bтел\. )[0-9]", [{"тел."}]),
        (r"\s(?:day|week)s?(?=\s|$)", [{"day", "days", "week", "weeks"}]),
        (r"\broom[0-9]", []),
        (r"room\b", []),
        (r"\broom", []),
        (r"\b(?:room|[a-z]{3})\b", []),
        (r"(?:\broom\b)?", []),
        (r"\bthe\b", []),
        (r"(?i)\bFAX\b", [{"fax"}]),
    ],
)
def test_words_of(expression: str, wanted: list[set[str]]) -> None:
    assert sorted(map(sorted, words_of(re.compile(expression)))) == sorted(map(sorted, wanted))


def test_words_in_a_text_are_small_and_those_before_a_stop_are_told_twice() -> None:
    assert words_in("The Dr. (ул.5)\nA_b") == {"the", "dr", "dr.", "ул", "ул.", "5", "a_b"}
    assert {"ſ", "ı", "İ"} <= CONFUSED


@settings(max_examples=500, deadline=None)
@given(st.text(st.sampled_from("012a .:/-–,\u0663\n"), max_size=30))
def test_what_is_found_in_a_text_is_found_in_what_is_near_its_digits(text: str) -> None:
    for expression in (r"[0-9]{3}", "[0-9]-[0-9]{2}-[0-9]", r"[0-9]\.[0-5]", "[0-9]/[0-9]", r"[0-9] [0-9]{3}"):
        pattern = re.compile(expression)
        assert is_near(pattern)
        assert (pattern.search(text) is None) == (pattern.search(near_digits(text)) is None)
    assert not is_near(re.compile("[0-9]x"))
    assert not is_near(re.compile(r"[0-9]\s"))
