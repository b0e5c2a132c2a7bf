from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.rows import BATCH, STANDARD, Bench, playing, waiting_row

from qwentts_svc.errors import QosError
from qwentts_svc.runtime.admission import NO_CHANGE, Admission, AdmissionLimits, capacity
from qwentts_svc.runtime.cost import CostModel, StepCosts
from qwentts_svc.runtime.qos import LOW_LATENCY
from qwentts_svc.runtime.rows import RowState

NOW = 10.0
SLOW = StepCosts(0.0, 0.0125, 0.0, 0.0, 0.0, 0.0)  # 70 % of 80 ms carries four streams


def admission(slots: int = 16, **limits) -> Admission:
    return Admission(slots, LOW_LATENCY.ramp, limits=AdmissionLimits(**limits))


RESERVE_S = AdmissionLimits().reserve_s


def busy(streams: int, *, slack_s: float = RESERVE_S, **fields) -> Bench:
    """Streams that count for one place each, unless ``slack_s`` says otherwise."""
    bench = Bench(slots=16)
    bench.costs = SLOW
    for row_id in range(1, streams + 1):
        playing(bench, row_id, slack_s=slack_s, **fields)
    return bench


def caller(row_id: int = 99, **fields):
    return waiting_row(row_id, submitted_s=NOW, **fields)


def test_a_row_comes_in_while_there_is_capacity_and_is_queued_beyond() -> None:
    desk = admission()
    desk._stream_s = 0.1
    assert desk.capacity(busy(1).view()) == 4
    assert desk.offer(caller(), busy(3).view(), NOW)
    assert not desk.offer(caller(), busy(4).view(), NOW)
    assert [row.row_id for row in desk.queued] == [99]


def test_a_queued_row_comes_in_when_a_stream_ends() -> None:
    desk = admission()
    desk._stream_s = 0.1
    row = caller()
    desk.offer(row, busy(4).view(), NOW)
    assert desk.review(busy(4).view(), NOW + 0.05) == NO_CHANGE
    assert desk.review(busy(3, now=NOW + 0.05).view(), NOW + 0.05).admitted == (row,)
    assert desk.queued == ()


def test_a_row_that_could_not_be_heard_in_time_is_refused_at_once_with_a_delay() -> None:
    desk = admission()
    desk._stream_s = 30.0
    with pytest.raises(QosError) as refusal:
        desk.offer(caller(), busy(4).view(), NOW)
    assert refusal.value.reason == "AT_CAPACITY"
    assert 1.0 < refusal.value.retry_after_s <= 30.0
    assert desk.queued == ()


def test_waiting_ends_in_a_refusal_while_first_audio_could_still_have_been_asked_elsewhere() -> None:
    desk = admission()
    desk._stream_s = 0.1
    row = caller()
    desk.offer(row, busy(4).view(), NOW)
    gives_up = desk.next_review_s(SLOW)
    assert gives_up <= NOW + 0.2 < row.first_audio_deadline_s
    assert desk.review(busy(4).view(), gives_up - 0.001) == NO_CHANGE
    ((refused, error),) = desk.review(busy(4).view(), gives_up).refused
    assert (refused, error.reason) == (row, "QUEUE_TIMEOUT")
    assert desk.next_review_s(SLOW) == float("inf")


def test_the_queue_of_a_class_is_bounded() -> None:
    desk = admission()
    desk._stream_s = 0.001
    view = busy(4).view()
    for row_id in range(100, 164):
        assert not desk.offer(caller(row_id), view, NOW)
    with pytest.raises(QosError) as refusal:
        desk.offer(caller(200), view, NOW)
    assert refusal.value.reason == "QUEUE_FULL"


@pytest.mark.parametrize(
    ("streams", "spare_s", "stream_s", "fits"),
    [
        (4, 1.0, 4.0, True),  # three places
        (5, 0.7, 4.0, False),  # four and an eighth
        (4, 1.0, 40.0, False),  # the time in hand does not last until somebody has ended
    ],
)
def test_streams_with_audio_in_hand_leave_room_for_others(
    streams: int, spare_s: float, stream_s: float, fits: bool
) -> None:
    """Once callers were turned away from a house that was seconds ahead and could have spared the time."""
    desk = admission()
    desk._stream_s = stream_s
    view = busy(streams, slack_s=RESERVE_S + spare_s, submitted_s=NOW - 1.0).view()
    if fits:
        assert desk.offer(caller(), view, NOW)
    else:
        with pytest.raises(QosError):
            desk.offer(caller(), view, NOW)


