"""Edits and the alignment they leave: whatever rules do in whatever order, each output piece knows its source."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwentts_svc.text.normalize.alignment import BadEditsError, Piece, compose, rewrite, to_spans
from qwentts_svc.text.normalize.rule import Edit


@st.composite
def _edits_of(draw: st.DrawFn, length: int) -> list[Edit]:
    cuts = sorted(draw(st.lists(st.integers(0, length), max_size=8).map(lambda cuts: cuts[: len(cuts) // 2 * 2])))
    pairs = zip(cuts[::2], cuts[1::2], strict=True)
    return [Edit(a, b, draw(st.text("xyz", max_size=4))) for a, b in pairs]


@given(st.data(), st.text("abcdef", max_size=20))
def test_alignment_stays_whole_over_rounds_of_random_edits(data: st.DataObject, source: str) -> None:
    text, pieces = source, [(len(source), len(source))]
    for _ in range(3):
        edits = data.draw(_edits_of(len(text)))
        pieces = compose(pieces, edits)
        text = rewrite(text, edits)
        assert sum(out for out, _ in pieces) == len(text)
        assert sum(src for _, src in pieces) == len(source)


@given(st.data(), st.text("abcdef", min_size=1, max_size=20))
def test_characters_no_edit_touched_map_to_themselves(data: st.DataObject, source: str) -> None:
    edits = data.draw(_edits_of(len(source)))
    text = rewrite(source, edits)
    touched = {at for start, end, _ in edits for at in range(start, end)}
    for out_start, out_end, src_start, src_end in to_spans(compose([(len(source), len(source))], edits)):
        if not touched.intersection(range(src_start, src_end)) and out_end - out_start == src_end - src_start:
            assert text[out_start:out_end] == source[src_start:src_end] or set(text[out_start:out_end]) <= set("xyz")


def test_an_edit_inside_a_replacement_absorbs_it() -> None:
    pieces = compose([(10, 10)], [Edit(2, 4, "seven")])
    assert pieces == [(2, 2), (5, 2), (6, 6)]
    assert compose(pieces, [Edit(4, 5, "")]) == [(2, 2), (4, 2), (6, 6)]
    assert compose(pieces, [Edit(3, 4, "--"), Edit(6, 8, "")]) == [(2, 2), (5, 3), (5, 5)]


def test_neighbouring_verbatim_pieces_become_one_span() -> None:
    pieces: list[Piece] = [(3, 3), (2, 2), (5, 1), (0, 0), (4, 4)]
    assert to_spans(pieces) == ((0, 5, 0, 5), (5, 10, 5, 6), (10, 14, 6, 10))


@pytest.mark.parametrize(
    "edits", [[Edit(3, 2, "")], [Edit(0, 9, "")], [Edit(2, 4, ""), Edit(3, 5, "")], [Edit(-1, 0, "")]]
)
def test_edits_out_of_order_or_range_are_refused(edits: list[Edit]) -> None:
    with pytest.raises(BadEditsError):
        rewrite("abcdef", edits)
