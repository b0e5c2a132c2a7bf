"""Numbers with units: lengths, weights, speeds, areas, data; feet and inches; dimensions; percent; degrees."""

from __future__ import annotations

import re

from qwentts_svc.text.normalize.en.fractions import MIXED, mixed
from qwentts_svc.text.normalize.en.numbers import NUM, is_one, number
from qwentts_svc.text.normalize.en.tables import FUNCTION_WORDS, ends_sentence, next_word
from qwentts_svc.text.normalize.en.units import TIGHT_AMBIGUOUS, UNITS
from qwentts_svc.text.normalize.rule import DIGITS, PatternRule, Rule, RuleContext

_UNIT = "|".join(re.escape(unit) for unit in sorted(UNITS, key=len, reverse=True))
_POWER = {"²": "square", "³": "cubic", "^2": "square", "^3": "cubic"}
_SIGN = r"(?:(?<![\w)])[-−])?"
_RANGE = rf"(?:({NUM})\s?[-–—]\s?)?"
_HEAD = "(?=[-−.0-9½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞⅐⅑⅒])"
"""Fails fast wherever no number can begin."""
_START = r"(?<![\w.,$€£/])"
_MEASURE = re.compile(
    rf"{_HEAD}{_START}({_SIGN}){_RANGE}(?:({MIXED})|({NUM}))(\+)?(\s|-)?({_UNIT})([²³]|\^[23])?"
    rf"(?:/({_UNIT}|sec|year|day|week|month|minute|hour|person)([²³]|\^[23])?)?(?![\w²³^°/]|[-'][a-z])(\.(?![\w]))?"
)
_PERCENT = re.compile(rf"{_HEAD}{_START}({_SIGN})(?:({NUM})(\s?%)?\s?[-–—]\s?)?(?:({MIXED})|({NUM}))\s?([%‰])")
_DEGREES = re.compile(
    rf"{_START}({_SIGN})(?:({NUM})\s?(?:[°º](?:\s?[CF])?)?\s?[-–—]\s?)?({NUM})\s?(?:([°º])(?:\s?([CFK])(?!\w))?|(℃|℉))"
)
_BOTH_DEGREES = re.compile(
    r"(?<![\w.,/-])([0-9]{2,3})\s?°?\s?([CF])\s?(?:/|\()\s?([0-9]{2,3})\s?°?\s?(?!\2)([CF])(\)?)(?![\w/])"
)
_BARE_DEGREES = re.compile(
    rf"{_START}({_SIGN})({NUM})\s([CF])(?=[.,;:!?)]|$|\s(?:today|outside|inside|and|or|in|at|tonight)\b)"
)
_FEET_INCHES = re.compile(r"(?<![\w.,'])([0-9]{1,2})'\s?([0-9]{1,2})(?:\"|''|(?=[\s.,;!?)]|$))")
_INCHES = re.compile(rf"{_START}({NUM})(\"|'')(?![\w\"])")
_FEET = re.compile(rf"{_START}({NUM})'(?=\s(?:wide|tall|long|high|deep|by|x)\b|\s?[x×]\s?[0-9])")
_BY = re.compile(
    rf"{_START}({NUM})(['\"]?)(\s?[xX×]\s?|\sby\s)({NUM})(['\"]?)(?:\s?[xX×]\s?({NUM})(['\"]?))?(?![\w]|\s?[=+*/×÷^⁰¹²³⁴-⁹]|\.[0-9])(?=\s?({_UNIT})?)"
)
_BY_UNIT = re.compile(rf"{_START}({NUM})\s?[xX×]\s?({NUM})(?:\s?[xX×]\s?({NUM}))?\s?({_UNIT})(?!\w)")
_UNIT_BY = re.compile(rf"(?<=[0-9a-z])(\s[x×]\s)(?=(?:{NUM})\s?(?:{_UNIT})(?!\w))")
_TIMES_MORE = re.compile(
    rf"{_START}({NUM})[xX](?=\s(?:faster|slower|more|less|better|worse|bigger|larger|smaller|higher|cheaper|the|as)\b)"
)
_POPULAR = re.compile(rf"{_START}({NUM})\s?([KMB])(?=\s(?:[a-z]{{2,30}}s|people|men|women|children)\b)")
_SHORT_SCALE = re.compile(rf"{_START}({NUM})\s?(bn|mn|tn)(?![\w/])")
_POPULAR_SCALE = {"bn": "billion", "mn": "million", "tn": "trillion", "K": "thousand", "M": "million", "B": "billion"}
_YEARS_OLD = re.compile(rf"{_START}({NUM})[\s-]?(?:y/o|y\.o\.|yo)(?![\w/])")
_ROAD = re.compile(r"\b(?:Hwy\.?|Highway|Route|Rte?\.?|Exit|Interstate|I-|US)\s?$")
_ALWAYS_SINGULAR_BEFORE_NOUN = frozenset(("volt", "watt", "millimeter", "kilowatt", "megapixel", "horsepower"))


