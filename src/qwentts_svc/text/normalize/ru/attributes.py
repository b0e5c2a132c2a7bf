"""Shortened adjectives written out ("ген. директор", "гл. инженером"): in the form of the noun that they describe."""

from __future__ import annotations

import re

from qwentts_svc.text.normalize.ru.context import last_word
from qwentts_svc.text.normalize.ru.govern import governor
from qwentts_svc.text.normalize.ru.grammar import Case
from qwentts_svc.text.normalize.ru.morph import Form, forms, inflect_adjective, part_of_speech

_AND = frozenset(("и", "или", "либо"))
_SHORTENED = re.compile(r"(?<![\w.-])[а-яё]{2,8}\.\s\Z")


def described(noun: str, text: str, start: int) -> Form | None:
    """The reading of ``noun`` (or of one more adjective before it) that the words before the adjective at ``start``
    allow; None for what is neither."""
    readings = forms(noun)
    if governor(text, start).word:
        allowed = [form for form in readings if form.case in governor(text, start).cases] or list(readings)
        return next((form for form in allowed if form.number == "sing"), allowed[0] if allowed else None)
    before = last_word(text, start)
    shared = _shared_cases(text, text.rindex(before, 0, start)) if before.lower() in _AND else ()
    cases = (*shared, *_free_cases(text, start))
    return next((form for case in cases for form in readings if form.case == case), readings[0] if readings else None)


def _free_cases(text: str, start: int) -> tuple[Case, ...]:
    """Cases of what begins at ``start``, the likelier first."""
    asked, before = governor(text, start), last_word(text, start)
    if asked.word or part_of_speech(before) != "NOUN" or any(form.proper for form in forms(before)[:1]):
        return asked.cases
    return ("gent", *asked.cases)


def _shared_cases(text: str, end: int) -> tuple[Case, ...]:
    """Cases of what stands before "и", which the noun after it shares ("без доп. услуг и мед. помощи")."""
    if short := _SHORTENED.search(text, max(0, end - 12), end):
        return _free_cases(text, short.start())
    word = last_word(text, end)
    found = [form.case for form in forms(word) if not form.adjective]
    likely = _free_cases(text, text.rindex(word, 0, end)) if found else ()
    return (*(case for case in likely if case in found), *found)


def agreeing(adjective: str, form: Form) -> str:
    """``adjective`` (masculine nominative) beside the noun in ``form``."""
    gender = "plur" if form.number == "plur" else form.gender
    case = "gent" if form.animate and form.case == "accs" and gender in ("masc", "plur") else form.case
    return inflect_adjective(adjective, case, gender)
