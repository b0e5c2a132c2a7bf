"""Control, zero-width and direction characters go; odd line ends become newlines and odd blanks become spaces."""

from __future__ import annotations

import re

from qwentts_svc.text.dirt import CONTROLS, NEWLINES, SPACES, SURROGATES, ZERO_WIDTH
from qwentts_svc.text.normalize.rule import PatternRule, Rule, RuleContext

_GONE = CONTROLS + ZERO_WIDTH + SURROGATES + "\u034f\u061c\u180e\u200c\ufffd\ufffe\uffff"
_BLANKS = (
    SPACES + "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000\u2800"
)


def _replace(match: re.Match[str], _: RuleContext) -> str:
    run = match.group()
    if run[0] in NEWLINES:
        return "\n"
    return " " * len(run) if run[0] in _BLANKS else ""


_PATTERN = re.compile(f"\r\n|[{NEWLINES}]|[{_BLANKS}]{{1,64}}|[{re.escape(_GONE)}]{{1,64}}")

RULES: tuple[Rule, ...] = (PatternRule("controls", frozenset(_GONE + NEWLINES + _BLANKS), _PATTERN, _replace),)
