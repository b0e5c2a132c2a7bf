"""The endurance tests in short, on the embedded voice: the whole program of ``python -m loadtest reliability`` with
small figures and wide margins. What the figures of a quiet machine are is written in docs/reliability.md.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from loadtest.machine import describe_machine
from loadtest.reliability import BEGIN, END, Sizes, reliability, write_table
from loadtest.table import rows_of, table_of
from qwentts_svc.errors import InputError

ROOT = Path(__file__).parents[2]
SMALL = Sizes(minutes=0.35, flood_s=6.0, idle=100, speaking=8, probe_s=4.0, rate=0.4)
# The generator needs a core of its own on the smallest machines.
SETTINGS = ("runtime.intra_op_threads=1",)

Result = dict[str, Any]
pytestmark = [pytest.mark.slow, pytest.mark.timeout(420)]


@pytest.fixture(scope="module")
def result() -> Result:
    machine = describe_machine()
    found = asyncio.run(reliability(SMALL, SETTINGS, None, lambda _: None))
    return {"machine": machine, **found}


def test_a_flood_is_refused_at_once_and_told_when_to_come_back(result: Result) -> None:
    refusals = result["flood"]["refusals"]
    assert refusals["count"] >= 10
    assert refusals["with_retry_info"] == refusals["with_pushback"] == refusals["count"]
    assert refusals["time_to_refusal_ms"]["p99"] < 1500


def test_a_flood_stops_neither_speech_nor_health(result: Result) -> None:
    flood = result["flood"]
    assert flood["codes"]["OK"] >= 3
    assert set(flood["codes"]) <= {"OK", "RESOURCE_EXHAUSTED"}
    assert flood["health"]["checks"] >= 20
    assert flood["health"]["serving"] == flood["health"]["checks"]


def test_the_service_counts_what_its_callers_see(result: Result) -> None:
    agreement = result["flood"]["agreement"]
    assert agreement["equal"], agreement


def test_a_flood_leaves_nothing_behind(result: Result) -> None:
    assert result["flood"]["left_behind"] == {}


def test_idle_streams_cost_little_and_leave_nothing_behind(result: Result) -> None:
    idle = result["idle"]
    assert [one["streams_open"] for one in idle["rounds"]] == [100] * 3
    assert all(one["spoken_to_the_end"] == 8 for one in idle["rounds"])
    assert idle["kib_per_idle_stream"] < 256
    assert idle["rounds"][-1]["rss_mib_grown"] < 30
    assert idle["left_behind"] == {}


def test_a_killed_client_leaves_nothing_behind(result: Result) -> None:
    killed = result["client_killed"]
    assert killed["open_when_killed"] == killed["streams"]
    assert killed["given_back_after_ms"] < 10_000
    assert killed["left_behind"] == {}


def test_a_soak_lets_nothing_grow(result: Result) -> None:
    soak = result["soak"]
    assert soak["calls"] >= 3
    assert set(soak["codes"]) <= {"OK", "CANCELLED", "RESOURCE_EXHAUSTED"}
    assert soak["errors_logged"] == 0
    assert soak["metrics_unanswered"] == 0
    assert soak["left_behind"] == {}
    # Of a run so short a slope says little; what it holds in the end says that nothing large is kept.
    assert soak["after"]["rss_mib"] - soak["before"]["rss_mib"] < 150
    assert soak["samples"][-1]["tasks"] < 200


def test_sigterm_cuts_nobody(result: Result) -> None:
    drain = result["drain"]
    assert (drain["cut"], drain["exit_code"]) == (0, 0)
    assert drain["codes"] == {"OK": 16}
    assert drain["newcomers"] == {"UNAVAILABLE/DRAINING": 5}
    assert drain["newcomers_with_retry_info"] == 5


def test_a_killed_service_speaks_again_soon(result: Result) -> None:
    restart = result["restart"]
    assert restart["spoken"]
    assert restart["same_audio_length"]
    assert restart["first_good_audio_s"] < 60
    assert restart["exit_code"] == 0
    assert restart["voices"] == {"made": 3, "found": 3}


def test_the_table_has_a_line_for_everything(result: Result, tmp_path: Path) -> None:
    lines = table_of(result).splitlines()
    assert sum(line.startswith("| ") for line in lines) == len(rows_of(result)) + 1
    document = tmp_path / "reliability.md"
    document.write_text(f"before\n{BEGIN}\nof yesterday\n{END}\nafter\n", encoding="utf-8")
    write_table(document, result)
    text = document.read_text(encoding="utf-8")
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "of yesterday" not in text
    assert table_of(result) in text


def test_a_document_without_marks_is_not_touched(tmp_path: Path) -> None:
    document = tmp_path / "other.md"
    document.write_text("nothing\n", encoding="utf-8")
    with pytest.raises(InputError, match="has no lines"):
        write_table(document, {})
    assert document.read_text(encoding="utf-8") == "nothing\n"


def test_the_document_has_the_marks() -> None:
    text = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
    assert text.index(BEGIN) < text.index(END)
