"""Names made of letters and digits: MP3, F-16, COVID-19, 4K, iPhone15."""

from __future__ import annotations

import re

from qwentts_svc.text.normalize.en.acronyms import spelled
from qwentts_svc.text.normalize.en.context import ContextRule
from qwentts_svc.text.normalize.en.numbers import cardinal, digits, pairs, plural_of, year
from qwentts_svc.text.normalize.rule import DIGITS, PatternRule, Rule, RuleContext

_PLAN = re.compile(
    r"(?<!\w)(?:(401|403)\(?([kKbB])\)?(s?)|(501)\(c\)(?:\(([0-9]{1,2})\))?|(529|457)(?=\splans?\b))(?!\w)"
)
_JET = re.compile(
    r"\b((?:GTX|RTX|RX|RFC|HTTP|[Ee]rror|Form|Boeing|Airbus|Cessna|Learjet|Gulfstream|Embraer|Porsche|Route|Highway|Interstate|[Ff]light)\s)([0-9]{3,4})(s?)(?![\w%]|[.,:-]?[0-9])"
)
_VARIANT = re.compile(r"(?<![\w.,/$€£-])(7[0-8]7)-([1-9]00(?:ER|LR|F)?|8[FI]?|9|10)(?![\w%]|[.,:/-][0-9])")
_SPAN = re.compile(r"(?<![\w.'-])([A-Z])([0-9]{1,2})\s?[-–—]\s?([A-Z])([0-9]{1,2})(?![\w%-]|[.,:/][0-9])")
_BEFORE_NOUN = re.compile(
    r"(?<![\w.,$€£/-])(?:(911)(?=\s(?:operator|dispatcher|call|caller|center|emergency))"
    r"|([45]0[0-9])(?=\serror)|(10(?:40|98|99))(?=\sforms?\b|-[A-Z]{1,4}\b))"
)
_STATUS = re.compile(
    r"\b((?:[Rr]eturn(?:s|ed|ing)?|[Gg]iv(?:es?|ing)|[Gg]ave|[Tt]hr(?:ows?|ew|owing)|[Gg]et(?:s|ting)?|[Gg]ot(?:ten)?)"
    r"\s(?:(?:me|us|you|him|her|them|back)\s)?an?\s)"
    r"(20[0-8]|226|30[0-8]|40[0-9]|41[0-8]|42[1-689]|431|451|50[0-8]|51[01])"
    r"(?=[.,;:!?)\"']{0,2}(?:\s|$))(?!\s(?!(?:error|response|status|code|from|on|for|when(?:ever)?|while|in|after|instead|back"
    r"|again|and|but|because|if|or|to|with|every|at|as|not|then|now|today|until|since|so|during|unless|though|even"
    r"|each|this|that|which)\b)\w)"
)
"""A page or a server gives one of the codes of HTTP."""
_TEAM = re.compile(r"(?<![\w.,$/-])([2-9][1-9])er(s?)(?!\w)")
"""The 49ers, the 76ers."""
_NO_JET = re.compile(r"(?i)(?:pages?|pp\.|rooms?|lines?|nos\.|numbers|from|between|about|of)\s$")
_TOKEN = re.compile(
    r"(?<![\w'.])(?=[\w-]{0,40}[0-9])(?:[A-Za-z]{1,20}[0-9][A-Za-z0-9]{0,30}|[0-9]{1,18}[A-Za-z][A-Za-z0-9]{0,30}|[A-Z][A-Za-z]{0,11}-[0-9][A-Za-z0-9]{0,20})(?:-[A-Za-z0-9]{0,20}[0-9][A-Za-z0-9]{0,20}){0,5}(?![\w]|\.[0-9])"
)
_YEAR = re.compile("(?:19|20)[0-9]{2}")
_PART = re.compile(r"[A-Za-z]+|[0-9]+")
_LETTER_DIGIT = re.compile(r"[0-9](?:[A-Za-z]|(?<=[A-Za-z][0-9])|(?<=[A-Za-z]-[0-9]))")


