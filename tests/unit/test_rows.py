from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.rows import Bench, submit_of, waiting_row

from qwentts_svc.runtime.messages import PromptSpec
from qwentts_svc.runtime.row_states import TRANSITIONS, IllegalTransitionError
from qwentts_svc.runtime.rows import Row, RowState, eos_in_prompt
from qwentts_svc.runtime.runners import NO_TEXT, PreparedPrompt
from qwentts_svc.types import Layout, VoicePrompt

EOS, PAD = 900, 901


def attached(row: Row, consumed: int) -> Row:
    row.attached(PreparedPrompt(20, 0, "", consumed), row.submit.prompt)
    return row


def test_every_illegal_move_raises_and_every_legal_one_is_made() -> None:
    for source, targets in TRANSITIONS.items():
        for target in RowState:
            row = waiting_row()
            row.state = source
            if target in targets:
                row.move(target)
                assert row.state is target
            else:
                with pytest.raises(IllegalTransitionError):
                    row.move(target)
                assert row.state is source


def test_done_is_final_and_reachable_from_everywhere_else() -> None:
    assert not TRANSITIONS[RowState.DONE]
    assert all(RowState.DONE in TRANSITIONS[state] for state in RowState if state is not RowState.DONE)


def ids_of(row: Row, frames: int) -> list[int | None]:
    return [row.text_id_for(frame, EOS, PAD) for frame in range(frames)]


def test_streaming_layout_adds_the_rest_of_the_body_then_eos_then_pad() -> None:
    row = attached(waiting_row(text=(7, 8, 9), layout=Layout.STREAMING), consumed=1)
    assert ids_of(row, 6) == [NO_TEXT, 8, 9, EOS, PAD, PAD]


def test_full_layout_adds_pad_only() -> None:
    row = attached(waiting_row(text=(7, 8, 9), layout=Layout.FULL), consumed=3)
    assert ids_of(row, 3) == [NO_TEXT, PAD, PAD]


def voice(frames: int) -> VoicePrompt:
    return VoicePrompt("v", np.zeros(4, np.float32), np.zeros((frames, 2), np.int64), "ref")


@pytest.mark.parametrize(
    ("ref_frames", "inside", "expected"),
    [
        (5, 3, [NO_TEXT, PAD, PAD]),  # 2 + 3 + eos = 6 = codec_bos + 5: all of it beside the codes
        (4, 3, [NO_TEXT, EOS, PAD]),  # eos is the first that does not fit
        (2, 1, [NO_TEXT, 8, 9]),
    ],
)
def test_in_context_streaming_adds_what_does_not_fit_beside_the_reference(ref_frames, inside, expected) -> None:
    prompt = PromptSpec((1, 2, 3), (7, 8, 9), ref_text_ids=(4, 5), voice=voice(ref_frames), layout=Layout.STREAMING)
    row = attached(waiting_row(prompt=prompt), consumed=inside)
    assert ids_of(row, 3) == expected
    assert eos_in_prompt(prompt) == (ref_frames == 5)


@given(
    text=st.lists(st.integers(1, 800), min_size=1, max_size=12),
    cuts=st.lists(st.integers(0, 12), max_size=4),
    frames=st.integers(1, 20),
)
def test_text_in_any_pieces_feeds_the_same_ids_and_pad_never_comes_early(text, cuts, frames) -> None:
    whole = attached(waiting_row(text=tuple(text), layout=Layout.STREAMING), consumed=1)
    expected = ids_of(whole, frames)
    row = attached(waiting_row(text=(text[0],), layout=Layout.STREAMING, text_open=True), consumed=1)
    bounds = sorted({min(max(cut, 1), len(text)) for cut in cuts} | {1, len(text)})
    pieces = [tuple(text[a:b]) for a, b in itertools.pairwise(bounds)]
    got: list[int] = []
    ended = False
    while len(got) < frames:
        row.frames_done = len(got)
        text_id = row.text_id_for(len(got), EOS, PAD)
        assert (text_id is None) == row.needs_text
        if text_id is None:
            assert not ended
            if pieces:
                row.append_text(pieces.pop(0), None)
            else:
                row.end_text()
                ended = True
            continue
        got.append(text_id)
    assert got == expected


