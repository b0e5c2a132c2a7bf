"""Telephone numbers: digit by digit, a comma between the groups."""

from __future__ import annotations

import re

from qwentts_svc.text.normalize.en.context import ContextRule
from qwentts_svc.text.normalize.en.numbers import cardinal, digits
from qwentts_svc.text.normalize.rule import DIGITS, PatternRule, Rule, RuleContext

_EXT = r"(?:(,?)\s{0,2}(?:ext\.?|extension|x)\s?([0-9]{1,6}))?"
_US = re.compile(
    r"(?<![\w.+/-])(?:(\+?1)[ .-]?)?(?:\(([2-9][0-9]{2})\)[ .-]?|([2-9][0-9]{2})[ .-])([0-9]{3})[ .-]([0-9]{4})"
    rf"(?![\w%]|[.,-][0-9]){_EXT}(?!\w)"
)
_LOCAL = re.compile(rf"(?<![\w.,$€£+/-])([2-9][0-9]{{2}})-([0-9]{{4}})(?![\w%]|[.,-][0-9]){_EXT}(?!\w)")
_WORLD = re.compile(r"(?<![\w+])\+([0-9]{1,3})((?:[ .-]?\(?[0-9]{1,11}\)?){1,7})(?!\w)")
_TRUNK = re.compile(r"(?<![\w.,/-])0[0-9]{2,4}(?:[ -][0-9]{3,4}){2}(?![\w%]|[.,-][0-9])")
_TOLL = re.compile(r"(?<![\w-])1-(8(?:00|88|77|66|55|44|33)|900)-([A-Z0-9]{1,9}(?:-[A-Z0-9]{1,9}){0,3})(?!\w)")
_SHORT = re.compile(
    r"\b((?:[Cc]all(?:ed|ing)?(?:\sor\stext)?|[Dd]ial(?:ed|ing)?|[Pp]hone|[Rr]ing)\s(?:in\s)?)((?:[2-9]11|112|999|988)(?:\s(?:or|and)\s(?:[2-9]11|112|999|988))?)"
    r"(?![\w%]|[.,:-]?[0-9])"
)
_SHORT_CODE = re.compile(r"\b([Tt]ext(?:ed|ing)?\s\"?\w{1,20}\"?\sto\s)([0-9]{4,6})(?![\w%]|[.,:-]?[0-9])")
_PLAIN = re.compile(
    r"(?i)\b((?:call|dial|phone|text|cell|mobile|fax|tel|reach \w{2,5} at|number)\b[^0-9\n]{0,24}?)"
    r"([0-9]{10}|[0-9]{7})(?![\w%]|[.,:-]?[0-9])"
)
_CALL_WORDS = re.compile(r"(?i)\b(?:call|dial|phone|text|number|tel|fax|line|cell|mobile|reach|office|desk)\b")
_DESK = re.compile(r"(?<![\w.-])x([0-9]{3,5})(?![\w%]|[.,:-]?[0-9])")
_GATE = re.compile(r"[0-9]{3}[ .)-]{1,2}[0-9]{3,4}")
_PLAIN_GATE = re.compile(r"[0-9]{7}")
_TOLL_GATE = re.compile(r"1-(?:8|9)[0-9]{2}-")


def _group(text: str) -> str:
    return cardinal(int(text)) if text in ("800", "900") else digits(text)


def _extension(comma: str | None, text: str | None) -> str:
    return f"{comma} extension {digits(text)}" if text else ""


def _us(match: re.Match[str], _: RuleContext) -> str:
    country, area = match.group(1), match.group(2) or match.group(3)
    groups = [_group(area), digits(match.group(4)), digits(match.group(5))]
    if country:
        groups.insert(0, "plus one" if country[0] == "+" else "one")
    return ", ".join(groups) + _extension(match.group(6), match.group(7))


def _local(match: re.Match[str], _: RuleContext) -> str | None:
    first, second = match.group(1), match.group(2)
    if int(second) % 100 == 0 and first != "555" and not _CALL_WORDS.search(match.string[: match.start()]):
        return None  # "500-1000 people" is a range
    return f"{digits(first)}, {digits(second)}{_extension(match.group(3), match.group(4))}"


def _world(match: re.Match[str], _: RuleContext) -> str | None:
    groups = re.findall("[0-9]+", match.group(2))
    if not 7 <= len(match.group(1)) + sum(map(len, groups)) <= 15:
        return None
    return "plus " + ", ".join(digits(group) for group in [match.group(1), *groups])


def _trunk(match: re.Match[str], _: RuleContext) -> str:
    return ", ".join(digits(group) for group in re.split("[ -]", match.group()))


def _toll(match: re.Match[str], _: RuleContext) -> str:
    parts = re.findall("[A-Z]+|[0-9]+", match.group(2))
    return ", ".join(["one", _group(match.group(1)), *(digits(p) if p.isdigit() else p for p in parts)])


def _desk(match: re.Match[str], _: RuleContext) -> str | None:
    return "extension " + digits(match.group(1)) if _CALL_WORDS.search(match.string) else None


def _after_word(match: re.Match[str], _: RuleContext) -> str:
    return match.group(1) + " ".join(digits(part) if part.isdigit() else part for part in match.group(2).split())


RULES: tuple[Rule, ...] = (
    PatternRule("phone", frozenset("+"), _WORLD, lambda m, c: None if _US.match(m.string, m.start()) else _world(m, c)),
    PatternRule("phone", DIGITS, _US, _us, _GATE),
    PatternRule("phone", DIGITS, _TRUNK, _trunk, _GATE),
    PatternRule("phone", DIGITS, _TOLL, _toll, _TOLL_GATE),
    PatternRule("phone", DIGITS, _LOCAL, _local, _GATE),
    PatternRule("phone", frozenset("x"), _DESK, _desk, re.compile("x[0-9]{3}")),
    ContextRule("phone", DIGITS, _SHORT, _after_word, re.compile("[CcDdPpRr](?:all|ial|hone|ing)")),
    ContextRule("phone", DIGITS, _SHORT_CODE, _after_word, re.compile("[Tt]ext")),
    ContextRule("phone", DIGITS, _PLAIN, _after_word, _PLAIN_GATE),
)
