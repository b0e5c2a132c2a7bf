"""The numbers that no other rule took. After these rules no ASCII digit is left."""

from __future__ import annotations

import re

from qwentts_svc.text.normalize.ru.agree import Head, agree, allowed_cases, head_after, is_label
from qwentts_svc.text.normalize.ru.digit_rule import DigitRule
from qwentts_svc.text.normalize.ru.govern import governor
from qwentts_svc.text.normalize.ru.grammar import CASES, Case, Gender
from qwentts_svc.text.normalize.ru.measures import sign_word
from qwentts_svc.text.normalize.ru.morph import part_of_speech
from qwentts_svc.text.normalize.ru.numbers import MAX_DIGITS, cardinal, digits, padded
from qwentts_svc.text.normalize.ru.ordinal_words import ordinal
from qwentts_svc.text.normalize.ru.quantity import NUM, half_word, one_and_half, parse, say
from qwentts_svc.text.normalize.ru.wordlist import words
from qwentts_svc.text.normalize.rule import DIGITS, PatternRule, Rule, RuleContext

_START = r"(?<![\w.,])"
_ORDERED = re.compile(r"(?<![\w.,%°-])([1-9][0-9]{0,2})(?:(\s?[-–]\s?|\sи\s)([1-9][0-9]{0,2}))?(?=\s[А-Яа-яё])")
_RANGE = re.compile(rf"(?<![\w.,-])({NUM})\s?([-–—])\s?({NUM})(?![\w-]|[.,][0-9])")
_SIGNED = re.compile(rf"(?<![\w.,)\]%])([-−–+±])({NUM})(?![\w]|\.[0-9])")
_PLAIN = re.compile(rf"{_START}({NUM})(?![\w]|\.[0-9])")
_LEFT_OVER = re.compile(r"[0-9]{1,64}")
_PLUS_AFTER = re.compile(rf"{_START}({NUM})\+(?![\w+])")
_SLASH = re.compile(rf"{_START}([0-9]{{1,4}})/([0-9]{{1,4}})(?![\w/]|[.,][0-9])")
_PRESSURE = re.compile(r"(?i:давлени|\bАД)")
_ELLIPSIS = re.compile(r"(?<=[0-9])\s?\.\.\.\s?(?=[-−+]?[0-9])")
_SPACED_ID = re.compile(r"(?<![\w.,])[0-9]{4}(?:[ -][0-9]{4}){2,4}(?![\w])")
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
        "декабрь январь ребёнок сын дочь попытка шаг этап число остановка"
    )
)
_OF_NOUN = frozenset(words("курс класс квартал век этаж группа сорт степень разряд категория ранг"))
_ALWAYS_NUMBERED = frozenset(
    words("век этаж класс курс квартал тайм место раунд семестр тысячелетие полугодие подъезд")
)
_DAY_PARTS = frozenset(("утра", "вечера", "ночи", "дня"))
_CLOCK = frozenset(("в", "к", "до", "с", "около", "после"))
_COLLECTIVE: dict[int, tuple[str, str]] = {2: ("двое", "двоих"), 3: ("трое", "троих"), 4: ("четверо", "четверых")}


def _ordered(match: re.Match[str], _: RuleContext) -> str | None:
    """A bare number before a noun in a form that no count of that size takes ("в 5 классе") is an ordinal."""
    first, joint, second = match.groups()
    text = match.string
    n = int(second or first)
    head = head_after(text, match.end())
    if head is None or head.end - match.end() > 60 or text[match.end() : head.end].count(" ") > 2:
        return None
    around = governor(text, match.start())
    named = around.word or head.readings[0].case == "nomn" or _after_noun(text, match.start())
    if second and named and _school_forms(head, int(first), n, around.word):
        case = next((c for c in around.cases for f in head.readings if f.case == c), head.readings[0].case)
        return f"{ordinal(int(first), case, 'plur')}{_link(joint)}{ordinal(n, case, 'plur')}"
    readings = [form for form in head.readings if form.number == "sing" and not form.fixed and form.lemma in _NUMBERED]
    if not readings:
        return None
    counted, _fixed = allowed_cases(n, head)
    asked = governor(text, match.start())
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


def _link(joint: str) -> str:
    return "-" if joint.strip() in "-–" else joint


def _school_forms(head: Head, first: int, last: int, governing: str) -> bool:
    """Whether "5-9 классов" are the forms of a school and not so many of them."""
    return (
        first < last <= 11
        and governing not in ("из", "около", "до")
        and all(form.lemma == "класс" and form.number == "plur" for form in head.readings)
    )


_WORD_BEFORE = re.compile(r"([А-Яа-яЁё]{1,30})\s$")


def _after_noun(text: str, start: int) -> bool:
    """Whether the word before is a noun that the number does not name ("студент 4 курса")."""
    match = _WORD_BEFORE.search(text[max(0, start - 32) : start])
    return match is not None and not is_label(text, start) and part_of_speech(match.group(1)) == "NOUN"


