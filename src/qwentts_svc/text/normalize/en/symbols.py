"""Signs between and beside words: &, @, +, #, w/, copyright and the like."""

from __future__ import annotations

import re

from qwentts_svc.text.normalize.en.numbers import digits
from qwentts_svc.text.normalize.rule import PatternRule, Rule, RuleContext

_LANGUAGES = re.compile(
    r"(?<![\w])([CFJ])#(?!\w)|(?<!\w)([Cc])\+\+(?!\w)|(?<!\w)(Notepad|[A-Za-z])\+\+(?!\w)|(?<!\w)([ABCD])([+-])(?=[\s.,;!?)]|$)"
)
_AMPERSAND = re.compile(r"(?<=\w)(\s?)&(?:amp;)?(\s?)(?=\w)|(?<=[\w.!?,] )&(?= \w)")
_LETTERS = re.compile(r"(?<![\w&])([A-Z]{1,3})&([A-Z]{1,3})(?![\w&])")
_AT = re.compile(r"(?<=[\w.)])\s@\s(?=[\w$€£])")
_PER = re.compile(
    r"(?<![\w.,$€£])([0-9]{1,3}(?:,[0-9]{3}){0,3}(?:\.[0-9]{1,3})?(?:\s?[A-Za-zµ]{1,15}(?:/[A-Za-z]{1,3})?)?|[0-9]{1,2}[x×])\s?/\s?"
    r"(day|week|month|year|hour|minute|second|night|person|unit|hr|wk|mo|yr|kg|lb)(?![\w/])"
)
_PER_WORDS = {"hr": "hour", "wk": "week", "mo": "month", "yr": "year", "kg": "kilogram", "lb": "pound"}
_PER_GATE = re.compile(r"/\s?(?:day|week|month|year|hour|minute|second|night|person|unit|hr|wk|mo|yr|kg|lb)")
_LETTER_PAIR = re.compile(
    r"(?<![\w/])(?:(P)/([EB])|(A)/([BCV])|(N)/(A)|(I)/(O)|(D)/(E)|(R)/(C)|(AC)/(DC)|(TCP)/(IP)|(CI)/(CD))(?![\w/])"
)
_PHRASE = re.compile(r"(?<![\w/])(?:c/o(?=\s[A-Z])|b/c(?=\s[a-z]))")
_SILENT_SLASH = re.compile(r"(?<!\w)(HTTPS?|[fƒ])/(?=[0-9](?![0-9]|/))")
_EVERY_HOURS = re.compile(r"(?<!\w)[qQ]\.?\s?([0-9]{1,2}(?:[-–][0-9]{1,2})?)\s?h(?:rs?)?(?!\w)")
_OVER = re.compile(r"(?<=% )([ymwqYMWQ])/\1(?!\w)")
_PERIODS = {"y": "year", "m": "month", "w": "week", "q": "quarter"}
_QUARTER_YEAR = re.compile(r"(?<=\bQ[1-4])'(?=[0-9]{2}(?!\w))")
_PLUS_AFTER = re.compile(r"(?<=\w)\+(?=[\s.,;:!?)]|$)")
_PLUS_BEFORE = re.compile(r"(?<![\w+])\+(?=[0-9])")
_SECTION = re.compile(r"§§?\s?(?=[0-9])")
_NUMERO = re.compile(r"№\s?(?=[0-9])|(?<!\w)Nº\s?(?=[0-9])")
_MARKS = re.compile(r"\s?([©™®])\s?")
_MARK_WORDS = {"©": "copyright", "™": "trademark", "®": "registered"}
_WITH = re.compile(r"(?<![\w/])w/(?:(o)\b|\s?(?=\w))")
_AND_OR = re.compile(r"(?<=[Aa]nd)(?<![\w/][Aa]nd)/(?=[Oo]r(?![\w/]))|(?<=AND)(?<![\w/]AND)/(?=OR(?![\w/]))")
_KEY = re.compile(
    r"(?<![^\s\"'(])(?:[*#](?![^\s\"').,;:!?]|[\"')]?[.,:!?][^\s\"')])|\*([0-9]{1,3})(?![\w*#]|[.,][0-9]))"
)
"""A key of a telephone: "*", "#", and what begins with a star, as "*67"."""
_KEYS = {"*": "star", "#": "pound"}
_PRESS = (
    r"\b(?:[Pp]ress(?:ed|es|ing)?|PRESS|[Dd]ial(?:ed|s|ing)?|[Hh]it|[Pp]ush(?:ed|es|ing)?|[Tt]ap(?:ped|s|ping)?"
    r"|[Tt]ouch(?:ed|es|ing)?|[Ee]nter(?:ed|s|ing)?|[Ff]ollowed\sby)"
)
_PRESSED = re.compile(rf"{_PRESS}\s(?:(?:the|either)\s)?[\"'(]?$")
_PRESSED_BEFORE = re.compile(rf"{_PRESS}\s[^.!?\n]{{0,40}}$")
_NEXT_KEY = re.compile(r"(?:\b(?:and|or|then|the|either|by)|,)\s[\"'(]?$")
_THEN = re.compile(r"\bthen\s[\"'(]?$")
_KEY_NAMED = re.compile(r"[\"']?\s(?:key|button)s?\b")
_KEY_USE = re.compile(r"[\"')]?\s(?:to|for)\s[a-z]")
_KEY_ENDS = re.compile(r"[\"')]?(?:[.,;:!?]|$|\s(?:to|for|or|and|then|when|if|at|again|twice|once|after|before)\b)")
_APPROXIMATELY = re.compile(r"(?<!\w)[~∼]\s?(?=\w)")


