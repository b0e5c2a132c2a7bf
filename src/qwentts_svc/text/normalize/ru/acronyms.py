"""Acronyms that are spelled, letter by letter. Those read as a word ("НАТО") and the unknown stay as they are."""

from __future__ import annotations

import re

from qwentts_svc.text.normalize.ru.wordlist import words
from qwentts_svc.text.normalize.rule import PatternRule, Rule, RuleContext

LETTERS = {
    "А": "а", "Б": "бэ", "В": "вэ", "Г": "гэ", "Д": "дэ", "Е": "е", "Ё": "ё", "Ж": "жэ", "З": "зэ", "И": "и",
    "Й": "и краткое", "К": "ка", "Л": "эл",
    "М": "эм", "Н": "эн", "О": "о", "П": "пэ", "Р": "эр", "С": "эс", "Т": "тэ", "У": "у", "Ф": "эф", "Х": "ха",
    "Ц": "цэ", "Ч": "че", "Ш": "ша", "Щ": "ща",
    "Ы": "ы", "Э": "э", "Ю": "ю", "Я": "я", "Ь": "мягкий знак", "Ъ": "твёрдый знак",
}  # fmt: skip
_SPELLED = frozenset(
    words(
        "ООН МГУ ЕС ОАО ООО ЗАО АО ПАО ИП ИНН ЦРУ ВШЭ ГТО МФТИ МАИ МИФИ РУДН АЭС ОАЭ ЮАР КНДР ФРГ ГДР ЦСКА "
        "КНР АЗС ЭВМ ЭКГ ЭЭГ СПбГУ МГТУ ИТ АТС УК УФСБ УМВД ЕСПЧ ОРВИ ОРЗ ИБС КПСС УФ ИК ТСЖ ДНР ЛНР ЭП ЭЦП "
        "ОС ГПУ ОГПУ ВЦИК АН ВАО ЮАО САО ЗАО ЦАО МЭИ РГГУ ТГУ НГУ КФУ УрФУ ДВФУ СФУ ОЭСР ЕАЭС ВОИС АИ ИИ "
        "ИМТ ОМС ОБЖ ОФП ЕНВД УСН ОГРН ИВЛ ОЗУ ПЗУ ЦПУ ОТК ОВД УВД РОВД ГУВД ЕЭС ОИ АПЛ ЕГРН АСВ ИИС ОФЗ УПК АПК "
        "ЭДО АКПП ОДКБ ОБСЕ АНБ ИБП УДО ЕЭК ОПГ ИТР АК"
    )
)
_SPECIAL = {
    "США": "сэ шэ а",
    "ГИБДД": "ги бэ дэ дэ",
    "ФБР": "фэ бэ эр",
    "СПбГУ": "эс пэ бэ гэ у",
    "МКАД": "мкад",
    "ЦСКА": "цэ эс ка",
    "ОРВИ": "о эр вэ и",
}
_READ = frozenset(("ТАСС", "МХАТ"))
_ACRONYM = re.compile(r"(?<![\w'-])([А-ЯЁ]{2,6}|СПбГУ|УрФУ)(?![\w'])(?!-[а-яё])")
_VOWEL = re.compile("[АЕЁИОУЫЭЮЯ]")
_LOWER = re.compile("[а-яё]")
_INTERJECTIONS = frozenset(("ХМ", "ГМ", "ТСС", "ШШ", "ШШШ", "БРР", "ТЧК", "СТР", "РИС", "ТБЛ", "РУБ"))


def _shouted(text: str) -> bool:
    return len(text.split()) > 2 and not _LOWER.search(text)


def _replace(match: re.Match[str], _: RuleContext) -> str | None:
    word = match.group(1)
    if word in _SPECIAL:
        return _SPECIAL[word]
    has_vowel = _VOWEL.search(word) is not None
    if word not in _SPELLED and (has_vowel or word in _READ or word in _INTERJECTIONS):
        return None
    if has_vowel and _shouted(match.string):
        return None
    return " ".join(LETTERS[letter] for letter in word.upper())


RULES: tuple[Rule, ...] = (
    PatternRule(
        "acronym", frozenset("БВГДЖЗКЛМНПРСТФХЦЧШЩАЕИОУЭЮЯ"), _ACRONYM, _replace, re.compile("[А-ЯЁ]{2}|СПб|УрФ")
    ),
)
