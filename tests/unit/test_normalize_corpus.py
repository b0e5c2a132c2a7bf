"""The golden corpora: what a careful reader says for each source sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from qwentts_svc.text.normalize import Normalizer

_ROOT = Path(__file__).parents[1] / "data" / "normalize" / "en"
_FILES = sorted(_ROOT.glob("*.tsv"))


def _cases(path: Path) -> list[tuple[str, str]]:
    rows = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("# "):
            source, expected = line.split("\t")
            rows.append((source, expected))
    return rows


def _strict() -> Normalizer:
    def failed(name: str, error: Exception) -> None:
        raise AssertionError(f"rule {name} raised {error!r}")

    return Normalizer(on_rule_failed=failed)


@pytest.mark.parametrize("path", _FILES, ids=lambda path: path.stem)
def test_every_sentence_of_the_category_is_read_as_written_in_the_corpus(path: Path) -> None:
    normalizer = _strict()
    wrong = [
        f"{source!r}\n  want {expected!r}\n  got  {got!r}"
        for source, expected in _cases(path)
        if (got := normalizer.normalize(source, "en").text) != expected
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("path", _FILES, ids=lambda path: path.stem)
def test_what_was_normalized_stays_as_it_is(path: Path) -> None:
    normalizer = _strict()
    changed = []
    for source, _ in _cases(path):
        once = normalizer.normalize(source, "en").text
        twice = normalizer.normalize(once, "en").text
        if once != twice:
            changed.append(f"{once!r} -> {twice!r}")
    assert not changed, "\n".join(changed)


def test_corpus_has_at_least_800_different_english_sentences() -> None:
    sources = [source for path in _FILES for source, _ in _cases(path)]
    assert len(set(sources)) >= 800


def test_auto_hint_reads_the_english_corpus_as_english() -> None:
    normalizer = _strict()
    cases = [case for path in _FILES for case in _cases(path)]
    same = sum(normalizer.normalize(source).text == expected for source, expected in cases)
    assert same / len(cases) > 0.99
