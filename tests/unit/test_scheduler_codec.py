from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.rows import BATCH, CODES, Bench, waiting_row

from qwentts_svc.errors import InputError
from qwentts_svc.runtime.cost import StepCosts
from qwentts_svc.runtime.qos import HIGH_THROUGHPUT, LOW_LATENCY, LOW_LATENCY_CPU, Profile, profile_named, ramp_size
from qwentts_svc.runtime.rows import Row, RowState
from qwentts_svc.runtime.scheduler import CodecCall, plan_codec

RAMP = (1, 2, 4, 8, 12)


def speaking(bench: Bench, row_id: int, pending: int, *, decoded: int = 0, due_s: float | None = None, **fields) -> Row:
    row = bench.start(waiting_row(row_id, **fields))
    for _ in range(decoded + pending):
        row.append_frame(CODES)
    row.frames_decoded = decoded
    if due_s is not None:
        row.first_audio_s, row.playout_start_s, row.audio_emitted_s = 0.0, due_s - decoded * 0.08, decoded * 0.08
    return row


def calls(bench: Bench, now: float = 10.0, budget: int = 1000) -> list[tuple[int, tuple[int, ...]]]:
    return [(call.frames, call.row_ids) for call in plan_codec(bench.rows.values(), now, RAMP, budget)]


@pytest.mark.parametrize("profile", [LOW_LATENCY, LOW_LATENCY_CPU, HIGH_THROUGHPUT])
def test_call_sizes_follow_the_ramp_and_then_repeat_its_last_value(profile: Profile) -> None:
    sizes, at = [], 0
    for _ in range(len(profile.ramp) + 3):
        sizes.append(ramp_size(profile.ramp, at))
        at += sizes[-1]
    assert sizes == [*profile.ramp, *[profile.ramp[-1]] * 3]


@settings(max_examples=60, deadline=None)
@given(
    lengths=st.lists(st.integers(1, 60), min_size=1, max_size=6),
    pace=st.lists(st.integers(0, 5), min_size=4, max_size=12),
    budget=st.integers(0, 40),
    step_s=st.floats(0.01, 0.3),
)
def test_the_cuts_of_a_row_depend_on_its_length_alone_and_every_frame_is_decoded(lengths, pace, budget, step_s) -> None:
    bench = Bench()
    rows = [bench.start(waiting_row(index + 1)) for index in range(len(lengths))]
    cuts: dict[int, list[int]] = {row.row_id: [] for row in rows}
    now = 10.0
    for step in range(6000):
        now += step_s
        for row, length in zip(rows, lengths, strict=True):
            for _ in range(pace[(step + row.row_id) % len(pace)]):
                if row.state is RowState.RUNNING and row.frames_done < length:
                    row.append_frame(np.zeros(2, np.int64))
            if row.state is RowState.RUNNING and row.frames_done == length:
                row.move(RowState.FLUSHING)
        for call in plan_codec(rows, now, RAMP, budget):
            for row_id in call.row_ids:
                row = bench.rows[row_id]
                cuts[row_id].append(call.frames)
                row.frames_decoded += call.frames
                row.emit_audio(call.frames * 0.08, now)
        if all(row.frames_decoded == length for row, length in zip(rows, lengths, strict=True)):
            break
        if not any(pace) and step > 3:
            return
    for row, length in zip(rows, lengths, strict=True):
        expected, at = [], 0
        while at < length:
            expected.append(min(ramp_size(RAMP, at), length - at))
            at += expected[-1]
        assert cuts[row.row_id] == expected


def test_rows_of_one_size_share_a_call_and_the_most_urgent_size_goes_first() -> None:
    bench = Bench()
    speaking(bench, 1, 12, decoded=15, due_s=10.2)
    speaking(bench, 2, 2, decoded=1, due_s=10.05)
    speaking(bench, 3, 12, decoded=27, due_s=10.1)
    assert calls(bench) == [(2, (2,)), (12, (3, 1))]


def test_a_row_without_enough_frames_waits_unless_it_has_ended() -> None:
    bench = Bench()
    row = speaking(bench, 1, 5, decoded=15, due_s=10.1)
    assert calls(bench) == []
    row.move(RowState.FLUSHING)
    assert calls(bench) == [(5, (1,))]


def test_first_audio_ignores_the_budget() -> None:
    bench = Bench()
    speaking(bench, 1, 1)
    assert calls(bench, budget=0) == [(1, (1,))]


def test_calls_that_can_wait_give_way_to_a_row_that_still_needs_frames() -> None:
    bench = Bench()
    speaking(bench, 1, 12, decoded=15, due_s=10.2)
    speaking(bench, 2, 1, decoded=1, due_s=10.06)  # one frame short of its next call
    assert calls(bench, budget=0) == []
    assert calls(bench, now=10.0, budget=12) == [(12, (1,))]
    bench.rows[2].playout_start_s += 1.0  # now the other one is due first
    assert calls(bench, budget=0) == [(12, (1,))]


