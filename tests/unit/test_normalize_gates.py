"""What a rule is spared by the characters, pairs and words of a text never changes what is said."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qwentts_svc.text.normalize import Normalizer
from qwentts_svc.text.normalize.registry import rules_of
from qwentts_svc.text.normalize.ruleset import RuleSet

_DATA = Path(__file__).parents[1] / "data" / "normalize"
_LANGUAGES = ("en", "ru")


def corpus(lang: str) -> list[str]:
    lines = [line for path in sorted(_DATA.glob(f"{lang}/*.tsv")) for line in path.read_text("utf-8").splitlines()]
    return [line.split("\t")[0] for line in lines if line and not line.startswith("# ")]


@pytest.mark.parametrize("lang", _LANGUAGES)
def test_the_corpus_is_read_alike_when_every_rule_is_tried(lang: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seed = random.randrange(2**32)
    rng, sources = random.Random(seed), corpus(lang)
    texts = [" ".join(rng.sample(sources, 3)) for _ in range(300)]
    normalizer = Normalizer()
    read = [normalizer.normalize(text, lang) for text in texts]
    rules = rules_of(lang)
    monkeypatch.setattr(rules, "needed", (0,) * len(rules.rules))
    for text, spared in zip(texts, read, strict=True):
        assert normalizer.normalize(text, lang) == spared, (seed, text)


_WORDS = ["five", "5", "12", "007", "km", "kg", "Dr", "ул", "ул.", "г", "IV"]
_PIECES = st.sampled_from([*_WORDS, *" .,-/_é\n", " ", ""])
_RULES = {lang: rules_of(lang) for lang in _LANGUAGES}


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(_LANGUAGES), *[st.lists(_PIECES, max_size=5).map("".join) for _ in range(4)])
def test_all_that_comes_into_a_text_is_looked_at(lang: str, before: str, gone: str, new: str, after: str) -> None:
    rules: RuleSet = _RULES[lang]
    old, text = before + gone + after, before + new + after
    brought_in = rules.brought_in(text, len(before), len(before) + len(new))
    assert not rules.found(text) & ~(rules.found(old) | brought_in)
