"""Years, decades, eras and spans of years."""

from __future__ import annotations

import re

from qwentts_svc.text.normalize.en.numbers import TENS, cardinal, pairs, plural_of, year
from qwentts_svc.text.normalize.en.tables import counts_something
from qwentts_svc.text.normalize.rule import DIGITS, PatternRule, Rule, RuleContext

_END = r"(?![\w%°]|[.,:/][0-9])"
_DECADE = re.compile(
    r"(?<![\w.,$€£'-])(?:([12][0-9]{2}0)'?s|'?([2-9]0)'?s)(?!\w)|(?<=[a-z]-)(?:([12][0-9]{2}0)'?s|'?([2-9]0)'?s)(?!\w)"
)
_SHORT = re.compile(r"(?<![\w'])'([0-9]{2})(?![\w'\"%]|[.,:-][0-9])")
_ERA = re.compile(
    r"(?<![\w.,$€£/-])(?:([0-9]{1,4})(\s?[-–—]\s?|\s(?:to|until|and|or)\s))?([0-9]{1,4})\s?(BCE|BC|CE|AD|B\.C\.E\.|B\.C\.|C\.E\.|A\.D\.)(?!\w)"
)
_ERA_FIRST = re.compile(rf"\b(AD|A\.D\.)\s?([0-9]{{1,4}}){_END}")
_SPAN = re.compile(
    rf"(?<![\w.,$€£/:-])(1[0-9]{{3}}|20[0-9]{{2}})(s?)\s?[-–—]\s?(1[0-9]{{3}}|20[0-9]{{2}}|[0-9]{{2}})(s?){_END}(?!\s?[-–—]\s?[0-9])"
)
_CIRCA = re.compile(r"(?<!\w)(?:c|ca|circa)\.?\s?(?=1[0-9]{3}(?!\w|,[0-9]))")
_CIRCA_ERA = re.compile(r"(?<!\w)(?:c|ca)\.\s?(?=[1-9][0-9]{1,3}\s?(?:BC|CE|AD|B\.C|C\.E|A\.D))")
_LIFE = re.compile(
    r"(?<=[(,;]\s)([bd])\.\s(?=(?:1[0-9]|20)[0-9]{2}(?!\w|[.,][0-9]))|(?<=\()([bd])\.\s(?=(?:1[0-9]|20)[0-9]{2}(?!\w|[.,][0-9]))"
)
_CONTEXT_BEFORE = re.compile(
    r"\b([Ii]n|[Ss]ince|[Bb]y|[Uu]ntil|[Tt]ill|[Ff]rom|[Dd]uring|[Yy]ear|[Yy]ears|[Bb]efore|[Aa]fter|[Cc]irca|"
    r"[Bb]etween|[Ee]arly|[Ll]ate|[Mm]id|[Ss]pring|[Ss]ummer|[Aa]utumn|[Ff]all|[Ww]inter|"
    r"[Cc]lass of|[Cc]rash of|[Ww]ar of|"
    r"[Aa]ct of|[Rr]evolution of|[Ss]eason of|[Ss]ummer of|[Ww]inter of|[Ss]pring of|[Ff]all of|[Ee]nd of|[Ss]tart of|"
    r"[Bb]eginning of|[Aa]round|[Cc]opyright|©|FY|Q[1-4]|[Oo]f|[Bb]orn|[Ff]ounded|[Dd]ied|[Tt]hrough|"
    r"[Vv]intage|[Dd]ated|[Bb]ack to)"
    r"\s$"
)
_CONTEXT = re.compile(rf"(?<=\s)(1[0-9]{{3}}|20[0-9]{{2}}|2100){_END}(?!-[0-9])")
_BETWEEN = re.compile(
    rf"\b((?:[Ff]rom|[Bb]etween)\s[12][0-9]{{3}}|(?:nineteen|twenty|eighteen|seventeen|sixteen|fifteen)[a-z ]{{1,30}})"
    rf"(\s(?:to|and|until|through)\s)(1[0-9]{{3}}|20[0-9]{{2}}){_END}"
)
_BARE = re.compile(
    rf"(?<![\w.,$€£#+=<>*/^-])(?<![=<>+*×÷±~] )(19[0-9]{{2}}|20[0-9]{{2}}){_END}(?!\s?[-+*/=×÷<>]\s?[0-9])"
)
_HYPHENED = re.compile(rf"(?<=[a-z]-)(1[0-9]{{3}}|20[0-9]{{2}}){_END}(?!-)")
_PAREN = re.compile(r"(?<=\()(1[0-9]{3}|20[0-9]{2})(?=\))")
_NUMBERED = re.compile(
    r"(?i)\b(?:page|room|number|no\.?|model|flight|route|chapter|suite|line|item|section|highway|"
    r"lot|box|rule|bus|train|unit|step|gate|"
    r"costs?|pay|paid|worth|score|weighs?|exactly|nearly|almost|about|roughly|only|over|under|another|than)\s$"
)
_FOUR = re.compile("[12][0-9]{3}")


_SEASON = re.compile(r"(?<![\w.,$€£/:-])((?:19|20)[0-9]{2})/((?:19|20)?[0-9]{2})(?![\w%/-]|[.,:][0-9])")
_OPENING = re.compile(r"(?:^|[.!?\"'(]\s?)(?:In|Since|During)\s$")
_YEAR_WORD = re.compile(r"\b(?:[Ff]rom|[Bb]etween|[Dd]uring|[Ii]n|[Yy]ears?)\s$")


