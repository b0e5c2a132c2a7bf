"""Arithmetic and comparison between operands: numbers, one-letter variables, brackets."""

from __future__ import annotations

import re

from qwentts_svc.text.normalize.en.numbers import NUM, number
from qwentts_svc.text.normalize.rule import PatternRule, Replace, Rule, RuleContext

_NUM_OR_VAR = r"(?:[0-9.]|[A-Za-zπθλμσ](?![A-Za-z0-9_']))"
_LEFT = r"(?<=[0-9)\]|²³%πA-Za-z])"
_SIMPLE = {
    "=": "equals", "==": "equals", "≠": "is not equal to", "!=": "is not equal to", "<>": "is not equal to",
    "<=": "is less than or equal to", "≤": "is less than or equal to", "≦": "is less than or equal to",
    "⩽": "is less than or equal to",
    ">=": "is greater than or equal to", "≥": "is greater than or equal to", "≧": "is greater than or equal to",
    "⩾": "is greater than or equal to", "<": "is less than", ">": "is greater than", "≈": "is approximately equal to",
    "≡": "is equivalent to", "≪": "is much less than", "≫": "is much greater than", "∈": "is in",
    "∝": "is proportional to",
}  # fmt: skip
_COMPARE = re.compile(
    rf"{_LEFT}(\s?)(==|!=|<>|<=|>=|[=≠≤≦⩽≥≧⩾<>≈≡≪≫∈∝])(\s?)(?={_NUM_OR_VAR}|[-−+±√(\[]\s?{_NUM_OR_VAR}|[A-Za-z]{{2}})"
)
_PREFIX = re.compile(r"(?<![\w)\]])(<=|>=|[<>≤≥~≈∼])(?=[$€£]?[0-9.])")
_PREFIXES = {"<": "less than", ">": "more than", "<=": "at most", "≤": "at most", ">=": "at least", "≥": "at least"}
_EITHER_SIGN = re.compile(r"(?<![\w)])\+/[-−–]\s?(?=[$€£]?\.?[0-9])")
_SCIENTIFIC = re.compile(rf"(?<![\w.,-])({NUM})(?:e([-−+]?)|E([-−+]))([0-9]{{1,2}})(?!\w|[.,-][0-9])")
_PLUS_SIGN = re.compile(r"(?<![\w+)\]%])\+(?=[$€£]?\.?[0-9])")
_NO_VERB_AFTER = re.compile(
    r"(?:\b(?:is|are|was|were|be|been|being|stay|stays|remain|remains|with|of|for|at|have|has|had|by|from)|'s"
    r"|[a-z]{2}(?<![isu])s)$"
)
"""The verb is there already, or "is" would not go with it: "all readings > 90"."""
_SPACED_MINUS = re.compile(
    r"(?<=[0-9)\]²³π])\s[-−]\s(?=[(√]?(?:[0-9]|[a-z]\b))|(?<=\b[a-zA-Z])\s[-−]\s(?=[0-9]|[a-z]\b)|(?<=[0-9][a-z])\s[-−]\s(?=[0-9])|(?<=[\w)²³])\s?−\s?(?=[\w(])"
)
_CHAIN = re.compile(rf"(?<![\w.,-])(?:{NUM})(?:\s?[-+*/×÷x]\s?(?:{NUM})){{1,20}}(?=\s?=)")
_PLUS = re.compile(r"(?<=[0-9)\]²³πa-zA-Z])\s?\+\s?(?=[(√π]?[0-9a-zA-Z(√π])")
_TIMES = re.compile(
    r"(?<=[0-9])\s?[x×]\s?(?=10[\^⁰¹²³⁴-⁹⁻])|"
    r"(?<=[0-9)\]²³π])\s?[*×·∙⋅∗]\s?(?=[(√π]?[0-9a-zA-Z(√π])|(?<=\b[a-zA-Z])\s?[*×·∙⋅∗]\s?(?=[0-9(]|[a-zA-Z]\b)"
)
_TIMES_GATE = re.compile(r"[*×·∙⋅∗]|x\s?10")
_DIVIDED = re.compile(
    r"(?<=[0-9)\]²³πa-zA-Z])\s?[÷∕]\s?(?=[(√]?[0-9a-zA-Z(√])|(?<=[0-9)])\s/\s(?=[0-9(])|(?<=\))/(?=[0-9(])"
)
_FACTORIAL = re.compile(r"(?<=[0-9a-z])!(?=\s?[=+*/])")
_POWER = re.compile(r"(?<=[\w)])(?:\^\(?([-−]?[0-9]{1,6}|[a-z])\)?|([²³¹⁰⁴-⁹⁻ⁿ]{1,6}))(?![0-9])")
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻ⁿ", "0123456789-n")
_WORDS = {
    "√": "square root of",
    "∛": "cube root of",
    "π": "pi",
    "∞": "infinity",
    "±": "plus or minus",
    "∓": "minus or plus",
}
_WORD_SIGNS = re.compile(r"[√∛π∞±∓]")
_OPERATORS = {"-": "minus", "+": "plus", "*": "times", "×": "times", "x": "times", "/": "divided by", "÷": "divided by"}
_OPERATOR = re.compile(rf"({NUM})|\s?([-+*/×÷x])\s?")


