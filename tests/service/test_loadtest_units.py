"""The load generator's own arithmetic: a wrong ruler would measure everything wrong."""

from __future__ import annotations

import asyncio
import json
import random
import socket
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.arrivals import poisson, replayed
from loadtest.corpus import load_corpus
from loadtest.generator import Run
from loadtest.health import HealthLog
from loadtest.listener import Listener, audible_offset_s
from loadtest.loopback import check_address
from loadtest.metrics import grown, parse_metrics
from loadtest.numbers import percentile, slope
from loadtest.record import CallRecord
from loadtest.report import DEFAULT_LIMITS, is_good, summarize
from loadtest.service import ServiceProcess
from loadtest.sweep import is_over, knee
from loadtest.watch import watched
from loadtest.workload import MANNERS, Mix, Plan, plan_calls, weights
from qwentts_svc.errors import InputError

ROOT = Path(__file__).parents[2]
RATE = 24_000
PLAN = Plan(0.0, "SynthesizeStream", "interactive", "plain", "x", 1)


def pcm(ms: int, amplitude: float = 0.5) -> bytes:
    return np.full(RATE * ms // 1000, round(amplitude * 32768), "<i2").tobytes()


def spoken(**values: object) -> CallRecord:
    record = CallRecord(PLAN, first_chunk_s=0.1, first_audible_s=0.2, chunks=3, code="OK", reason="COMPLETE")
    for name, value in values.items():
        setattr(record, name, value)
    return record


@pytest.mark.parametrize("address", ["127.0.0.1:50051", "localhost:1", "[::1]:9", "127.9.9.9:80"])
def test_loopback_addresses_are_taken(address: str) -> None:
    assert check_address(address) == address


@pytest.mark.parametrize(
    "address",
    [
        "10.0.0.1:50051",
        "0.0.0.0:50051",
        "example.com:443",
        "127.0.0.1",
        "127.0.0.1:0",
        ":50051",
        "localhost.example.com:1",
    ],
)
def test_other_addresses_are_refused_with_a_reason(address: str) -> None:
    with pytest.raises(InputError, match=r"loopback|host:port"):
        check_address(address)


def test_the_command_refuses_a_foreign_address_in_one_line() -> None:
    command = [sys.executable, "-m", "loadtest", "--address", "192.0.2.1:50051", "--duration", "1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "loopback" in done.stderr
    assert done.stderr.count("\n") == 1


def test_poisson_arrivals_come_at_their_rate_and_repeat_with_the_seed() -> None:
    times = poisson(50.0, 100.0, random.Random(1))
    assert times == poisson(50.0, 100.0, random.Random(1))
    assert list(times) == sorted(times)
    assert times[-1] < 100
    assert len(times) == pytest.approx(5000, rel=0.1)
    gaps = np.diff(times)
    assert np.std(gaps) == pytest.approx(np.mean(gaps), rel=0.1)


def test_replayed_arrivals_start_at_zero_in_order(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('12.5\n{"at_s": 10}\n\n11\n')
    assert replayed(path) == (0.0, 1.0, 2.5)


@pytest.mark.parametrize("line", ["x", '{"at": 1}', "NaN", "[1]", ""])
def test_a_bad_arrival_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(line + "\n")
    with pytest.raises(InputError, match=r"a\.jsonl"):
        replayed(path)


def test_the_corpus_has_sentences_of_all_lengths_in_both_languages() -> None:
    english, russian = load_corpus(), load_corpus(languages=["ru"])
    assert len(english) >= 60
    assert len(russian) >= 20
    assert len({sentence.text for sentence in english + russian}) == len(english) + len(russian)
    lengths = [len(sentence.text) for sentence in english]
    assert min(lengths) < 10
    assert max(lengths) > 180
    assert all(len(sentence.text) <= 40 for sentence in load_corpus(max_chars=40))
    with pytest.raises(InputError, match="no sentence"):
        load_corpus(languages=["xx"])


def test_the_mix_is_drawn_by_weight_and_interrupts_are_streams() -> None:
    mix = Mix({"interactive": 3.0, "batch": 1.0}, {"SynthesizeChunks": 1.0}, {"plain": 1.0, "interrupt": 1.0})
    plans = plan_calls([0.0] * 4000, mix, load_corpus(), random.Random(1))
    assert sum(plan.priority == "interactive" for plan in plans) == pytest.approx(3000, rel=0.1)
    assert all((plan.rpc == "SynthesizeStream") == (plan.manner == "interrupt") for plan in plans)


@pytest.mark.parametrize("text", ["loud", "plain=x", "plain=-1", "plain=0", "", "plain=inf"])
def test_bad_weights_are_refused(text: str) -> None:
    with pytest.raises(InputError):
        weights(text, MANNERS, "--manners")


def test_audible_is_the_first_sample_above_minus_60_dbfs() -> None:
    quiet = np.full(2400, 32, "<i2")
    assert audible_offset_s(quiet.tobytes(), RATE) is None
    quiet[1200] = -33
    assert audible_offset_s(quiet.tobytes(), RATE) == 0.05


def test_audible_audio_waits_for_the_silence_before_it() -> None:
    listener = Listener()
    listener.feed(pcm(80, 0.0), RATE, 0, 10.0)
    listener.feed(pcm(80), RATE, 0, 10.01)
    assert listener.audible_at_s == pytest.approx(10.08)


@pytest.mark.parametrize(("delay_s", "underruns"), [(0.17, 0), (0.19, 1)])
def test_an_underrun_is_audio_that_comes_after_the_buffer_is_empty(delay_s: float, underruns: int) -> None:
    listener = Listener(prebuffer_s=0.1)
    listener.feed(pcm(80), RATE, 0, 0.0)
    listener.feed(pcm(80), RATE, 0, delay_s)
    assert listener.underruns == underruns
    assert listener.gaps_s == [delay_s]


def test_a_pause_between_segments_is_no_underrun() -> None:
    listener = Listener()
    listener.feed(pcm(80), RATE, 0, 0.0)
    listener.feed(pcm(80), RATE, 1, 5.0)
    assert listener.underruns == 0
    assert listener.gaps_s == []


@given(st.lists(st.floats(0, 100), min_size=1), st.floats(0, 1))
def test_a_percentile_was_seen_and_covers_its_share(values: list[float], share: float) -> None:
    found = percentile(values, share)
    assert found in values
    assert sum(value <= found for value in values) >= share * len(values) - 1e-9


def test_the_slope_ignores_a_spike() -> None:
    times = [float(t) for t in range(50)]
    values = [100 + 0.5 * t for t in times]
    values[20] += 1000
    assert slope(times, values) == pytest.approx(0.5)
    assert slope([1.0], [1.0]) == 0.0


@pytest.mark.parametrize(
    "flaw",
    [
        {"code": "RESOURCE_EXHAUSTED"},
        {"reason": "LENGTH_LIMIT"},
        {"first_audible_s": None},
        {"first_audible_s": 0.51},
        {"underruns": 1},
    ],
)
def test_a_call_with_a_flaw_is_not_good(flaw: dict[str, object]) -> None:
    assert is_good(spoken(), DEFAULT_LIMITS)
    assert not is_good(spoken(**flaw), DEFAULT_LIMITS)


def test_a_summary_counts_refusals_apart_from_failures() -> None:
    refused = CallRecord(PLAN, code="RESOURCE_EXHAUSTED", reason="AT_CAPACITY", retry_after_s=1.0, ended_s=0.01)
    failed = CallRecord(PLAN, code="INTERNAL", reason="SYNTHESIS_FAILED", chunks=1, ended_s=1.0)
    silent = CallRecord(PLAN, code="UNAVAILABLE", reason="", ended_s=0.04)
    summary = summarize(
        Run((spoken(), refused, failed, silent), HealthLog([0.001] * 3, ["NOT_SERVING"]), 2.0), DEFAULT_LIMITS
    )
    assert summary["goodput"]["share"] == 0.25
    assert summary["goodput"]["per_s"] == 0.5
    assert summary["refusals"]["count"] == 2
    assert summary["refusals"]["with_retry_info"] == 1
    assert summary["refusals"]["time_to_refusal_ms"]["max"] == 40.0
    assert summary["health"]["serving"] == 2
    json.dumps(summary)


def test_the_knee_is_the_last_good_rate_and_the_sweep_ends_after_it() -> None:
    def step(rate: float, share: float) -> dict[str, object]:
        return {"rate_per_s": rate, "goodput": {"share": share, "per_s": rate * share}}

    steps = [step(1.0, 1.0), step(2.0, 0.96), step(4.0, 0.3)]
    assert knee(steps) == 2.0
    assert not is_over(steps)
    assert is_over([*steps, step(8.0, 0.1)])
    assert is_over([*steps, step(8.0, 0.26)])
    assert knee([step(1.0, 0.5)]) is None


def test_metrics_are_summed_by_label() -> None:
    lines = [
        "# TYPE q counter",
        'q_total{code="x",reason="a"} 2.0',
        'q_created{code="x",reason="a"} 9.0',
        'q_total{code="x",reason="b"} 3.0',
        "# EOF",
    ]
    page = parse_metrics("\n".join(lines) + "\n")
    assert page.total("q_total") == 5
    assert page.total("q_total", reason="b") == 3
    assert page.by("q_total", "code") == {("x",): 5.0}
    assert page.total("q_created") == 0
    assert grown({("a",): 2.0}, {("a",): 2.0, ("b",): 3.0}) == {("b",): 3}


async def test_a_metrics_port_without_an_answer_is_counted_and_ends_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    service = cast(ServiceProcess, SimpleNamespace(sidecar_port=port))
    async with watched(service, 0.01) as watch:
        await asyncio.sleep(0.5)
    assert watch.unanswered > 1
    assert watch.samples == []