@pytest.mark.parametrize(
    ("streams", "slack_s", "fits"), [(2, 0.4, True), (2, 0.35, True), (2, 0.3, False), (1, -9.0, False)]
)
def test_streams_that_run_dry_close_the_door_whatever_the_model_says(streams: int, slack_s: float, fits: bool) -> None:
    desk = admission()
    desk._stream_s = 0.05
    assert desk.offer(caller(), busy(streams, slack_s=slack_s).view(), NOW) is fits


def test_a_stream_that_has_just_begun_had_no_time_to_get_ahead() -> None:
    desk = admission()
    desk._stream_s = 0.05
    bench = busy(3, slack_s=0.0)
    for row in bench.rows.values():
        row.playout_start_s += row.audio_emitted_s - 0.5
        row.audio_emitted_s = 0.5
    assert desk.offer(caller(), bench.view(), NOW)


@given(st.floats(-10.0, 20.0), st.floats(0.0, 5.0), st.floats(0.1, 60.0))
def test_more_in_hand_never_takes_more_places(slack_s: float, more_s: float, stream_s: float) -> None:
    desk = admission()
    desk._stream_s = stream_s
    less, more = busy(3, slack_s=slack_s + more_s), busy(3, slack_s=slack_s)
    assert 0.0 <= desk._places(less.view(), NOW) <= desk._places(more.view(), NOW) + 1e-6 <= 3 * 4.0 + 1e-5


def test_readers_that_read_slowly_or_not_at_all_keep_nobody_out() -> None:
    desk = admission()
    bench = busy(3, slack_s=-5.0)
    for row in bench.rows.values():
        row.move(RowState.WAIT_READER)
    assert desk.offer(caller(), bench.view(), NOW)
    for row in bench.rows.values():
        row.move(RowState.RUNNING)
    assert desk.offer(caller(), bench.view(), NOW)
    for row in bench.rows.values():
        row.emit_audio(0.08, NOW)
    assert sum(row.underruns for row in bench.rows.values()) == 0


def test_a_device_slower_than_real_time_still_serves_one() -> None:
    desk = admission()
    bench = Bench(slots=16)
    bench.costs = StepCosts(0.5, 0.1, 0.5, 0.0, 0.1, 0.1)
    assert desk.capacity(bench.view()) == 1
    assert desk.offer(caller(first_audio_deadline_s=NOW + 10), bench.view(), NOW)


def test_standard_stops_before_interactive_does() -> None:
    desk = admission()
    desk._stream_s = 1.0
    bench = Bench(slots=64)
    bench.costs = StepCosts(0.0, 0.005, 0.0, 0.0, 0.0, 0.0)  # ten streams
    for row_id in range(1, 10):
        playing(bench, row_id, slack_s=RESERVE_S)
    assert not desk.offer(caller(98, priority=STANDARD), bench.view(), NOW)
    assert desk.offer(caller(99), bench.view(), NOW)


def test_batch_rows_are_no_streams_and_leave_slots_to_others() -> None:
    desk = admission(slots=8)
    assert desk.offer(caller(priority=BATCH), busy(4).view(), NOW)
    bench = busy(6, priority=BATCH)
    assert not desk.offer(caller(98, priority=BATCH), bench.view(), NOW)
    assert desk.offer(caller(99), bench.view(), NOW)
    assert desk.review(bench.view(), NOW + 100.0) == NO_CHANGE  # batch waits for minutes


@pytest.mark.parametrize(("codec_s", "fits"), [(0.0, True), (0.005, False)])
def test_a_stream_that_only_needs_the_codec_counts_for_that_share_of_a_place(codec_s: float, fits: bool) -> None:
    desk = admission()
    desk._stream_s = 0.1
    bench = busy(4)
    bench.costs = StepCosts(0.0, 0.0125 - codec_s, 0.0, 0.0, 0.0, codec_s)
    for row_id in (1, 2, 3):
        bench.rows[row_id].move(RowState.FLUSHING)
    for row_id in (11, 12):
        playing(bench, row_id, slack_s=RESERVE_S)
    assert desk.capacity(bench.view()) == 4
    assert desk.offer(caller(), bench.view(), NOW) is fits


def test_nobody_overtakes_within_a_class() -> None:
    desk = admission()
    desk._stream_s = 0.1
    first, second = caller(1), caller(2)
    assert not desk.offer(first, busy(4).view(), NOW)
    assert not desk.offer(second, busy(3).view(), NOW)
    assert desk.review(busy(3).view(), NOW).admitted == (first,)


