"""Roman numerals where a neighbour says that they are meant: rulers, chapters, congresses, quarters."""

from __future__ import annotations

import re

from qwentts_svc.text.normalize.ru.context import last_word
from qwentts_svc.text.normalize.ru.govern import governor
from qwentts_svc.text.normalize.ru.grammar import Case, Gender
from qwentts_svc.text.normalize.ru.morph import Form, forms, is_known, part_of_speech
from qwentts_svc.text.normalize.ru.numbers import cardinal
from qwentts_svc.text.normalize.ru.ordinal_words import ordinal
from qwentts_svc.text.normalize.ru.wordlist import words
from qwentts_svc.text.normalize.rule import PatternRule, Rule, RuleContext

# Cyrillic look-alikes are typed as often as the Latin letters.
_LATIN = str.maketrans("ІХСМ", "IXCM")
_ROMAN = re.compile("M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})$")
_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
NUMERAL = r"([IVXLCDMІХСМ]{1,9})"
"""A Roman numeral, in one group; whether it is well formed, ``value`` tells."""
_MARKED = re.compile(rf"(?<![\w-]){NUMERAL}-(й|я|е|го|му|м|х|ой|ый|ая|ое|ом|ую|ю)(?![\w-])")
_TOKEN = re.compile(rf"(?<![\w.-]){NUMERAL}(?![\w]|-[а-яё]|\.[A-ZА-ЯЁ]\.)(?:(\s?[-–—]\s?|\sи\s){NUMERAL}(?![\w]))?")
_AFTER_NOUNS = frozenset(
    words(
        "глава том часть книга раздел группа класс степень тип этап стадия фаза категория акт параграф пункт "
        "статья песнь приложение таблица корпус уровень разряд очередь серия редакция рим сцена картина явление"
    )
)
_BEFORE_NOUNS = frozenset(
    words(
        "квартал съезд конгресс форум фестиваль конференция олимпиада игра чемпионат турнир тур этап место "
        "степень группа категория класс сессия созыв дума интернационал рейх республика империя крестовый "
        "поход война мировой международный всероссийский всемирный всесоюзный олимпийский летний зимний "
        "вселенский собор легион полугодие семестр курс тип разряд стадия половина уровень ранг армия корпус "
        "флот фронт отдел управление том часть акт раунд период триместр отделение династия полк дивизия "
        "батальон государственный ежегодный открытый московский городской областной региональный национальный "
        "европейский студенческий научный крестовый традиционный юбилейный пунический вечер лига "
        "дивизион эшелон спартакиада линия чтение заседание слушание марафон саммит пленум универсиада слёт "
        "симфония соната"
    )
)
_PARTS = frozenset(words("действие акт часть том глава книга картина песнь выпуск"))
_RULERS = frozenset(words("король короля королю королём царь царя император императора папа принц"))


def value(text: str) -> int:
    """The value of a Roman numeral (Latin letters or Cyrillic look-alikes); 0 for what is not well formed."""
    text = text.translate(_LATIN)
    if not text or not _ROMAN.match(text):
        return 0
    total = 0
    for index, letter in enumerate(text):
        number = _VALUES[letter]
        total += -number if index + 1 < len(text) and _VALUES[text[index + 1]] > number else number
    return total


def _marked(match: re.Match[str], _: RuleContext) -> str | None:
    n = value(match.group(1))
    return f"{n}-{match.group(2)}" if n else None


def _token(match: re.Match[str], _: RuleContext) -> str | None:
    text, start, end = match.string, match.start(), match.end()
    numeral, joint, second = match.groups()
    n = value(numeral)
    if not n or n > 100 or (len(numeral) == 1 and numeral in "CDMLСМ"):
        return None
    before = last_word(text, start)
    if not second and (spoken := _count_of_parts(n, text, start, end)):
        return spoken
    if before and not second and not any(form.lemma in _AFTER_NOUNS for form in forms(before)):
        named = _after_name(before, n, text, start)
        if named:
            return named
    if before and second and (named := _after_names(before, n, value(second), joint, text, start)):
        return named
    if before and not second:
        readings = [form for form in forms(before) if not form.adjective]
        form = next((form for form in readings if form.lemma in _AFTER_NOUNS), None)
        if form:
            return ordinal(n, form.case, form.gender)
    found = _noun_after(text, end)
    if found:
        # The preposition decides between the readings of the noun's form.
        asked = governor(text, start)
        found = sorted(found, key=lambda form: form.number != "sing")
        order: tuple[Case, ...] = asked.cases
        if not asked.word and before and part_of_speech(before) == "NOUN":
            order = ("gent", *asked.cases)
        singles = [form for form in found if form.number == "sing"]
        form = next((f for group in (singles, found) for case in order for f in group if f.case == case), found[0])
        gender: Gender = "plur" if form.number == "plur" and not second else form.gender
        if second:
            m = value(second)
            link = joint if joint.strip() == "и" else " - "
            return f"{ordinal(n, form.case, gender)}{link}{ordinal(m, form.case, gender)}" if m else None
        return ordinal(n, form.case, gender, animate=form.animate)
    return None


