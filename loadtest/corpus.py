"""The sentences of ``corpus.txt``, or of a file of the same form."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from qwentts_svc.errors import InputError

CORPUS = Path(__file__).with_name("corpus.txt")


@dataclass(frozen=True, slots=True)
class Sentence:
    """One text of a caller. ``language``: two letters."""

    language: str
    text: str


def load_corpus(
    path: Path = CORPUS, languages: Collection[str] = ("en",), max_chars: int | None = None
) -> tuple[Sentence, ...]:
    """Sentences of the languages, none longer than ``max_chars``. Raises InputError for a bad file or no sentence."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read the corpus {path}: {error}", field="corpus") from None
    found = []
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        language, tab, text = line.partition("\t")
        if not tab or not text.strip():
            raise InputError(f"{path}:{number}: write a language, a tab, and a text", field="corpus")
        if language in languages and (max_chars is None or len(text) <= max_chars):
            found.append(Sentence(language, text))
    if not found:
        raise InputError(f"{path} has no sentence in {', '.join(languages)} of that length", field="corpus")
    return tuple(found)
