"""Numbers with units ("5 кг", "60 км/ч", "10×15 см"), with thousands and millions, alone and in ranges."""

from __future__ import annotations

import re

from qwentts_svc.text.normalize.ru.amounts import SCALE, AmountRule, amount, amount_case, spread
from qwentts_svc.text.normalize.ru.context import last_word, next_word, stop
from qwentts_svc.text.normalize.ru.digit_rule import DigitRule
from qwentts_svc.text.normalize.ru.govern import governor
from qwentts_svc.text.normalize.ru.grammar import Case
from qwentts_svc.text.normalize.ru.morph import forms, inflect, lemma
from qwentts_svc.text.normalize.ru.quantity import NUM, Noun, parse, say
from qwentts_svc.text.normalize.ru.units import CONFUSABLE, LENGTHS, PER_TIME, UNITS
from qwentts_svc.text.normalize.rule import DIGITS, Rule, RuleContext

_UNIT = "|".join(re.escape(unit) for unit in sorted(UNITS, key=len, reverse=True))
START = r"(?<![\w.,/:])"
SIGN = r"(?:(?<![\w)])[-−–+±])?"
DASH = r"\s?[-–—]\s?"
_MEASURE = re.compile(
    rf"{START}({SIGN})(?:({NUM}){DASH})?({NUM})\s?({SCALE})?\s?({_UNIT})"
    rf"(?:\.?/\s?(100\s?км|{'|'.join(sorted(PER_TIME, key=len, reverse=True))}|{_UNIT}))?(?![\w²³·⋅^/°]"
    rf"|-[а-яё])(\.(?![\w]))?"
)
_BY = re.compile(rf"{START}({NUM})\s?[xXхХ×*]\s?({NUM})(?:\s?[xXхХ×*]\s?({NUM}))?\s?({_UNIT})(?![\w/²³])")
_BY_SIZE = re.compile(
    r"(?<![\w.,/:])([1-9][0-9]{0,4})\s?([xXхХ×*])\s?([1-9][0-9]{0,4})(?!\w|[.,][0-9]|\s?[xXхХ×*=+/-])"
    r"(?=(\s(?:пиксел|точ[еок]|метр|сантиметр|миллиметр|километр|дюйм))?)"
)
_SIZED = re.compile(
    r"(?i:формат|размер|разрешени|экран|фото|бумаг|кроват|матрас|доск|ков[её]р|плитк|брус)[а-яё]{0,5}\s\Z"
)
_SCALED = re.compile(rf"{START}({SIGN})(?:({NUM}){DASH})?({NUM})\s?({SCALE})(?![\w])")
_GATE = re.compile(rf"[0-9][ ]{{0,2}}(?:{SCALE}[ ]?)?(?:{_UNIT})(?![\w²³·⋅^°]|-[а-яё])")
_HALF = frozenset(("час", "год", "месяц", "сутки", "неделя", "минута", "метр", "километр", "литр", "килограмм", "тонна",
                   "гектар", "сантиметр", "грамм", "стакан"))  # fmt: skip
_LABEL = re.compile(r"(?i:\b(?:рис|табл|стр|гл|прил|схем|фото|с|п|рисунок|таблица))\.?\s?\Z")
_PART_OF_LAW = re.compile(r"(?i:\b(?:ч|п|пп|ст|гл|част[ьи]|пункт[ау]?|стать[яие]))\.?\s\Z")
_PRICES = frozenset(("цена", "стоимость", "себестоимость"))
_WALKS = frozenset(("минута", "час"))
_SIGNS = {"-": "минус ", "−": "минус ", "–": "минус ", "+": "плюс ", "±": "плюс-минус ", "": ""}
_REFERENCE = re.compile(r"\s(?:рис|стр|табл|гл|п|с|прил|разд|также|ниже|выше|том|раздел|рисунок)\b")
_HOUSE_LETTERS = frozenset("АВКН")
_LETTERED = re.compile(
    r"(?:(?<!\w)(?i:дом\w{0,2}|д|корпус\w?|корп|строени[еяю]|стр|квартир\w{1,2}|кв|владени[еяю]|вл|школ\w{1,2}|лице\w"
    r"|поезд\w{0,2}|вагон\w{0,2}|кабинет\w{0,2}|каб|ауд|литер\w?|уч|участ\w{1,3}|номер\w{0,3})\.?\s?"
    r"|[А-ЯЁ][а-яё]{2,30},\s)\Z"
)
_WHOSE_AGE = frozenset(("мне", "тебе", "ему", "ей", "нам", "вам", "им"))
_TERM = re.compile(r"\s(?:тюрьмы|заключения|лишения|колонии|каторги|ссылки|обучения|стажа|службы|строгого|условно)\b")
"""What lasts so many years ("5 г. тюрьмы")."""
_SOLVENT = frozenset(("литр", "миллилитр"))
_DISSOLVE = re.compile(r"(?i:раствор|развод|развед|разбав|замоч|замач|свар|отвар|кипят|прокип)")
_LOWER_CONTEXT = re.compile(r"\s?(?:[,;:)!?]|$|\n)")


def sign_word(sign: str | None) -> str:
    """ "минус " for a minus sign, "плюс " for a plus, "" for none."""
    return _SIGNS[sign or ""]


