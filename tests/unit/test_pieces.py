"""Where texts in the streaming layout are cut: long sentences too, and never by how the text arrived."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import qwentts_svc
from qwentts_svc.bridge.pieces import CutBudgets, Piece, StreamingFeed
from qwentts_svc.bridge.sentence_clock import WORD_BUDGETS, SentenceClock
from qwentts_svc.text.duration import estimate_seconds
from qwentts_svc.text.segment import PAUSE_MS
from qwentts_svc.text.sentences import Break
from qwentts_svc.text.template import PromptTemplate
from qwentts_svc.text.tokenizer import load_tokenizer

BUDGET_S = 2.0
TEMPLATE = PromptTemplate(load_tokenizer(Path(qwentts_svc.__file__).parent / "data" / "aria"))
LONG = {
    "clauses": "one two three, four five six; " * 12,
    "words": "one two three four five six " * 12,
    "sentences": "One two three. Four five six! " * 12,
    "chinese": "今天天气很好，我们去公园散步，" * 12,
    "russian": "раз два три, четыре пять шесть; " * 12,
    "numbers": "1 2 3 4 5 6 " * 40,
    "one word": "abcdefghij" * 40,
    "chinese without marks": "今天天气很好我们去公园散步" * 12,
    "thai": "สวัสดีครับวันนี้อากาศดีมาก" * 20,
}


def cut(parts: list[str]) -> list[Piece]:
    feed = StreamingFeed(TEMPLATE, None, CutBudgets(BUDGET_S, BUDGET_S), language="auto", raw=False)
    for part in parts:
        feed.push(part)
    feed.end()
    pieces = []
    while (piece := feed.take()) is not None:
        pieces.append(piece)
    assert feed.exhausted
    return pieces


def split(text: str, cuts: list[int]) -> list[str]:
    edges = [0, *sorted(cut % (len(text) + 1) for cut in cuts), len(text)]
    return [text[start:stop] for start, stop in pairwise(edges)]


@given(
    kinds=st.lists(st.sampled_from(sorted(LONG)), min_size=1, max_size=3),
    cuts=st.lists(st.integers(0, 5000), max_size=12),
)
@settings(max_examples=60, deadline=None)
def test_any_split_of_a_text_gives_the_same_pieces(kinds: list[str], cuts: list[int]) -> None:
    text = "".join(LONG[kind] for kind in kinds)
    whole, pieces = cut([text]), cut(split(text, cuts))
    assert [(p.ids, p.source_ends, p.pause_after_ms, p.ended) for p in pieces] == [
        (p.ids, p.source_ends, p.pause_after_ms, p.ended) for p in whole
    ]
    assert pieces[-1].source_ends[-1] == len(text)


@pytest.mark.parametrize("kind", sorted(LONG.keys() - {"numbers"}))
def test_no_piece_is_much_longer_than_its_budget(kind: str) -> None:
    text = LONG[kind]
    pieces = cut([text])
    starts = [0, *(piece.source_ends[-1] for piece in pieces)]
    for start, piece in zip(starts, pieces, strict=False):
        assert estimate_seconds(text[start : piece.source_ends[-1]]) < (WORD_BUDGETS + 1) * BUDGET_S
    assert len(pieces) > 2


@pytest.mark.parametrize(
    ("kind", "ends_with"), [("clauses", Break.CLAUSE), ("words", Break.CUT), ("sentences", Break.SENTENCE)]
)
def test_the_pause_follows_what_a_piece_ends_with(kind: str, ends_with: Break) -> None:
    *cut_pieces, last = cut([LONG[kind]])
    assert {piece.pause_after_ms for piece in cut_pieces} == {PAUSE_MS[ends_with]}
    assert last.pause_after_ms == PAUSE_MS[Break.SENTENCE]


def test_without_spaces_a_cut_takes_no_accent_from_its_letter() -> None:
    """A text without a space was one endless piece: the model's limit came, and the rest was not spoken."""
    text = "e\u0301" * 600
    ends = [piece.source_ends[-1] for piece in cut([text])]
    assert len(ends) > 1
    assert ends[-1] == len(text)
    assert all(text[end] != "\u0301" for end in ends[:-1])


def test_numbers_are_never_cut_from_their_neighbours_without_a_mark() -> None:
    clock = SentenceClock()
    for char in "It took 1 000 000 km " * 40:
        if clock.cut_before(char, 0.1) is Break.CUT:
            break
        clock.advance(char)
    assert char.isalpha()