def test_eos_is_masked_until_tts_eos_has_been_fed_for_text_that_was_open() -> None:
    row = attached(waiting_row(text=(7, 8, 9), layout=Layout.STREAMING, text_open=True), consumed=1)
    row.end_text()
    masks = []
    for frame in range(5):
        row.frames_done = frame
        masks.append(row.mask_eos)
    assert masks == [True, True, True, False, False]  # frame 3 is the first whose input holds tts_eos
    closed = attached(waiting_row(text=(7, 8, 9), layout=Layout.STREAMING), consumed=1)
    assert not closed.mask_eos


def test_a_prompt_waits_for_the_tokens_that_its_layout_needs() -> None:
    row = waiting_row(text=(), layout=Layout.STREAMING, text_open=True)
    assert not row.can_start
    row.append_text((7,), 50)
    assert row.can_start
    assert row.budget_frames == 50
    full = waiting_row(text=(7,), layout=Layout.FULL, text_open=True)
    assert not full.can_start
    full.end_text()
    assert full.can_start


@given(st.integers(1, 200))
def test_codes_grow_and_stay(frames: int) -> None:
    row = waiting_row()
    for frame in range(frames):
        row.append_frame(np.array([frame, -frame]))
    assert row.codes.shape == (frames, 2)
    assert row.codes.dtype == np.int64
    assert row.codes[:, 0].tolist() == list(range(frames))


def test_replay_ids_are_those_of_every_frame_after_the_first() -> None:
    row = attached(waiting_row(text=(7, 8, 9), layout=Layout.STREAMING), consumed=1)
    for _ in range(4):
        row.append_frame(np.zeros(2, np.int64))
    assert row.replay_text_ids(EOS, PAD) == (8, 9, EOS)
    assert row.position == 19 + 4


def test_playout_deadline_follows_the_audio_and_a_gap_moves_it() -> None:
    row = waiting_row()
    assert row.due_s == row.first_audio_deadline_s
    row.emit_audio(0.08, 10.0)
    assert row.playout_deadline_s == pytest.approx(10.08)
    row.emit_audio(0.16, 10.05)
    assert row.slack(10.05) == pytest.approx(0.19)
    assert row.underruns == 0
    row.emit_audio(0.16, 10.54)  # 0.3 s late
    assert row.underruns == 1
    assert row.due_s == pytest.approx(10.70)


def test_a_gap_while_the_writer_was_silent_is_not_an_underrun() -> None:
    bench = Bench()
    row = bench.start(waiting_row(text_open=True, layout=Layout.STREAMING))
    bench.speak(row, 1, now=1.0)
    row.move(RowState.WAIT_TEXT)
    row.move(RowState.RUNNING)
    bench.speak(row, 1, now=9.0)
    assert row.underruns == 0
    bench.speak(row, 1, now=19.0)
    assert row.underruns == 1


def test_a_row_far_ahead_of_its_reader_parks_and_wakes_at_three_quarters() -> None:
    bench = Bench()
    row = bench.start(waiting_row(max_lead_frames=8))
    bench.speak(row, 9, now=1.0)
    assert row.too_far_ahead
    row.submit.mailbox.consumed_frames = 2
    assert not row.too_far_ahead
    assert not row.may_wake
    row.submit.mailbox.consumed_frames = 3
    assert row.may_wake


def test_a_limit_smaller_than_a_codec_call_does_not_stop_a_row_for_ever() -> None:
    bench = Bench()
    row = bench.start(waiting_row(max_lead_frames=2))
    bench.speak(row, 5, now=1.0, decoded=1)
    assert row.too_far_ahead
    row.submit.mailbox.consumed_frames = 1  # all that could be heard has been
    assert not row.too_far_ahead
    assert row.may_wake


def test_without_a_deadline_of_its_own_a_row_has_that_of_its_class() -> None:
    assert Row(submit_of(submitted_s=100.0)).first_audio_deadline_s == pytest.approx(100.5)
    assert Row(submit_of(submitted_s=100.0, first_audio_deadline_s=103.0)).first_audio_deadline_s == 103.0
