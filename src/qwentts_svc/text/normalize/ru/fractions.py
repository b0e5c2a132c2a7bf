"""Vulgar fractions: "1/2", "3/4 стакана", "½", "2 1/2"; the noun that follows keeps the form it is written in."""

from __future__ import annotations

import re

from qwentts_svc.text.normalize.ru.agree import head_after
from qwentts_svc.text.normalize.ru.context import last_word, stop
from qwentts_svc.text.normalize.ru.govern import governor
from qwentts_svc.text.normalize.ru.grammar import Case
from qwentts_svc.text.normalize.ru.morph import part_of_speech
from qwentts_svc.text.normalize.ru.numbers import cardinal, group
from qwentts_svc.text.normalize.ru.ordinal_words import ordinal
from qwentts_svc.text.normalize.ru.quantity import Noun, half_word
from qwentts_svc.text.normalize.ru.units import UNITS
from qwentts_svc.text.normalize.rule import DIGITS, PatternRule, Rule, RuleContext

_GLYPHS = {
    "½": (1, 2), "⅓": (1, 3), "⅔": (2, 3), "¼": (1, 4), "¾": (3, 4), "⅕": (1, 5), "⅖": (2, 5), "⅗": (3, 5), "⅘": (4, 5),
    "⅙": (1, 6), "⅚": (5, 6), "⅛": (1, 8), "⅜": (3, 8), "⅝": (5, 8), "⅞": (7, 8), "⅒": (1, 10),
}  # fmt: skip
_UNIT = "|".join(
    re.escape(unit)
    for unit in sorted(
        (u for u in UNITS if ("." not in u and len(u) < 5) or UNITS[u].head == "ложка"), key=len, reverse=True
    )
)
_FRACTION = re.compile(
    rf"(?<![\w.,/:-])(?:([0-9]{{1,4}})(?:\s(?=[0-9])|\s?(?=[½⅓⅔¼¾⅕-⅞⅒])))?(?:([1-9][0-9]{{0,2}})/"
    rf"([1-9][0-9]{{0,3}})|([½⅓⅔¼¾⅕-⅞⅒]))"
    rf"(?![\w/]|[.,][0-9]|-[а-яё0-9])(?:\s?({_UNIT})(?![\w/]))?"
)
_HALF = Noun("половина")
_PART_NOUNS = {3: Noun("треть"), 4: Noun("четверть")}
_STOREYS = re.compile(r"[\s-]?эт(?:аж|\.)")
_FINAL = re.compile(r"\sфинала")
_COMING = r"(?i:вы[шй]|проб[иь]|про[шй]|попа|попад|выход|проход)[а-яё]{0,8}"
_CAME = re.compile(rf"\b{_COMING}\s(?:[А-Яа-яё\"]{{1,20}}\s){{0,2}}во?\s\Z")
_COMES = re.compile(rf"\sфинала\s(?:[А-Яа-яё\"]{{1,20}}\s){{0,2}}{_COMING}(?!\w)")
_EQUALS = re.compile(r"[=≈]\s?\Z")
_NOT_PARTS = re.compile(r"(?i)(?:дом|д\.|корпус|номер|кв\.|№|размер|глава|приказ|рейс|раздел|бронь|АД)\s?$")


def fraction(top: int, bottom: int, case: Case, *, alone: bool = True) -> str:
    """ "одна вторая", "три пятых" in ``case``; parts of three and of four by their nouns ("две трети") where the
    fraction stands ``alone`` and is below one, or is one part."""
    number = cardinal(top, case, "femn")
    if bottom in _PART_NOUNS and (top == 1 or (alone and top < bottom)):
        return f"{number} {_PART_NOUNS[bottom].form(top, case)}"
    if group(top) == 1:
        return f"{number} {ordinal(bottom, case, 'femn')}"
    return f"{number} {ordinal(bottom, case if case in ('datv', 'ablt', 'loct') else 'gent', 'plur')}"


def _case(text: str, start: int, end: int, *, one: bool) -> Case:
    asked = governor(text, start)
    if asked.word == "по" and one:
        return "datv"
    if _FINAL.match(text, end):
        reached = _CAME.search(text, max(0, start - 60), start) or _COMES.match(text, end)
        if asked.word == "в" and not reached:
            return "loct"  # what is played there; one comes into it in the accusative
        if not asked.word and one and part_of_speech(last_word(text, start)) == "NOUN":
            return "gent"
    elif asked.word == "в" and (head := head_after(text, end)) is not None and head.readings[0].number == "plur":
        return "loct"  # "в двух третях случаев", but "в три четверти дюйма"
    return asked.cases[0]


def _replace(match: re.Match[str], _: RuleContext) -> str | None:
    whole, top_text, bottom_text, glyph, unit = match.groups()
    text, start = match.string, match.start()
    if not glyph and (
        _NOT_PARTS.search(text[max(0, start - 12) : start])
        or (int(top_text) >= int(bottom_text) and not _EQUALS.search(text, 0, start))
    ):
        return None
    if not glyph and (top_text, bottom_text) == ("24", "7"):
        return None
    top, bottom = _GLYPHS[glyph] if glyph else (int(top_text), int(bottom_text))
    case = _case(text, start, match.end(), one=not whole and top == 1)
    if whole:
        n = int(whole)
        if n == 1 and (top, bottom) == (1, 2):
            noun_head = head_after(text, match.end())
            gender = UNITS[unit].gender if unit else noun_head.readings[0].gender if noun_head else "masc"
            spoken = half_word(case, gender)
        elif (top, bottom) == (1, 2):
            spoken = f"{cardinal(n, case, 'masc')} с половиной"
        else:
            named = _of_whole(n, case)
            spoken = f"{cardinal(n, case, 'femn')} {named} {fraction(top, bottom, case, alone=False)}"
    elif (top, bottom) == (1, 2) and (glyph or unit):
        spoken = _HALF.form(1, case) if glyph else fraction(1, 2, case)
    else:
        spoken = fraction(top, bottom, case)
    if not glyph and not whole and _STOREYS.match(text, match.end()):
        return None
    if unit:
        noun = UNITS[unit]
        spoken += " " + (
            noun.form(int(whole), case) if whole and (top, bottom) == (1, 2) and int(whole) > 1 else noun.partitive()
        )
        spoken += stop(text, match.end(), "." if unit.endswith(".") else None)
    elif match.end() < len(text) and text[match.end()].isalpha():
        spoken += " "
    return spoken


def _of_whole(n: int, case: Case) -> str:
    if group(n) == 1:
        return {"nomn": "целая", "accs": "целую"}.get(case, "целой")
    return {"datv": "целым", "ablt": "целыми"}.get(case, "целых")


RULES: tuple[Rule, ...] = (
    PatternRule("fraction", DIGITS | frozenset(_GLYPHS), _FRACTION, _replace, re.compile("[0-9]/[0-9]|[½⅓⅔¼¾⅕-⅞⅒]")),
)
