"""Typographic quotes, dashes and ellipses become their plain forms.

Quotes and ellipses go first, so that the language's rules meet one shape of each; dashes between words go last,
because until then a dash may be a minus sign or a range.
"""

from __future__ import annotations

import re

from qwentts_svc.text.normalize.rule import Edit, PatternRule, Rule, RuleContext

_SINGLE = "\u2018\u2019\u201a\u201b\u2039\u203a\u02bc\u0060\u00b4"
_DOUBLE = "\u201c\u201d\u201e\u201f\u00ab\u00bb\u2e42"
_MAP = {**dict.fromkeys(_SINGLE, "'"), **dict.fromkeys(_DOUBLE, '"'), "\u2026": "...", "\u2010": "-", "\u2011": "-"}
DASHES = "\u2012\u2013\u2014\u2015\u2212\u2e3a\u2e3b"


def _plain(match: re.Match[str], _: RuleContext) -> str:
    return _MAP[match.group()]


_DASH = re.compile(rf"[ ]?(?:[{DASHES}]{{1,8}}|(?<!-)--(?!-))[ ]?")
_ANY_DASH = re.compile(rf"[{DASHES}]|--")


def _dash(match: re.Match[str]) -> str:
    text = match.string
    before = "" if match.start() == 0 or text[match.start() - 1] == "\n" else " "
    after = "" if match.end() == len(text) or text[match.end()] in "\n.,;:!?" else " "
    return f"{before}-{after}"


class DashRule:
    """Dashes with the spaces around them, looked for by the dash."""

    name = "dashes"
    triggers: frozenset[str] | None = frozenset(DASHES + "-")
    gate = None

    def apply(self, text: str, ctx: RuleContext) -> list[Edit]:
        edits: list[Edit] = []
        end = 0
        for found in _ANY_DASH.finditer(text):
            start = found.start()
            if start < end:
                continue
            if start > end and text[start - 1] == " ":
                start -= 1
            match = _DASH.match(text, start)
            if match is not None:
                end = match.end()
                if (spoken := _dash(match)) != match.group():
                    edits.append(Edit(start, end, spoken))
        return edits


RULES: tuple[Rule, ...] = (PatternRule("quotes", frozenset(_MAP), re.compile("[" + "".join(_MAP) + "]"), _plain),)
FINISH_RULES: tuple[Rule, ...] = (DashRule(),)
