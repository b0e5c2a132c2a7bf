"""Numbers that name and do not count: ISBN, cards, codes, PINs, leading zeros. Digit by digit."""

from __future__ import annotations

import re

from qwentts_svc.text.normalize.en.context import ContextRule
from qwentts_svc.text.normalize.en.numbers import cardinal, digits, pairs, year
from qwentts_svc.text.normalize.en.tables import counts_something
from qwentts_svc.text.normalize.rule import DIGITS, PatternRule, Rule, RuleContext

_END = r"(?![\w%]|[.,:/-]?[0-9])"
_ISBN = re.compile(r"\b(I[SE][BS]N(?:-1[03])?:?\s{0,2})([0-9][0-9 -]{6,15}[0-9Xx])(?!\w)")
_SSN = re.compile(rf"(?<![\w.,/-])[0-9]{{3}}-[0-9]{{2}}-[0-9]{{4}}{_END}")
_CARD = re.compile(rf"(?<![\w.,/-])[0-9]{{4}}([ -])[0-9]{{4}}\1[0-9]{{4}}\1[0-9]{{4}}{_END}")
_NAMED = re.compile(
    r"\b((?:SKU|PIN|[Pp]in|[Cc]ode|[Pp]asscode|[Pp]assword|OTP|ZIP|[Zz]ip|ID|[Ee]nding in|[Ee]nds in|[Bb]arcode|"
    r"(?:[Aa]ccount|[Aa]cct\.?|[Cc]ard) ending|"
    r"[Ee]xt\.|[Ee]xtension|"
    r"(?:[Ss]erial|[Aa]ccount|[Aa]cct\.?|[Tt]racking|[Cc]ard|[Rr]outing|[Cc]onfirmation|[Rr]eference|[Pp]assport|[Ll]icense|[Ii]nvoice|"
    r"[Oo]rder|[Bb]ooking|[Tt]icket|[Cc]ase|[Ss]ocial [Ss]ecurity|[Mm]ember|[Pp]olicy|[Ii]tem|"
    r"[Pp]art|[Cc]laim|[Ll]oan|[Pp]ermit|[Rr]eceipt|[Cc]ustomer|[Ee]mployee|[Ss]tudent|[Bb]adge)\s(?:number|ID|no\.))"
    rf"(?:\s(?:number|is|was|of|are))?:?\s)([0-9]{{3,30}}|[0-9]{{2,12}}(?:-[0-9]{{2,12}}){{1,3}}){_END}"
)
_NAMING = re.compile(
    r"\b(?:SKU|PIN|[Pp]in|(?:[Bb]ar)?[Cc]ode|[Pp]ass(?:code|word)|OTP|ZIP|[Zz]ip|ID|[Ee]nd(?:ing|s)|[Ee]xt\.|[Ee]xtension|number|no\.)"
)
# What a number is named by ends so; the digit comes first, for the expression engine skips to it at once.
_NAMED_GATE = re.compile(
    r"[0-9](?:(?<=(?:SKU|PIN|pin|OTP|ZIP|[Zz]ip|ing|xt\.|no\.| is|was| of|are)\s.)|(?<=(?:code|word|sion)\s.)"
    r"|(?<=umber\s.)|(?<=(?:ing|nds) in\s.)|(?<=ID\s.)|(?<=:\s.))[0-9]"
)
_HOLDER = r"(?:card|account|[Ss]ocial|SSN|phone|cell|number|ID|license|policy|VIN|passport)"
_ALONE = rf"{_END}(?!,?\s(?:(?:and|or)\s)?[0-9])"
_LAST = re.compile(
    r"\b((?:(?:[Ll]ast|[Ff]irst|[Ff]inal)\s(two|three|four|five|six|[2-6])\s(?:digits|numbers)|[Ll]ast\s(?:four|4))"
    rf"(\s(?:of|on|for)(?:\s[A-Za-z]{{1,9}}){{0,4}}?\s{_HOLDER})?(?:\s(?:is|are|was|were))?:?\s)([0-9]{{2,6}}){_ALONE}"
)
_COUNTS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6}
# A text that arrives in pieces shows no more than three words before "are".
_OF_HOLDER = re.compile(
    rf"\b((?:of\s(?:[A-Za-z]{{2,9}}\s){{0,2}}|credit\s|debit\s|bank\s)"
    rf"(?:{_HOLDER}\s(?:are|were):?|(?:card|[Ss]ocial|SSN):)\s)([0-9]{{4}}){_ALONE}"
)
_FLIGHT = r"(?:(?!USD|EUR|GBP|CAD|AUD)[A-Z]{2,3}|[A-Z][0-9]|[0-9][A-Z])\s[1-9][0-9]{0,3}(?![\w%]|[.,:-]?[0-9])"
_CARRIERS = re.compile(
    rf"\b([Ff]lights?\s)([Nn]umber\s|[Nn]o\.\s)?({_FLIGHT}(?:(?:,|,?\s(?:and|or|to))\s{_FLIGHT}){{0,3}})"
)
"""Flights with the code of their carrier: "Flight UA 482"."""
_CARRIER = re.compile(r"([A-Z0-9]{2,3})\s([0-9]{1,4})")
_GROUPS = re.compile(rf"\b(ID(?:\s(?:is|number))?:?\s)([0-9]{{3,4}}(?:[ -][0-9]{{3,4}}){{1,3}}){_END}")
_STANDARD = re.compile(r"\b((?:ISO|IEC|EN|BS|DIN)\s)([0-9]{3,5}):((?:19|20)[0-9]{2})(?![\w:/-]|[.,][0-9])")
_LONG = re.compile(rf"(?<![\w.,/:-])[0-9]{{10,64}}{_END}")
_ZERO = re.compile(r"(?<![\w.,/:$€£'–—-])0[0-9]{1,30}(?![\w%]|[.,:/-][0-9])")
_HUGE = re.compile(r"[0-9]{19,}")