def _compare(match: re.Match[str], _: RuleContext) -> str | None:
    before, sign, after = match.groups()
    text = match.string
    if sign in "<>" and not (before and after):
        # Tight "<" and ">" next to letters are tags or arrows.
        if not (text[match.end() : match.end() + 1].isdigit() or text[match.start() - 1].isdigit()):
            return None
        if (
            before
            and not after
            and text[match.end() : match.end() + 1].isdigit()
            and not _is_variable(text, match.start())
        ):
            return None
    spoken = _SIMPLE[sign]
    if spoken.startswith("is ") and _NO_VERB_AFTER.search(text, max(0, match.start() - 8), match.start()):
        spoken = spoken.removeprefix("is ")
    return f" {spoken} "


def _is_variable(text: str, end: int) -> bool:
    return re.search(r"(?:[0-9)\]²³%]|(?<![\w'])[A-Za-z])$", text[max(0, end - 3) : end]) is not None


def _prefix(match: re.Match[str], _: RuleContext) -> str:
    return _PREFIXES.get(match.group(1), "about") + " "


def _scientific(match: re.Match[str], _: RuleContext) -> str:
    minus = "minus " if (match.group(2) or match.group(3)) in ("-", "−") else ""
    return f"{number(match.group(1))} times ten to the power of {minus}{number(str(int(match.group(4))))}"


def _chain(match: re.Match[str], _: RuleContext) -> str:
    parts = [number(n) if n else _OPERATORS[sign] for n, sign in _OPERATOR.findall(match.group())]
    return " ".join(parts)


def _factorial(_: re.Match[str], __: RuleContext) -> str:
    return " factorial"


def _power(match: re.Match[str], _: RuleContext) -> str | None:
    exponent = match.group(1) or match.group(2).translate(_SUPERSCRIPTS)
    if exponent == "2":
        return " squared"
    if exponent == "3":
        return " cubed"
    if exponent[0] in "-−":
        rest = exponent[1:]
        return f" to the power of minus {number(rest) if rest.isdigit() else rest}"
    return f" to the power of {number(exponent) if exponent.isdigit() else exponent}"


def _sign(match: re.Match[str], _: RuleContext) -> str:
    text = match.string
    before = (
        " "
        if match.start() and not text[match.start() - 1].isspace() and text[match.start() - 1] not in "([\"'"
        else ""
    )
    after = " " if match.end() < len(text) and (text[match.end()].isalnum() or text[match.end()] in "(√π") else ""
    return before + _WORDS[match.group()] + after


def _say(word: str) -> Replace:
    return lambda _match, _ctx: f" {word} "


EARLY: tuple[Rule, ...] = (
    PatternRule("math", frozenset("<>≤≥~≈∼"), _PREFIX, _prefix),
    PatternRule("math", frozenset("+"), _EITHER_SIGN, lambda _match, _ctx: "plus or minus ", re.compile(r"\+/")),
    PatternRule("math", frozenset("eE"), _SCIENTIFIC, _scientific, re.compile("[0-9][eE][-−+0-9]")),
    PatternRule("math", frozenset("+"), _PLUS_SIGN, lambda _match, _ctx: "plus "),
)
RULES: tuple[Rule, ...] = (
    PatternRule("math", frozenset("!"), _FACTORIAL, _factorial),
    PatternRule("math", frozenset("="), _CHAIN, _chain),
    PatternRule("math", frozenset("=<>≠≤≦⩽≥≧⩾≈≡≪≫∈∝"), _COMPARE, _compare),
    PatternRule("math", frozenset("-−"), _SPACED_MINUS, _say("minus"), re.compile(r"\s-\s|−")),
    PatternRule("math", frozenset("+"), _PLUS, _say("plus")),
    PatternRule("math", frozenset("*×x·∙⋅∗"), _TIMES, _say("times"), _TIMES_GATE),
    PatternRule("math", frozenset("÷∕/"), _DIVIDED, _say("divided by")),
    PatternRule("math", frozenset("^²³¹⁰⁴⁵⁶⁷⁸⁹⁻ⁿ"), _POWER, _power),
    PatternRule("math", frozenset(_WORDS), _WORD_SIGNS, _sign),
)
