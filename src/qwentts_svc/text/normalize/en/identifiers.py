"""Numbers that name and do not count: ISBN, cards, codes, PINs, leading zeros. Digit by digit."""

from __future__ import annotations

import re

from qwentts_svc.text.normalize.en.context import ContextRule
from qwentts_svc.text.normalize.en.numbers import cardinal, digits, year
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
    PatternRule("identifier", frozenset(":"), _STANDARD, _standard, re.compile("[0-9]{3}:(?:19|20)")),
    PatternRule("identifier", DIGITS, _LONG, _all_digits, re.compile("[0-9]{10}")),
    PatternRule("identifier", DIGITS, _ZERO, _all_digits, re.compile("0[0-9]")),
    PatternRule("identifier", DIGITS, _HUGE, _huge, re.compile("[0-9]{19}")),
)
