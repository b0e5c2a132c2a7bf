"""The user's own replacements: words, patterns, what is refused, and that nobody can stall the service with them."""

from __future__ import annotations

import time

import pytest

from qwentts_svc.errors import InputError
from qwentts_svc.text.normalize import Lexicon, LexiconEntry, Normalizer, normalize


def _say(text: str, *entries: LexiconEntry) -> str:
    return normalize(text, "en", lexicon=Lexicon(entries)).text


def test_words_are_replaced_whole_and_without_regard_to_case() -> None:
    assert _say("SQL, sql and mysql", LexiconEntry("sql", "sequel")) == "sequel, sequel and mysql"


def test_match_case_keeps_other_spellings() -> None:
    assert _say("Polish polish", LexiconEntry("Polish", "Poe-lish", match_case=True)) == "Poe-lish polish"


def test_the_longer_word_wins() -> None:
    entries = (LexiconEntry("New York", "the city"), LexiconEntry("York", "a duke"))
    assert _say("New York and York", *entries) == "the city and a duke"


def test_patterns_may_use_their_groups() -> None:
    entry = LexiconEntry(r"ticket-(?P<n>\w+)", r"ticket called \g<n>", pattern=True)
    assert _say("see ticket-abc now", entry) == "see ticket called abc now"


def test_no_rule_touches_what_the_user_wrote() -> None:
    assert (
        _say("FBI and CIA, 5 times", LexiconEntry("FBI", "FBI 5"), LexiconEntry("5", "V")) == "FBI 5 and C I A, V times"
    )


def test_the_request_goes_before_the_server() -> None:
    server = Normalizer(lexicon=Lexicon.from_words({"gif": "server", "png": "ping"}))
    assert server.normalize("gif png", "en", lexicon=Lexicon.from_words({"gif": "request"})).text == "request ping"


def test_matches_of_nothing_are_ignored() -> None:
    assert _say("abc", LexiconEntry("x*", "boom", pattern=True)) == "abc"


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (LexiconEntry("(", "x", pattern=True), "not a valid pattern"),
        (LexiconEntry("a", r"\2", pattern=True), "no group"),
        (LexiconEntry("a", r"\g<name>", pattern=True), "no group"),
        (LexiconEntry("  ", "x"), "empty"),
        (LexiconEntry("a" * 501, "x"), "longer"),
        (LexiconEntry("a", "x" * 501), "longer"),
    ],
)
def test_a_bad_entry_is_refused_with_its_place(entry: LexiconEntry, message: str) -> None:
    with pytest.raises(InputError, match=f"entry 1.*{message}"):
        Lexicon([LexiconEntry("fine", "fine"), entry])


def test_too_many_entries_are_refused() -> None:
    with pytest.raises(InputError, match="at most"):
        Lexicon(LexiconEntry(f"w{n}", "x") for n in range(5001))
    with pytest.raises(InputError, match="at most"):
        Lexicon(LexiconEntry(f"w{n}", "x", pattern=True) for n in range(201))


def test_a_pattern_that_explodes_is_cut_off_and_counted() -> None:
    failures: list[str] = []
    normalizer = Normalizer(on_rule_failed=lambda name, _: failures.append(name))
    bomb = Lexicon([LexiconEntry(r"(a|aa)+$", "x", pattern=True), LexiconEntry("ok", "fine")])
    start = time.process_time()
    result = normalizer.normalize(("a" * 60 + "! ok\n") * 20, "en", lexicon=bomb)
    assert time.process_time() - start < 2.0
    assert failures == ["lexicon"]
    assert result.text == ("a" * 60 + "! fine\n") * 20


def test_replacements_cannot_blow_a_text_up_without_bound() -> None:
    lexicon = Lexicon([LexiconEntry("a", "b" * 500)])
    assert len(normalize("a " * 50_000, "en", lexicon=lexicon).text) < 3_000_000
