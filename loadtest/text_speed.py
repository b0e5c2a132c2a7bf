"""How long a text takes to be normalized and segmented, by how much of it has to be rewritten."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from loadtest.corpus import load_corpus
from qwentts_svc.errors import InputError
from qwentts_svc.heap import settle_heap
from qwentts_svc.text.normalize import Normalizer, NormText
from qwentts_svc.text.segment import segment

CASES = Path(__file__).parents[1] / "tests" / "data" / "normalize"
"""One folder a language, of tables whose first column is a sentence with something to be rewritten."""
SHARES = (0.0, 0.25, 0.5, 1.0)
_MEGABYTE = 1_000_000
_WORD = re.compile(r"\S*\w\S*")


def text_speed(characters: int, languages: Sequence[str], cases: Path, seed: int) -> list[dict[str, Any]]:
    """A row for each language and share of sentences that have numbers, signs or abbreviations, on one core.

    ``words_rewritten``: share of the words of the source that are said otherwise than written. Each text is seen for
    the first time; its words are not. Raises InputError for a language without cases.
    """
    rows = []
    for language in languages:
        hard = _cases(cases, language)
        plain = [sentence.text for sentence in load_corpus(languages=(language,))]
        for share in SHARES:
            rng = random.Random(f"{seed}/{language}/{share}")
            rows.append({"language": language, "share": share, **_measured(_text(hard, plain, share, characters, rng))})
    return rows


def _cases(folder: Path, language: str) -> list[str]:
    lines = [line for path in sorted(folder.glob(f"{language}/*.tsv")) for line in path.read_text("utf-8").splitlines()]
    if not lines:
        raise InputError(f"{folder} has no cases of language {language!r}", field="cases")
    return [line.partition("\t")[0] for line in lines if line.strip() and not line.startswith("# ")]


def _text(hard: Sequence[str], plain: Sequence[str], share: float, characters: int, rng: random.Random) -> str:
    """Paragraphs of two to six sentences."""
    paragraphs: list[str] = []
    length = 0
    while length < characters:
        sentences = [rng.choice(hard if rng.random() < share else plain) for _ in range(rng.randint(2, 6))]
        paragraphs.append(" ".join(sentences) + "\n")
        length += len(paragraphs[-1])
    return "".join(paragraphs)[:characters]


def _measured(text: str) -> dict[str, Any]:
    normalizer = Normalizer()
    normalizer.normalize(text[:2000])  # loads the language's rules
    settle_heap()  # as the service does
    start = time.process_time()
    spoken = normalizer.normalize(text)
    normalized = time.process_time()
    segments = sum(1 for _ in segment(text))
    ended = time.process_time()
    size = len(text.encode())
    return {
        "words_rewritten": round(_rewritten(text, spoken), 3),
        "characters": len(text),
        "bytes": size,
        "segments": segments,
        "normalize_s": round(normalized - start, 3),
        "segment_s": round(ended - normalized, 3),
        "s_per_megabyte": round((ended - start) * _MEGABYTE / size, 2),
        "s_per_million_characters": round((ended - start) * _MEGABYTE / len(text), 2),
    }


def _rewritten(text: str, spoken: NormText) -> float:
    """The share of the words of ``text`` that a rewritten span touches."""
    changed = iter([(start, end) for a, b, start, end in spoken.spans if spoken.text[a:b] != text[start:end]])
    span = next(changed, None)
    words = touched = 0
    for word in _WORD.finditer(text):
        words += 1
        while span is not None and span[1] <= word.start():
            span = next(changed, None)
        touched += span is not None and span[0] < word.end()
    return touched / max(words, 1)
