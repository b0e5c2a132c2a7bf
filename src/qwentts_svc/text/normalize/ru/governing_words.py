"""Verbs, participles and nouns of action that ask a case of the number after them, by their dictionary forms."""

from __future__ import annotations

from qwentts_svc.text.normalize.ru.grammar import Case
from qwentts_svc.text.normalize.ru.morph import lemma, part_of_speech
from qwentts_svc.text.normalize.ru.wordlist import words

_VERBS: dict[str, Case] = dict.fromkeys(
    words(
        "владеть располагать обладать управлять руководить ограничиться ограничиваться ограничить ограничивать "
        "довольствоваться удовольствоваться обойтись обходиться пожертвовать жертвовать рисковать рискнуть датировать "
        "датироваться измеряться исчислять исчисляться командовать заведовать гордиться хвастаться похвастаться "
        "пользоваться воспользоваться отделаться поделиться обменяться обмениваться торговать питаться интересоваться "
        "завладеть овладеть распоряжаться распорядиться пренебречь дорожить ворочать облагать облагаться карать "
        "караться наказывать наказываться запастись запасаться поплатиться посыпать присыпать обсыпать "
        "полить сбрызнуть сдобрить"
    ),
    "ablt",
)
_VERBS.update(
    dict.fromkeys(
        words(
            "соответствовать помочь помогать равняться радоваться обрадоваться поклониться кланяться угрожать "
            "доверять доверить завидовать посвятить эквивалентный "
            "равный пропорциональный соразмерный"
        ),
        "datv",
    )
)
_VERBS.update(
    dict.fromkeys(
        words(
            "достигнуть достичь достигать лишиться лишаться лишить добиться добиваться хватить хватать недоставать "
            "избежать избегать касаться коснуться опасаться бояться придерживаться недосчитаться удостоиться"
        ),
        "gent",
    )
)
_ACTIONS = frozenset(
    words(
        "обмен продажа покупка приобретение получение строительство возведение производство выпуск поставка закупка "
        "потеря утрата выплата уплата выдача вручение перевозка посадка эвакуация гибель арест задержание спасение "
        "перечисление взыскание хищение кража вложение списание добыча изготовление возврат погашение привлечение "
        "внесение использование употребление прохождение преодоление уничтожение участие отсутствие"
    )
)
"""Nouns of action: what the action is done to stands in the genitive."""

_COMPANIONS = frozenset(
    words(
        "смешать смешивать взбить взбивать соединить соединять перемешать растереть перетереть справиться справляться "
        "столкнуться познакомиться встретиться сравнить сравнивать сравниться бороться поспорить спорить граничить "
        "поговорить говорить беседовать побеседовать соседствовать развестись совпасть совпадать поздравить поздравлять"
    )
)
"""Verbs after which "с" means "together with"."""
_TOGETHER = frozenset(words("сравнению сопоставлению вместе наряду совместно параллельно рядом согласованию"))
_LONGEST_SHORT = 4
_VERBAL = frozenset(("VERB", "INFN", "GRND", "PRTS", "ADJS"))


def asked_by_verb(word: str) -> Case | None:
    """The case that ``word`` asks of its object as a verb, a short participle or a noun of action, if any."""
    kind = part_of_speech(word)
    if kind in _VERBAL:
        return _VERBS.get(lemma(word))
    return "gent" if kind == "NOUN" and lemma(word) in _ACTIONS else None


def is_together(tokens_before: list[str]) -> bool:
    """Whether "с" after these words (nearest first) joins things ("вместе с", "смешайте муку с"), not "from".

    What somebody is congratulated on counts as joined ("поздравляю с", "с праздником, с").
    """
    if not tokens_before:
        return False
    if tokens_before[0].lower() in _TOGETHER:
        return True
    parted = False  # "поздравления по телефону с 9 до 18"
    for token, following in zip(tokens_before[:10], [*tokens_before[1:], ""], strict=False):
        if token in "!?;:()" or (token == "." and len(following) > _LONGEST_SHORT):
            return False
        kind = part_of_speech(token)
        if kind in _VERBAL:
            return lemma(token) in _COMPANIONS
        if kind == "NOUN" and lemma(token) == "поздравление":
            return not parted
        parted = parted or kind == "PREP"
    return False
