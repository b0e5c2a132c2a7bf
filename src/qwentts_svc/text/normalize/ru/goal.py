"""Whether something goes to a place ("доставка в г. Тверь") or is there ("живёт в г. Тверь"), where its name does not
tell."""

from __future__ import annotations

import re

from qwentts_svc.text.normalize.ru.govern import tokens_before
from qwentts_svc.text.normalize.ru.morph import lemma, part_of_speech
from qwentts_svc.text.normalize.ru.wordlist import words

_GOING = frozenset(
    words(
        "ехать поехать приехать уехать заехать переехать съехать выехать въехать доехать приезжать уезжать заезжать "
        "переезжать выезжать въезжать съезжаться ездить съездить идти пойти прийти уйти зайти войти дойти перейти "
        "ходить сходить выйти приходить заходить входить лететь летать полететь прилететь улететь вылететь слетать "
        "прилетать улетать вылетать перелететь плыть поплыть приплыть отплыть мчаться помчаться рвануть добраться "
        "добираться попасть попадать прибыть прибывать отбыть убыть вернуться возвратиться возвращаться вернуть "
        "отправиться отправляться отправить отправлять направиться направляться направить направлять командировать "
        "перебраться перебираться перебросить переселиться переселить перевестись перевести переводить эвакуировать "
        "сослать ссылать депортировать везти повезти привезти увезти отвезти завезти перевезти ввезти вывезти возить "
        "свозить привозить отвозить завозить перевозить ввозить доставить доставлять доставляться отгрузить отгружать "
        "поставить поставлять пригласить приглашать вызвать поступить поступать обратиться обращаться свернуть "
        "повернуть позвонить звонить послать посылать выслать высылать переслать экспортировать сбежать бежать "
        "устремиться выдвинуться доставка перевозка отправка отгрузка поставка пересылка посылка письмо звонок груз "
        "рейс билет маршрут путь дорога проезд поезд электричка автобус маршрутка самолёт самолет трансфер такси "
        "перелёт перелет вылет прилёт прилет полёт полет поездка приезд отъезд выезд въезд переезд заезд командировка "
        "экскурсия путешествие тур путёвка путевка визит прибытие отправление возвращение перевод переброска "
        "эвакуация ссылка депортация экспорт ввоз завоз привоз вход переселение паломничество"
    )
)
_ENDS = frozenset(".!?;:()—–")
_SAYING = frozenset(("VERB", "PRTS", "GRND", "PRED"))
_WORD = re.compile(r"[\w-]+|[^\w\s]")
_BEFORE, _AFTER, _AFTER_CHARS = 9, 12, 90


def is_goal(text: str, start: int) -> bool:
    """Whether the place at ``start``, after "в" or "на", is where somebody or something goes.

    The nearest verb before it settles that, or a noun of going that is nearer still; where there is none, the verb that
    follows.
    """
    for token in tokens_before(text, start)[1:_BEFORE]:
        if token in _ENDS:
            break
        if lemma(token) in _GOING:
            return True
        if part_of_speech(token) in _SAYING:
            return False
    for token in _WORD.findall(text, start, start + _AFTER_CHARS)[2:_AFTER]:
        if token in _ENDS:
            return False
        if part_of_speech(token) in _SAYING:
            return lemma(token) in _GOING
    return False