def _all_digits(match: re.Match[str], _: RuleContext) -> str:
    return digits(match.group())


def _isbn(match: re.Match[str], _: RuleContext) -> str:
    tail = " X" if match.group(2)[-1] in "Xx" else ""
    return match.group(1) + digits(match.group(2)) + tail


def _named(match: re.Match[str], _: RuleContext) -> str:
    return match.group(1) + ", ".join(digits(group) for group in match.group(2).split("-"))


def _groups(match: re.Match[str], _: RuleContext) -> str:
    return match.group(1) + ", ".join(digits(group) for group in re.split("[ -]", match.group(2)))


def _last(match: re.Match[str], _: RuleContext) -> str | None:
    said, count, holder, number = match.groups()
    if len(number) != (4 if count is None else _COUNTS.get(count) or int(count)):
        return None
    if count is None and holder is None and number.startswith(("19", "20")):
        return None  # "the last four were 1996"
    return None if counts_something(match.string, match.end()) else said + digits(number)


def _of_holder(match: re.Match[str], _: RuleContext) -> str | None:
    return None if counts_something(match.string, match.end()) else match.group(1) + digits(match.group(2))


def _carriers(match: re.Match[str], _: RuleContext) -> str:
    named, numbered, flights = match.groups()
    return named + ("number " if numbered else "") + _CARRIER.sub(_carrier, flights)


def _carrier(match: re.Match[str]) -> str:
    code = [cardinal(int(char)) if char.isdigit() else char for char in match.group(1)]
    return " ".join((*code, pairs(match.group(2))))


def _standard(match: re.Match[str], _: RuleContext) -> str:
    return f"{match.group(1)}{cardinal(int(match.group(2)))}, {year(int(match.group(3)))}"


def _huge(match: re.Match[str], _: RuleContext) -> str:
    text = match.string
    before = " " if match.start() and text[match.start() - 1].isalnum() else ""
    after = " " if match.end() < len(text) and text[match.end()].isalnum() else ""
    return before + digits(match.group()) + after


RULES: tuple[Rule, ...] = (
    PatternRule("identifier", DIGITS, _ISBN, _isbn),
    PatternRule("identifier", DIGITS, _CARD, _all_digits, re.compile("[0-9]{4}[ -][0-9]{4}[ -][0-9]{4}")),
    PatternRule("identifier", DIGITS, _SSN, _all_digits, re.compile("[0-9]{3}-[0-9]{2}-[0-9]{4}")),
    ContextRule("identifier", DIGITS, _GROUPS, _groups, re.compile("ID.{1,12}[0-9]{3}")),
    ContextRule("identifier", DIGITS, _NAMED, _named, _NAMING, _NAMED_GATE),
    ContextRule("identifier", DIGITS, _LAST, _last, re.compile(r"\b(?:digits|numbers|four|[Ll]ast\s4)\b")),
    ContextRule("identifier", DIGITS, _OF_HOLDER, _of_holder, re.compile(rf"\b{_HOLDER}(?:\s[aw]|:)")),
    ContextRule("identifier", DIGITS, _CARRIERS, _carriers, re.compile(r"[A-Z0-9]\s[1-9]")),
    PatternRule("identifier", frozenset(":"), _STANDARD, _standard, re.compile("[0-9]{3}:(?:19|20)")),
    PatternRule("identifier", DIGITS, _LONG, _all_digits, re.compile("[0-9]{10}")),
    PatternRule("identifier", DIGITS, _ZERO, _all_digits, re.compile("0[0-9]")),
    PatternRule("identifier", DIGITS, _HUGE, _huge, re.compile("[0-9]{19}")),
)
