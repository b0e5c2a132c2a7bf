"""Segments: sentences that survive what stands in them, budgets of seconds, pauses, and nothing lost."""

from __future__ import annotations

import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qwentts_svc.errors import InputError
from qwentts_svc.text.duration import estimate_seconds
from qwentts_svc.text.segment import PAUSE_MS, Segment, segment
from qwentts_svc.text.sentences import Break, sentences


def split(text: str) -> list[str]:
    return [text[s.start : s.end] for s in sentences(text)]


# Sentences are written one after another with " | " where one ends.
WHOLE = {
    "english titles": "Dr. Smith met Mrs. Jones at St. Mary's. | They spoke.",
    "english initials": "J. R. R. Tolkien and C. S. Lewis met. | They wrote.",
    "english numbers": "It costs $3.50, i.e. 10.5% more. | No. 5 is sold out. | See Fig. 2 for more.",
    "english plain no": "I said no. | Then I left. | Go on. | Tell me. | He is on. | Yes.",
    "english times": "We met at 5 p.m. | Then we left at 7 a.m. sharp. | Good.",
    "english countries": "The U.S. Government agreed. | So did others.",
    "english etc": "Apples, pears, etc. | Then bread.",
    "english etc inside": "Apples, pears, etc. are fruit. | Good.",
    "english quotes": '"Stop!" | She ran. | "Really?" he asked. | (It was so.) | Yes.',
    "english ellipsis": "Well... maybe not. | And then... | Nothing.",
    "english urls": "See www.example.com/a.html?b=1. | Or mail a.b@c.org. | Done.",
    "english versions": "Python 3.11.4 is out. | Use v2.0 now.",
    "english mixed stops": "What?! | No way!!! | Fine.",
    "russian years": "Он родился в 1998 г. в Москве. | Потом уехал.",
    "russian year last": "Это было в 1999 г. | Потом он уехал.",
    "russian initials": "А. С. Пушкин жил здесь. | Л. Н. Толстой тоже.",
    "russian addresses": "Он живёт на ул. Ленина, д. 5, кв. 10. | Она тоже.",
    "russian etc": "Яблоки, груши и т. д. | Потом хлеб и т. п. в лавке.",
    "russian money": "Цена 5 тыс. руб. за кг. | Дорого.",
    "russian said": "«Да!» — сказал он. | «Нет?» — спросила она. | Тишина.",
    "russian dialogue": "— Привет! | — Как дела? | — Хорошо.",
    "german": "Am 3. Mai kam Hr. Müller z. B. nach Köln. | Das ist gut, d. h. prima. | Ja.",
    "french": "M. Dupont est arrivé. | Mme. Martin, p. 5, aussi ! | Ça va ?",
    "spanish": "¿Qué tal? | ¡Muy bien! | El Sr. García vive en EE.UU. desde 1990. | Sí.",
    "portuguese": "O Sr. Silva chegou. | Você está bem? | A Dra. Ana também.",
    "italian": "Il sig. Rossi è qui. | Il dott. Bianchi no. | Ciao!",
    "korean": "안녕하세요. | 오늘은 3.5도입니다. | 정말요?",
}
GLUED = {
    "chinese": "今天天气很好。|我们去公园吧！|「好的。」|真的吗？|他说：“走吧。”|完",
    "japanese": "こんにちは。|「そうだ。」と彼は言った。|本当？|はい！",
    "chinese decimals": "价格是3.5元。|版本是2.0。",
}


@pytest.mark.parametrize("name", WHOLE)
def test_sentences(name: str) -> None:
    expected = WHOLE[name].split(" | ")
    assert split(" ".join(expected)) == expected


@pytest.mark.parametrize("name", GLUED)
def test_sentences_without_spaces(name: str) -> None:
    expected = GLUED[name].split("|")
    assert split("".join(expected)) == expected


def test_lines_lists_and_paragraphs_have_pauses() -> None:
    text = (
        "A heading of its own here\n\nA first paragraph that was\nwrapped in the middle of it. It goes on here.\n\n"
        "1. The first item is this\n2. The second item is that\n- A third item with a bullet\n\n"
        "The last paragraph is here."
    )
    got = [(s.text, s.pause_after_ms) for s in segment(text, budget_s=20)]
    assert got == [
        ("A heading of its own here", PAUSE_MS[Break.PARAGRAPH]),
        ("A first paragraph that was\nwrapped in the middle of it. It goes on here.", PAUSE_MS[Break.PARAGRAPH]),
        ("1. The first item is this", PAUSE_MS[Break.ITEM]),
        ("2. The second item is that", PAUSE_MS[Break.ITEM]),
        ("- A third item with a bullet", PAUSE_MS[Break.PARAGRAPH]),
        ("The last paragraph is here.", 0),
    ]


