"""The pacer: never further ahead than the lead, never slower than real time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwentts_svc.server.pacing import Pacer

PACKETS = st.lists(st.tuples(st.floats(1, 500), st.floats(0, 2)), max_size=40)


@given(lead_ms=st.floats(100, 5000), packets=PACKETS)
def test_a_listener_in_real_time_never_holds_more_than_the_lead(
    lead_ms: float, packets: list[tuple[float, float]]
) -> None:
    pacer, now_s, played_ms, sent_ms = Pacer(lead_ms), 0.0, 0.0, 0.0
    for duration_ms, pause_s in packets:
        wait_s = pacer.delay_s(duration_ms, now_s) + pause_s
        now_s += wait_s
        played_ms = min(sent_ms, played_ms + wait_s * 1000)
        pacer.sent(duration_ms, now_s)
        sent_ms += duration_ms
        assert sent_ms - played_ms <= max(lead_ms, duration_ms) + 1e-6
        assert pacer.lead_ms(now_s) == pytest.approx(sent_ms - played_ms, abs=1e-6)


@given(lead_ms=st.floats(100, 5000), packets=PACKETS)
def test_a_paced_listener_never_runs_dry_by_pacing_alone(lead_ms: float, packets: list[tuple[float, float]]) -> None:
    pacer, now_s, dry = Pacer(lead_ms), 0.0, 0
    for index, (duration_ms, _) in enumerate(packets):
        now_s += max(0.0, pacer.delay_s(duration_ms, now_s) - 1e-9)
        too_long_to_overlap = duration_ms >= lead_ms
        dry += pacer.sent(duration_ms, now_s) and index > 0 and not too_long_to_overlap
    assert dry == 0


def test_without_a_lead_nothing_waits() -> None:
    pacer = Pacer(None)
    for _ in range(100):
        assert pacer.delay_s(1000, 0.0) == 0
        pacer.sent(1000, 0.0)


def test_acknowledged_audio_makes_room_at_once_and_a_listener_that_holds_back_takes_it_away() -> None:
    pacer = Pacer(200)
    pacer.sent(200, 0.0)
    assert pacer.delay_s(80, 0.0) == pytest.approx(0.08)
    pacer.played(200, 0.0)
    assert pacer.delay_s(80, 0.0) == 0
    pacer.played(0, 1.0)
    assert pacer.delay_s(80, 1.0) == pytest.approx(0.08)


def test_a_gap_is_noticed_once_the_listener_has_run_dry() -> None:
    pacer = Pacer(1000)
    assert not pacer.sent(100, 0.0)
    assert not pacer.sent(100, 0.05)
    assert pacer.sent(100, 1.0)


def test_after_an_interrupt_the_whole_lead_is_free() -> None:
    pacer = Pacer(200)
    pacer.sent(200, 0.0)
    pacer.dropped(0.0)
    assert pacer.delay_s(200, 0.0) == 0
