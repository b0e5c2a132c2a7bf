"""Full-width letters, digits and signs, ligatures and odd digit shapes become the plain characters they stand for."""

from __future__ import annotations

import re
import unicodedata

from qwentts_svc.text.normalize.rule import PatternRule, Rule, RuleContext

_LIGATURES = "\ufb00-\ufb06"
_FULL_WIDTH = "\uff04\uff05\uff0b\uff0d\uff0f\uff10-\uff19\uff1d\uff20-\uff3a\uff41-\uff5a"
_SUBSCRIPT = "\u2080-\u2089"
_STYLED = "\U0001d400-\U0001d7ff"
_CLASS = re.compile(f"[{_LIGATURES}{_FULL_WIDTH}{_SUBSCRIPT}{_STYLED}]{{1,64}}")


def _replace(match: re.Match[str], _: RuleContext) -> str:
    return unicodedata.normalize("NFKC", match.group())


def _triggers() -> frozenset[str]:
    ranges = ((0xFB00, 0xFB07), (0xFF04, 0xFF5B), (0x2080, 0x208A), (0x1D400, 0x1D800))
    return frozenset(chr(code) for low, high in ranges for code in range(low, high))


RULES: tuple[Rule, ...] = (PatternRule("width", _triggers(), _CLASS, _replace),)
