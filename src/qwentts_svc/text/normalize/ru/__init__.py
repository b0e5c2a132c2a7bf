"""Rules of Russian, in the order in which they are applied."""

from __future__ import annotations

from qwentts_svc.text.normalize.rule import Rule

RULES: tuple[Rule, ...] = ()