def _range(match: re.Match[str], _: RuleContext) -> str | None:
    low, _dash, high = match.groups()
    first, second = parse(low), parse(high)
    if len(first.whole) > 9 or len(second.whole) > 9:
        return None
    text = match.string
    case, gender, animate = _agreed(match.string, match.start(), match.end(), second.value if not second.frac else 5)
    if not first.frac and not second.frac and first.value > second.value and " " in text[match.start() : match.end()]:
        return None
    one = not first.frac and first.value % 10 == 1 and first.value % 100 != 11
    if one and case == "accs" and governor(text, match.start()).word == "по":
        return f"{say(first, 'datv', gender)}-{say(second, case, gender, animate=animate)}"
    words = [
        half_word(case, gender) if one_and_half(n) else say(n, case, gender, animate=animate) for n in (first, second)
    ]
    return "-".join(words)


def _agreed(text: str, start: int, end: int, n: int) -> tuple[Case, Gender, bool]:
    found = agree(text, start, end, n)
    return found.case, found.gender, found.animate


def _signed(match: re.Match[str], ctx: RuleContext) -> str | None:
    sign, number = match.groups()
    if sign == "–" and match.start() and match.string[match.start() - 1].isalnum():
        return None
    return sign_word(sign) + _spoken(match.string, match.start(), match.end(), number)


def _plain(match: re.Match[str], _: RuleContext) -> str:
    return _spoken(match.string, match.start(), match.end(), match.group(1))


def _spoken(text: str, start: int, end: int, raw: str) -> str:
    number = parse(raw)
    if len(number.whole) > 1 and number.whole[0] == "0":
        return (
            padded(number.whole)
            if len(number.whole) <= 3 and not number.frac
            else digits(number.whole) + (f" запятая {digits(number.frac)}" if number.frac else "")
        )
    if len(number.whole) > 12 and " " not in raw:
        return say(number) if number.frac else digits(number.whole)
    if len(number.whole) > MAX_DIGITS - 3:
        return digits(number.whole)
    if number.frac:
        return _decimal(text, start, end, raw)
    found = agree(text, start, end, number.value)
    n = number.value
    if found.head and n in _COLLECTIVE:
        form = found.head.readings[0]
        if form.plural_only and form.lemma in (
            "сутки",
            "сани",
            "ножницы",
            "ворота",
            "часы",
            "брюки",
            "джинсы",
            "очки",
            "двери",
        ):
            if found.case in ("nomn", "accs"):
                return _COLLECTIVE[n][0]
        elif form.lemma == "ребёнок" and found.case == "accs" and not governor(text, start).word:
            return _COLLECTIVE[n][0]
    return cardinal(n, found.case, found.gender, animate=found.animate)


def _decimal(text: str, start: int, end: int, raw: str) -> str:
    number = parse(raw)
    if "." in raw and is_label(text, start):
        return f"{cardinal(number.value)} точка {padded(number.frac)}"  # "пункт 4.2"
    asked = governor(text, start)
    case = asked.cases[0]
    head = head_after(text, end)
    if one_and_half(number) and head and any(form.case in ("gent", "datv", "ablt", "loct") for form in head.readings):
        gender = next(form.gender for form in head.readings)
        oblique = not any(form.case == "gent" and form.number == "sing" for form in head.readings)
        return half_word("gent" if oblique else "nomn", gender)
    if head and head.word == "лет" and number.frac == "5":
        return f"{cardinal(number.value, 'gent')} с половиной"
    if head and not asked.word:
        case = "nomn"
    if case not in CASES:
        case = "nomn"
    return say(number, case)


def _left_over(match: re.Match[str], _: RuleContext) -> str:
    text, run = match.string, match.group()
    before = " " if match.start() and (text[match.start() - 1].isalpha() or text[match.start() - 1] == "_") else ""
    after = " " if match.end() < len(text) and (text[match.end()].isalpha() or text[match.end()] == "_") else ""
    zero = len(run) > 1 and run[0] == "0"
    spoken = padded(run) if zero and len(run) < 4 else digits(run) if zero or len(run) > 6 else cardinal(int(run))
    return f"{before}{spoken}{after}"


def _plus_after(match: re.Match[str], _: RuleContext) -> str:
    return f"{say(parse(match.group(1)))} плюс"


def _slash(match: re.Match[str], _: RuleContext) -> str:
    """A blood pressure is so much "на" so much, the number of a house or a paper is "дробь"."""
    first, second = match.groups()
    if match.group() == "24/7":
        return "двадцать четыре на семь"
    pressure = _PRESSURE.search(match.string, max(0, match.start() - 40), match.start())
    return f"{cardinal(int(first))} {'на' if pressure else 'дробь'} {cardinal(int(second))}"


def _ellipsis(_match: re.Match[str], _: RuleContext) -> str:
    return " - "


def _identifier(match: re.Match[str], _: RuleContext) -> str:
    return ", ".join(digits(part) for part in re.split("[ -]", match.group()))


RULES: tuple[Rule, ...] = (
    DigitRule("digits", _SPACED_ID, _identifier, re.compile("[0-9]{4}[ -][0-9]{4}")),
    PatternRule("range", frozenset("."), _ELLIPSIS, _ellipsis),
    DigitRule("symbol", _PLUS_AFTER, _plus_after),
    DigitRule("symbol", _SLASH, _slash),
    DigitRule("ordinal", _ORDERED, _ordered),
    DigitRule("range", _RANGE, _range, re.compile("[0-9] ?[-–—] ?[0-9]")),
    DigitRule("cardinal", _SIGNED, _signed, re.compile("[-−–+±][0-9]")),
    DigitRule("cardinal", _PLAIN, _plain),
    PatternRule("cardinal", DIGITS, _LEFT_OVER, _left_over),
)
