"""What is read off a pattern never costs a match: rules find the same with and without it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qwentts_svc.text.normalize.registry import rules_of
from qwentts_svc.text.normalize.rule import Edit, PatternRule, RuleContext
from qwentts_svc.text.normalize.ruleset import RuleSet
from qwentts_svc.text.normalize.starts import Starts, needs_of, starts_of

_DATA = Path(__file__).parents[1] / "data" / "normalize"


def corpus(lang: str) -> list[str]:
    files = sorted((_DATA / lang).glob("*.tsv"))
    lines = [line for path in files for line in path.read_text(encoding="utf-8").splitlines()]
    return [line.split("\t")[0] for line in lines if line and not line.startswith("# ")]


def pattern_rules(lang: str) -> list[PatternRule]:
    return [rule for rule in rules_of(lang).rules if isinstance(rule, PatternRule)]


def offsets(starts: Starts, text: str) -> list[int]:
    return [place.start() for place in starts.places(text)]


@pytest.mark.parametrize("lang", ["en", "ru", "de"])
def test_every_match_of_every_rule_is_among_the_places_and_has_what_it_needs(lang: str) -> None:
    texts = [*corpus("en"), *corpus("ru")]
    found = 0
    for rule in pattern_rules(lang):
        starts, needs = starts_of(rule.pattern), needs_of(rule.pattern)
        for text in texts:
            for match in rule.pattern.finditer(text):
                found += 1
                assert starts is None or match.start() in offsets(starts, text), (rule.name, text)
                assert all(not chars.isdisjoint(text) for chars in needs), (rule.name, text)
    assert found > 100


_PIECES = st.sampled_from([*"5$-.,:/%(ABxéяЖ_№²+=", "12", "007", "1998", "US", "Dr", "3rd", "II", "5kg", "a1", " "])
_PLACED = [(rule, starts) for rule in pattern_rules("en") if (starts := starts_of(rule.pattern)) is not None]


@settings(max_examples=300, deadline=None)
@given(st.lists(_PIECES, max_size=12).map("".join))
def test_trying_at_the_places_gives_what_searching_gives(text: str) -> None:
    for rule, starts in _PLACED:
        got = [match.span() for match in starts.matches(rule.pattern, text)]
        assert got == [match.span() for match in rule.pattern.finditer(text)], rule.name


@pytest.mark.parametrize(
    ("expression", "text", "places"),
    [
        (r"(?<![\w.])[0-9]+", "a1 23 4", [3, 4, 6]),
        (r"[A-Z]{2}|-", "aB-C", [1, 2, 3]),
        (r"(?:-)?[0-9]", "-5", [0, 1]),
        (r"\b[A-Z]", "aB C", [3]),
    ],
)
def test_places(expression: str, text: str, places: list[int]) -> None:
    starts = starts_of(re.compile(expression))
    assert starts is not None
    # After the first digit of a run there may be places too many, never too few.
    assert set(places) - {4} <= set(offsets(starts, text)) <= set(places)


@pytest.mark.parametrize("expression", ["[a-z]+", r"\w", ".", "[^a]", "5?", "(?i)A", r"\s5", "(5)?(6)?"])
def test_what_may_match_nearly_anywhere_is_searched_for(expression: str) -> None:
    assert starts_of(re.compile(expression)) is None


def test_needs() -> None:
    assert needs_of(re.compile(r"[a-z]+\s?[0-9](?:kg|%)?(?=[.,])")) == (frozenset("0123456789"), frozenset(".,"))
    assert needs_of(re.compile("A+|B")) == (frozenset("AB"),)
    assert needs_of(re.compile("(?:A|b)C*(?!D)")) == ()
    assert needs_of(re.compile("(?i)K5")) == ()


def test_a_rule_is_chosen_for_texts_that_have_all_it_needs() -> None:
    def say(match: re.Match[str], _: RuleContext) -> str:
        return "*"

    rules = RuleSet([PatternRule("x", None, re.compile("[A-Z][0-9]"), say)])
    assert all(list(rules.concerned(rules.found(text))) == [0] for text in ("A7", "a Z0"))
    assert all(list(rules.concerned(rules.found(text))) == [] for text in ("A", "7a", "A 7", "Aa"))
    assert list(rules.rules[0].apply("aB7c", RuleContext("en"))) == [Edit(1, 3, "*")]
