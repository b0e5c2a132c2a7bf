"""Pairs of characters that are read off a pattern never cost a match."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qwentts_svc.text.normalize.pairs import pairs_in, pairs_of
from qwentts_svc.text.normalize.registry import rules_of
from qwentts_svc.text.normalize.stops import shortened

_DATA = Path(__file__).parents[1] / "data" / "normalize"


def corpus() -> list[str]:
    lines = [line for path in sorted(_DATA.glob("*/*.tsv")) for line in path.read_text(encoding="utf-8").splitlines()]
    return [line.split("\t")[0] for line in lines if line and not line.startswith("# ")]


@cache
def patterns(lang: str) -> tuple[re.Pattern[str], ...]:
    found = [pattern for rule in rules_of(lang).rules for pattern in getattr(rule, "patterns", ())]
    return tuple(dict.fromkeys(found))


@pytest.mark.parametrize("lang", ["en", "ru", "de"])
def test_every_text_with_a_match_has_the_pairs_that_the_pattern_needs(lang: str) -> None:
    needed = [(pattern, sets) for pattern in patterns(lang) if (sets := pairs_of(pattern))]
    found = 0
    for text in corpus():
        pairs = pairs_in(text, set(text))
        for pattern, sets in needed:
            if any(pairs.isdisjoint(one) for one in sets):
                found += 1
                assert pattern.search(text) is None, (pattern.pattern, text)
    assert found > 1000


_PIECES = st.sampled_from(
    [*"5$-.,:/%(ABxéяЖ_№²+=ﬁſKİ٣\u00a0\t\n ", "12", "007", "1998", "Dr.", "3rd", "II", "ул. ", "г.", "доб. ", "ТЕЛ. "]
)
_ALL = [(pattern, pairs_of(pattern)) for lang in ("en", "ru") for pattern in patterns(lang)]


@settings(max_examples=150, deadline=None)
@given(st.lists(_PIECES, max_size=10).map("".join))
def test_a_text_that_lacks_pairs_has_no_match(text: str) -> None:
    pairs = pairs_in(text, set(text))
    for pattern, sets in _ALL:
        if any(pairs.isdisjoint(one) for one in sets):
            assert pattern.search(text) is None, pattern.pattern


@pytest.mark.parametrize(
    ("expression", "needed"),
    [
        ("a[bc]", [{"ab", "ac"}]),
        ("ab?c", [{"ac", "bc"}]),
        (r"[0-9]\s", [{"0 "}]),
        (r"\d{4}", [{"00"}, {"0000"}]),
        (r"(?<=a)b", [{"ab"}]),
        (r"a(?=b)", [{"ab"}]),
        (r"a(?!b)", []),
        ("ab|cd", [{"ab", "cd"}]),
        ("ab|c", []),
        (r"a\bb", [{"ab"}]),
        ("(?:ab)*", []),
        ("a.b", []),
        ("(?i:ks)", [{k + s for k in "kK\u212a" for s in "sS\u017f"}]),
    ],
)
def test_pairs_of(expression: str, needed: list[set[str]]) -> None:
    assert sorted(map(sorted, pairs_of(re.compile(expression)))) == sorted(map(sorted, needed))


def test_pairs_in_a_text_fold_digits_and_blanks_and_tell_the_length_of_runs() -> None:
    text = "a\n1234 ٣"
    assert pairs_in(text, set(text)) == {"a ", " 0", "00", "000", "0000", "0 "}


@pytest.mark.parametrize(
    ("word", "passes"), [("УЛ.", True), ("(ул.", True), ("а/ул-", True), ("Ул", False), ("Стул.", False)]
)
def test_words_before_stops(word: str, passes: bool) -> None:
    gate = shortened(["Ул"])
    assert gate.test(f" {word} ") is passes
    assert not passes or gate.needs.search(word) is not None
