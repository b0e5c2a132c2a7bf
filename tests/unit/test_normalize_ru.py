"""Russian normalization: golden corpora, one switch per rule, and the laws that hold for any text."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from qwentts_svc.text.normalize import Normalizer, rule_names

CORPORA = sorted((Path(__file__).parents[1] / "data" / "normalize" / "ru").glob("*.tsv"))
MIN_CASES = 800


def _raise(name: str, error: Exception) -> None:
    raise AssertionError(f"rule {name} raised") from error


STRICT = Normalizer(on_rule_failed=_raise)


def _cases(path: Path) -> list[tuple[str, str]]:
    lines = path.read_text(encoding="utf-8").splitlines()
    pairs = [line.split("\t") for line in lines if line and not line.startswith("#")]
    assert all(len(pair) == 2 for pair in pairs), path
    return [(source, expected) for source, expected in pairs]


def spoken(text: str) -> str:
    return STRICT.normalize(text, "ru").text


@pytest.mark.parametrize("path", CORPORA, ids=lambda path: path.stem)
def test_corpus_reads_as_a_careful_reader_would(path: Path) -> None:
    wrong = [(source, expected, got) for source, expected in _cases(path) if (got := spoken(source)) != expected]
    assert not wrong, "\n".join(f"{source}\n  expected {expected}\n  got      {got}" for source, expected, got in wrong)


def test_corpora_are_large_and_have_no_case_twice() -> None:
    sources = [source for path in CORPORA for source, _ in _cases(path)]
    assert len(sources) >= MIN_CASES
    assert len(sources) == len(set(sources))


@pytest.mark.parametrize("path", CORPORA, ids=lambda path: path.stem)
def test_what_was_read_is_not_read_again(path: Path) -> None:
    for source, _ in _cases(path):
        once = spoken(source)
        assert spoken(once) == once


@pytest.mark.parametrize(
    ("rule", "text", "marks"),
    [
        ("email", "пишите на ivan@mail.ru скорее", "@"),
        ("url", "сайт yandex.ru открыт", "yandex.ru"),
        ("path", "открой /etc/hosts скорее", "/etc/hosts"),
        ("hashtag", "ставь #лето чаще", "#"),
        ("mention", "спроси @ivan об этом", "@"),
        ("number_sign", "школа № 5 закрыта", "№"),
        ("percent", "выросло на 5% за год", "%"),
        ("temperature", "нагрели до 5 °C за час", "°"),
        ("currency", "стоит 5 ₽ за штуку", "₽"),
        ("acronym", "работа ФСБ видна", "ФСБ"),
        ("abbreviation", "яблоки и т. д. и так", "т. д."),
        ("roman", "при дворе Людовика XIV весело", "XIV"),
        ("math", "пусть x > y всегда", ">"),
        ("fraction", "отрежь ½ пирога", "½"),
    ],
)
def test_each_rule_has_its_own_switch(rule: str, text: str, marks: str) -> None:
    assert marks not in spoken(text)
    assert marks in STRICT.normalize(text, "ru", disabled={rule}).text


@pytest.mark.parametrize(
    "rule", ["cardinal", "ordinal", "range", "date", "year", "time", "score", "phone", "measure", "scale", "compound",
    "ip", "version",
             "serial", "digits", "symbol"]
)  # fmt: skip
def test_every_category_is_named(rule: str) -> None:
    assert rule in rule_names("ru")


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("{} 5 домов", "пяти"), ("{} 21 дома", "двадцати одного"), ("{} 2 рек", "двух"), ("{} 100 рублей", "ста"),
        ("{} 40 шагов", "сорока"), ("{} 1000 шагов", "тысячи"), ("{} 3,5 кг", "трёх целых пяти десятых килограмма"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("preposition", ["из", "до", "без", "около", "для", "после", "более", "не менее"])
def test_prepositions_of_the_genitive_rule_the_number(preposition: str, text: str, word: str) -> None:
    assert f"{preposition} {word}" in spoken(text.format(preposition))


ALPHABET = st.sampled_from(
    [
        *"0123456789",
        *"абвгдежзиклмнопрстуёАБВИМСТXVI",
        *" .,:;-–—/%°$€₽№#@()\"'+=<>²½\n",
        " г.",
        " руб.",
        " в ",
        " из ",
        " км/ч",
        "XIX в.",
        "т. д.",
    ]
)
RUSSIAN_LIKE = st.lists(ALPHABET, max_size=60).map("".join)
ANY_TEXT = st.text(max_size=80)


@settings(max_examples=400, deadline=None)
@given(RUSSIAN_LIKE | ANY_TEXT)
def test_never_raises_and_spans_cover_the_source(text: str) -> None:
    result = STRICT.normalize(text, "ru")
    out = src = 0
    for out_start, out_end, src_start, src_end in result.spans:
        assert (out_start, src_start) == (out, src)
        out, src = out_end, src_end
    assert (out, src) == (len(result.text), len(text))


@settings(max_examples=400, deadline=None)
@given(RUSSIAN_LIKE)
@example("XIX в.0а")
def test_second_reading_changes_nothing(text: str) -> None:
    once = spoken(text)
    assert spoken(once) == once


@settings(max_examples=300, deadline=None)
@given(RUSSIAN_LIKE)
def test_no_digit_is_left(text: str) -> None:
    assert not re.search("[0-9]", spoken("проба " + text))


WORDS = st.lists(
    st.sampled_from(
        ["дерево", "молоко", "Ёлка", "приехала", "синий", "telegram", "кто-то", "вечером", "нельзя", "Москва"]
    ),
    min_size=3,
    max_size=8,
)


@settings(max_examples=200, deadline=None)
@given(WORDS, st.integers(0, 10**7), WORDS)
def test_words_around_a_number_stay_letter_by_letter(before: list[str], n: int, after: list[str]) -> None:
    result = spoken(f"{' '.join(before)} {n} {' '.join(after)}")
    assert result.startswith(" ".join(before) + " ")
    assert result.endswith(" " + " ".join(after))


@pytest.mark.parametrize(
    "piece",
    [
        "1",
        "1 ",
        "1-",
        "1.",
        "1/",
        "5 и ",
        "IX",
        "в ",
        "г. ",
        "№",
        "+7 ",
        "(",
        "а@",
        "а.",
        "/а",
        "12:",
        "% ",
        "т. ",
        "х2 ",
        "#",
        "1 000 ",
        "ъ\u0301",
    ],
)
def test_hostile_repetition_stays_linear(piece: str) -> None:
    def cost(size: int) -> float:
        text = piece * (size // len(piece))
        start = time.perf_counter()
        STRICT.normalize(text, "ru")
        return time.perf_counter() - start

    cost(1000)
    small, large = cost(10_000), cost(60_000)
    assert large < 15 * small + 0.5
