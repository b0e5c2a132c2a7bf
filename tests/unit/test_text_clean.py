"""Cleaning keeps what can be said, and an offset for each character of it."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qwentts_svc.text.clean import TextCleaner, clean_text
from qwentts_svc.text.dirt import MAX_MARKS
from qwentts_svc.text.incremental import join_norm
from qwentts_svc.text.offsets import OffsetMap


@pytest.mark.parametrize(
    ("source", "clean"),
    [
        ("plain мир", "plain мир"),
        ("a\r\nb\rc\u2028d", "a\nb\nc\nd"),
        ("a\tb\x1fc", "a b c"),
        ("a\x00\x07b\u200b\ufeff\u00ad\u202ec", "abc"),
        ("\ud83d\ude00", "😀"),
        ("\ud800x\udc00", "x"),
        ("cafe\u0301", "cafe\u0301"),
        ("👨\u200d👩", "👨\u200d👩"),
        ("x" + "\u0338" * 50, "x" + "\u0338" * MAX_MARKS),
    ],
)
def test_cleaned(source: str, clean: str) -> None:
    assert clean_text(source).text == clean


def sources(source: str, parts: list[str]) -> tuple[str, list[tuple[int, int]]]:
    """The clean text of ``source`` that came in ``parts``, and the source span of each of its characters."""
    cleaner, found, text = TextCleaner(), OffsetMap(), ""
    assert "".join(parts) == source
    for part in parts:
        piece = cleaner.push(part)
        found.extend(piece)
        text += piece.text
    assert (found.out_end, found.source_end) == (len(text), len(source))
    return text, [found.source_span(at, at + 1) for at in range(len(text))]


def test_offsets_point_into_the_source() -> None:
    source = "a\x00b\r\n\u200b\te\u0301\ud83d\ude00"
    text, spans = sources(source, [source])
    assert text == "ab\n e\u0301😀"
    assert spans == [(0, 1), (2, 3), (3, 4), (6, 7), (7, 8), (8, 9), (9, 11)]


DIRTY = st.lists(
    st.one_of(
        st.sampled_from(
            ["\r", "\n", "\r\n", "\t", "\x00", "\u200b", "\u0301", "\u0301" * 7, "a", " ", "\x85", "\u200d"]
        ),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=3),
    ),
    max_size=20,
)


@settings(max_examples=300, deadline=None)
@given(DIRTY, st.lists(st.integers(0, 4), max_size=30))
def test_any_split_is_cleaned_alike_and_offsets_rise(pieces: list[str], sizes: list[int]) -> None:
    source = "".join(pieces)
    split, at = [], 0
    for size in sizes:
        split.append(source[at : at + size])
        at += size
    whole = sources(source, [source])
    assert sources(source, [*split, source[at:]]) == whole
    assert sources(source, list(source)) == whole
    text, spans = whole
    assert clean_text(text).text == text
    assert spans == sorted(spans)
    assert all(0 <= a < b <= len(source) for a, b in spans)


@settings(max_examples=100, deadline=None)
@given(st.text(st.characters(), max_size=40))
def test_any_text_at_all_can_be_encoded_once_it_is_clean(source: str) -> None:
    clean = clean_text(source)
    clean.text.encode()
    assert join_norm([clean], "").spans[-1:] == () or clean.spans[-1][3] == len(source)


@pytest.mark.parametrize("text", ["a" + "\u0301\u0323" * 200_000, "\x00a" * 100_000, "\ud800" * 200_000])
def test_hostile_text_is_linear(text: str) -> None:
    began = time.monotonic()
    clean_text(text)
    assert time.monotonic() - began < 20
