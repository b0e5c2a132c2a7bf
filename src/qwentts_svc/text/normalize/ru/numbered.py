"""Bare numbers that the noun after them makes ordinals: "в 5 классе", "студент 4 курса", "5-9 классов", "-2 этаж"."""

from __future__ import annotations

import re

from qwentts_svc.text.normalize.ru.agree import Head, allowed_cases, head_after, is_label
from qwentts_svc.text.normalize.ru.context import last_word
from qwentts_svc.text.normalize.ru.digit_rule import DigitRule
from qwentts_svc.text.normalize.ru.govern import governor
from qwentts_svc.text.normalize.ru.grammar import Case, Gender
from qwentts_svc.text.normalize.ru.morph import forms, part_of_speech
from qwentts_svc.text.normalize.ru.ordinal_words import ordinal
from qwentts_svc.text.normalize.ru.seats import is_counted
from qwentts_svc.text.normalize.ru.wordlist import words
from qwentts_svc.text.normalize.rule import Rule, RuleContext

_ORDERED = re.compile(r"(?<![\w.,%°-])([1-9][0-9]{0,2})(?:(\s?[-–]\s?|\sи\s|\sпо\s)([1-9][0-9]{0,2}))?(?=\s[А-Яа-яё])")
_NUMBERED = frozenset(
    words(
        "класс курс этаж квартал раунд тур сезон серия эпизод глава том часть век столетие тысячелетие место "
        "подъезд группа канал отряд полк дивизия армия батальон бригада день неделя год ряд вагон путь "
        "платформа уровень степень категория разряд поколение тайм период матч выпуск издание пункт параграф "
        "абзац урок маршрут автобус троллейбус трамвай кабинет отделение съезд конгресс чемпионат годовщина "
        "юбилей позиция строка столбец линия ступень сорт раздел рота взвод цех корпус палата семестр "
        "четверть триместр смена полугодие половина страница вопрос задание упражнение билет размер дом школа "
        "квартира лига дивизион гейм сет иннинг апрель группа секция подход рейс поезд аудитория комната "
        "номер очередь турникет выход терминал февраль март май июнь июль август сентябрь октябрь ноябрь "
        "декабрь январь ребёнок сын дочь попытка шаг этап число остановка чтение заседание"
    )
)
_PARTS = frozenset(words("этаж глава том часть подъезд квартал раунд тайм тур сезон период акт курс вагон раздел"))
_OF_NOUN = frozenset(words("курс класс квартал век этаж группа сорт степень разряд категория ранг"))
_ALWAYS_NUMBERED = frozenset(
    words("век этаж класс курс квартал тайм место раунд семестр тысячелетие полугодие подъезд")
)
_DAY_PARTS = frozenset(("утра", "вечера", "ночи", "дня"))
_CLOCK = frozenset(("в", "к", "до", "с", "около", "после"))


