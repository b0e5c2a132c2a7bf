"""Numbers with units: lengths, weights, speeds, areas, data, ages; percent."""

from __future__ import annotations

import re

from qwentts_svc.text.normalize.en.fractions import MIXED, is_below_one, mixed
from qwentts_svc.text.normalize.en.numbers import AMOUNT_START, NUM, SIGN, is_one, minus, number
from qwentts_svc.text.normalize.en.tables import ARTICLES, FUNCTION_WORDS, describes_noun, ends_sentence, next_word
from qwentts_svc.text.normalize.en.units import TIGHT_AMBIGUOUS, UNIT, UNITS
from qwentts_svc.text.normalize.rule import DIGITS, PatternRule, Rule, RuleContext
from qwentts_svc.text.normalize.wordlist import words

_POWER = {"²": "square", "³": "cubic", "^2": "square", "^3": "cubic"}
_RANGE = rf"(?:({NUM})\s?[-–—]\s?)?"
_HEAD = "(?=[-−.0-9½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞⅐⅑⅒])"
"""Fails fast wherever no number can begin."""
_MEASURE = re.compile(
    rf"{_HEAD}{AMOUNT_START}({SIGN}){_RANGE}(?:({MIXED})|({NUM}))(\+)?(\s|-)?({UNIT})([²³]|\^[23])?"
    rf"(?:/({UNIT}|sec|year|day|week|month|minute|hour|person|acre|serving|gallon|mile|cup|dose|inch|foot)([²³]|\^[23])?)?(?![\w²³^°/]|[-'][a-z])(\.(?![\w]))?"
)
_PERCENT = re.compile(rf"{_HEAD}{AMOUNT_START}({SIGN})(?:({NUM})(\s?%)?\s?[-–—]\s?)?(?:({MIXED})|({NUM}))\s?([%‰])")
_PER_AMOUNT = re.compile(
    rf"{AMOUNT_START}((?:{NUM})\s?(?:{UNIT}))/(?=(?:{NUM})\s?(?:m[lL]|[lL]|k?g|h|hr|min|km|mi)(?!\w))"
)
_YEARS_OLD = re.compile(rf"{AMOUNT_START}({NUM})[\s-]?(?:y/o|y\.o\.|yo)(?![\w/])")
_PER_ONE = re.compile(r"(?<=\bper )(lbs?|oz|kg|hr|gal|mi|km|yd|mo|yr|wk|sec|min|sq\.? ft)(?![\w/])(\.(?!\w))?")
_AGED = re.compile(r"(?<=[0-9]-)(yr|mo|wk)(?=-olds?\b)")
_ROAD = re.compile(r"\b(?:Hwy\.?|Highway|Route|Rte?\.?|Exit|Interstate|I-|US)\s?$")
_ALWAYS_SINGULAR_BEFORE_NOUN = frozenset(("volt", "watt", "millimeter", "kilowatt", "megapixel", "horsepower"))


_SCARCELY_HYPHENED = frozenset(("K", "A", "N", "J", "t", "ac"))
_TIME_UNITS = frozenset(("s", "sec", "second", "h", "hr", "hour", "min", "minute"))


def _spoken_number(whole: str | None, plain: str) -> str:
    return mixed(whole) if whole else number(plain)


def _is_adjective(text: str, start: int, end: int, unit: str) -> bool:
    """Whether the measure describes a noun ("a ten millimeter wrench"), so that its unit stays singular."""
    if text[start - 1 : start] == "(" and _CONTAINER.match(text, end):
        return True
    return describes_noun(text, start, end, always=unit in _ALWAYS_SINGULAR_BEFORE_NOUN)


_OF_FOOD = frozenset(words("oz lb lbs gal qt qts pt pts tsp tbsp Tbsp c pc pcs fl. doz"))
_FEW_WORDS = re.compile(r"(?:^|[.!?:;\n]\s?|,\s|\band\s)(?:[A-Za-z]{1,12}\s){0,2}$")
"""What may stand before an ingredient: "Add 8 oz. Gruyère"."""
_CAPITAL = re.compile(r"\s[A-Z]")
_POSSESSIVE = frozenset(("m", "h", "s", "g", "t", "l", "N", "J", "W", "V", "L"))
_INITIALS = frozenset(("N", "W"))
_CURRENT = re.compile(r"\s(?:fuse|breaker|circuit|outlet|current|charger|socket|at\s[0-9]|and\s[0-9]{1,4}\s?V)")
_VOLTS = re.compile(r"[0-9]\s?[kmM]?[VW]\b")
_FOR = re.compile(r"\b(?:for|every|after|in)\s$")
_CONTAINER = re.compile(
    r"\)\s(?:cans?|jars?|tins?|packages?|pkgs?|bags?|box(?:es)?|bottles?|cartons?|containers?|sticks?|packs?)\b"
)
_AFTER_FEET = re.compile(r"(?:ft\.?|feet|foot|')\s$")


