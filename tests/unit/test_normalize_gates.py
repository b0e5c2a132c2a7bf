"""What a rule is spared by its gate and by the characters, pairs and words of a text never changes what is said."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from qwentts_svc.text.normalize import Normalizer
from qwentts_svc.text.normalize.common import FINISH, PREPARE, UNCLEAN, is_unfinished
from qwentts_svc.text.normalize.registry import rules_of
from qwentts_svc.text.normalize.rule import RuleContext

_DATA = Path(__file__).parents[1] / "data" / "normalize"
_LANGUAGES = ("en", "ru")


def corpus(lang: str) -> list[str]:
    lines = [line for path in sorted(_DATA.glob(f"{lang}/*.tsv")) for line in path.read_text("utf-8").splitlines()]
    return [line.split("\t")[0] for line in lines if line and not line.startswith("# ")]


@pytest.mark.parametrize("spared", ["needed", "gates"])
@pytest.mark.parametrize("lang", _LANGUAGES)
def test_the_corpus_is_read_alike_when_every_rule_is_tried(
    lang: str, spared: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed = random.randrange(2**32)
    rng, sources = random.Random(seed), corpus(lang)
    texts = [" ".join(rng.sample(sources, 3)) for _ in range(300)]
    normalizer = Normalizer()
    read = [normalizer.normalize(text, lang) for text in texts]
    rules = rules_of(lang)
    if spared == "needed":
        monkeypatch.setattr(rules, "concerned", lambda _found, first=0: list(range(first, len(rules.rules))))
    else:
        monkeypatch.setattr(rules, "gates", (None,) * len(rules.rules))
    for text, quickly in zip(texts, read, strict=True):
        assert normalizer.normalize(text, lang) == quickly, (seed, text)


_WORDS = ["five", "5", "12", "007", "km", "kg", "Dr", "ул", "ул.", "г", "IV"]
_PIECES = st.sampled_from([*_WORDS, *" .,-/_é\n", " ", ""])


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(_LANGUAGES), st.lists(_PIECES, max_size=12).map("".join))
def test_word_by_word_nothing_is_missed_that_the_whole_text_has(lang: str, text: str) -> None:
    rules = rules_of(lang)
    inner = text[1:] if text.startswith(" ") else text
    inner = inner[:-1] if inner.endswith((" ", "\n")) else inner
    assert not rules.look_at(inner) & ~rules.found(text)


@pytest.mark.parametrize("lang", _LANGUAGES)
def test_word_by_word_little_is_found_that_the_whole_text_has_not(lang: str) -> None:
    rules = rules_of(lang)
    for text in corpus(lang):
        if "\n" not in text and "  " not in text:
            assert rules.found(text) == rules.look_at(text), text


@pytest.mark.parametrize("lang", _LANGUAGES)
def test_those_rules_are_concerned_that_have_all_they_need(lang: str) -> None:
    rules = rules_of(lang)
    for text in corpus(lang):
        found = rules.found(text)
        for first in (0, len(rules.rules) // 2):
            having = [at for at, needed in enumerate(rules.needed) if at >= first and not needed & ~found]
            assert list(rules.concerned(found, first)) == having, text


def test_every_combining_mark_is_looked_for() -> None:
    marks = regex.findall(r"\p{M}", "".join(map(chr, range(sys.maxunicode + 1))))
    excess = next(rule for rule in PREPARE if rule.name == "marks")
    assert excess.triggers == frozenset(marks)


_CLEAN = "".join(char for char in map(chr, range(0x3000)) if not UNCLEAN.search(char))


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from(_CLEAN), max_size=40))
def test_a_clean_text_needs_no_preparing(text: str) -> None:
    assert len(_CLEAN) > 150
    for rule in PREPARE:
        assert not list(rule.apply(text, RuleContext("en"))), rule.name


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from("ab.1\n -–—\u200d\ufe0f"), max_size=20))
def test_a_finished_text_needs_no_finish(text: str) -> None:
    for rule in FINISH:
        assert is_unfinished(text) or not list(rule.apply(text, RuleContext("en"))), rule.name
