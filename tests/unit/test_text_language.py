"""Language detection by script and common words."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qwentts_svc.text.language import CODES, WORD_OWNERS, LanguageTracker, detect_language
from qwentts_svc.text.normalize import language_spans
from qwentts_svc.text.normalize.common.language import _FOREIGN, _latin_language

CORPORA = Path(__file__).parents[1] / "data" / "normalize"
SAMPLES = {
    "english": ["The weather is nice today.", "I don't know what you mean", "Please call me at 5 pm"],
    "russian": ["Сегодня хорошая погода.", "Позвони мне по Skype в 5 часов"],
    "chinese": ["今天天气很好。", "请在 5 点给我打电话"],
    "japanese": ["今日は天気がいいですね。", "東京タワーへ行きました"],
    "korean": ["오늘 날씨가 좋네요.", "5시에 전화해 주세요"],
    "german": ["Das Wetter ist heute sehr schön.", "Ich weiß nicht, was du meinst"],
    "french": ["Il fait très beau aujourd'hui.", "Je ne sais pas ce que vous voulez dire"],
    "spanish": ["¿Qué tiempo hace hoy?", "No sé lo que quieres decir con eso, pero está bien"],
    "portuguese": ["O tempo está muito bom hoje.", "Não sei o que você quer dizer"],
    "italian": ["Oggi il tempo è molto bello.", "Non so che cosa vuoi dire con questo"],
}


@pytest.mark.parametrize(("language", "text"), [(name, text) for name, texts in SAMPLES.items() for text in texts])
def test_sentences_are_told_apart(language: str, text: str) -> None:
    assert detect_language(text) == language


def test_text_without_letters_has_the_default_language() -> None:
    assert detect_language("12:30 !!", "german") == "german"
    assert LanguageTracker().hint == "auto"
    assert LanguageTracker().language == "english"


def test_a_fixed_language_wins_and_recent_words_count_more() -> None:
    fixed = LanguageTracker("German")
    fixed.update("Это по-русски")
    assert fixed.hint == "german"
    tracker = LanguageTracker()
    tracker.update("Сначала было несколько русских слов. ")
    assert tracker.language == "russian"
    tracker.update("And then the text went on in English for quite a while, with many more words than before it. " * 2)
    assert tracker.language == "english"


def test_spans_follow_the_script() -> None:
    text = "Привет, this is English и снова русский 5 кг"
    got = [(code, text[start:end]) for start, end, code in language_spans(text)]
    assert got == [("ru", "Привет, "), ("en", "this is English"), ("ru", " и снова русский 5 кг")]


@pytest.mark.parametrize(("language", "text"), [(name, text) for name, texts in SAMPLES.items() for text in texts])
def test_a_stated_language_is_that_of_its_own_sentences(language: str, text: str) -> None:
    assert {code for *_, code in language_spans(text, CODES[language])} == {CODES[language]}


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=40))
def test_spans_cover_any_text(text: str) -> None:
    at = 0
    for start, end, code in language_spans(text):
        assert start == at <= end
        assert code in CODES.values()
        at = end
    assert at == len(text)


@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_sentences_of_the_corpora_are_of_their_language_without_a_hint(language: str) -> None:
    tables = [path.read_text("utf-8") for path in sorted((CORPORA / language).glob("*.tsv"))]
    lines = [line for table in tables for line in table.splitlines() if not line.startswith("# ")]
    words = [text for line in lines if re.search("[a-zа-яё]{2}", text := line.partition("\t")[0])]
    assert len(words) > 1000
    assert [text for text in words if {code for *_, code in language_spans(text)} != {language}] == []


@settings(max_examples=500, deadline=None)
@given(
    st.lists(st.sampled_from([*WORD_OWNERS, "house", "Haus", "a-o", "1"]), max_size=12).map(" ".join),
    st.sampled_from(sorted(_FOREIGN)),
)
def test_a_quick_look_at_the_words_of_other_languages_never_decides_otherwise(text: str, default: str) -> None:
    votes: Counter[str] = Counter()
    for word in re.findall(r"(?<![^\s'])[A-Za-zÀ-ɏ]+(?![^\s'])", text.lower()):
        for owner in WORD_OWNERS.get(word, ()):
            votes[CODES[owner]] += 1 / len(WORD_OWNERS[word])
    best = max(votes, key=lambda code: votes[code]) if votes else default
    wins = votes[best] >= 1.5 and votes[best] > 1.5 * votes[default]
    assert _latin_language(text, default) == (best if wins else default)