def test_a_cancelled_row_leaves_the_queue_and_draining_empties_it() -> None:
    desk = admission()
    desk._stream_s = 0.1
    rows = [caller(1), caller(2)]
    for row in rows:
        desk.offer(row, busy(4).view(), NOW)
    assert desk.withdraw(1) is rows[0]
    assert desk.withdraw(1) is None
    assert desk.drain() == (rows[1],)
    assert desk.queued == ()


def test_the_desk_learns_how_long_streams_last_from_streams_alone() -> None:
    desk = admission()
    for priority, row in ((BATCH, busy(1, priority=BATCH).rows[1]), (STANDARD, busy(1, priority=STANDARD).rows[1])):
        row.started_s = 0.0
        row.move(RowState.DONE)
        for _ in range(200):
            desk.ended(row, 20.0)
        assert desk._stream_s == (pytest.approx(20.0, rel=0.01) if priority is STANDARD else 5.0)


def test_a_row_waits_only_where_a_place_comes_free_well_within_its_patience() -> None:
    """Once callers of a flood waited 200 ms each for a place that another one took."""
    desk = admission()
    desk._stream_s = 4 * 0.2 / 3 - 0.01  # a place every 64 ms, and 200 ms of patience
    assert not desk.offer(caller(1), busy(4).view(), NOW)
    with pytest.raises(QosError) as refusal:
        desk.offer(caller(2), busy(4).view(), NOW)
    assert refusal.value.reason == "AT_CAPACITY"


def test_an_empty_house_takes_a_burst_up_to_its_capacity() -> None:
    desk, bench = admission(), busy(0)
    bench.costs = StepCosts(0.002, 0.001, 0.002, 0.0001, 0.001, 0.0005)
    assert desk.capacity(bench.view()) == 16
    for row_id in range(16):
        row = caller(row_id)
        assert desk.offer(row, bench.view(), NOW)
        bench.add(row)


def test_no_more_come_in_at_once_than_are_heard_in_time() -> None:
    """Once a burst was let in whole, and the last of it was heard after its deadline."""
    desk, bench = admission(), busy(0)
    each_s = 0.15
    bench.costs = StepCosts(0.001, 0.001, 0.0, each_s / caller().prefill_positions, 0.0, 0.001)
    desk._prompt_positions = caller().prefill_positions
    told: list[bool | str] = []
    for row_id in range(6):
        row = caller(row_id, first_audio_deadline_s=NOW + 1.0)
        try:
            told.append(desk.offer(row, bench.view(), NOW))
            bench.add(row)
        except QosError as refusal:
            told.append(refusal.reason)
    assert told == [True] * 3 + ["AT_CAPACITY"] * 3  # with as long again in reserve


@given(base=st.floats(0, 0.05), slope=st.floats(0, 0.01), codec=st.floats(0, 0.005), width=st.integers(1, 64))
def test_capacity_is_the_largest_number_that_fits(base: float, slope: float, codec: float, width: int) -> None:
    costs = StepCosts(base, slope, 0.0, 0.0, 0.0, codec)
    found = capacity(costs, width, 12, 0.08, 0.0, 300)
    assert costs.round_s(found, width, 12) <= 0.08
    assert found == 300 or costs.round_s(found + 1, width, 12) > 0.08


@given(base=st.floats(0.001, 0.05), slope=st.floats(0.0001, 0.01), widths=st.lists(st.integers(1, 64), min_size=2))
def test_the_cost_model_finds_the_line_from_any_start(base: float, slope: float, widths: list[int]) -> None:
    model = CostModel()
    for _ in range(1 + 600 // len(widths)):
        for width in widths:
            model.observe_step(width, base + slope * width)
    for width in widths:
        assert model.costs.step_s(width) == pytest.approx(base + slope * width, rel=0.05)


def test_one_pause_of_the_machine_does_not_turn_the_line() -> None:
    model = CostModel()
    for width in [1, 4, 8] * 50:
        model.observe_step(width, 0.01 + 0.001 * width)
        model.observe_prefill(width * 10, 0.005 + 0.0001 * width)
        model.observe_codec(width, 0.002 + 0.0005 * width)
    model.observe_step(4, 30.0)
    assert model.costs.step_s(8) < 0.03
    assert model.costs.codec_frame_s == pytest.approx(0.0005, rel=0.1)
    assert model.costs.prefill_s(40) == pytest.approx(0.0054, rel=0.1)


def test_a_round_of_more_streams_than_fit_a_step_takes_several() -> None:
    costs = StepCosts(0.01, 0.001, 0.0, 0.0, 0.012, 0.0001)
    assert costs.round_s(5, 4, 12) == pytest.approx(0.014 + 0.011 + 5 * 0.0001 + 2 * 0.001)
    assert costs.step_s(0) == costs.prefill_s(0) == 0.0