def _decade(match: re.Match[str], _: RuleContext) -> str:
    four, two = match.group(1) or match.group(3), match.group(2) or match.group(4)
    return plural_of(year(int(four))) if four else plural_of(TENS[int(two) // 10])


def _short(match: re.Match[str], _: RuleContext) -> str:
    value = int(match.group(1))
    return cardinal(value) if value >= 10 else f"oh {cardinal(value)}"


def _era_letters(text: str) -> str:
    return " ".join(text.replace(".", ""))


def _era_year(text: str) -> str:
    return pairs(text) if len(text) < 4 else year(int(text))


def _era(match: re.Match[str], _: RuleContext) -> str:
    first, link, last, era = match.groups()
    spoken = f"{_era_year(last)} {_era_letters(era)}"
    if first is None:
        return spoken
    return f"{_era_year(first)}{' to ' if link.strip() in '-–—' else link}{spoken}"


def _era_first(match: re.Match[str], _: RuleContext) -> str:
    return f"{_era_letters(match.group(1))} {_era_year(match.group(2))}"


def _span(match: re.Match[str], _: RuleContext) -> str | None:
    first, first_s, last, last_s = match.groups()
    end = int(last) if len(last) == 4 else int(first[:2] + last)
    if end <= int(first) or int(first) < 1100:
        return None
    if counts_something(match.string, match.end()) and not (
        len(last) == 4
        and (
            _YEAR_WORD.search(match.string, max(0, match.start() - 9), match.start())
            or (1900 <= int(first) < end < 2100 and (int(first) % 10 or end % 10))
        )
    ):
        return None  # "1200-1500 people" are counted, "1998-2003 models" are dated
    spoken = [plural_of(year(int(first))) if first_s else year(int(first))]
    tail = year(end) if len(last) == 4 else (cardinal(int(last)) if last[0] != "0" else f"oh {cardinal(int(last))}")
    return f"{spoken[0]} to {plural_of(tail) if last_s else tail}"


def _season(match: re.Match[str], _: RuleContext) -> str | None:
    first, last = int(match.group(1)), match.group(2)
    if int(last) != (first + 1 if len(last) == 4 else (first + 1) % 100):
        return None
    tail = year(first + 1) if len(last) == 4 else cardinal(int(last)) if last[0] != "0" else f"oh {cardinal(int(last))}"
    return f"{year(first)} to {tail}"


def _circa(_: re.Match[str], __: RuleContext) -> str:
    return "circa "


def _life(match: re.Match[str], _: RuleContext) -> str:
    return "born " if (match.group(1) or match.group(2)) == "b" else "died "


def _context(match: re.Match[str], _: RuleContext) -> str | None:
    value = int(match.group(1))
    before = _CONTEXT_BEFORE.search(match.string, max(0, match.start() - 20), match.start())
    if before is None:
        return None
    if counts_something(match.string, match.end()) and not (
        1900 <= value < 2100 and value % 100 and _OPENING.search(match.string, max(0, match.start() - 9), match.start())
    ):
        return None  # "In 2024 sales rose" tells a year, "in 2024 cases" a count.
    if before.group(1).lower() == "of" and not 1600 <= value < 2100:
        return None
    return year(value)


def _between(match: re.Match[str], _: RuleContext) -> str | None:
    if counts_something(match.string, match.end()):
        return None
    return match.group(1) + match.group(2) + year(int(match.group(3)))


def _bare(match: re.Match[str], _: RuleContext) -> str | None:
    if counts_something(match.string, match.end()) or _NUMBERED.search(
        match.string, max(0, match.start() - 12), match.start()
    ):
        return None
    return year(int(match.group(1)))


def _paren(match: re.Match[str], _: RuleContext) -> str:
    return year(int(match.group()))


RULES: tuple[Rule, ...] = (
    PatternRule("year", DIGITS, _SPAN, _span, _FOUR),
    PatternRule("year", frozenset("/"), _SEASON, _season, re.compile("[0-9]{4}/[0-9]{2}")),
    PatternRule("year", DIGITS, _DECADE, _decade, re.compile("[0-9]0'?s")),
    PatternRule("year", frozenset("'"), _SHORT, _short, re.compile("'[0-9]{2}")),
    PatternRule("year", DIGITS, _CIRCA_ERA, _circa, re.compile(r"c(?:a)?\.\s?[1-9]")),
    PatternRule("year", frozenset("ABC"), _ERA, _era),
    PatternRule("year", frozenset("A"), _ERA_FIRST, _era_first),
    PatternRule("year", frozenset("."), _LIFE, _life, re.compile(r"[bd]\.\s[12]")),
    PatternRule("year", DIGITS, _CIRCA, _circa, re.compile(r"c(?:a|irca)?\.?\s?1[0-9]{3}")),
    PatternRule("year", DIGITS, _BETWEEN, _between, re.compile(r"(?:to|and|until|through)\s[12][0-9]{3}")),
    PatternRule("year", DIGITS, _CONTEXT, _context, _FOUR),
    PatternRule("year", DIGITS, _PAREN, _paren, re.compile(r"\([12][0-9]{3}\)")),
    PatternRule("year", DIGITS, _HYPHENED, _paren, re.compile("-[12][0-9]{3}")),
    PatternRule("year", DIGITS, _BARE, _bare, _FOUR),
)