def _number(text: str) -> str:
    if len(text) > 1 and text[0] == "0":
        return digits(text)
    if len(text) <= 2:
        return cardinal(int(text))
    if len(text) == 3:
        return pairs(text)
    return cardinal(int(text)) if len(text) == 4 and text.endswith("00") else digits(text)


def _letters(text: str) -> str:
    return " ".join(text) if text.isupper() and (len(text) <= 2 or spelled(text)) else text


def _token(match: re.Match[str], _: RuleContext) -> str:
    parts = _PART.findall(match.group())
    spoken = [_number(part) if part.isdigit() else _letters(part) for part in parts]
    if len(parts) == 2 and parts[1] in ("p", "i") and len(parts[0]) == 4:
        spoken[0] = pairs(parts[0])  # 1080p
    for index in range(1, len(parts)):
        if _YEAR.fullmatch(parts[index]) and len(parts[index - 1]) > 1 and parts[index - 1].isalpha():
            spoken[index] = year(int(parts[index]))
    if parts[-1] == "s" and parts[-2].isdigit() and len(parts[-2] + parts[0]) > 2:
        spoken[-2:] = [plural_of(spoken[-2])]  # F-35s, 747s; a 5s is a phone
    return " ".join(spoken)


def _variant(match: re.Match[str], _: RuleContext) -> str | None:
    family, variant = match.groups()
    number, text = variant.rstrip("ERLFI"), match.string
    if _NO_JET.search(text, max(0, match.start() - 9), match.start()):
        return None  # a span: "pages 707-800"
    return " ".join((pairs(family), pairs(number), *variant[len(number) :]))


def _span(match: re.Match[str], _: RuleContext) -> str | None:
    """Cells, levels and quarters that rise from the first to the last: A1-C2, Q1-Q3."""
    letter, low, last_letter, high = match.groups()
    if letter == last_letter:
        rises = int(low) < int(high)
    else:
        rises = letter < last_letter <= "H" and len(low) == len(high) == 1
    return f"{letter} {cardinal(int(low))} to {last_letter} {cardinal(int(high))}" if rises else None


def _team(match: re.Match[str], _: RuleContext) -> str:
    name = cardinal(int(match.group(1))).removesuffix("e") + "er"
    return name + match.group(2)


def _before_noun(match: re.Match[str], _: RuleContext) -> str:
    return digits(match.group(1)) if match.group(1) else pairs(match.group(2) or match.group(3))


def _status(match: re.Match[str], _: RuleContext) -> str:
    return match.group(1) + pairs(match.group(2))


def _plan(match: re.Match[str], _: RuleContext) -> str:
    plan, letter, plural, charity, kind, bare = match.groups()
    if bare:
        return pairs(bare)
    if charity:
        return f"{pairs(charity)} c" + (f" {cardinal(int(kind))}" if kind else "")
    return f"{pairs(plan)} {letter}{plural}"


def _jet(match: re.Match[str], _: RuleContext) -> str:
    spoken = pairs(match.group(2))
    return match.group(1) + (plural_of(spoken) if match.group(3) else spoken)


_OF_FAME = re.compile("911|[45]0[0-9]|10[49][089]")
EARLY: tuple[Rule, ...] = (
    PatternRule("serial", DIGITS, _BEFORE_NOUN, _before_noun, _OF_FAME),
    ContextRule("serial", DIGITS, _STATUS, _status, re.compile(r"\san?\s[2345][0-5][0-9]")),
    PatternRule("serial", DIGITS, _VARIANT, _variant, re.compile("7[0-8]7-[0-9]")),
    PatternRule("serial", DIGITS, _SPAN, _span, re.compile(r"[A-Z][0-9]{1,2}\s?[-–—]\s?[A-Z][0-9]")),
)
RULES: tuple[Rule, ...] = (
    PatternRule("serial", DIGITS, _PLAN, _plan),
    PatternRule("serial", DIGITS, _TEAM, _team, re.compile("[1-9]er")),
    PatternRule("serial", DIGITS, _JET, _jet),
    PatternRule("serial", DIGITS, _TOKEN, _token, _LETTER_DIGIT),
)
