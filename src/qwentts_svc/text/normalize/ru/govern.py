"""Which case the words to the left ask of a number: prepositions, comparatives, and some verbs and nouns."""

from __future__ import annotations

import re
from typing import NamedTuple

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
    "ablt",
    "владеет владеют владел владела владело владели владеть располагает располагают располагал располагала располагало "
    "располагали располагать обладает обладают обладал обладала обладало обладали обладать управляет управляют "
    "управлял управляла управляли управлять руководит руководят руководил руководила руководили руководить "
    "ограничился ограничилась ограничилось ограничились ограничится ограничиться ограничивается ограничивались "
    "ограничен ограничена ограничено ограничены измеряется исчисляется исчисляются пожертвовал пожертвовала "
    "пожертвовали рискует рискуют датирован датирована датировано датированы датируется датируются",
)
_add(
    "datv",
    "соответствует соответствуют соответствовал соответствовала соответствовало соответствовали эквивалентен "
    "эквивалентна эквивалентно эквивалентны помог помогла помогло помогли помогает помогают помочь поможет помогут",
)
_add(
    "gent",
    "из изо от ото до у без безо для около после кроме вокруг против среди ради вместо свыше порядка напротив возле "
    "вдоль мимо помимо ввиду насчёт относительно из-за из-под внутри вне накануне посреди сверх ниже выше более менее "
    "больше меньше старше моложе младше дороже дешевле длиннее короче быстрее дольше раньше позже "
    "позднее тяжелее легче "
    "глубже шире дальше ближе чаще реже возраста возрасте размере размера течение протяжении количестве объёме объеме "
    "высоте глубине расстоянии уровне уровня пределах районе радиусе сумме площади достиг достигла достигло достигли "
    "достигает достигают достичь достигнет достигнув достигать достигал достигала достигало лишился "
    "лишилась лишились хватило "
    "добился добилась отметки хватает хватит хватало нет избежал избежала избежали касается",
)
_SKIPPED = frozenset(
    words(
        "примерно почти ровно всего лишь только приблизительно даже уже ещё еще где-то хотя бы минимум "
        "максимум минус плюс целых около-то именно приблизительно аж ориентировочно"
    )
)
_JOINS = frozenset(("и", "или", "либо", "-", "–", "—", ",", "а"))
_NUMBER_SIGNS = frozenset("-−+±")
_NUMERAL_LEMMAS = re.compile(
    r"(?:один|одн|дв[аеу]|тр[иёе]|четыр|пят|шест|сем[ьи]|восем|восьм|девят|десят|одиннадцат|двенадцат"
    r"|сорок|девяност|ст[оа]$"
    r"|тысяч|миллион|миллиард)"
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


def governor(text: str, pos: int) -> Governor:
    """What governs the number at ``pos``."""
    tokens = tokens_before(text, pos)
    index = adjectives = 0
    while index < len(tokens) and index < 10:
        token = tokens[index]
        word = token.lower()
        found = _TABLE.get(word)
        if found:
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
        if word in _JOINS and (_is_number(following) or _NUMERAL_LEMMAS.match(following.lower())):
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
        if word in ("и", ","):
            return _OBJECT if _lists_objects(tokens[index + 1 : index + 13]) else FREE
        return _OBJECT if word in _ACCUSATIVE or takes_accusative(word) else FREE
    return FREE


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
    return Governor(cases, word)
