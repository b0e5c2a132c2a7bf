"""Whether "101 место" is a hundred and one seats ("осталось 101 место") or a place in a ranking ("занял 101 место")."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import takewhile

from qwentts_svc.text.normalize.ru.govern import tokens_before
from qwentts_svc.text.normalize.ru.morph import forms, lemma, part_of_speech
from qwentts_svc.text.normalize.ru.wordlist import words

_LEFT = frozenset(words("остаться оставаться иметься насчитывать насчитываться вмещать хватить хватать недоставать"))
"""Verbs of so many things, of whatever kind."""
_OFFERED = _LEFT | frozenset(
    words(
        "есть свободный свободно доступный доступно забронировать бронировать зарезервировать занятый продать "
        "продаваться купить выделить предусмотреть предоставить освободиться освободить появиться добавить найтись "
        "рассчитать оборудовать создать вместимость"
    )
)
_NEEDED = _OFFERED | frozenset(words("быть нужный нужно надо искать предложить"))
"""Only with more than one: "это было 1 место" is the first."""
_WON = frozenset(
    words(
        "занять занимать завоевать завоёвывать взять брать поделить делить разделить присудить присвоить присуждать "
        "выиграть получить удержать сохранить подняться опуститься скатиться упасть достаться выйти претендовать "
        "показать"
    )
)
_ROW = _WON | frozenset(
    words(
        "рейтинг список таблица зачёт зачет турнир чемпионат первенство конкурс соревнование олимпиада гонка забег "
        "заплыв мир россия европа страна регион дивизион лига кубок протокол номинация категория классификация "
        "спартакиада универсиада эстафета итог квалификация финал марафон регата"
    )
)
"""Where and how one gets a place in a ranking."""
_OF_SEATS = frozenset(
    words(
        "рабочий посадочный свободный пустой спальный сидячий стоячий лежачий парковочный бюджетный платный "
        "бесплатный вакантный дополнительный пассажирский детский целевой торговый"
    )
)
_HALLS = frozenset(
    words(
        "зал автобус вагон салон самолёт самолет маршрутка театр кинотеатр стадион парковка стоянка паркинг "
        "автостоянка ресторан кафе столовая общежитие гостиница отель хостел купе палата аудитория трибуна катер "
        "теплоход паром микроавтобус партер балкон ложа кемпинг пансионат"
    )
)
_INSTITUTIONS = _HALLS | frozenset(
    words("поезд сад детсад школа лагерь санаторий корпус больница арена цирк клуб лодка номер интернат приют офис")
)
"""All that has seats; in some of them things are ranked too."""
_PARTICLES = frozenset(words("только лишь всего ещё еще уже хотя бы ровно как минимум примерно почти"))
_PREPOSITIONS = frozenset(("на", "за", "в", "под"))
_SIGNS = frozenset("-–—:,()")
_TOKEN = re.compile(r"[\w-]+|[^\w\s]")
_END = frozenset(".!?;")
_BEFORE, _AFTER, _AFTER_CHARS = 6, 5, 60


def is_counted(text: str, start: int, end: int, n: int, noun: str, *, direct: bool) -> bool:
    """Whether the noun after ``n``, written at ``text[start:end]`` and ending in one, is counted and not one of a row.

    ``noun``: its dictionary form; ``direct``: whether it can be in the nominative or accusative.
    """
    before = _clause(token for token in tokens_before(text, start) if token.lower() not in _PARTICLES)[:_BEFORE]
    if before and lemma(before[0]) in _LEFT:
        return True
    if noun != "место" or not direct:
        return False
    after = _clause(_TOKEN.findall(text, end, end + _AFTER_CHARS))[:_AFTER]
    if lemma(after[0]) in _OF_SEATS:
        return True
    offered, seating = (_NEEDED, _INSTITUTIONS) if n > 1 else (_OFFERED, _HALLS)
    if before and before[0].lower() in _PREPOSITIONS:
        return before[0].lower() == "на" and any(lemma(token) in seating | offered for token in before[1:4])
    for token in before:
        if lemma(token) in offered or _is_hall(token):
            return True
        if lemma(token) in _ROW:
            return False
        if part_of_speech(token) in ("VERB", "INFN"):
            break
    following = list(map(lemma, after[1:]))
    if following and following[0] in offered:
        return True
    if _SIGNS.intersection(before[:1] + after[1:2]) or _ROW.intersection(following):
        return False
    return n > 1 or any(map(_is_hall, after[2:3]))


def _clause(tokens: Iterable[str]) -> list[str]:
    return list(takewhile(lambda token: token not in _END, tokens))


def _is_hall(word: str) -> bool:
    """Whether ``word`` says in what the seats are."""
    return lemma(word) in _HALLS and any(form.case == "loct" for form in forms(word))
