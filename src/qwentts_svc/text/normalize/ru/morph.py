"""The morphological dictionary: what a word form can be, and a lemma in a wanted form. Loaded when first asked."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any, Literal, NamedTuple

from qwentts_svc.text.normalize.ru.grammar import Case, Gender

Number = Literal["sing", "plur"]

_CASES: dict[str, Case] = {
    "nomn": "nomn", "gent": "gent", "gen2": "gent", "datv": "datv", "accs": "accs", "acc2": "accs", "ablt": "ablt",
    "loct": "loct", "loc2": "loct",
}  # fmt: skip
_GENDERS: dict[str, Gender] = {"masc": "masc", "femn": "femn", "neut": "neut"}
_ADJECTIVE = frozenset(("ADJF", "PRTF"))
# Counted things that are also words for people ("глава").
_NOT_PEOPLE = frozenset(("глава",))
_MIN_SCORE = 0.004


class Form(NamedTuple):
    """One reading of a word form: noun (``adjective`` false) or full adjective."""

    lemma: str
    case: Case
    number: Number
    gender: Gender
    animate: bool
    adjective: bool
    fixed: bool
    plural_only: bool
    proper: bool


@cache
def _analyzer() -> Any:
    import pymorphy3  # about half a second and 20 MB: only a text with Russian numbers pays for it

    return pymorphy3.MorphAnalyzer()


@lru_cache(maxsize=16384)
def _parses(word: str) -> tuple[Any, ...]:
    return tuple(_analyzer().parse(word))


@lru_cache(maxsize=16384)
def forms(word: str) -> tuple[Form, ...]:
    """Noun and adjective readings of ``word`` (any letter case), likeliest first; none of what is not Cyrillic."""
    if not word or len(word) > 40 or not ("а" <= word[0].lower() <= "я" or word[0] in "ёЁ"):
        return ()
    found: list[Form] = []
    parses = _parses(word.lower())
    if parses[0].tag.POS in ("PREP", "CONJ", "PRCL"):
        return ()
    for parse in parses:
        tag = parse.tag
        if tag.case not in _CASES or "Abbr" in tag or (parse.score < _MIN_SCORE and found):
            continue
        adjective = tag.POS in _ADJECTIVE
        if not adjective and tag.POS != "NOUN":
            continue
        number: Number = "plur" if tag.number == "plur" else "sing"
        # The dictionary's own grammemes refuse to be compared with anything but their like.
        gender = _GENDERS.get(str(tag.gender), "plur" if number == "plur" else "masc")
        if parse.normal_form in _NOT_PEOPLE:
            if gender != "femn":
                continue
            animate = False
        else:
            animate = tag.animacy == "anim"
        found.append(
            Form(
                parse.normal_form,
                _CASES[tag.case],
                number,
                gender,
                animate,
                adjective,
                "Fixd" in tag,
                "Pltm" in tag,
                any(mark in tag for mark in ("Name", "Surn", "Patr")),
            )
        )
    return tuple(found)


@lru_cache(maxsize=16384)
def takes_accusative(word: str) -> bool:
    """Whether ``word`` is most likely a verb whose counted object would be in the accusative."""
    if not word or len(word) > 40:
        return False
    tag = _parses(word.lower())[0].tag
    if tag.POS not in ("VERB", "INFN", "GRND"):
        return False
    person = tag.person in ("1per", "2per") or tag.mood == "impr" or (tag.tense == "past" and tag.gender == "masc")
    return tag.transitivity == "tran" or person or tag.POS == "GRND"


@lru_cache(maxsize=16384)
def transitive(word: str) -> bool:
    """Whether ``word`` is most likely a verb that takes a direct object."""
    if not word or len(word) > 40:
        return False
    return bool(_parses(word.lower())[0].tag.transitivity == "tran")


@lru_cache(maxsize=16384)
def part_of_speech(word: str) -> str:
    """The likeliest part of speech ("NOUN", "VERB", "PREP", ...), or "" for what is not a Russian word."""
    if not word or len(word) > 40:
        return ""
    return str(_parses(word.lower())[0].tag.POS or "")


@lru_cache(maxsize=16384)
def may_be_adverb(word: str) -> bool:
    """Whether ``word`` can also say where, when or how ("дома", "утром")."""
    return len(word) <= 40 and any(parse.tag.POS == "ADVB" for parse in _parses(word.lower()))


def is_known(word: str) -> bool:
    """Whether the dictionary has ``word``: the readings of any other are guessed from its ending."""
    return len(word) <= 40 and bool(_analyzer().word_is_known(word.lower()))


@lru_cache(maxsize=16384)
def lemma(word: str) -> str:
    """The dictionary form of ``word`` in its likeliest reading, or "" for what is not a Russian word."""
    if not word or len(word) > 40:
        return ""
    return str(_parses(word.lower())[0].normal_form)


_IRREGULAR: dict[tuple[str, Case, Number], str] = {
    ("год", "gent", "plur"): "лет",
    ("год", "datv", "plur"): "годам",
    ("человек", "gent", "plur"): "человек",
    ("час", "loct", "sing"): "часе",
    ("грамм", "gent", "plur"): "граммов",
    ("килограмм", "gent", "plur"): "килограммов",
    ("миллиграмм", "gent", "plur"): "миллиграммов",
    ("мегабайт", "gent", "plur"): "мегабайт",
    ("гигабайт", "gent", "plur"): "гигабайт",
    ("терабайт", "gent", "plur"): "терабайт",
    ("килобайт", "gent", "plur"): "килобайт",
    ("байт", "gent", "plur"): "байт",
    ("бит", "gent", "plur"): "бит",
    ("вольт", "gent", "plur"): "вольт",
    ("ватт", "gent", "plur"): "ватт",
    ("киловатт", "gent", "plur"): "киловатт",
    ("ампер", "gent", "plur"): "ампер",
    ("герц", "gent", "plur"): "герц",
    ("раз", "gent", "plur"): "раз",
    ("децибел", "gent", "plur"): "децибел",
}


@lru_cache(maxsize=8192)
def inflect(lemma: str, case: Case, number: Number) -> str:
    """Noun ``lemma`` in ``case`` and ``number``; itself where the dictionary has no such form."""
    if (lemma, case, number) in _IRREGULAR:
        return _IRREGULAR[lemma, case, number]
    for base, stem in (("байт", lemma.removesuffix("байт")), ("бит", lemma.removesuffix("бит"))):
        if lemma.endswith(base) and stem in ("кило", "мега", "гига", "тера"):
            return stem + inflect(base, case, number)
    for parse in _parses(lemma):
        if parse.tag.POS == "NOUN" and parse.tag.case == "nomn" and "Abbr" not in parse.tag:
            form = parse.inflect({case, number})
            if form is not None:
                return str(form.word)
    return lemma


@lru_cache(maxsize=2048)
def inflect_adjective(lemma: str, case: Case, gender: Gender) -> str:
    """Adjective ``lemma`` (masculine nominative) in ``case`` and ``gender`` for an inanimate noun."""
    for parse in _parses(lemma):
        if parse.tag.POS in _ADJECTIVE:
            wanted = {case, gender} if gender == "plur" else {case, gender, "sing"}
            if case == "accs" and gender in ("masc", "plur"):
                wanted = {"nomn"} | (wanted - {"accs"})
            form = parse.inflect(wanted)
            if form is not None:
                return str(form.word)
    return lemma
