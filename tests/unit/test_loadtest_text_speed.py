"""The speed of the text front end is measured on texts that are what they are said to be."""

from __future__ import annotations

from pathlib import Path

import pytest

from loadtest.text_speed import CASES, SHARES, text_speed
from qwentts_svc.errors import InputError


def test_the_more_sentences_have_numbers_the_more_words_are_rewritten() -> None:
    rows = text_speed(10_000, ["en", "ru"], CASES, seed=1)
    assert [(row["language"], row["share"]) for row in rows] == [
        (lang, share) for lang in ("en", "ru") for share in SHARES
    ]
    for row in rows:
        assert row["characters"] == 10_000 <= row["bytes"]
        assert row["normalize_s"] > 0 < row["segments"]
    for language in ("en", "ru"):
        rewritten = [row["words_rewritten"] for row in rows if row["language"] == language]
        assert rewritten == sorted(rewritten)
        assert rewritten[0] < 0.02
        assert rewritten[-1] > 0.2


def test_a_language_without_cases_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no cases of language 'en'"):
        text_speed(1000, ["en"], tmp_path, seed=1)