def _is_unit(match: re.Match[str], end: int) -> bool:
    """Whether the letters before ``end`` are the unit that they look like, and no word, name or direction."""
    _, _, _, plain, _, space, unit, power, per, _, stop = match.groups()
    text, start = match.string, match.start()
    if not space and unit in TIGHT_AMBIGUOUS and "." not in (plain or "") and not (per or power):
        return False
    if space == "-" and unit in _SCARCELY_HYPHENED:
        return False  # "a 10-K"
    if text[end : end + 1] == "'" and unit in _POSSESSIVE:
        return False
    if stop and unit in _INITIALS and not ends_sentence(text, match.end()):
        return False  # "45 W. 3rd St."
    after = next_word(text, match.end())
    match unit:
        case "in":
            feet = _AFTER_FEET.search(text, max(0, start - 6), start)
            ends = text[end : end + 1] in ("", ",", ";", ")") or after in ("tall", "long", "wide", "deep", "high", "x")
            return bool(feet or stop or per or ends)
        case "c":
            return space == " " and after.islower() and after not in FUNCTION_WORDS
        case "A":
            return bool(_CURRENT.match(text, match.end()) or _VOLTS.search(text, 0, start))
        case "d":
            return _FOR.search(text, max(0, start - 6), start) is not None
        case "N":
            return _ROAD.search(text, max(0, start - 12), start) is None
        case _:
            return True


def _measure(match: re.Match[str], _: RuleContext) -> str | None:
    sign, low, whole, plain, plus, space, unit, power, per, per_power, stop = match.groups()
    text, end = match.string, match.end() - (1 if stop else 0)
    if not _is_unit(match, end):
        return None
    one, many = UNITS[unit]
    if space == "-" or _is_adjective(text, match.start(), match.end(), one):
        name = one
    elif whole:
        name = one if is_below_one(whole) else many
    else:
        name = one if is_one(plain) and not low else many
    if power:
        name = f"{_POWER[power]} {name}"
    counted = _spoken_number(whole, plain) + (" plus" if plus else "")
    spoken = f"{minus(sign)}{number(low) + ' to ' if low else ''}{counted} {name}"
    if per:
        below = UNITS[per][0] if per in UNITS else per
        if per_power and per in _TIME_UNITS:
            below += " squared" if per_power in ("²", "^2") else " cubed"
        elif per_power:
            below = f"{_POWER[per_power]} {below}"
        spoken += f" per {below}"
    closes = ends_sentence(text, match.end()) or _opens_sentence(match, unit)
    return spoken + ("." if (stop or unit[-1] == ".") and closes else "")


def _opens_sentence(match: re.Match[str], unit: str) -> bool:
    """Whether the capital after a unit and its full stop begins a sentence, and is no name in a list of ingredients."""
    text = match.string
    if not _CAPITAL.match(text, match.end()):
        return False
    return unit not in _OF_FOOD or _FEW_WORDS.search(text, max(0, match.start() - 40), match.start()) is None


def _percent(match: re.Match[str], _: RuleContext) -> str:
    sign, low, low_sign, whole, plain, kind = match.groups()
    name = "percent" if kind == "%" else "per mille"
    first = f"{number(low)}{' percent' if low_sign else ''} to " if low else ""
    return f"{minus(sign)}{first}{_spoken_number(whole, plain)} {name}"


def _per_amount(match: re.Match[str], _: RuleContext) -> str:
    return match.group(1) + " per "


def _aged(match: re.Match[str], _: RuleContext) -> str:
    return UNITS[match.group(1)][0]


def _per_one(match: re.Match[str], _: RuleContext) -> str:
    stop = "." if match.group(2) and ends_sentence(match.string, match.end()) else ""
    return UNITS[match.group(1)][0] + stop


def _years_old(match: re.Match[str], _: RuleContext) -> str:
    word = next_word(match.string, match.end())
    article = match.string[: match.start()].rstrip().rpartition(" ")[2].lower()
    unit = "year" if article in ARTICLES or (word.islower() and word not in FUNCTION_WORDS) else "years"
    return f"{number(match.group(1))} {'year' if is_one(match.group(1)) else unit} old"


RULES: tuple[Rule, ...] = (
    PatternRule("measure", frozenset("/"), _PER_AMOUNT, _per_amount, re.compile(r"[A-Za-z]/[0-9]")),
    PatternRule(
        "measure", None, _PER_ONE, _per_one, re.compile(r"\bper (?:lb|oz|kg|hr|gal|[mk][ion]|y[dr]|wk|sec|sq)")
    ),
    PatternRule("measure", frozenset("-"), _AGED, _aged, re.compile("-(?:yr|mo|wk)-old")),
    PatternRule("measure", DIGITS, _YEARS_OLD, _years_old, re.compile(r"[0-9][\s-]?y[/.o]")),
    PatternRule("percent", frozenset("%‰"), _PERCENT, _percent),
    PatternRule(
        "measure",
        DIGITS | frozenset("½¼¾⅓⅔"),
        _MEASURE,
        _measure,
        re.compile(rf"[0-9½¼¾⅓⅔⅛⅜⅝⅞]\+?[\s-]?(?:{UNIT})(?![a-z])"),
    ),
)
