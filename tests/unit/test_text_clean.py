"""Cleaning keeps what can be said, and an offset for each character of it."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qwentts_svc.errors import InputError
from qwentts_svc.text.clean import MAX_MARKS, check_length, clean_text, is_speakable


@pytest.mark.parametrize(
    ("source", "clean"),
    [
        ("plain мир", "plain мир"),
        ("a\r\nb\rc\u2028d", "a\nb\nc\nd"),
        ("a\tb\x1fc", "a b c"),
        ("a\x00\x07b\u200b\ufeff\u00ad\u202ec", "abc"),
        ("\ud83d\ude00", "😀"),
        ("\ud800x\udc00", "\ufffdx\ufffd"),
        ("cafe\u0301", "café"),
        ("👨\u200d👩", "👨\u200d👩"),
        ("x" + "\u0338" * 50, "x" + "\u0338" * MAX_MARKS),
    ],
)
def test_cleaned(source: str, clean: str) -> None:
    assert clean_text(source).text == clean


def test_offsets_point_into_the_source() -> None:
    source = "a\x00b\r\ne\u0301\ud83d\ude00"
    got = clean_text(source)
    assert [(c, *got.span(i, i + 1)) for i, c in enumerate(got.text)] == [
        ("a", 0, 1),
        ("b", 2, 3),
        ("\n", 3, 5),
        ("é", 5, 7),
        ("😀", 7, 9),
    ]


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(), max_size=40))
def test_any_text_is_cleaned_once_and_offsets_rise(source: str) -> None:
    got = clean_text(source)
    got.text.encode()
    assert clean_text(got.text).text == got.text
    spans = [got.span(i, i + 1) for i in range(len(got.text))]
    assert all(0 <= a < b <= len(source) for a, b in spans)
    assert spans == sorted(spans)


@pytest.mark.parametrize("text", ["a" + "\u0301\u0323" * 200_000, "\x00a" * 100_000, "\ud800" * 200_000])
def test_hostile_text_is_linear(text: str) -> None:
    began = time.monotonic()
    clean_text(text)
    assert time.monotonic() - began < 20


def test_length_and_speech() -> None:
    check_length("abc", 3)
    with pytest.raises(InputError, match="4 characters, more than the 3 allowed"):
        check_length("abcd", 3)
    assert all(map(is_speakable, ("…5", "😀", "да")))
    assert not is_speakable(" *** —\n\u200b")