def test_short_sentences_are_joined_and_the_first_budget_is_for_the_first_segment() -> None:
    text = "This is one of many sentences. " * 40
    got = list(segment(text, budget_s=12, first_budget_s=3))
    assert estimate_seconds(got[0].text) <= 3
    assert all(6 < estimate_seconds(s.text) <= 12 for s in got[1:-1])


def test_long_sentences_end_at_clauses() -> None:
    clause = "and the river went on through the valley and the fields"
    text = ", ".join([clause] * 12) + "."
    got = list(segment(text, budget_s=10))
    assert len(got) > 3
    assert all(s.text.endswith((",", ".")) for s in got)
    assert all(s.pause_after_ms == PAUSE_MS[Break.CLAUSE] for s in got[:-1])
    lengths = [estimate_seconds(s.text) for s in got]
    assert max(lengths) <= 10
    assert min(lengths) > 3


def test_words_are_not_cut_while_there_are_spaces() -> None:
    text = "consideration " * 200
    assert all(s.text.split() == ["consideration"] * len(s.text.split()) for s in segment(text, budget_s=5))


def test_budgets_must_be_positive() -> None:
    for budget in (0.0, -1.0, float("nan")):
        with pytest.raises(InputError, match="positive"):
            segment("a", budget_s=budget)


def check(text: str, segments: list[Segment]) -> None:
    at = 0
    for part in segments:
        assert part.text == text[part.start : part.end] != ""
        assert part.start >= at
        assert not text[at : part.start].strip()
        assert part.text == part.text.strip()
        at = part.end
    assert not text[at:].strip()
    assert not segments or segments[-1].pause_after_ms == 0


PIECES = st.sampled_from(
    [
        "Hello", " ", "\n", "\n\n", ". ", "! ", "? ", "...", "…", ", ", "; ", " — ", "Mr. ", "г. ", "3.14", "5. ",
        "- ", "(", ")",
        '"', "«", "»", "。", "！", "、", "「", "」",
        "今天", "と", "Слово ", "и т. д. ", "A. ", "z. B. ", "😀", "e\u0301",
        "\u0301",
        "\u200d", "\t", "\u3000", "x" * 300, "long words here " * 30, "\x1c", "\x85",
    ]
)  # fmt: skip


@settings(max_examples=500, deadline=None)
@given(st.lists(st.one_of(PIECES, st.text(max_size=5)), max_size=30), st.floats(0.3, 20), st.floats(0.3, 20))
def test_nothing_is_lost_and_budgets_hold(pieces: list[str], budget: float, first: float) -> None:
    text = "".join(pieces)
    got = list(segment(text, budget_s=budget, first_budget_s=first))
    check(text, got)
    for at, part in enumerate(got):
        # One character (with what hangs on it) may be longer than the smallest budgets.
        assert len(part.text) <= 20 or estimate_seconds(part.text) <= (min(first, budget) if at == 0 else budget) + 0.5


def test_the_first_segment_of_a_long_text_is_ready_at_once() -> None:
    text = "It was a bright cold day in April, and the clocks were striking thirteen. " * 14_000
    best = 1.0
    for _ in range(5):
        began = time.perf_counter()
        next(segment(text, budget_s=15, first_budget_s=3))
        best = min(best, time.perf_counter() - began)
    assert best < 0.02


HOSTILE = {
    "digits": "7" * 300_000,
    "marks": "a" + "\u0301\u0323" * 150_000,
    "quotes": '"«(' * 100_000,
    "nested": "(" * 150_000 + ")" * 150_000,
    "emoji": "😀" * 300_000,
    "stops": "." * 300_000,
    "stops and letters": "!a" * 150_000,
    "spaces": "a" + " " * 300_000 + "b",
    "lines": "a\n" * 150_000,
    "blank lines": "\n" * 300_000,
    "initials": "А. " * 100_000,
    "commas": "a," * 150_000,
    "joiners": "\u200d" * 300_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_linear(name: str) -> None:
    text = HOSTILE[name]
    began = time.monotonic()
    got = list(segment(text, budget_s=15, first_budget_s=3))
    # A quadratic path takes minutes.
    assert time.monotonic() - began < 20
    check(text, got)
    assert all(len(part.text) <= 2000 for part in got)


def test_duration_grows_with_the_text() -> None:
    seed = random.randrange(2**32)
    rng = random.Random(seed)
    words = ["hello", "мир", "今天", "こんにちは", "안녕", "42", "!", "😀"]
    text = ""
    for _ in range(60):
        longer = text + rng.choice(words) + " "
        assert estimate_seconds(longer) > estimate_seconds(text), seed
        text = longer


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("The quick brown fox jumps over the lazy dog near the river bank.", 3.0, 6.0),
        ("Съешь же ещё этих мягких французских булок, да выпей чаю.", 2.5, 6.0),
        ("今天天气很好，我们一起去公园散步吧。", 2.5, 6.0),
        ("+7 495 123 45 67", 3.0, 7.0),
    ],
)
def test_duration_is_about_right(text: str, low: float, high: float) -> None:
    assert low < estimate_seconds(text) < high
