"""A number and the noun it counts: which cases the written noun allows, and the noun's form for a wanted case."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from qwentts_svc.text.normalize.ru.context import last_word
from qwentts_svc.text.normalize.ru.govern import Governor, governor
from qwentts_svc.text.normalize.ru.grammar import CASES, Case, Gender
from qwentts_svc.text.normalize.ru.morph import Form, Number, forms, may_be_adverb, part_of_speech
from qwentts_svc.text.normalize.ru.numbers import group
from qwentts_svc.text.normalize.ru.wordlist import words

_WORD = re.compile(r'\s{1,2}(?:["(]?)([А-Яа-яЁё]{1,40}(?:-[а-яё]{1,30}){0,2})(?![\w-])')
_JOINED_NUMBER = re.compile(r"\s?(?:и|или|либо|-|–|—|до)\s?[0-9]{1,9}(?:[.,][0-9]{1,6})?(?![\w.,])")
_DAY_PARTS = frozenset(("утра", "вечера", "ночи", "дня", "пополудни", "пополуночи"))
_CLOCK_PREPOSITIONS = frozenset(("в", "к", "до", "с", "около", "после", "без", "ближе", "со", "ко"))


_LABELS = frozenset(
    words(
        "номер глава том часть страница рисунок таблица статья пункт параграф раздел приложение кабинет офис "
        "рейс автобус маршрут корпус дом квартира подъезд схема версия"
    )
)
_OUT_OF = re.compile(r"\sиз(?=\s)(?:\s(?:этих|тех|всех|наших|моих|ваших|их|его|её))?(?:\s[0-9]{1,6}(?=\s))?")


_AMOUNTS = frozenset(
    words(
        "год час минута секунда день сутки неделя месяц век раз человек штука рубль копейка доллар евро цент процент "
        "градус балл очко метр километр сантиметр миллиметр килограмм грамм тонна литр миллилитр гектар тысяча миллион "
        "миллиард вольт ватт ампер герц пункт ночь комплект экземпляр"
    )
)
_MEMBERS = frozenset(
    words(
        "житель обитатель ученик учащийся школьник воспитанник студент сотрудник работник служащий представитель "
        "участник пассажир пациент гражданин депутат руководитель директор командир глава владелец собственник "
        "выпускник"
    )
)
_WHOLES = frozenset(
    words(
        "село деревня посёлок поселок станица хутор аул город городок район область край регион республика округ "
        "страна государство штат провинция дом квартира подъезд общежитие улица квартал микрорайон школа гимназия "
        "лицей класс группа университет институт факультет колледж училище компания фирма предприятие завод фабрика "
        "организация учреждение отдел бригада команда клуб полк рота взвод рейс поезд вагон автобус больница пункт "
        "поселение"
    )
)
"""What the people in ``_MEMBERS`` are of, in the genitive after them ("жители 12 сёл")."""
_OF_MANY = re.compile(r"(?<!\w)[Ии]з\s(?:[а-яё]{2,20}\s){0,2}[0-9]{1,7}(?=\s)")
_CLAUSE_END = re.compile(r"[.!?;:(]\s|\s[0-9]")


class Head(NamedTuple):
    """The noun a number counts, as written: its readings, and where it ends in the text."""

    word: str
    readings: tuple[Form, ...]
    end: int


class Agreement(NamedTuple):
    """How a number is to be declined."""

    case: Case
    gender: Gender
    animate: bool
    head: Head | None


@lru_cache(maxsize=64)
def head_after(text: str, pos: int) -> Head | None:
    """The noun after the number that ends at ``pos``: over adjectives and over a second number ("5 или 6 домах").

    Remembered, for rule after rule asks it of the same number.
    """
    for _ in range(2):
        joined = _JOINED_NUMBER.match(text, pos)
        if joined:
            pos = joined.end()
    adjective: Head | None = None
    for _ in range(3):
        match = _WORD.match(text, pos)
        if match is None:
            break
        word = match.group(1)
        readings = forms(word)
        if not readings:
            break
        if word[0].islower() and any(form.adjective for form in readings):
            readings = tuple(form for form in readings if not form.proper)  # "лавровых" is no family here
        nouns = tuple(form for form in readings if not form.adjective)
        if nouns and not nouns[0].animate and len(nouns) < len(readings) and _is_noun(text, match.end()):
            nouns = ()  # "2 столовые ложки" are no canteens
        if nouns and (not readings[0].adjective or len(nouns) == len(readings)):
            return Head(word, nouns, match.end())
        adjective = Head(word, readings, match.end())
        pos = match.end()
    return adjective


def _is_noun(text: str, pos: int) -> bool:
    """Whether a counted noun comes next."""
    match = _WORD.match(text, pos)
    readings = forms(match.group(1)) if match else ()
    return bool(readings) and not readings[0].adjective and any(form.case == "gent" for form in readings)


def allowed_cases(n: int, head: Head) -> tuple[dict[Case, Form], bool]:
    """Cases in which ``n`` can stand before the written form, each with the reading that allows it.

    The flag tells whether the noun never changes its form, so that it says nothing about the case.
    """
    if n and n % 1000 == 0 and any(form.case == "gent" and form.number == "plur" for form in head.readings):
        form = next(form for form in head.readings if form.case == "gent" and form.number == "plur")
        return dict.fromkeys(CASES, form), False
    kind = 5 if n and n % 1000 == 0 else group(n)
    cases: dict[Case, Form] = {}
    fixed = False
    for form in head.readings:
        if form.fixed:
            fixed = True
            for case in CASES:
                cases.setdefault(case, form)
            continue
        for case in _cases_of(kind, form):
            cases.setdefault(case, form)
    return cases, fixed


def _cases_of(kind: int, form: Form) -> tuple[Case, ...]:
    if kind == 1:
        return (form.case,) if form.number == "sing" or form.plural_only else ()
    if form.number == "sing":
        if kind != 2 or form.case != "gent":
            return ()
        return ("nomn",) if form.animate else ("nomn", "accs")
    if form.case in ("datv", "ablt", "loct"):
        return (form.case,)
    if form.adjective and form.case in ("nomn", "gent"):
        return ("nomn", "accs", "gent") if form.case == "gent" else ("nomn", "accs")
    if form.case == "gent":
        if kind == 5 or form.plural_only:
            return ("nomn", "accs", "gent")
        return ("gent", "accs") if form.animate else ("gent",)
    return ("accs",) if form.case == "accs" and form.animate else ()


def agree(text: str, start: int, end: int, n: int) -> Agreement:
    """How ``n``, written at ``text[start:end]``, is declined, from its neighbours."""
    asked = governor(text, start)
    head = head_after(text, end)
    if head is not None and head.word.lower() in _DAY_PARTS and asked.word in _CLOCK_PREPOSITIONS:
        head = None
    if head is None and asked.word in ("в", "во", "на") and _OUT_OF.match(text, end) and text[end : end + 4] == " из ":
        asked = Governor(("loct",), asked.word)  # "в 6 из 7 случаев"
    if head is None and n % 10 in (1, 2) and (out_of := _OUT_OF.match(text, end)):
        members = head_after(text, out_of.end())
        if members is not None:
            form = next((f for f in members.readings if f.case == "gent" and f.number == "plur"), None)
            if form is not None:
                return Agreement(asked.cases[0], form.gender, form.animate, None)
    if (
        head is not None
        and is_label(text, start)
        and any(f.case == "gent" and f.number == "sing" for f in head.readings)
    ):
        return Agreement("nomn", "masc", False, None)
    if head is not None and head.word == "лет" and not asked.word and _has_age(text, start):
        return Agreement("gent", "masc", False, head)
    if head is None:
        omitted = _members_before(text, start) if n % 10 in (1, 2) else None
        if omitted is not None:
            return Agreement(asked.cases[0], omitted.gender, False, None)
        return Agreement(asked.cases[0], "masc", False, None)
    cases, _ = allowed_cases(n, head)
    if not cases:
        return Agreement(asked.cases[0], "masc", False, None)
    case = "gent" if "gent" in cases and not asked.word and _belongs(text, start, head) else _best(asked, cases)
    form = cases[case]
    gender: Gender = "plur" if form.plural_only and group(n) == 1 else form.gender
    return Agreement(case, gender, form.animate, head)


def _belongs(text: str, start: int, head: Head) -> bool:
    """Whether the things counted are those of the person or thing named before ("жители 5 деревень")."""
    if head.readings[0].lemma in _AMOUNTS:
        return False
    word = last_word(text, start)
    readings = [form for form in forms(word) if not form.proper]
    if not readings or readings[0].adjective or may_be_adverb(word):
        return False
    before = last_word(text, start - len(word) - 1)
    if not before and any(form.number == "plur" and form.case == "nomn" for form in readings):
        return True  # "Крыши 12 домов": what begins a sentence is not where something is
    if readings[0].lemma in _MEMBERS and readings[0].number == "plur" and head.readings[0].lemma in _WHOLES:
        return True  # "около 3 тыс. жителей 12 сёл"
    named = readings[0].animate and readings[0].case in ("nomn", "datv", "ablt")
    return named and part_of_speech(before) != "PREP"


def _members_before(text: str, start: int) -> Form | None:
    """The noun that the number leaves out, named before in the sentence ("из 92 заявок отклонили 61")."""
    for match in _OF_MANY.finditer(text, max(0, start - 90), start):
        members = head_after(text, match.end())
        if members is not None and not _CLAUSE_END.search(text, members.end, start):
            form = next((f for f in members.readings if f.case == "gent" and f.number == "plur"), None)
            if form is not None:
                return form
    return None


def is_label(text: str, start: int) -> bool:
    """Whether the word before is a noun that the number is the name of ("страница 5 книги")."""
    return any(form.lemma in _LABELS for form in forms(last_word(text, start)) if not form.adjective)


def _has_age(text: str, start: int) -> bool:
    """Whether the word before is a living being that the years describe ("мальчик 5 лет")."""
    word = last_word(text, start)
    readings = forms(word)
    if last_word(text, start - len(word) - 1).lower().startswith("возраст"):
        return False  # "возраст участников 18-25 лет" names the age itself
    return bool(readings) and readings[0].animate and not readings[0].adjective and readings[0].case != "datv"


def _best(asked: Governor, cases: dict[Case, Form]) -> Case:
    for case in (*asked.cases, *CASES):
        if case in cases:
            return case
    return "nomn"


def noun_form(n: int, case: Case) -> tuple[Case, Number]:
    """Case and number of the noun that the number ``n`` in ``case`` counts."""
    kind = group(n)
    if (n == 0 or n % 1000 == 0) and case not in ("nomn", "accs"):
        return "gent", "plur"
    if kind == 1:
        return case, "sing"
    if case in ("nomn", "accs"):
        return "gent", "sing" if kind == 2 else "plur"
    return case, "plur"
