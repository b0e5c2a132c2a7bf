"""Names of months in the forms that dates need."""

from __future__ import annotations

from qwentts_svc.text.normalize.ru.grammar import Case
from qwentts_svc.text.normalize.ru.morph import inflect
from qwentts_svc.text.normalize.ru.wordlist import words

LEMMAS = tuple(words("январь февраль март апрель май июнь июль август сентябрь октябрь ноябрь декабрь"))
GENITIVES = tuple(words("января февраля марта апреля мая июня июля августа сентября октября ноября декабря"))
SHORT = tuple(words("янв фев мар апр мая июн июл авг сен окт ноя дек"))
_BY_TEXT = {name: index for index, name in enumerate(GENITIVES)}
_BY_TEXT.update({name: index for index, name in enumerate(SHORT)})
_BY_TEXT.update({"февр": 1, "сент": 8, "нояб": 10})
LAST_DAY = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)

GENITIVE = "|".join(GENITIVES)
ANY_GENITIVE = GENITIVE + "|" + "|".join(f"{name}\\." for name in (*SHORT, "февр", "сент", "нояб") if name != "мая")
ANY_FORM = "|".join(
    f"{stem}(?:{ends})"
    for stem, ends in (
        ("[Яя]нвар", "ь|я|ю|ём|е"), ("[Фф]еврал", "ь|я|ю|ём|е"), ("[Мм]арт", "|а|у|ом|е"), ("[Аа]прел", "ь|я|ю|ем|е"),
        ("[Мм]а", "й|я|ю|ем|е"), ("[Ии]юн", "ь|я|ю|ем|е"), ("[Ии]юл", "ь|я|ю|ем|е"), ("[Аа]вгуст", "|а|у|ом|е"),
        ("[Сс]ентябр", "ь|я|ю|ём|е"), ("[Оо]ктябр", "ь|я|ю|ём|е"), ("[Нн]оябр", "ь|я|ю|ём|е"),
        ("[Дд]екабр", "ь|я|ю|ём|е"),
    )
)  # fmt: skip


def month_index(text: str) -> int:
    """0..11 for a genitive or short form matched by ``ANY_GENITIVE``."""
    return _BY_TEXT[text.lower().rstrip(".")]


def month(index: int, case: Case) -> str:
    """The month in ``case``."""
    return inflect(LEMMAS[index], case, "sing")