_ARTICLES = frozenset(("a", "an", "the", "this", "that", "each", "every", "his", "her", "my", "our", "their", "your"))
_TIME_UNITS = frozenset(("s", "sec", "second", "h", "hr", "hour", "min", "minute"))


def _spoken_number(whole: str | None, plain: str) -> str:
    return mixed(whole) if whole else number(plain)


def _describes_noun(text: str, start: int, end: int, unit: str) -> bool:
    """Whether the measure is an adjective ("a ten millimeter wrench"), whose unit stays singular."""
    word = next_word(text, end)
    if not word or not word.islower() or word in FUNCTION_WORDS or word.endswith("ly"):
        return False
    article = text[:start].rstrip().rpartition(" ")[2].lower()
    return article in _ARTICLES or unit in _ALWAYS_SINGULAR_BEFORE_NOUN


_AFTER_FEET = re.compile(r"(?:ft\.?|feet|foot|')\s$")


def _minus(sign: str) -> str:
    return "minus " if sign else ""


def _measure(match: re.Match[str], _: RuleContext) -> str | None:
    sign, low, whole, plain, plus, space, unit, power, per, per_power, stop = match.groups()
    text, end = match.string, match.end() - (1 if stop else 0)
    if unit == "in" and not (
        _AFTER_FEET.search(text, max(0, match.start() - 6), match.start())
        or stop
        or per
        or text[end : end + 1] in ("", ",", ";", ")")
        or next_word(text, end) in ("tall", "long", "wide", "deep", "high", "x")
    ):
        return None
    if unit == "N" and _ROAD.search(text, max(0, match.start() - 12), match.start()):
        return None
    if stop and unit in ("N", "W", "V", "C", "K") and not ends_sentence(text, match.end()):
        return None  # "45 W. 3rd St."
    if not space and unit in TIGHT_AMBIGUOUS and "." not in (plain or "") and not (per or power) and unit != "V":
        return None
    if unit in ("m", "h", "s", "g", "t", "l", "N", "J", "W", "V", "L") and text[end : end + 1] == "'":
        return None
    one, many = UNITS[unit]
    if space == "-" or _describes_noun(text, match.start(), end, one):
        name = one
    elif whole:
        name = (
            one
            if "/" in whole[:2] or (len(whole) == 1) or not whole[0].isdigit() or re.fullmatch(r"[0-9]+/[0-9]+", whole)
            else many
        )
    else:
        name = one if is_one(plain) and not low else many
    if power:
        name = f"{_POWER[power]} {name}"
    counted = _spoken_number(whole, plain) + (" plus" if plus else "")
    spoken = f"{_minus(sign)}{number(low) + ' to ' if low else ''}{counted} {name}"
    if per:
        below = UNITS[per][0] if per in UNITS else per
        if per_power and per in _TIME_UNITS:
            below += " squared" if per_power in ("²", "^2") else " cubed"
        elif per_power:
            below = f"{_POWER[per_power]} {below}"
        spoken += f" per {below}"
    return spoken + ("." if stop and ends_sentence(text, match.end()) else "")


def _percent(match: re.Match[str], _: RuleContext) -> str:
    sign, low, low_sign, whole, plain, kind = match.groups()
    name = "percent" if kind == "%" else "per mille"
    first = f"{number(low)}{' percent' if low_sign else ''} to " if low else ""
    return f"{_minus(sign)}{first}{_spoken_number(whole, plain)} {name}"


def _degrees(match: re.Match[str], _: RuleContext) -> str:
    sign, low, plain, _degree, scale, joined = match.groups()
    scale = scale or {"℃": "C", "℉": "F"}.get(joined or "", "")
    if scale == "K":
        return f"{_minus(sign)}{number(plain)} kelvin"
    article = match.string[: match.start()].rstrip().rpartition(" ")[2].lower()
    word = next_word(match.string, match.end())
    adjective = not scale and article in ("a", "an", "the") and word.islower() and word not in FUNCTION_WORDS
    name = "degree" if (is_one(plain) and not low) or adjective else "degrees"
    suffix = {"C": " Celsius", "F": " Fahrenheit"}.get(scale, "")
    if not scale and match.string[match.end() : match.end() + 1].isalpha():
        suffix = " "
    return f"{_minus(sign)}{number(low) + ' to ' if low else ''}{number(plain)} {name}{suffix}"


def _bare_degrees(match: re.Match[str], _: RuleContext) -> str:
    name = "degree" if is_one(match.group(2)) else "degrees"
    scale = "Celsius" if match.group(3) == "C" else "Fahrenheit"
    return f"{_minus(match.group(1))}{number(match.group(2))} {name} {scale}"


