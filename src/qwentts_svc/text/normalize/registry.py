"""Which rules each language has, loaded when the language is first met."""

from __future__ import annotations

import importlib
from functools import cache

from qwentts_svc.text.normalize.common import EMOJI, FINISH, PREPARE
from qwentts_svc.text.normalize.other import rules_for
from qwentts_svc.text.normalize.rule import Rule
from qwentts_svc.text.normalize.ruleset import RuleSet

_OWN_PACKAGE = ("en", "ru")


@cache
def rules_of(lang: str) -> RuleSet:
    """The ordered rules of ``lang`` between the common clean-up and the common finish."""
    if lang in _OWN_PACKAGE:
        package = importlib.import_module(f"qwentts_svc.text.normalize.{lang}")
        own: tuple[Rule, ...] = package.RULES
    else:
        own = rules_for(lang)
    return RuleSet((*EMOJI, *own))


def rule_names(lang: str) -> tuple[str, ...]:
    """Names that ``disabled`` understands for ``lang``, in order, each once."""
    return tuple(dict.fromkeys(rule.name for rule in (*PREPARE, *rules_of(lang), *FINISH)))
