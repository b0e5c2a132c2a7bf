"""Cancel, failures and the end of the engine: everything is given back at the next step, the others go on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from support.engine_rig import Rig, sampling_of

from qwentts_svc.errors import DeadlineError, DecodeError, InputError, QosError, UnavailableError
from qwentts_svc.runtime.admission import Admission
from qwentts_svc.runtime.fakes import FAKE_CODEC_INFO, FAKE_INFO, FakeCodecRunner, FakeModelRunner, Faults
from qwentts_svc.runtime.messages import Drain, Failed, Finished, PromptSpec, Wake
from qwentts_svc.runtime.qos import LOW_LATENCY
from qwentts_svc.runtime.rows import RowState
from qwentts_svc.types import FinishReason, Layout, Priority

FULL = PromptSpec((1, 2, 3), (7, 8, 9))
OPEN = PromptSpec((1, 2, 3), (7, 8), layout=Layout.STREAMING)


def rig_of(length: int = 40, *, info=FAKE_INFO, **fields) -> Rig:
    faults = Faults()
    model = FakeModelRunner(info, length_of=lambda spec, sampling: length, faults=faults)
    codec = FakeCodecRunner(replace(FAKE_CODEC_INFO, slots=info.slots), faults=faults)
    rig = Rig(model, codec, **fields)
    rig.faults, rig.model, rig.codec = faults, model, codec
    return rig


def start(rig: Rig, seed: int = 1, prompt: PromptSpec = FULL, **fields) -> int:
    return rig.submit(prompt.text_ids, sampling_of(seed), prompt=prompt, **fields)


def nothing_held(rig: Rig) -> bool:
    engine = rig.engine
    engine.check_integrity()
    held = engine.kv.leased - len(engine.prefixes.blocks)
    return engine.slots.leased == held == engine.codec.open_rows == 0 and not rig.codec.history and not rig.model.slots


def in_state(state: RowState) -> tuple[Rig, int]:
    """A rig whose first row is in ``state``."""
    if state is RowState.WAITING:
        rig = rig_of()
        return rig, start(rig)
    if state is RowState.WAIT_TEXT:
        rig = rig_of()
        row_id = start(rig, prompt=OPEN, text_open=True)
    elif state is RowState.WAIT_READER:
        rig = rig_of()
        row_id = start(rig, max_lead_frames=3)
    elif state is RowState.PREEMPTED:
        # A second row of a higher class needs the blocks.
        rig = rig_of(length=25, info=replace(FAKE_INFO, blocks=6, block_size=8, max_positions=48))
        row_id = start(rig, priority=Priority.BATCH)
        for _ in range(12):
            rig.step()
        start(rig, seed=2)
    else:
        rig = rig_of(length=30 if state is RowState.RUNNING else 5)
        row_id = start(rig)
    for _ in range(60):
        row = rig.engine.rows.get(row_id)
        if row is not None and row.state is state:
            return rig, row_id
        rig.step()
    raise AssertionError(f"the row never was {state}")


@pytest.mark.parametrize(
    "state",
    [RowState.WAITING, RowState.RUNNING, RowState.WAIT_TEXT, RowState.WAIT_READER, RowState.PREEMPTED],
)
def test_cancel_gives_everything_back_within_one_step(state: RowState) -> None:
    rig, row_id = in_state(state)
    for other in rig.readers:
        rig.cancel(other)
    rig.step()
    assert nothing_held(rig)
    assert [end.reason for end in rig.readers[row_id].ends] == [FinishReason.CANCELLED]
    rig.cancel(row_id)
    rig.step()
    assert len(rig.readers[row_id].ends) == 1


def test_cancel_of_a_row_that_waits_for_admission_is_answered_in_one_step() -> None:
    rig = rig_of(admission=Admission(1, LOW_LATENCY.ramp))
    start(rig)
    rig.step()
    queued = start(rig, priority=Priority.BATCH)
    rig.step()
    assert not rig.readers[queued].done
    rig.cancel(queued)
    rig.step()
    assert rig.readers[queued].ends[0].reason is FinishReason.CANCELLED
    rig.cancel(1)
    rig.step()
    assert nothing_held(rig)


@pytest.mark.parametrize("call", ["attach", "prefill", "step", "codec_open", "codec_decode"])
def test_a_call_that_raises_fails_its_rows_only_and_the_engine_goes_on(call: str) -> None:
    rig = rig_of(info=replace(FAKE_INFO, max_rows=1), length=12)
    first = start(rig)
    for _ in range(2):
        rig.step()
    second = start(rig, seed=2)
    while (row := rig.engine.rows[second]).state is not RowState.WAITING:
        rig.step()
    setattr(rig.faults, call, 1)
    rig.run()
    third = start(rig, seed=3)
    rig.run()
    ends = [rig.readers[row_id].ends for row_id in (first, second, third)]
    assert all(len(end) == 1 for end in ends), row
    failed = [end[0] for end in ends if isinstance(end[0], Failed)]
    assert len(failed) == 1
    assert type(failed[0].error) is DecodeError
    assert "injected" not in str(failed[0].error)
    assert isinstance(ends[2][0], Finished)
    assert nothing_held(rig)


def test_a_failed_replay_fails_the_preempted_row_only() -> None:
    rig, row_id = in_state(RowState.PREEMPTED)
    rig.faults.replay = 1
    rig.run()
    assert isinstance(rig.readers[row_id].ends[0], Failed)
    assert isinstance(rig.readers[2].ends[0], Finished)
    assert nothing_held(rig)


def test_a_speaker_that_the_model_does_not_have_is_the_callers_fault() -> None:
    rig = rig_of()
    row_id = start(rig, prompt=replace(FULL, speaker="unknown"))
    rig.run()
    assert isinstance(rig.readers[row_id].ends[0].error, InputError)


def test_a_prompt_longer_than_the_memory_is_refused_and_says_what_to_do() -> None:
    rig = rig_of(info=replace(FAKE_INFO, blocks=2, block_size=8))
    row_id = rig.submit(range(5, 40), sampling_of(1), prompt=PromptSpec((1, 2, 3), tuple(range(5, 40))))
    rig.run()
    error = rig.readers[row_id].ends[0].error
    assert isinstance(error, InputError)
    assert error.reason == "PROMPT_TOO_LONG"
    assert nothing_held(rig)


def test_preempted_rows_resume_exactly() -> None:
    rig, row_id = in_state(RowState.PREEMPTED)
    rig.run()
    lonely = rig_of(length=25)
    alone = start(lonely, priority=Priority.BATCH)
    lonely.run()
    said, expected = rig.readers[row_id], lonely.readers[alone]
    assert len(said.codes) == 25
    assert np.array_equal(said.codes, expected.codes)
    assert np.array_equal(said.pcm, expected.pcm)


# -- time and load --------------------


def test_a_row_past_its_deadline_ends_in_every_state() -> None:
    rig = rig_of()
    running = start(rig, deadline_s=rig.now + 0.1)
    waiting_for_text = start(rig, seed=2, prompt=OPEN, text_open=True, deadline_s=rig.now + 0.1)
    for _ in range(20):
        rig.step()
    for row_id in (running, waiting_for_text):
        assert isinstance(rig.readers[row_id].ends[0].error, DeadlineError)
    assert nothing_held(rig)


def test_a_row_that_waits_for_admission_is_dropped_at_its_deadline_and_the_engine_wakes_for_it() -> None:
    rig = rig_of(length=1000, admission=Admission(1, LOW_LATENCY.ramp), tick_s=0.05)
    start(rig, max_lead_frames=2)
    for _ in range(30):
        rig.step()
    queued = start(rig, priority=Priority.BATCH, deadline_s=rig.now + 2.0)
    rig.step()
    rig.step()
    wait_s = rig.engine.wait_s(rig.now)
    assert wait_s is not None
    assert wait_s <= 2.0
    rig.now += 2.5
    rig.step()
    assert isinstance(rig.readers[queued].ends[0].error, DeadlineError)


def test_refusals_say_when_to_come_back_and_a_continuation_is_never_refused() -> None:
    rig = rig_of(length=200, admission=Admission(2, LOW_LATENCY.ramp))
    first = [start(rig, seed=seed) for seed in (1, 2)]
    for _ in range(3):
        rig.step()
    refused = [start(rig, seed=seed) for seed in range(3, 200)]
    follows = start(rig, seed=500, continuation=True)
    for _ in range(60):
        rig.step()
    errors = [end.error for row_id in refused for end in rig.readers[row_id].ends]
    assert len(errors) == len(refused)
    assert all(isinstance(error, QosError) and error.retry_after_s > 0 for error in errors)
    assert not any(rig.readers[row_id].done for row_id in [*first, follows])
    rig.run()
    assert isinstance(rig.readers[follows].ends[0], Finished)


def test_draining_refuses_new_texts_and_finishes_begun_ones() -> None:
    rig = rig_of(length=6)
    begun = start(rig)
    rig.step()
    rig.engine.handle(Drain())
    late = start(rig, seed=2)
    follows = start(rig, seed=3, continuation=True)
    rig.run()
    assert isinstance(rig.readers[late].ends[0].error, UnavailableError)
    assert rig.readers[late].ends[0].error.retry_after_s > 0
    assert {rig.readers[row_id].ends[0].reason for row_id in (begun, follows)} == {FinishReason.COMPLETE}


def test_fail_all_answers_every_row_even_when_the_books_are_broken(caplog: pytest.LogCaptureFixture) -> None:
    rig = rig_of(admission=Admission(3, LOW_LATENCY.ramp))
    rows = [start(rig, seed=seed, priority=Priority.BATCH) for seed in range(5)]
    for _ in range(4):
        rig.step()
    broken = next(row for row in rig.engine.rows.values() if row.slot is not None)
    rig.engine.slots.release(broken.slot)
    events = rig.engine.fail_all(UnavailableError("gone"))
    assert sorted(event.row_id for _, event in events) == rows
    assert all(isinstance(event, Failed) for _, event in events)
    assert "could not be released" in caplog.text


# -- readers --------------------


@pytest.mark.parametrize("lead", [1, 2, 5, 20])
def test_a_reader_that_stops_stops_generation_and_goes_on_exactly_where_it_was(lead: int) -> None:
    rig = rig_of(length=60)
    row_id = start(rig, max_lead_frames=lead)
    reader = rig.readers[row_id]
    for _ in range(10):
        rig.step()
        reader.read_all()
    for _ in range(200):
        rig.step()
    row = rig.engine.rows[row_id]
    assert row.state is RowState.WAIT_READER
    # A codec call that is under way when the limit is reached is completed: one step at most beyond the limit.
    unread = row.frames_done - reader.consumed_frames
    assert unread <= lead + LOW_LATENCY.ramp[-1]
    assert len(reader.codes) - reader.consumed_frames <= max(lead, LOW_LATENCY.ramp[-1])
    assert rig.engine.wait_s(rig.now) is None
    assert reader.parked
    while not reader.done:
        reader.read_all()
        rig.engine.handle(Wake())
        rig.step()
    lonely = rig_of(length=60)
    alone = start(lonely)
    lonely.run()
    assert np.array_equal(reader.codes, lonely.readers[alone].codes)
    assert np.array_equal(reader.pcm, lonely.readers[alone].pcm)


def test_a_reader_who_reads_while_its_preempted_row_is_being_parked_is_not_forgotten() -> None:
    """Once: the plan saw a full mailbox, the reader emptied it before ``parked`` was set, nobody was woken again."""
    rig, row_id = in_state(RowState.PREEMPTED)
    row = rig.engine.rows[row_id]
    row.max_lead_frames = 2
    rig.cancel(2)
    policy = rig.engine._policy

    class Late:
        name = "late"

        def plan(self, view, now):
            plan = policy.plan(view, now)
            rig.readers[row_id].read_all()
            return plan

    rig.engine._policy = Late()
    rig.readers[row_id].parked = False
    rig.step()
    assert rig.engine.wait_s(rig.now) == 0.0


def test_text_that_comes_while_the_reader_is_far_behind_is_spoken_once_the_reader_has_caught_up() -> None:
    """Once: a row short of text had three quarters of its lead in hand when the text came, was not woken for it, and
    nobody was asked to wake it when the lead fell."""
    rig = rig_of(length=70)
    row_id = start(rig, prompt=OPEN, text_open=True, max_lead_frames=20)
    reader = rig.readers[row_id]
    rig.append(row_id, range(10, 26))
    for _ in range(30):
        rig.step()
    row = rig.engine.rows[row_id]
    assert row.state is RowState.WAIT_TEXT
    assert not row.may_wake
    rig.append(row_id, range(26, 60))
    rig.end_text(row_id)
    for _ in range(30):
        rig.step()
    assert row.state is RowState.WAIT_READER  # it goes on to the limit, not beyond
    assert row.frames_done - reader.consumed_frames <= 20 + LOW_LATENCY.ramp[-1]
    rig.run()
    assert isinstance(reader.ends[0], Finished)
    assert len(reader.codes) == 70


def test_text_in_drops_does_not_carry_a_row_beyond_its_lead() -> None:
    rig = rig_of(length=200)
    row_id = start(rig, prompt=OPEN, text_open=True, max_lead_frames=8)
    for drop in range(100):
        rig.append(row_id, [10 + drop])
        rig.step()
        rig.step()
    row = rig.engine.rows[row_id]
    assert row.state is RowState.WAIT_READER
    assert row.frames_done <= 8 + LOW_LATENCY.ramp[-1]
    rig.end_text(row_id)
    rig.run()
    assert len(rig.readers[row_id].codes) == 200


def test_rows_keep_no_trace_of_the_last_tenant() -> None:
    """The same request twice in the same slot gives the same audio."""
    rig = rig_of(length=9, info=replace(FAKE_INFO, slots=1))
    ids = [start(rig, seed=4), start(rig, seed=5), start(rig, seed=4)]
    rig.run()
    first, other, again = (rig.readers[row_id] for row_id in ids)
    assert np.array_equal(first.pcm, again.pcm)
    assert not np.array_equal(first.pcm, other.pcm)


def test_codec_work_that_can_wait_is_left_when_somebody_comes() -> None:
    rig = rig_of(length=60)
    for seed in range(4):
        start(rig, seed, priority=Priority.BATCH)
    rows = rig.engine.rows
    while not rows or min(row.frames_done for row in rows.values()) < 22:
        rig.step()
    assert {(row.frames_done, row.frames_decoded) for row in rows.values()} == {(22, 15)}
    rig.engine.step(rig.now, lambda: True)
    assert {(row.frames_done, row.frames_decoded) for row in rows.values()} == {(23, 15)}
    rig.engine.step(rig.now, lambda: False)
    assert any(row.frames_decoded == 23 for row in rows.values())
    while rows:
        rig.step()
    assert nothing_held(rig)