def test_the_budget_bounds_what_can_wait() -> None:
    bench = Bench()
    for row_id in range(1, 9):
        speaking(bench, row_id, 12, decoded=15, due_s=13.0 + row_id)
    assert calls(bench, budget=50) == [(12, (1, 2, 3, 4))]


def test_a_call_with_time_to_spare_waits_for_company() -> None:
    bench = Bench()
    for row_id in range(1, 13):
        speaking(bench, row_id, 0, decoded=15, due_s=14.0)
    speaking(bench, 20, 12, decoded=15, due_s=13.0)
    assert calls(bench) == []
    assert calls(bench, now=12.9) == [(12, (20,))]
    for row_id in (21, 22, 23):
        speaking(bench, row_id, 12, decoded=15, due_s=13.5)
    assert calls(bench) == [(12, (20, 21, 22, 23))]


def test_where_frames_cost_much_a_call_is_cut_so_that_nobody_waits_for_its_company() -> None:
    """On a CPU a call of four rows once took 113 ms, and the first of them was late for the sake of the others."""
    bench = Bench()
    for row_id in range(1, 5):
        speaking(bench, row_id, 12, decoded=15, due_s=10.2 + row_id / 1000)
    speaking(bench, 9, 2, decoded=1, due_s=10.203)
    rows = bench.rows.values()
    dear = StepCosts(0.0, 0.0, 0.0, 0.0, 0.003, 0.002)
    cheap = StepCosts(0.0, 0.0, 0.0, 0.0, 0.003, 0.00005)
    assert [call.row_ids for call in plan_codec(rows, 10.0, RAMP, 48, cheap)] == [(1, 2, 3, 4), (9,)]
    assert [call.row_ids for call in plan_codec(rows, 10.0, RAMP, 48, dear)] == [(1,), (2,), (3,), (9,), (4,)]


def test_a_call_may_be_twice_as_long_where_nobody_listens() -> None:
    """It is cut all the same: somebody may come."""
    bench = Bench()
    for row_id in range(1, 5):
        speaking(bench, row_id, 12, decoded=15, due_s=90.0, priority=BATCH)
    dear = StepCosts(0.0, 0.0, 0.0, 0.0, 0.003, 0.002)
    found = plan_codec(bench.rows.values(), 10.0, RAMP, 48, dear)
    assert found == (CodecCall(12, (1, 2), pressing=False), CodecCall(12, (3, 4), pressing=False))


def test_first_audio_and_what_is_nearly_due_press_and_the_rest_can_wait() -> None:
    bench = Bench()
    speaking(bench, 1, 1)
    speaking(bench, 2, 12, decoded=15, due_s=10.1)
    for row_id in (3, 4, 5, 6):
        speaking(bench, row_id, 4, decoded=3, due_s=30.0, priority=BATCH)
    pressing = {call.row_ids: call.pressing for call in plan_codec(bench.rows.values(), 10.0, RAMP, 48)}
    assert pressing == {(1,): True, (2,): True, (3, 4, 5, 6): False}


def test_batch_class_yields_by_a_bounded_time() -> None:
    bench = Bench()
    speaking(bench, 1, 12, decoded=15, due_s=10.0, priority=BATCH)
    speaking(bench, 2, 12, decoded=15, due_s=10.5)
    assert calls(bench, budget=12) == [(12, (2,))]
    assert calls(bench, now=11.9, budget=12)[0][1][0] == 2
    bench.rows[2].frames_decoded += 12
    assert calls(bench, now=11.9, budget=12) == [(12, (1,))]


def test_profiles_are_checked_and_named() -> None:
    assert profile_named("low-latency") is LOW_LATENCY
    assert profile_named("low-latency", cpu=True) is LOW_LATENCY_CPU
    assert profile_named("high-throughput", cpu=True) is HIGH_THROUGHPUT
    with pytest.raises(InputError, match="high-throughput"):
        profile_named("fast")
    with pytest.raises(InputError, match="ramp"):
        Profile("x", (), 1, 1)
    with pytest.raises(InputError, match="1 or more"):
        Profile("x", (1,), 0, 1)


def test_of_late_batch_rows_one_a_step_goes_beyond_the_budget_and_none_before_a_first_audio() -> None:
    """Thirty of them once held up a listener's first audio for 300 ms."""
    bench = Bench()
    for row_id in range(1, 6):
        speaking(bench, row_id, 12, decoded=15, due_s=6.0 + row_id / 10, priority=BATCH)
    assert calls(bench, now=9.0, budget=0) == [(12, (1,))]
    assert calls(bench, now=9.0, budget=24) == [(12, (1, 2, 3))]
    speaking(bench, 9, 1)
    assert calls(bench, now=9.0, budget=0) == [(1, (9,))]
    assert set(calls(bench, now=20.0, budget=0)) == {(1, (9,)), (12, (1, 2, 3, 4, 5))}
