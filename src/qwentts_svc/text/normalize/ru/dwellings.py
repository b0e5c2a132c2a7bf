"""Rooms and storeys in advertisements: "2-комн. кв.", "9-эт. дома", "на 3 эт."."""

from __future__ import annotations

import re

from qwentts_svc.text.normalize.ru.context import stop
from qwentts_svc.text.normalize.ru.digit_rule import DigitRule
from qwentts_svc.text.normalize.ru.govern import governor
from qwentts_svc.text.normalize.ru.grammar import Case, Gender
from qwentts_svc.text.normalize.ru.morph import forms, inflect, inflect_adjective
from qwentts_svc.text.normalize.ru.ordinal_words import combining, ordinal
from qwentts_svc.text.normalize.rule import Rule, RuleContext

_STOREYS = re.compile(r"(?<![\w.,])([1-9][0-9]?)-эт\.(?=\s([а-яё]{3,20}))")
_ON_STOREY = re.compile(r"(?<=\b[Нн]а )([1-9][0-9]?)(?:-м|-ом)?\sэт\.")
_ROOMS = re.compile(r"(?<![\w.,])([1-9])-?к(?:омн)?\.?\s(?:кв\.(?!\s?[0-9м])|(?=(квартир[а-яё]{1,3})))")


def _rooms(match: re.Match[str], _: RuleContext) -> str | None:
    written = match.group(2)
    if written is None:
        asked = governor(match.string, match.start())
        alone: Case = "loct" if asked.word in ("в", "на", "о") else asked.cases[0]
        kept = stop(match.string, match.end(), ".")
        return (
            combining(int(match.group(1)))
            + f"{inflect_adjective('комнатный', alone, 'femn')} "
            + inflect("квартира", alone, "sing")
            + kept
        )
    form = next((form for form in forms(written) if form.lemma == "квартира"), None)
    if form is None:
        return None
    asked = governor(match.string, match.start())
    readings = [form for form in forms(written) if form.number == "sing"] or [form]
    form = next((form for case in asked.cases for form in readings if form.case == case), readings[0])
    adjective = inflect_adjective("комнатный", form.case, "plur" if form.number == "plur" else "femn")
    return combining(int(match.group(1))) + adjective + " "


def _storeys(match: re.Match[str], _: RuleContext) -> str | None:
    """How high a house is ("9-эт. дома")."""
    readings = [form for form in forms(match.group(2)) if not form.adjective]
    if not readings:
        return None
    asked = governor(match.string, match.start())
    form = next((f for case in asked.cases for f in readings if asked.word and f.case == case), readings[0])
    gender: Gender = "plur" if form.number == "plur" else form.gender
    return combining(int(match.group(1))) + inflect_adjective("этажный", form.case, gender)


def _on_storey(match: re.Match[str], _: RuleContext) -> str:
    return f"{ordinal(int(match.group(1)), 'loct')} этаже{stop(match.string, match.end(), '.')}"


RULES: tuple[Rule, ...] = (
    DigitRule("compound", _STOREYS, _storeys, re.compile("-эт")),
    DigitRule("ordinal", _ON_STOREY, _on_storey, re.compile(r" эт\.")),
    DigitRule("compound", _ROOMS, _rooms, re.compile("[0-9]-?к")),
)
