"""Hashtags, @mentions and "#1"."""

from __future__ import annotations

import re

from qwentts_svc.text.normalize.rule import PatternRule, Rule, RuleContext

_TAG = re.compile(r"(?<![\w&#/])#([0-9]{0,6}[^\W\d]\w{0,99})")
_NUMBER = re.compile(r"(?<![\w&#/])#\s?(?=[0-9]{1,18}(?!\w))")
_MENTION = re.compile(r"(?<![\w@.])@([A-Za-z_]\w{0,49})")
_WORDS = re.compile(r"[A-Z]{2,99}(?![a-z])|[A-Z]?[a-z]{1,99}|[A-Z]|[0-9]{1,99}|_|[^\WA-Za-z0-9_]{1,99}")


def _tag(match: re.Match[str], _: RuleContext) -> str:
    words = [word for word in _WORDS.findall(match.group(1)) if word != "_"]
    return "hashtag " + " ".join(words)


def _number(_: re.Match[str], __: RuleContext) -> str:
    return "number "


def _mention(match: re.Match[str], _: RuleContext) -> str:
    return "at " + " ".join("underscore" if word == "_" else word for word in _WORDS.findall(match.group(1)))


RULES: tuple[Rule, ...] = (
    PatternRule("hashtag", frozenset("#"), _NUMBER, _number),
    PatternRule("hashtag", frozenset("#"), _TAG, _tag),
    PatternRule("mention", frozenset("@"), _MENTION, _mention),
)
