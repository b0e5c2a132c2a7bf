from __future__ import annotations

import itertools
import json
import statistics

import pytest

from qwentts_svc.errors import InputError
from qwentts_svc.runtime.simulator.__main__ import main
from qwentts_svc.runtime.simulator.devices import DEVICES, device_named
from qwentts_svc.runtime.simulator.sweep import Point, device_capacity, measure, simulate, sweep
from qwentts_svc.runtime.simulator.workload import Workload
from qwentts_svc.types import Priority


def playout(device: str, load: float, duration_s: float = 16.0) -> Point:
    (point,) = sweep(DEVICES[device], ("playout",), loads=[load], duration_s=duration_s)
    return point


RUNS = {"h100": (8.0, 2), "rtx-5090": (10.0, 2), "cpu-2-cores": (30.0, 3)}
"""Seconds of arrivals and seeds, so that each device has some hundred callers."""


@pytest.mark.parametrize("device", RUNS)
def test_at_any_load_the_default_policy_has_the_most_streams_without_a_gap_and_early_first_audio(device: str) -> None:
    duration_s, seeds = RUNS[device]
    policies = ("playout", "fifo", "round-robin")
    for load in (0.5, 1.0, 2.0):
        points = sweep(DEVICES[device], policies, loads=[load], duration_s=duration_s, seeds=range(seeds))
        ours, *others = points
        assert len({point.offered for point in points}) == 1
        assert ours.underruns <= 0.01 * ours.served
        if load < 0.6:
            assert all(ours.clean >= other.clean for other in others)
            assert ours.refused <= (0.03 if DEVICES[device].jitter else 0.0) * ours.offered
            assert ours.ttfa_p95_s < 0.12
        else:
            # On a CPU all that are let in fit one step: the policies differ in what a slow step does to them.
            gain = 1.0 if device == "cpu-2-cores" else 1.03
            assert all(ours.clean > gain * other.clean for other in others)
            assert all(ours.underruns < other.underruns for other in others)
            assert ours.ttfa_p95_s < 0.3


@pytest.mark.parametrize("device", ["h100", "rtx-5090"])
def test_past_the_knee_playout_refuses_in_place_of_stuttering(device: str) -> None:
    point = playout(device, 2.5)
    assert point.refused > 0.4 * point.offered
    assert point.underruns <= 0.01 * point.served
    assert point.ttfa_p95_s < 0.5
    assert point.refusal_p95_s < 0.3


@pytest.mark.parametrize("device", RUNS)
def test_first_audio_stays_early_up_to_the_knee(device: str) -> None:
    idle, half = playout(device, 0.1, 24.0), playout(device, 0.5, 12.0)
    assert idle.refused == half.underruns == 0
    # With jitter a run of slow calls in a small crowd turns somebody away now and then.
    assert half.refused <= (0.05 if DEVICES[device].jitter else 0.0) * half.offered
    assert half.ttfa_p95_s < 3 * idle.ttfa_p95_s


def test_a_batch_load_beside_them_hardly_moves_interactive_first_audio() -> None:
    device = DEVICES["h100"]
    alone = Workload(rate=10.0, duration_s=16.0, seed=3)
    mix = ((Priority.INTERACTIVE, 0.8), (Priority.BATCH, 0.2))
    beside = Workload(rate=12.5, duration_s=16.0, seed=3, mix=mix)
    first = measure("playout", 0.0, simulate(device, "playout", alone), 3.0)
    second_run = simulate(device, "playout", beside)
    second = measure("playout", 0.0, second_run, 3.0)
    assert second.underruns == 0
    assert second.ttfa_p95_s < 1.5 * first.ttfa_p95_s
    batch = [row for row, _ in second_run.ended if row.priority is Priority.BATCH]
    assert len(batch) > 20


def test_the_same_seed_gives_the_same_run_and_another_seed_another() -> None:
    device = DEVICES["cpu-2-cores"]
    runs = [simulate(device, "playout", Workload(rate=1.0, duration_s=10.0, seed=seed)) for seed in (1, 1, 2)]
    figures = [(run.steps, run.end_s, len(run.ended)) for run in runs]
    assert figures[0] == figures[1] != figures[2]


def test_every_caller_is_either_served_to_the_end_or_refused() -> None:
    workload = Workload(rate=60.0, duration_s=6.0)
    outcome = simulate(DEVICES["h100"], "playout", workload)
    callers = list(workload.arrivals())
    frames = {arrival.submit.row_id: arrival.frames for arrival in callers}
    served = {row.row_id: row.frames_done for row, _ in outcome.ended}
    refused = {row.row_id for row, _ in outcome.refused}
    assert served.keys() | refused == frames.keys()
    assert not served.keys() & refused
    assert all(frames[row_id] == spoken for row_id, spoken in served.items())


def test_arrivals_are_poisson_and_lengths_lognormal() -> None:
    workload = Workload(rate=50.0, duration_s=200.0, seed=5)
    arrivals = list(workload.arrivals())
    assert len(arrivals) == pytest.approx(10_000, rel=0.05)
    assert statistics.median(arrival.frames for arrival in arrivals) * 0.08 == pytest.approx(4.0, rel=0.05)
    times = [arrival.submit.submitted_s for arrival in arrivals]
    gaps = [b - a for a, b in itertools.pairwise(times)]
    assert statistics.stdev(gaps) == pytest.approx(statistics.mean(gaps), rel=0.1)


def test_device_tables_give_the_published_figures() -> None:
    h100, rtx = device_named("h100"), device_named("rtx-5090")
    assert [h100.step_s(rows) for rows in (1, 12)] == pytest.approx([0.0061, 0.0091])
    assert [rtx.step_s(rows) for rows in (1, 64, 128)] == pytest.approx([0.0127, 0.0368, 0.0675])
    assert rtx.step_s(32) == pytest.approx(0.0127 + (0.0368 - 0.0127) * 31 / 63)
    assert device_capacity(h100) > 100
    with pytest.raises(InputError, match="rtx-5090"):
        device_named("abacus")


def test_the_command_writes_page_plot_and_figures(tmp_path, capsys) -> None:
    pytest.importorskip("matplotlib")
    page = tmp_path / "scheduling.md"
    page.write_text("before\n<!-- simulator tables: begin -->\nold\n<!-- simulator tables: end -->\nafter\n")
    costs = tmp_path / "costs.json"
    costs.write_text(json.dumps({"steps": [[1, 0.02], [8, 0.03]], "max_rows": 8, "source": "a bench run"}))
    arguments = ["--out", str(tmp_path), "--device", "cpu-2-cores", "--costs", str(costs)]
    assert main([*arguments, "--load", "0.5", "--callers", "30", "--policy", "playout"]) == 0
    text = page.read_text()
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "a bench run" in text
    assert "old" not in text
    assert (tmp_path / "scheduling-cpu-2-cores.svg").stat().st_size > 1000
    figures = json.loads((tmp_path / "scheduling-cpu-2-cores.json").read_text())
    assert [point["policy"] for point in figures["points"]] == ["playout"]
    assert "playout" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments", [["--device", "abacus"], ["--costs", "none.json"], ["--device", "h100", "--costs", "none.json"]]
)
def test_wrong_arguments_are_explained(arguments: list[str], capsys) -> None:
    assert main(arguments) == 2
    assert capsys.readouterr().err
