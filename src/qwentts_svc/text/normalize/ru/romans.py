"""Roman numerals where a neighbour says that they are meant: centuries, rulers, chapters, congresses, quarters."""

from __future__ import annotations

import re

from qwentts_svc.text.normalize.ru.context import ends_clause, last_word
from qwentts_svc.text.normalize.ru.govern import governor
from qwentts_svc.text.normalize.ru.grammar import Case, Gender
from qwentts_svc.text.normalize.ru.morph import Form, forms, part_of_speech
from qwentts_svc.text.normalize.ru.numbers import cardinal
from qwentts_svc.text.normalize.ru.ordinal_words import ordinal
from qwentts_svc.text.normalize.ru.wordlist import words
from qwentts_svc.text.normalize.rule import DIGITS, PatternRule, Rule, RuleContext

# Cyrillic look-alikes are typed as often as the Latin letters.
_LATIN = str.maketrans("ІХСМ", "IXCM")
_ROMAN = re.compile("M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})$")
_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
_R = r"([IVXLCDMІХСМ]{1,9})"
_NUMERAL = r"([IVXLCDMІХСМ]{1,9}|[0-9]{1,2})"
_CENTURY = re.compile(
    rf"(?<![\w-]){_NUMERAL}(?:(\s?[-–—]\s?|\sи\s|,\s|/){_NUMERAL})?\s?(вв?)(\.)(?!\s?"
    rf"(?!н\.)[а-яё]{{1,2}}\.)|(?<![\w-]){_R}(?:(\s?[-–—]\s?|\sи\s){_R})?\s(век(?:а|у|ом|е|и|ов|ам|ами"
    rf"|ах)?|столети[а-яё]{{1,3}}|тысячелети[а-яё]{{1,3}})(?!\w)"
)
_MARKED = re.compile(rf"(?<![\w-]){_R}-(й|я|е|го|му|м|х|ой|ый|ая|ое|ом|ую|ю)(?![\w-])")
_TOKEN = re.compile(rf"(?<![\w.-]){_R}(?![\w]|-[а-яё]|\.[A-ZА-ЯЁ]\.)(?:(\s?[-–—]\s?|\sи\s){_R}(?![\w]))?")
_CENTURY_FORMS: dict[str, dict[Case, str]] = {
    "в": {"nomn": "век", "gent": "века", "datv": "веку", "accs": "век", "ablt": "веком", "loct": "веке"},
    "вв": {"nomn": "века", "gent": "веков", "datv": "векам", "accs": "века", "ablt": "веками", "loct": "веках"},
}
_AFTER_NOUNS = frozenset(
    words(
        "глава том часть книга раздел группа класс степень тип этап стадия фаза категория акт параграф пункт "
        "статья песнь приложение таблица корпус уровень разряд очередь серия редакция рим"
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
        "европейский студенческий научный крестовый традиционный юбилейный пунический вечер"
    )
)
_PARTS = frozenset(words("действие акт часть том глава книга картина песнь выпуск"))
_FROM_TO = re.compile(
    rf"(?<![\w-])([СсОоМм](?:о|т|ежду)?)\s{_R}\s(по|до|и)\s(?={_R}\s(?:век|столет|тысячелет|в\.|вв\.))"
)
_TO_PART = re.compile(
    rf"(?<![\w-]){_R}(\s?[-–—]\s?)(?=(?:начал|конец|конц|середин|перв|втор)[а-яё]{{1,5}}\s(?:[а-яё]{{3,12}}\s)?{_R}\s?в)"
)
_SPAN_CASES: dict[tuple[str, str], Case] = {
    ("с", "по"): "gent", ("со", "по"): "gent", ("с", "до"): "gent", ("от", "до"): "gent", ("между", "и"): "ablt",
}  # fmt: skip
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
    if asked.word:
        return "loct" if asked.word in ("в", "во") else "accs" if asked.word in ("на", "за", "по") else asked.cases[0]
    word = last_word(text, start)
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
        form = next((f for case in order for f in found if f.case == case), found[0])
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


def _after_name(before: str, n: int, text: str, start: int) -> str | None:
    if not before[0].isupper() or n > 30:
        return None
    readings = [form for form in forms(before) if form.proper and form.number == "sing" and form.animate]
    if not readings:
        if forms(before) and not (start > len(before) + 1 and last_word(text, start - len(before) - 1) in _RULERS):
            return None
        if not forms(before):
            return None
        readings = [form for form in forms(before) if form.number == "sing"]
        if not readings:
            return None
    asked = governor(text, start - len(before) - 1)
    form = readings[0]
    if asked.word:
        form = next((f for case in asked.cases for f in readings if f.case == case), form)
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
    return []


_GATE = re.compile("(?<![A-Za-zА-Яа-я])[IVXLCDMІХСМ]{1,9}(?![A-Za-zА-Яа-яёЁ])")


def _has_century(text: str) -> bool:
    return "в." in text or " век" in text or " столет" in text or " тысячелет" in text


RULES: tuple[Rule, ...] = (
    PatternRule("roman", frozenset("IVXІХ"), _TO_PART, _to_part, re.compile("(?:начал|кон|сред|перв|втор)")),
    PatternRule("roman", frozenset("IVXІХ"), _FROM_TO, _from_to, re.compile(" (?:по|до|и) [IVXLCDMІХСМ]")),
    PatternRule("roman", DIGITS | frozenset("IVXLCDMІХСМ"), _CENTURY, _century, _has_century),
    PatternRule("roman", frozenset("IVXLCDMІХСМ"), _MARKED, _marked, re.compile("[IVXLCDMІХСМ]-[а-яё]")),
    PatternRule("roman", frozenset("IVXLCDMІХСМ"), _TOKEN, _token, _GATE),
)
