"""Centuries and millennia, in Roman or Arabic numerals: "XIX в.", "в XVIII–XIX вв.", "с VIII по X век"."""

from __future__ import annotations

import re

from qwentts_svc.text.normalize.ru.context import ends_clause, last_word
from qwentts_svc.text.normalize.ru.govern import governor
from qwentts_svc.text.normalize.ru.grammar import Case, Gender
from qwentts_svc.text.normalize.ru.morph import forms, part_of_speech
from qwentts_svc.text.normalize.ru.ordinal_words import ordinal
from qwentts_svc.text.normalize.ru.romans import NUMERAL, value
from qwentts_svc.text.normalize.rule import DIGITS, PatternRule, Rule, RuleContext

_EITHER = r"([IVXLCDMІХСМ]{1,9}|[0-9]{1,2})"
_CENTURY = re.compile(
    rf"(?<![\w-]){_EITHER}(?:(\s?[-–—]\s?|\sи\s|,\s|/){_EITHER})?\s?(вв?)(\.)(?!\s?"
    rf"(?!н\.)[а-яё]{{1,2}}\.)|(?<![\w-]){NUMERAL}(?:(\s?[-–—]\s?|\sи\s){NUMERAL})?\s(век(?:а|у|ом|е|и|ов|ам|ами"
    rf"|ах)?|столети[а-яё]{{1,3}}|тысячелети[а-яё]{{1,3}})(?!\w)"
)
_CENTURY_FORMS: dict[str, dict[Case, str]] = {
    "в": {"nomn": "век", "gent": "века", "datv": "веку", "accs": "век", "ablt": "веком", "loct": "веке"},
    "вв": {"nomn": "века", "gent": "веков", "datv": "векам", "accs": "века", "ablt": "веками", "loct": "веках"},
}
_PART_BEFORE = re.compile(r"(?i:\b(?:нач|кон|сер|серед|пол))\.\s?\Z")
_FROM_TO = re.compile(
    rf"(?<![\w-])([СсОоМм](?:о|т|ежду)?)\s{NUMERAL}\s(по|до|и)\s(?={NUMERAL}\s(?:век|столет|тысячелет|в\.|вв\.))"
)
_TO_PART = re.compile(
    rf"(?<![\w-]){NUMERAL}(\s?[-–—]\s?)(?=(?:начал|конец|конц|середин|перв|втор)[а-яё]{{1,5}}\s(?:[а-яё]{{3,12}}\s)?{NUMERAL}\s?в)"
)
_SPAN_CASES: dict[tuple[str, str], Case] = {
    ("с", "по"): "gent", ("со", "по"): "gent", ("с", "до"): "gent", ("от", "до"): "gent", ("между", "и"): "ablt",
}  # fmt: skip


def _number(text: str) -> int:
    return int(text) if text[0].isdigit() else value(text)


def _century(match: re.Match[str], _: RuleContext) -> str | None:
    text, start = match.string, match.start()
    first, joint, second, short, _stop, first_full, joint_full, second_full, word = match.groups()
    first, joint, second = first or first_full, joint or joint_full, second or second_full
    numbers = [_number(part) for part in (first, second) if part]
    if not all(0 < n <= 40 for n in numbers):
        return None
    if word:
        gender, case = _written(word, text, start)
        kept, noun = "", word
    else:
        if (
            first[0].isdigit()
            and len(first) < 2
            and not second
            and not re.match(r"\s(?:до\s)?н\.", text[match.end() :][:6])
        ):
            return None
        gender, case = "masc", _free_case(text, start)
        noun = _CENTURY_FORMS["вв" if second else short][case]
        kept = "." if ends_clause(text, match.start(), match.end()) else ""
    spoken = ordinal(numbers[0], case, gender)
    if second:
        link = joint if joint.strip() in ("и", ",") else " - "
        spoken += f"{link}{ordinal(numbers[1], case, gender)}"
    return f"{spoken} {noun}{kept}"


def _free_case(text: str, start: int) -> Case:
    asked = governor(text, start)
    if asked.word and not _PART_BEFORE.search(text, max(0, start - 10), start):
        return "loct" if asked.word in ("в", "во") else "accs" if asked.word in ("на", "за", "по") else asked.cases[0]
    word = last_word(text, start)
    if _PART_BEFORE.search(text, max(0, start - 10), start):
        return "gent"
    return "gent" if word and part_of_speech(word) in ("NOUN", "ADJF", "PRTF") else "nomn"


def _written(word: str, text: str, start: int) -> tuple[Gender, Case]:
    """Gender and case of a century written in full; of plural forms ("XIX и XX веков") the singular's gender."""
    readings = [form for form in forms(word) if not form.adjective]
    asked = governor(text, start)
    gender: Gender = "neut" if word.startswith(("ст", "ты")) else "masc"
    for case in asked.cases if asked.word else ():
        if any(form.case == case for form in readings):
            return gender, case
    return gender, readings[0].case if readings else "nomn"


def _from_to(match: re.Match[str], _: RuleContext) -> str | None:
    """ "с VIII по X век", "от V до X века", "между I и III веками": the second numeral is read by the noun after it."""
    word, numeral, to, _second = match.groups()
    n = value(numeral)
    case = _SPAN_CASES.get((word.lower(), to))
    if not 0 < n <= 40 or case is None:
        return None
    return f"{word} {ordinal(n, case, 'masc')} {to} "


def _to_part(match: re.Match[str], _: RuleContext) -> str | None:
    """ "в XVIII - начале XIX в.": the first century has its noun at the end."""
    n = value(match.group(1))
    return f"{ordinal(n, _free_case(match.string, match.start()), 'masc')} - " if 0 < n <= 40 else None


def _has_century(text: str) -> bool:
    return "в." in text or " век" in text or " столет" in text or " тысячелет" in text


RULES: tuple[Rule, ...] = (
    PatternRule("roman", frozenset("IVXІХ"), _TO_PART, _to_part, re.compile("(?:начал|кон|сред|перв|втор)")),
    PatternRule("roman", frozenset("IVXІХ"), _FROM_TO, _from_to, re.compile(" (?:по|до|и) [IVXLCDMІХСМ]")),
    PatternRule("roman", DIGITS | frozenset("IVXLCDMІХСМ"), _CENTURY, _century, _has_century),
)
