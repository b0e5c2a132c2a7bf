"""The open loop against a real server over the fake speech: each manner does what it says, and nothing stays open."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

import pytest
from support.grpc_rig import Rig

from loadtest.__main__ import main
from loadtest.corpus import Sentence
from loadtest.generator import Manner, run_plans
from loadtest.plot import plot_sweep
from loadtest.report import DEFAULT_LIMITS, summarize
from loadtest.sweep import sweep
from loadtest.workload import MANNERS, RPCS, Mix, Plan
from qwentts_svc.errors import InputError, IoError

QUICK = Manner(connections=2, linger_s=10.0)


def plan(manner: str, rpc: str = "SynthesizeStream", at_s: float = 0.0) -> Plan:
    return Plan(at_s, rpc, "interactive", manner, "a sentence", seed=1, leave_after=2)


@pytest.mark.parametrize("rpc", RPCS)
async def test_every_manner_ends_as_it_should(rig: Rig, rpc: str) -> None:
    rig.speech.knobs.frame_delay_s = 0.002
    manners = [manner for manner in MANNERS if manner != "interrupt" or rpc == "SynthesizeStream"]
    run = await run_plans(rig.address, [plan(manner, rpc) for manner in manners], QUICK)
    ends = {record.plan.manner: (record.code, record.left) for record in run.records}
    assert ends.pop("cancel") == ends.pop("close") == ("CANCELLED", True)
    assert set(ends.values()) == {("OK", False)}
    assert all(record.first_chunk_s is not None and record.chunks >= 2 for record in run.records)
    assert run.health.took_s
    assert not run.health.bad
    await rig.settled()


async def test_latency_counts_from_the_intended_time(rig: Rig) -> None:
    rig.speech.knobs.frame_delay_s = 0.001

    async def block() -> None:
        await asyncio.sleep(0.1)
        time.sleep(0.4)  # noqa: ASYNC251 (a generator that is held up is what is tested)

    blocking = asyncio.create_task(block())
    run = await run_plans(rig.address, [plan("plain", at_s=0.2)], QUICK)
    await blocking
    record = run.records[0]
    assert record.sent_late_s > 0.1
    assert record.first_chunk_s is not None
    assert record.first_chunk_s >= record.sent_late_s


async def test_refusals_are_read_with_their_retry_delay(rig: Rig) -> None:
    rig.speech.knobs.capacity = 0
    run = await run_plans(rig.address, [plan("plain"), plan("plain", "SynthesizeChunks")], QUICK)
    refusals = summarize(run, DEFAULT_LIMITS)["refusals"]
    assert refusals["count"] == refusals["with_retry_info"] == refusals["with_pushback"] == 2
    assert refusals["reasons"]["OVERLOADED"]["count"] == 2
    assert all(record.retry_after_s == pytest.approx(0.25) for record in run.records)


async def test_calls_that_do_not_end_are_cut_and_told_apart(rig: Rig) -> None:
    rig.speech.knobs.frame_delay_s = 30.0
    run = await run_plans(rig.address, [plan("plain")], Manner(connections=1, linger_s=0.3))
    assert [record.code for record in run.records] == ["UNFINISHED"]
    await rig.settled()


async def test_nobody_at_the_address_is_an_error_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("loadtest.channels.CONNECT_S", 0.3)
    with pytest.raises(IoError, match="start the service"):
        await run_plans("127.0.0.1:1", [plan("plain")], QUICK)


async def test_a_sweep_finds_the_knee_of_a_service_with_few_places(rig: Rig, tmp_path: Path) -> None:
    rig.speech.knobs.frame_delay_s, rig.speech.knobs.capacity = 0.01, 2
    result = await sweep(
        rig.address, 4.0, 1.5, Mix(), [Sentence("en", "a sentence")], DEFAULT_LIMITS, factor=4.0, manner=QUICK
    )
    assert len(result["steps"]) >= 3
    assert result["steps"][0]["goodput"]["share"] > result["steps"][-1]["goodput"]["share"]
    json.dumps(result)
    plot_sweep(result, tmp_path / "knee.svg")
    assert (tmp_path / "knee.svg").read_text(encoding="utf-8").startswith("<?xml")
    with pytest.raises(InputError, match="--plot"):
        plot_sweep(result, tmp_path / "knee.nothing")


@pytest.mark.parametrize(
    "words",
    [
        ["--sweep", "--replay", "x"],
        ["--plot", "x.svg"],
        ["--sweep", "--factor", "1"],
        ["--rate", "0"],
        ["--rpc", "Synthesize"],
        ["--languages", "xx"],
        ["--replay", "/nonexistent"],
        ["--address", "192.0.2.1:1"],
    ],
)
def test_bad_arguments_are_one_line_and_code_2(capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    assert main(["--address", "127.0.0.1:1", *words]) == 2
    assert capsys.readouterr().err.startswith("loadtest: ")
