from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.rows import BATCH, INTERACTIVE, STANDARD, Bench, playing, waiting_row

from qwentts_svc.errors import QosError
from qwentts_svc.runtime.admission import Admission, AdmissionLimits
from qwentts_svc.runtime.cost import StepCosts
from qwentts_svc.runtime.door import OPEN, STALE_S, Door, Place
from qwentts_svc.runtime.qos import LOW_LATENCY
from qwentts_svc.runtime.rows import Row, RowState
from qwentts_svc.types import Priority

NOW = 10.0
RESERVE_S = AdmissionLimits().reserve_s
FULL = Door(NOW, {INTERACTIVE: Place(0, 5.0, 0.2, 0.0)}, {})
PRIORITIES = st.sampled_from(list(Priority))

present = st.tuples(PRIORITIES, st.floats(-1.0, 5.0), st.sampled_from(["playing", "flushing", "waiting"]))
newcomer = st.tuples(PRIORITIES, st.sampled_from([0.05, 0.2, 0.5, 2.0, 60.0]), st.integers(1, 60))


def refused(door: Door, priority: Priority, patience_s: float, sent: Counter[Priority], now: float = NOW) -> bool:
    try:
        door.check(priority, patience_s, sent, now)
    except QosError:
        return True
    return False


def taken(desk: Admission, row: Row, bench: Bench, *, promised: bool = False) -> bool:
    """The engine's own answer; a row that it lets in joins the others."""
    try:
        if desk.offer(row, bench.view(), NOW, promised=promised):
            bench.add(row)
    except QosError:
        return False
    return True


@given(
    rows=st.lists(present, max_size=12),
    before=st.lists(newcomer, max_size=6),
    after=st.lists(newcomer, max_size=12),
    step_s=st.floats(0.0, 0.03),
    position_s=st.floats(0.0, 0.005),
    stream_s=st.floats(0.01, 6.0),
    slots=st.integers(1, 24),
    min_streams=st.integers(1, 3),
)
def test_the_sign_refuses_nobody_whom_the_engine_would_take(
    rows, before, after, step_s, position_s, stream_s, slots, min_streams
) -> None:
    """Calls of any class come before and after the sign was put up; those after it reach the engine in order, less the
    ones that were turned away at the door."""
    desk = Admission(slots, LOW_LATENCY.ramp, limits=AdmissionLimits(min_streams=min_streams))
    desk._stream_s = stream_s
    bench = Bench()
    bench.costs = StepCosts(0.001, step_s, 0.001, position_s, 0.001, 0.001)
    for row_id, (priority, slack_s, state) in enumerate(rows, 1):
        if state == "waiting":
            bench.add(waiting_row(row_id, submitted_s=NOW, priority=priority))
        else:
            row = playing(bench, row_id, slack_s=slack_s, priority=priority)
            if state == "flushing":
                row.move(RowState.FLUSHING)
    sent: Counter[Priority] = Counter()
    row_id = 100

    def call(priority: Priority, patience_s: float, length: int) -> Row:
        nonlocal row_id
        row_id += 1
        fields = {"submitted_s": NOW, "priority": priority, "first_audio_deadline_s": NOW + patience_s}
        return waiting_row(row_id, text=tuple(range(length)), **fields)

    for priority, patience_s, length in before:
        sent[priority] += 1
        taken(desk, call(priority, patience_s, length), bench)
    door = desk.door(bench.view(), NOW, sent)
    for priority, patience_s, length in after:
        row = call(priority, patience_s, length)
        promised = door.promised(priority, sent, NOW)
        if refused(door, priority, row.first_audio_deadline_s - row.arrival_s, sent):
            assert not taken(desk, row, bench, promised=promised)
        else:
            sent[priority] += 1
            if not taken(desk, row, bench, promised=promised):
                return  # too impatient: nobody can know before the next sign that it left its place to another one


def test_the_engine_keeps_to_the_room_that_the_sign_told_of() -> None:
    """Once a call that had passed the door was refused after a step, because the step had been a slow one."""
    desk, bench = Admission(16, LOW_LATENCY.ramp), Bench()
    bench.costs = StepCosts(0.0, 0.0125, 0.0, 0.0, 0.0, 0.0)  # four streams
    for row_id in range(1, 4):
        playing(bench, row_id, slack_s=RESERVE_S)
    door = desk.door(bench.view(), NOW, {})
    assert door.promised(INTERACTIVE, {}, NOW)
    assert not door.promised(INTERACTIVE, {INTERACTIVE: 1}, NOW)
    assert not door.promised(INTERACTIVE, {}, NOW + 1.1 * STALE_S)
    bench.costs = StepCosts(0.0, 0.03, 0.0, 0.0, 0.0, 0.0)  # two streams
    assert not taken(desk, waiting_row(98, submitted_s=NOW), bench)
    assert taken(desk, waiting_row(99, submitted_s=NOW), bench, promised=True)


def test_a_full_house_refuses_at_the_door_as_the_engine_does() -> None:
    desk = Admission(16, LOW_LATENCY.ramp)
    bench = Bench()
    bench.costs = StepCosts(0.0, 0.0125, 0.0, 0.0, 0.0, 0.0)  # four streams
    for row_id in range(1, 5):
        playing(bench, row_id, slack_s=RESERVE_S)
    errors = []
    for ask in (
        lambda: desk.offer(waiting_row(99, submitted_s=NOW), bench.view(), NOW),
        lambda: desk.door(bench.view(), NOW, {}).check(INTERACTIVE, 0.5, {}, NOW),
    ):
        with pytest.raises(QosError) as error:
            ask()
        errors.append((str(error.value), error.value.reason, error.value.retry_after_s))
    assert errors[0] == errors[1]
    assert errors[0][1] == "AT_CAPACITY"


def test_calls_on_their_way_to_the_engine_take_the_room_that_the_sign_tells_of() -> None:
    door = replace(FULL, places={INTERACTIVE: Place(2, 5.0, 0.2, 0.0)}, seen={INTERACTIVE: 7})
    assert not refused(door, INTERACTIVE, 0.5, Counter({INTERACTIVE: 8}))
    assert refused(door, INTERACTIVE, 0.5, Counter({INTERACTIVE: 9}))
    assert not refused(door, INTERACTIVE, 0.5, Counter({INTERACTIVE: 7, STANDARD: 50}))  # they stand behind


def test_a_sign_means_nothing_after_a_second() -> None:
    assert refused(FULL, INTERACTIVE, 0.5, Counter(), NOW + 0.9 * STALE_S)
    assert not refused(FULL, INTERACTIVE, 0.5, Counter(), NOW + 1.1 * STALE_S)


def test_classes_that_nobody_listens_to_are_never_refused_at_the_door() -> None:
    desk = Admission(1, LOW_LATENCY.ramp)
    bench = Bench()
    playing(bench, 1, slack_s=RESERVE_S)
    door = desk.door(bench.view(), NOW, {})
    assert refused(door, STANDARD, 2.0, Counter())
    assert not refused(door, BATCH, 0.0, Counter({BATCH: 10_000}))


def test_a_call_that_could_not_be_heard_in_time_is_refused_at_the_door() -> None:
    door = replace(FULL, places={INTERACTIVE: Place(5, 0.0, 0.2, 0.3)})
    assert refused(door, INTERACTIVE, 0.25, Counter())
    assert not refused(door, INTERACTIVE, 0.5, Counter())


def test_an_open_door_refuses_nobody() -> None:
    assert not any(refused(OPEN, priority, 0.0, Counter({priority: 10_000})) for priority in Priority)