def _language(match: re.Match[str], _: RuleContext) -> str:
    if match.group(1):
        return match.group(1) + " sharp"
    if match.group(4):
        return f"{match.group(4)} {'plus' if match.group(5) == '+' else 'minus'}"
    return (match.group(2) or match.group(3)) + " plus plus"


def _grade_guard(match: re.Match[str], ctx: RuleContext) -> str | None:
    if match.group(4) and match.group(5) == "-" and match.string[match.end() : match.end() + 1] == " ":
        return None
    return _language(match, ctx)


def _and(match: re.Match[str], _: RuleContext) -> str:
    return " and " if match.group(1) is not None else "and"


def _letters_and(match: re.Match[str], _: RuleContext) -> str:
    return f"{' '.join(match.group(1))} and {' '.join(match.group(2))}"


def _at(_: re.Match[str], __: RuleContext) -> str:
    return " at "


def _per(match: re.Match[str], _: RuleContext) -> str:
    counted = match.group(1)
    if counted[-1] in "x×":
        counted = counted[:-1] + " times"
    return f"{counted} per {_PER_WORDS.get(match.group(2), match.group(2))}"


def _silent_slash(match: re.Match[str], _: RuleContext) -> str:
    return match.group(1) + " "


def _letter_pair(match: re.Match[str], _: RuleContext) -> str:
    return " ".join(" ".join(part) for part in match.groups() if part)


def _phrase(match: re.Match[str], _: RuleContext) -> str:
    return "care of" if match.group() == "c/o" else "because"


def _every_hours(match: re.Match[str], _: RuleContext) -> str:
    return f"every {match.group(1)} hours"


def _over(match: re.Match[str], _: RuleContext) -> str:
    period = _PERIODS[match.group(1).lower()]
    return f"{period} over {period}"


def _quarter_year(_: re.Match[str], __: RuleContext) -> str:
    return " "


def _plus_after(_: re.Match[str], __: RuleContext) -> str:
    return " plus"


def _plus_before(_: re.Match[str], __: RuleContext) -> str:
    return "plus "


def _section(match: re.Match[str], _: RuleContext) -> str:
    return "sections " if match.group().startswith("§§") else "section "


def _numero(_: re.Match[str], __: RuleContext) -> str:
    return "number "


def _mark(match: re.Match[str], _: RuleContext) -> str:
    text = match.string
    before = " " if match.start() > 0 else ""
    after = " " if match.end() < len(text) and (text[match.end()].isalnum() or text[match.end()] in "\"'(") else ""
    return before + _MARK_WORDS[match.group(1)] + after


def _with(match: re.Match[str], _: RuleContext) -> str:
    return "without" if match.group(1) else "with "


def _and_or(_: re.Match[str], __: RuleContext) -> str:
    return " "


def _key(match: re.Match[str], _: RuleContext) -> str | None:
    code = match.group(1)
    if not _is_key(match.string, match.start(), match.end()):
        return None
    return _KEYS[match.group()[0]] + (f" {digits(code)}" if code else "")


def _is_key(text: str, start: int, end: int) -> bool:
    if _KEY_NAMED.match(text, end) or _PRESSED.search(text, max(0, start - 24), start):
        return True
    if not _NEXT_KEY.search(text, max(0, start - 8), start):
        return False
    if _KEY_USE.match(text, end):
        return True
    if _KEY_ENDS.match(text, end) is None:
        return False
    return bool(_THEN.search(text, max(0, start - 7), start) or _PRESSED_BEFORE.search(text, max(0, start - 56), start))


def _about(_: re.Match[str], __: RuleContext) -> str:
    return "about "


EARLY: tuple[Rule, ...] = (
    PatternRule("symbol", frozenset("#+-"), _LANGUAGES, _grade_guard),
    PatternRule("symbol", frozenset("§"), _SECTION, _section),
    PatternRule("symbol", frozenset("№º"), _NUMERO, _numero),
    PatternRule("symbol", frozenset("©™®"), _MARKS, _mark),
    PatternRule("symbol", frozenset("%"), _OVER, _over, re.compile("% [ymwqYMWQ]/")),
    PatternRule("symbol", frozenset("'"), _QUARTER_YEAR, _quarter_year, re.compile("Q[1-4]'")),
    PatternRule("symbol", frozenset("/"), _WITH, _with, re.compile("w/")),
    PatternRule("symbol", frozenset("@"), _AT, _at),
    PatternRule("symbol", frozenset("/"), _PER, _per, _PER_GATE),
    PatternRule("symbol", frozenset("/"), _SILENT_SLASH, _silent_slash, re.compile("[SPfƒ]/[0-9]")),
    PatternRule("symbol", frozenset("/"), _LETTER_PAIR, _letter_pair, re.compile("[A-Z]/[A-Z]")),
    PatternRule("symbol", frozenset("/"), _PHRASE, _phrase, re.compile("[cb]/[oc]")),
    PatternRule("symbol", frozenset("/"), _AND_OR, _and_or),
    PatternRule("symbol", frozenset("*#"), _KEY, _key),
    PatternRule("symbol", frozenset("qQ"), _EVERY_HOURS, _every_hours, re.compile("[qQ][. 0-9]")),
)
LATE: tuple[Rule, ...] = (
    PatternRule("symbol", frozenset("&"), _LETTERS, _letters_and),
    PatternRule("symbol", frozenset("&"), _AMPERSAND, _and),
    PatternRule("symbol", frozenset("+"), _PLUS_AFTER, _plus_after),
    PatternRule("symbol", frozenset("+"), _PLUS_BEFORE, _plus_before),
    PatternRule("symbol", frozenset("~∼"), _APPROXIMATELY, _about),
)
