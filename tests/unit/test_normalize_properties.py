"""What normalization promises for any text: no exception, full alignment, nothing lost, a fixed point."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qwentts_svc.text.normalize import Lexicon, Normalizer, NormText, normalize

_PIECES_TEXT = (
    "Dr. St. No. $ 5 10 1998 2024 3:45 pm a.m. kg km/h % °C - – — / . , : ; ! ? ( ) \" ' # @ & + = < > ~ ^ 1/2 "
    "½ II VIII Henry Chapter Jan. March Monday the of in on cats FBI NASA www.a.com x@y.org /usr/bin C:\\a "
    "v1.2 192.168.0.1 #Tag @me 😀 👍🏽 🇺🇸 1st 22nd '90s 1990s 555-1234 +1 6'2\" 3x4 x y 007 0 I a A1 MP3 etc. "
    "1e-5 8/21 6/3-6/7 05/06 12/2026 A1-C2 BP 120/80 mmHg q8h Fri. Va. 737-800 John 3:16-18 5.30 1h 45m 0600 hours 000 "
    "2023/24 y/o /day 1/2-3/4 GTA VI Series X is D-NY) Room #A-10 localhost:80 bit.ly/a 2001-09-11T08:46:00Z ea. YoY "
    "e.g. USD € £5m ... … \u00a0 \u200b e\u0301 Привет мир 漢字 ñ ß "
)
_PIECES = st.sampled_from(_PIECES_TEXT.split())
_MIXED = st.lists(st.tuples(_PIECES, st.sampled_from(["", " ", " ", "\n"])), max_size=12).map(
    lambda parts: "".join(piece + gap for piece, gap in parts)
)
_ANY = st.text(max_size=80)
_WORDS = st.lists(st.sampled_from(["apple", "river", "quickly", "because", "orange", "window", "although"]), max_size=8)


def _strict() -> Normalizer:
    def failed(name: str, error: Exception) -> None:
        raise AssertionError(f"rule {name} raised {error!r}")

    return Normalizer(on_rule_failed=failed)


def assert_aligned(source: str, result: NormText) -> None:
    out = src = 0
    for out_start, out_end, src_start, src_end in result.spans:
        assert (out_start, src_start) == (out, src)
        assert out_end >= out_start
        assert src_end >= src_start
        assert (out_end, src_end) != (out_start, src_start)
        out, src = out_end, src_end
    assert (out, src) == (len(result.text), len(source))


@settings(max_examples=2000, deadline=None)
@given(st.one_of(_MIXED, _ANY), st.sampled_from(["auto", "en", "ru", "de", "fr", "es", "pt", "it", "ja", "ko", "zh"]))
def test_any_text_in_any_language_is_normalized_and_fully_aligned(text: str, hint: str) -> None:
    result = normalize(text, hint)
    assert_aligned(text, result)


@settings(max_examples=2000, deadline=None)
@given(_MIXED)
def test_no_english_rule_raises(text: str) -> None:
    _strict().normalize(text, "en")


@settings(max_examples=2000, deadline=None)
@given(_MIXED)
def test_english_output_is_a_fixed_point(text: str) -> None:
    once = normalize(text, "en").text
    assert normalize(once, "en").text == once


@settings(max_examples=400, deadline=None)
@given(_MIXED)
def test_english_output_has_no_ascii_digit_left(text: str) -> None:
    result = normalize(text, "en").text
    if not re.search("[а-яА-Я漢]", text):
        assert not re.search("[0-9]", result)


@settings(max_examples=2000, deadline=None)
@given(_WORDS, _MIXED)
def test_letters_of_untouched_words_are_never_lost(words: list[str], noise: str) -> None:
    text = " ".join([*words, noise.replace("\n", " "), *words])
    result = normalize(text, "en").text.split()
    for word in set(words):
        assert sum(word in token for token in result) >= 2 * words.count(word) if words else True


@settings(max_examples=400, deadline=None)
@given(_MIXED)
def test_normalization_is_a_function_of_its_text(text: str) -> None:
    assert normalize(text) == normalize(text)


@settings(max_examples=400, deadline=None)
@given(_MIXED, st.integers(0, 200))
def test_source_offsets_are_monotone_and_inside_the_source(text: str, probe: int) -> None:
    result = normalize(text, "en")
    offsets = [result.source_offset(at) for at in range(len(result.text) + 1)]
    assert offsets == sorted(offsets)
    assert all(0 <= offset <= len(text) for offset in offsets)
    assert result.source_offset(len(result.text) + probe) <= len(text)


@settings(max_examples=400, deadline=None)
@given(_MIXED, st.dictionaries(st.sampled_from(["cats", "FBI", "5", "Dr", "x"]), st.sampled_from(["Q9", "$5", "III"])))
def test_a_lexicon_keeps_the_alignment_whole(text: str, words: dict[str, str]) -> None:
    assert_aligned(text, normalize(text, "en", lexicon=Lexicon.from_words(words)))


@pytest.mark.parametrize("text", ["", " ", "\n", "\x00", "\u200b", "0", ".", "😀", "\ud800"])
def test_degenerate_texts_are_aligned(text: str) -> None:
    assert_aligned(text, normalize(text))