def _count_of_parts(n: int, text: str, start: int, end: int) -> str | None:
    """A work "in V acts": a preposition, the numeral and a plural; no ordinal stands before those."""
    match = _NEXT.match(text, end)
    if match is None or n < 2 or governor(text, start).word not in ("в", "во", "из"):
        return None
    for form in forms(match.group(1)):
        if form.number == "plur" and form.lemma in _PARTS and form.case in ("loct", "gent"):
            return cardinal(n, form.case, "femn" if form.gender == "femn" else "masc")
    return None


def _after_names(before: str, n: int, m: int, joint: str, text: str, start: int) -> str | None:
    """Two rulers of one name ("при Людовиках XIV и XV")."""
    readings = [form for form in forms(before) if form.proper and form.animate and form.number == "plur"]
    if not before[0].isupper() or not readings or not 0 < n < m <= 30 or joint.strip() != "и":
        return None
    asked = governor(text, start - len(before) - 1)
    form = next((f for case in asked.cases for f in readings if f.case == case), readings[0])
    gender: Gender = "femn" if form.lemma.endswith(("а", "я")) else "masc"
    words = [ordinal(part, form.case, gender, animate=True).capitalize() for part in (n, m)]
    return joint.join(words)


def _after_name(before: str, n: int, text: str, start: int) -> str | None:
    if not before[0].isupper() or n > 30:
        return None
    readings = [form for form in forms(before) if form.proper and form.number == "sing" and form.animate]
    if not readings:
        titled = start > len(before) + 1 and last_word(text, start - len(before) - 1) in _RULERS
        if not titled and is_known(before):
            return None
        readings = [form for form in forms(before) if form.number == "sing" and not form.adjective]
        if not readings:
            return None
    named_at = start - len(before) - 1
    asked = governor(text, named_at)
    form = readings[0]
    order = asked.cases if asked.word else ()
    if not asked.word and part_of_speech(last_word(text, named_at)) == "NOUN":
        # "союз Карла V": the likeliest reading of the form is a woman's name
        order = (form.case, "gent") if form.gender == "masc" else ("gent",)
    form = next((f for case in order for f in readings if f.case == case), form)
    return ordinal(n, form.case, form.gender, animate=True).capitalize()


_NEXT = re.compile(r"\s([А-Яа-яЁё-]{1,40})")


def _noun_after(text: str, end: int) -> list[Form]:
    """Readings of the noun after the numeral, if it or an adjective before it is one that is numbered so."""
    trusted = False
    for _ in range(4):
        match = _NEXT.match(text, end)
        if match is None:
            return []
        readings = forms(match.group(1))
        if not readings:
            return []
        trusted = trusted or any(form.lemma in _BEFORE_NOUNS for form in readings)
        nouns = [form for form in readings if not form.adjective]
        if nouns and not readings[0].adjective:
            return nouns if trusted else []
        end = match.end()
        war = [form for form in readings if form.lemma == "мировой" and form.gender == "femn"]
        following = _NEXT.match(text, end)
        if war and (following is None or not forms(following.group(1))):
            return war  # "ветеран II мировой"
    return []


_GATE = re.compile("(?<![A-Za-zА-Яа-я])[IVXLCDMІХСМ]{1,9}(?![A-Za-zА-Яа-яёЁ])")


RULES: tuple[Rule, ...] = (
    PatternRule("roman", frozenset("IVXLCDMІХСМ"), _MARKED, _marked, re.compile("[IVXLCDMІХСМ]-[а-яё]")),
    PatternRule("roman", frozenset("IVXLCDMІХСМ"), _TOKEN, _token, _GATE),
)