def _both_degrees(match: re.Match[str], _: RuleContext) -> str | None:
    first, scale, second, scale2, close = match.groups()
    if bool(close) != ("(" in match.group()):
        return None
    names = {"C": "Celsius", "F": "Fahrenheit"}
    low, high = f"{number(first)} degrees {names[scale]}", f"{number(second)} degrees {names[scale2]}"
    return f"{low} ({high})" if close else f"{low} or {high}"


def _feet(value: str) -> str:
    return f"{number(value)} {'foot' if is_one(value) else 'feet'}"


def _inches(value: str) -> str:
    return f"{number(value)} {'inch' if is_one(value) else 'inches'}"


def _feet_inches(match: re.Match[str], _: RuleContext) -> str | None:
    if int(match.group(2)) > 11 or (match.group()[-1] != '"' and match.string.count("'", 0, match.start()) % 2):
        return None
    return f"{_feet(match.group(1))} {_inches(match.group(2))}"


def _inches_only(match: re.Match[str], _: RuleContext) -> str | None:
    """Inches, unless the mark closes a quotation that is open."""
    if match.group(2) == '"' and match.string.count('"', 0, match.start()) % 2:
        return None
    return _inches(match.group(1))


def _feet_only(match: re.Match[str], _: RuleContext) -> str:
    return _feet(match.group(1))


def _by(match: re.Match[str], _: RuleContext) -> str | None:
    first, first_mark, sign, second, second_mark, third, third_mark, _unit = match.groups()
    if sign == " by " and not first_mark:
        return None
    if sign.strip() == "×" and sign != "×" and not third and not (first_mark or second_mark or match.group(8)):
        return None
    parts = [(first, first_mark), (second, second_mark)] + ([(third, third_mark)] if third else [])
    return " by ".join(_feet(v) if m == "'" else _inches(v) if m == '"' else number(v) for v, m in parts)


def _by_unit(match: re.Match[str], _: RuleContext) -> str:
    numbers = [value for value in match.groups()[:3] if value]
    return f"{' by '.join(number(value) for value in numbers)} {UNITS[match.group(4)][1]}"


def _unit_by(match: re.Match[str], _: RuleContext) -> str:
    return " by "


def _times_more(match: re.Match[str], _: RuleContext) -> str:
    return f"{number(match.group(1))} times"


def _years_old(match: re.Match[str], _: RuleContext) -> str:
    word = next_word(match.string, match.end())
    article = match.string[: match.start()].rstrip().rpartition(" ")[2].lower()
    unit = "year" if article in _ARTICLES or (word.islower() and word not in FUNCTION_WORDS) else "years"
    return f"{number(match.group(1))} {'year' if is_one(match.group(1)) else unit} old"


def _popular(match: re.Match[str], _: RuleContext) -> str:
    return f"{number(match.group(1))} {_POPULAR_SCALE[match.group(2)]}"


_X_GATE = re.compile(r"[0-9]['\"]?\s?[xX×]")
RULES: tuple[Rule, ...] = (
    PatternRule("measure", frozenset("'"), _FEET_INCHES, _feet_inches, re.compile("[0-9]'\\s?[0-9]")),
    PatternRule("measure", frozenset("xX×"), _TIMES_MORE, _times_more, _X_GATE),
    PatternRule("measure", frozenset("x×"), _UNIT_BY, _unit_by, re.compile("[a-z] [x×] [0-9]")),
    PatternRule("measure", frozenset("xX×"), _BY_UNIT, _by_unit, _X_GATE),
    PatternRule("measure", frozenset("xX×"), _BY, _by, _X_GATE),
    PatternRule("measure", frozenset("'"), _FEET, _feet_only, re.compile("[0-9]'")),
    PatternRule("measure", frozenset("\"'"), _INCHES, _inches_only, re.compile("[0-9](?:\"|'')")),
    PatternRule("measure", DIGITS, _YEARS_OLD, _years_old, re.compile(r"[0-9][\s-]?y[/.o]")),
    PatternRule("percent", frozenset("%‰"), _PERCENT, _percent),
    PatternRule("temperature", frozenset("CF"), _BOTH_DEGREES, _both_degrees, re.compile("[CF]\\s?[/(]\\s?[0-9]")),
    PatternRule("temperature", frozenset("°º℃℉"), _DEGREES, _degrees),
    PatternRule("temperature", frozenset("CF"), _BARE_DEGREES, _bare_degrees, re.compile("[0-9] [CF]")),
    PatternRule("measure", frozenset("n"), _SHORT_SCALE, _popular, re.compile(r"[0-9]\s?[bmt]n")),
    PatternRule("measure", frozenset("KMB"), _POPULAR, _popular, re.compile("[0-9] ?[KMB] ")),
    PatternRule(
        "measure",
        DIGITS | frozenset("½¼¾⅓⅔"),
        _MEASURE,
        _measure,
        re.compile(rf"[0-9½¼¾⅓⅔⅛⅜⅝⅞]\+?[\s-]?(?:{_UNIT})(?![a-z])"),
    ),
)