def _measure(match: re.Match[str], last: Case | None) -> tuple[str, Case] | None:
    sign, low, high, scale, unit, per, written_stop = match.groups()
    text, start, end = match.string, match.start(), match.end()
    if unit == "см" and written_stop:
        labelled = _LABEL.search(text, max(0, start - 12), start)
        if labelled or _REFERENCE.match(text, end):
            return None
    if (
        unit in ("ч", "п")
        and written_stop
        and text[end : end + 2].strip().isdigit()
        and _PART_OF_LAW.search(text, max(0, start - 12), start)
    ):
        return None
    if unit in CONFUSABLE and not per and not _sure(match, unit):
        return None
    glued = text[match.start(5) - 1].isdigit()
    if unit == "К" and glued:
        return None  # "4К": a kind of picture
    if unit in _HOUSE_LETTERS and glued and not low and _LETTERED.search(text, max(0, start - 40), start):
        return None
    if unit == "г" and not low and not scale and re.fullmatch("1[0-9]{3}|20[0-9]{2}", high) and written_stop:
        return None
    noun, number = UNITS[unit], parse(high)
    if unit in ("г", "л") and not scale and (_is_age(text, start, end) or _TERM.match(text, end)):
        noun = Noun("год")
    case = last or amount_case(text, match.start(), end, distance=noun.head in LENGTHS or noun.head in _WALKS)
    if case == "nomn" and lemma(last_word(text, start)) in _PRICES:
        case = "gent"
    if noun.head == "экземпляр" and governor(text, start).word == "в":
        case = "loct"
    half = noun.head in _HALF and not noun.adjective
    if noun.head in _SOLVENT and case == "accs" and _dissolves(text, match.start(), end):
        case = "loct"
    spoken = spread(low, number, scale, noun, case, half=half) if low else amount(number, scale, noun, case, half=half)
    if per:
        spoken += _per(per)
    return sign_word(sign) + spoken + stop(text, end, "." if unit.endswith(".") and not per else written_stop), case


def _is_age(text: str, start: int, end: int) -> bool:
    """Whether "г" are the years of somebody ("ей 34 г", "пациентке 34 г., жалобы")."""
    word = last_word(text, start)
    readings = forms(word)
    whose = word.lower() in _WHOSE_AGE or (bool(readings) and readings[0].animate and readings[0].case == "datv")
    return whose and _LOWER_CONTEXT.match(text, end) is not None


def _dissolves(text: str, start: int, end: int) -> bool:
    """Whether something is dissolved or cooked in the amount ("растворите в ста миллилитрах воды")."""
    if governor(text, start).word not in ("в", "во"):
        return False
    return _DISSOLVE.search(text, max(0, start - 50), min(len(text), end + 30)) is not None


def _sure(match: re.Match[str], unit: str) -> bool:
    """Whether a unit that may also be a word ("с", "В") is one here."""
    text, end = match.string, match.end(5)
    if unit in ("ст", "зуб"):
        return match.group(7) is not None and not match.group(4) and _is_portion(match)
    if unit in ("В", "А", "К", "Н"):
        word = next_word(text, end)
        return not forms(word) or word[:5].lower() != "класс"
    if unit in ("с", "уд", "об", "кадр", "сот"):
        return match.group(7) is not None or _LOWER_CONTEXT.match(text, end) is not None
    if unit == "м":
        return not text.startswith(".", end) or match.group(7) is not None
    return True


def _is_portion(match: re.Match[str]) -> bool:
    """Whether so many glasses, tins or cloves of something are meant ("2 ст. муки")."""
    if _PART_OF_LAW.search(match.string, max(0, match.start() - 12), match.start()):
        return False
    word = next_word(match.string, match.end())
    return word[:1].islower() and any(form.case == "gent" and not form.animate for form in forms(word))


def _per(per: str) -> str:
    if per.startswith("100"):
        return " на сто километров"
    if per in PER_TIME:
        return f" в {PER_TIME[per]}"
    noun = UNITS[per]
    form = noun.form(1, "accs") if noun.adjective else inflect(noun.head, "accs", "sing")
    return f" на {form}"


def _scaled(match: re.Match[str], last: Case | None) -> tuple[str, Case] | None:
    sign, low, high, scale = match.groups()
    case = governor(match.string, match.start()).cases[0]
    number = parse(high)
    spoken = spread(low, number, scale, None, case, half=True) if low else amount(number, scale, None, case)
    written_stop = "." if scale.endswith(".") else None
    return sign_word(sign) + spoken + stop(match.string, match.end(), written_stop), case


def _by(match: re.Match[str], _: RuleContext) -> str:
    first, second, third, unit = match.groups()
    case = governor(match.string, match.start()).cases[0]
    numbers = [say(parse(part), case if case != "loct" else "accs") for part in (first, second, third) if part]
    last = parse(third or second)
    noun = UNITS[unit]
    return " на ".join(numbers) + " " + (noun.partitive() if last.frac else noun.form(last.value, "nomn"))


def _by_size(match: re.Match[str], _: RuleContext) -> str | None:
    """Sides of a thing: a picture of so many dots, a bed, a sheet."""
    first, sign, second, thing = match.groups()
    long = len(first) > 2 and len(second) > 2
    if not thing and not (
        long or sign in "xXхХ" or _SIZED.search(match.string, max(0, match.start() - 30), match.start())
    ):
        return None
    return f"{say(parse(first))} на {say(parse(second), 'accs')}"


RULES: tuple[Rule, ...] = (
    DigitRule("measure", _BY, _by, re.compile("[0-9][ ]?[xXхХ×*][ ]?[0-9]")),
    DigitRule("measure", _BY_SIZE, _by_size, re.compile("[0-9][ ]?[xXхХ×*][ ]?[0-9]")),
    AmountRule("measure", DIGITS, _MEASURE, _measure, _GATE),
    AmountRule("scale", DIGITS, _SCALED, _scaled, re.compile("[0-9] ?(?:тыс|млн|млрд|трлн)")),
)
