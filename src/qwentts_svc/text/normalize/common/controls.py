"""Control, zero-width and direction characters go; odd line ends become newlines and odd blanks become spaces."""

from __future__ import annotations

import re

from qwentts_svc.text.normalize.rule import PatternRule, Rule, RuleContext

_GONE = (
    "".join(chr(c) for c in range(32) if c not in (9, 10, 13))
    + "\x7f"
    + "".join(chr(c) for c in range(0x80, 0xA0) if c != 0x85)
)
_GONE += "\u00ad\u034f\u061c\u180e\u200b\u200c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2061\u2062\u2063\u2064"
_GONE += "\u2066\u2067\u2068\u2069\ufeff\ufff9\ufffa\ufffb\ufffd\ufffe\uffff" + "".join(
    chr(c) for c in range(0xD800, 0xE000)
)
_NEWLINES = "\r\x85\u2028\u2029"
_BLANKS = "\t\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000\u2800"


def _replace(match: re.Match[str], _: RuleContext) -> str:
    run = match.group()
    if run[0] in _NEWLINES:
        return "\n"
    return " " * len(run) if run[0] in _BLANKS else ""


_PATTERN = re.compile(f"\r\n|[{_NEWLINES}]|[{_BLANKS}]{{1,64}}|[{re.escape(_GONE)}]{{1,64}}")

RULES: tuple[Rule, ...] = (PatternRule("controls", frozenset(_GONE + _NEWLINES + _BLANKS), _PATTERN, _replace),)
