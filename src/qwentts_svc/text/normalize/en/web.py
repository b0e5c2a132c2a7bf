"""E-mail addresses and URLs."""

from __future__ import annotations

import re

from qwentts_svc.text.normalize.en.spell import address
from qwentts_svc.text.normalize.rule import PatternRule, Rule, RuleContext

_TLD = (
    "com|org|net|edu|gov|mil|int|info|biz|io|ai|dev|app|co|uk|us|ca|de|fr|es|pt|jp|cn|ru|eu|au|nz|ie|nl|se|ch|tv|fm|"
    "gg|xyz|online|site|store|tech|blog|cloud|shop|news|museum|br|mx|pl|cz|tr|fi|dk|gr|hu|za|sg|hk|tw|kr|ua|live|world|page|link|media"
)
_TLD_OF_PATH = "ly|me|be|to|gl|it|at|in|is|so|st|sh|gd|cc|no"
"""Endings that are words too, and so need a path after them."""
_TRAILING = ".,;:!?)'\"*]}>"
_EMAIL = re.compile(
    r"(?<![\w.%+-])(?:mailto:)?([\w.%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8})(?![\w-])"
)
_URL = re.compile(
    r"(?<![\w@.-])(?:(?:https?|ftp|file|ssh|git)://[^\s<>\"'`]{1,2000}"
    r"|www\.[A-Za-z0-9-]{1,63}[^\s<>\"'`]{0,2000}"
    rf"|[A-Za-z0-9][A-Za-z0-9-]{{0,62}}(?:\.[A-Za-z0-9-]{{1,63}}){{0,5}}\.(?:{_TLD})(?![\w-])(?![.-]\w)"
    r"(?::[0-9]{1,5})?(?:[/?#][^\s<>\"'`]{0,2000})?"
    rf"|[A-Za-z0-9][A-Za-z0-9-]{{0,62}}\.(?:{_TLD_OF_PATH})/[A-Za-z0-9][^\s<>\"'`]{{0,2000}})"
)
_LOCAL = re.compile(r"(?<![\w@./-])localhost:[0-9]{1,5}(?:[/?#][^\s<>\"'`]{0,2000})?(?!\w)")
_INNER_DOT = re.compile(r"\.[A-Za-z]|://")


def _email(match: re.Match[str], _: RuleContext) -> str:
    return address(match.group(1))


def _url(match: re.Match[str], _: RuleContext) -> str | None:
    text = match.group()
    bare = text.rstrip(_TRAILING)
    if "/" in bare and text[len(bare) : len(bare) + 1] == ")" and "(" in bare:
        bare += ")"
    body = bare.rstrip("/") if "://" in bare[:-1] or bare.count("/") == 1 else bare
    return address(body) + text[len(bare) :] if body else None


RULES: tuple[Rule, ...] = (
    PatternRule("email", frozenset("@"), _EMAIL, _email),
    PatternRule("url", frozenset("."), _URL, _url, _INNER_DOT),
    PatternRule("url", frozenset(":"), _LOCAL, _url, re.compile("localhost:[0-9]")),
)
