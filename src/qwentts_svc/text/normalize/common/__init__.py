"""Rules that hold in every language: ``PREPARE`` before the language's own rules, ``FINISH`` after them."""

from __future__ import annotations

import re

from qwentts_svc.text.normalize.common import controls, emojis, marks, quotes, spaces, width
from qwentts_svc.text.normalize.rule import Rule

PREPARE: tuple[Rule, ...] = (*controls.RULES, *marks.RULES, *width.RULES, *quotes.RULES)
EMOJI: tuple[Rule, ...] = emojis.RULES
FINISH: tuple[Rule, ...] = (*quotes.FINISH_RULES, *spaces.RULES)

UNCLEAN = re.compile("[^\n -_a-~А-яЁё№–—]")
"""Found in every text that ``PREPARE`` has anything to do with: it holds more than plain letters, digits and signs."""
_UNFINISHED = re.compile(f"[{quotes.DASHES}{spaces.JOINERS}-]")


def is_unfinished(text: str) -> bool:
    """Whether ``FINISH`` may have anything to do with ``text``."""
    return "  " in text or _UNFINISHED.search(text) is not None


__all__ = ["EMOJI", "FINISH", "PREPARE", "UNCLEAN", "is_unfinished"]
