"""Rules that hold in every language: ``PREPARE`` before the language's own rules, ``FINISH`` after them."""

from __future__ import annotations

from qwentts_svc.text.normalize.common import controls, emojis, marks, quotes, spaces, width
from qwentts_svc.text.normalize.rule import Rule

PREPARE: tuple[Rule, ...] = (*controls.RULES, *marks.RULES, *width.RULES, *quotes.RULES)
EMOJI: tuple[Rule, ...] = emojis.RULES
FINISH: tuple[Rule, ...] = (*quotes.FINISH_RULES, *spaces.RULES)

__all__ = ["EMOJI", "FINISH", "PREPARE"]