def _ordered(match: re.Match[str], _: RuleContext) -> str | None:
    """A bare number before a noun in a form that no count of that size takes ("в 5 классе") is an ordinal."""
    first, joint, second = match.groups()
    text = match.string
    n = int(second or first)
    head = head_after(text, match.end())
    if head is None or head.end - match.end() > 60 or text[match.end() : head.end].count(" ") > 2:
        return None
    readings = [form for form in head.readings if form.number == "sing" and not form.fixed and form.lemma in _NUMBERED]
    if not readings and not joint:
        return None
    asked = governor(text, match.start())
    if joint and joint.strip() == "по":
        return _from_to(head, int(first), n) if last_word(text, match.start()).lower() in ("с", "со") else None
    if joint == " и " and n == int(first) + 1 and (each := _each_of(head, asked.cases)):
        case, gender = each
        return f"{ordinal(int(first), case, gender)} и {ordinal(n, case, gender)}"
    named = asked.word or head.readings[0].case == "nomn" or _after_noun(text, match.start())
    if second and named and _span_of_kinds(head, int(first), n, asked.word, last_word(text, match.start())):
        case = next((c for c in asked.cases for f in head.readings if f.case == c), head.readings[0].case)
        return f"{ordinal(int(first), case, 'plur')}{_link(joint)}{ordinal(n, case, 'plur')}"
    if is_label(text, match.start()) and any(form.case == "nomn" for form in head.readings):
        return None  # "дом 7 корпус 3": each number is the name of the word before it
    if not readings:
        return None
    counted, _fixed = allowed_cases(n, head)
    if head.word.lower() in _DAY_PARTS and asked.word in _CLOCK and n <= 12:
        return None
    if counted and not second and not asked.word and _after_noun(text, match.start()):
        form = next((f for f in readings if f.case == "gent" and f.lemma in _OF_NOUN), None)
        if form is not None:
            return ordinal(n, "gent", form.gender)
    if counted:
        always = any(form.lemma in _ALWAYS_NUMBERED for form in readings) and n % 10 == 1
        barred = asked.word and not any(case in counted for case in asked.cases if case != "accs" or asked.word != "с")
        if (not always or second) and not (barred and 2 <= n % 10 <= 4):
            return None
        if always and not second:
            direct = "nomn" in counted or "accs" in counted
            if is_counted(text, match.start(), match.end(), n, readings[0].lemma, direct=direct):
                return None
    if (
        head.readings[0].case == "gent"
        and head.readings[0].number == "sing"
        and not asked.word
        and is_label(text, match.start())
    ):
        return None
    form = next((f for case in asked.cases for f in readings if f.case == case), readings[0])
    spoken = ordinal(n, form.case, form.gender, animate=form.animate)
    if not second:
        return spoken
    return f"{ordinal(int(first), form.case, form.gender, animate=form.animate)}{_link(joint)}{spoken}"


def _from_to(head: Head, first: int, last: int) -> str | None:
    """ "с 1 по 3 этаж" """
    form = next((f for f in head.readings if f.number == "sing" and f.case == "accs" and f.lemma in _NUMBERED), None)
    return form and f"{ordinal(first, 'gent', form.gender)} по {ordinal(last, 'accs', form.gender)}"


def _each_of(head: Head, cases: tuple[Case, ...]) -> tuple[Case, Gender] | None:
    """Case and gender of each of two neighbours that share a plural noun ("на 5 и 6 этажах", "к 1 и 2 главам")."""
    forms_of_one = [f for f in head.readings if f.number == "plur" and f.lemma in _PARTS and f.case != "gent"]
    form = next((f for case in cases for f in forms_of_one if f.case == case), None)
    if form is None:
        return None
    return form.case, next((f.gender for f in forms(form.lemma) if f.case == "nomn" and not f.adjective), "masc")


def _link(joint: str) -> str:
    return "-" if joint.strip() in "-–" else joint


_LAST_OF_KIND = {"класс": 11, "курс": 6, "размер": 70}


def _span_of_kinds(head: Head, first: int, last: int, governing: str, before: str) -> bool:
    """Whether "5-9 классов" are the forms of a school and not so many of them; so too years of study and sizes."""
    lemma = head.readings[0].lemma
    return (
        first < last <= _LAST_OF_KIND.get(lemma, 0)
        and (lemma != "размер" or first > 20)
        and (lemma != "курс" or any(form.animate for form in forms(before)))
        and governing not in ("из", "около", "до")
        and all(form.lemma == lemma and form.number == "plur" for form in head.readings)
    )


_WORD_BEFORE = re.compile(r"([А-Яа-яЁё]{1,30})\s$")


def _after_noun(text: str, start: int) -> bool:
    """Whether the word before is a noun that the number does not name ("студент 4 курса")."""
    match = _WORD_BEFORE.search(text[max(0, start - 32) : start])
    return match is not None and not is_label(text, start) and part_of_speech(match.group(1)) == "NOUN"


def below_ground(match: re.Match[str], n: int) -> str | None:
    """A storey under the earth ("на -2 этаже")."""
    head = head_after(match.string, match.end())
    if head is None or n > 9:
        return None
    readings = [form for form in head.readings if form.lemma in ("этаж", "уровень") and form.number == "sing"]
    asked = governor(match.string, match.start()).cases
    form = next((f for case in asked for f in readings if f.case == case), readings[0] if readings else None)
    return ordinal(n, form.case, "masc") if form else None


RULES: tuple[Rule, ...] = (DigitRule("ordinal", _ORDERED, _ordered),)
