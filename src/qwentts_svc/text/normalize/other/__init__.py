"""Rules of the languages without a package of their own."""

from __future__ import annotations

from qwentts_svc.text.normalize.other.rules import build
from qwentts_svc.text.normalize.other.words import LOCALES
from qwentts_svc.text.normalize.rule import Rule


def rules_for(lang: str) -> tuple[Rule, ...]:
    """The rules of ``lang``; none where there is no library of its number words."""
    return build(lang) if lang in LOCALES else ()
