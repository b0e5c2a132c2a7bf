"""Which case the words to the left ask of a number: prepositions, comparatives, and some verbs and nouns."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from qwentts_svc.text.normalize.ru.governing_words import asked_by_verb, is_together
from qwentts_svc.text.normalize.ru.grammar import BY_NAME, Case
from qwentts_svc.text.normalize.ru.morph import forms, part_of_speech, takes_accusative, transitive
from qwentts_svc.text.normalize.ru.wordlist import words

_WINDOW = 90
_TOKEN = re.compile(r"[\w-]+|[^\w\s]")

_TABLE: dict[str, tuple[Case, ...]] = {}


def _add(cases: str, words: str) -> None:
    parsed: tuple[Case, ...] = tuple(BY_NAME[case] for case in cases.split())
    for word in words.split():
        _TABLE[word] = parsed


_add("accs loct", "в во на")
_add("gent ablt accs", "с со")
_add("accs datv loct", "по")
_add("accs ablt", "за под подо")
_add("loct accs", "о об обо")
_add("loct", "при")
_add("ablt", "между меж перед передо над надо")
_add(
    "datv",
    "к ко благодаря согласно вопреки навстречу подобно равен равна равно равны равняется равнялось равнялся равнялась",
)
_add("accs", "через про сквозь спустя включая")
_add(
    "gent",
    "из изо от ото до у без безо для около после кроме вокруг против среди ради вместо свыше порядка напротив возле "
    "вдоль мимо помимо ввиду насчёт относительно из-за из-под внутри вне накануне посреди сверх ниже выше более менее "
    "больше меньше старше моложе младше дороже дешевле длиннее короче быстрее дольше раньше ранее позже "
    "позднее тяжелее легче "
    "глубже шире дальше ближе чаще реже возраста возрасте размере размера течение протяжении количестве объёме объеме "
    "высоте глубине расстоянии уровне уровня пределах районе радиусе сумме площади высоты глубины отметки нет "
    "хватает хватит хватало хватило",
)
_add("gent", "< >")
_add("datv", "≤ ≥ ≠ ≈")
_SKIPPED = frozenset(
    words(
        "примерно почти ровно всего лишь только приблизительно даже уже ещё еще где-то хотя бы минимум "
        "максимум минус плюс плюс-минус целых ни бы около-то именно приблизительно аж ориентировочно"
    )
)
_JOINS = frozenset(("и", "или", "либо", "-", "–", "—", ",", "а"))
_NUMBER_SIGNS = frozenset("-−+±")
_NUMERAL_LEMMAS = re.compile(
    r"(?:один|одн|дв[аеу]|тр[иёе]|четыр|пят|шест|сем[ьи]|восем|восьм|девят|десят|одиннадцат|двенадцат"
    r"|сорок|девяност|ст[оа]$"
    r"|тысяч|миллион|миллиард)"
)
_RESULTS = frozenset(
    words(
        "сумма сумму суммой разность разностью разница разницу разницей произведение произведением произведения "
        "частное частного частным среднее арифметическое"
    )
)
"""What is reckoned from several numbers, which then stand in the genitive ("сумма 15 и 5")."""
_SEVERAL = re.compile(
    r"[-−+]?[0-9]{1,15}(?:[.,][0-9]{1,6})?(?:,\s[-−+]?[0-9]{1,15}(?:[.,][0-9]{1,6})?){0,6}\sи\s"
    r"(?:[-−+]?[0-9]|(?:минус|плюс)\s)"
)
_SPAN = re.compile(r"[0-9]{1,4}(?:[:.][0-9]{2})?\s(?:до|по)\s[0-9]")
_LACKING = frozenset(words("нет хватило хватит хватает бы"))
_LACKED = frozenset(
    words(
        "было будет осталось останется прошло пройдёт пройдет проходит проходило нашлось набралось наберётся "
        "исполнилось существует"
    )
)
_NEGATED_GENITIVE = frozenset(
    words("превышает превышают превышал превышала превышало превышали превысит превысил превысила")
)


class Governor(NamedTuple):
    """``cases`` in order of preference; ``word``: what governs, lower-case, or "" where nothing was found."""

    cases: tuple[Case, ...]
    word: str


FREE = Governor(("nomn", "accs"), "")
_OBJECT = Governor(("accs", "nomn"), "")
_ACCUSATIVE = frozenset(words("нужно надо стоит стоил стоила стоило стоили стоить весит весил весила весило длится"))


def tokens_before(text: str, pos: int) -> list[str]:
    """Words and signs before ``pos``, nearest first, out of a bounded window."""
    start = max(0, pos - _WINDOW)
    found = _TOKEN.findall(text[start:pos])
    if start and found and text[start - 1 : start + 1].isalnum():
        del found[0]  # the window cut it
    found.reverse()
    return found


def _is_number(token: str) -> bool:
    return token.lstrip("-")[:1].isdigit()


@lru_cache(maxsize=64)
def governor(text: str, pos: int) -> Governor:
    """What governs the number at ``pos``. Remembered, for rule after rule asks it of the same number."""
    tokens = tokens_before(text, pos)
    index = adjectives = 0
    last = False
    while index < len(tokens) and index < 10:
        token = tokens[index]
        word = token.lower()
        found = _TABLE.get(word)
        if found:
            if word in ("с", "со") and _SPAN.match(text, pos):
                return Governor(found, word)  # "поздравляем с 9 до 18"
            return _refined(word, found, tokens, index)
        if word in _NEGATED_GENITIVE:
            return (
                Governor(("gent",), word)
                if [token.lower() for token in tokens[index + 1 : index + 2]] == ["не"]
                else FREE
            )
        if word in _SKIPPED or token == '"':
            index += 1
            continue
        following = tokens[index + 1] if index + 1 < len(tokens) else ""
        if word in _RESULTS and (last or _SEVERAL.match(text, pos)):
            return Governor(("gent",), word)
        if word in _JOINS and (_is_number(following) or _NUMERAL_LEMMAS.match(following.lower())):
            last = last or word == "и"
            index += 1
            while index < len(tokens) and (
                _is_number(tokens[index]) or tokens[index] == ":" or _NUMERAL_LEMMAS.match(tokens[index].lower())
            ):
                index += 1
            if index < len(tokens) and tokens[index] in _NUMBER_SIGNS:
                index += 1
            continue
        readings = forms(word) if adjectives < 2 else ()
        if readings and readings[0].adjective and index < 3:
            adjectives += 1
            index += 1
            continue
        if word == "и" and (following.lower() in _LACKING or _is_negated(tokens, index + 1)):
            index += 1  # "нет и тридцати", "не прошло и пяти минут"
            continue
        if word in _LACKED and tokens[index + 1 : index + 2] and tokens[index + 1].lower() == "не":
            return Governor(("gent",), "не " + word)
        if word in ("и", ","):
            listed = _preposition_of_list(tokens, index)
            return listed or (_OBJECT if _lists_objects(tokens[index + 1 : index + 13]) else FREE)
        asked = asked_by_verb(word)
        if asked:
            return Governor((asked,), word)
        return _OBJECT if word in _ACCUSATIVE or takes_accusative(word) else FREE
    return FREE


def _is_negated(tokens: list[str], index: int) -> bool:
    """Whether a verb of being stands at ``index`` with its "не" ("не было и")."""
    pair = [token.lower() for token in tokens[index : index + 2]]
    return len(pair) == 2 and pair[0] in _LACKED and pair[1] == "не"


def _preposition_of_list(tokens: list[str], index: int) -> Governor | None:
    """The preposition of a list of amounts that goes on at ``index`` ("из 500 г муки, 2 яиц и 1 ч. л. соды").

    Every number of the list but the first stands after a comma or "и", so that "к 500 г муки 2 яйца и" is none.
    """
    for at in range(index + 1, min(len(tokens) - 1, index + 16)):
        if not _is_number(tokens[at]):
            if tokens[at] in ".!?;:" and len(tokens[at + 1]) > 3:
                return None
            continue
        before = tokens[at + 1].lower()
        if before in _TABLE and before not in ("в", "во", "на", "за", "по"):
            return _refined(before, _TABLE[before], tokens, at + 1)
        if before not in ("и", ","):
            return None
    return None


def _lists_objects(tokens: list[str]) -> bool:
    """Whether the nearest verb before a list's member takes an object ("добавьте сахар и 1 ч. л. соли")."""
    for index, token in enumerate(tokens):
        if token in "!?:;" or (
            token == "." and len(tokens[index + 1 : index + 2] or "") and len(tokens[index + 1]) > 3
        ):
            return False
        if part_of_speech(token) in ("VERB", "INFN", "GRND"):
            return transitive(token)
    return False


def _refined(word: str, cases: tuple[Case, ...], tokens: list[str], index: int) -> Governor:
    before = tokens[index + 1].lower() if index + 1 < len(tokens) else ""
    if (
        word in ("выше", "ниже", "больше", "меньше", "более", "менее", "раньше", "позже", "дальше", "ближе")
        and before == "чем"
    ):
        return FREE
    if word in ("равно", "равны") and before == "всё":
        return FREE
    if word in ("с", "со") and is_together(tokens[index + 1 :]):
        return Governor(("ablt",), "вместе с")
    return Governor(cases, word)
