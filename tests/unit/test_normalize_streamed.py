"""A sentence that arrives word by word is read as it is when it is there at once.

"The code is" is released before "4821" arrives, so an edit of the words too would be lost, and a unit that is cut too
early reads "XV" before it knows what is counted.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from qwentts_svc.text.incremental import normalize_whole
from qwentts_svc.text.normalize import Normalizer

_DATA = Path(__file__).parents[1] / "data" / "normalize"
_FILES = sorted(_DATA.glob("*/*.tsv"))
_NEEDS_TWO_WORDS = frozenset(["Наб. реки Мойки."])
"""An abbreviation waits for one plain word; here the second one tells."""


@pytest.mark.parametrize("path", _FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_the_corpus_is_read_alike_in_pieces(path: Path) -> None:
    lang, normalizer, wrong = path.parent.name, Normalizer(), []
    for line in path.read_text(encoding="utf-8").splitlines():
        source, _, expected = line.partition("\t")
        if not expected or source in _NEEDS_TWO_WORDS:
            continue
        spoken = normalize_whole(source, normalizer.normalize, language=lang).text
        if spoken != expected:
            wrong.append(f"{source!r}\n  want {expected!r}\n  got  {spoken!r}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("Several   CEOs  left.", "Several C E Os left."),
        ("Int'l gov't talks don't help.", "International government talks don't help."),
        ("It was an approx. figure.", "It was an approximate figure."),
    ],
)
def test_words_that_only_look_plain_are_shown_to_the_rules(text: str, spoken: str) -> None:
    assert normalize_whole(text, Normalizer().normalize, language="en").text == spoken
