"""What is written becomes what is said. ``normalize`` is a pure function of its arguments: no I/O and no torch."""

from __future__ import annotations

from qwentts_svc.text.normalize.common.language import LANGUAGES, detect_language, language_code, language_spans
from qwentts_svc.text.normalize.lexicon import Lexicon, LexiconEntry
from qwentts_svc.text.normalize.pipeline import Normalizer, normalize
from qwentts_svc.text.normalize.registry import rule_names
from qwentts_svc.text.normalize.types import NormText, Span
from qwentts_svc.text.normalize.warm import warm

__all__ = [
    "LANGUAGES",
    "Lexicon",
    "LexiconEntry",
    "NormText",
    "Normalizer",
    "Span",
    "detect_language",
    "language_code",
    "language_spans",
    "normalize",
    "rule_names",
    "warm",
]
