"""The table of a run of all endurance tests, in Markdown: what was asked, what was found, whether it holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from loadtest.flood import REFUSED_WITHIN_MS

RSS_MIB_PER_HOUR = 20.0
COUNTS_PER_HOUR = 12.0
"""Of descriptors, threads and tasks: they go up and down with the callers; one kept per call would be hundreds."""
KIB_PER_IDLE_STREAM = 128.0
FIRST_AUDIO_AFTER_RESTART_S = 10.0

Row = tuple[str, str, bool]


def table_of(result: Mapping[str, Any]) -> str:
    """``result``: the JSON of ``reliability``."""
    machine = result["machine"]
    changed = f" with {machine['changed_files']} changed files" if machine["changed_files"] else ""
    lines = [
        f"Measured {machine['date'][:10]} at commit `{machine['commit']}`{changed}: {machine['processor']}, "
        f"{machine['cores']} cores (load generator and service share them), {machine['memory_gib']} GiB, "
        f"load average {machine['load_before']} before the start.",
        "",
        "| what | found | holds |",
        "|---|---|---|",
    ]
    lines += [f"| {what} | {found} | {'yes' if holds else '**no**'} |" for what, found, holds in rows_of(result)]
    return "\n".join(lines) + "\n"


def rows_of(result: Mapping[str, Any]) -> list[Row]:
    """What, found, and whether it is within its limit."""
    return [*_soak(result["soak"]), *_flood(result["flood"]), *_others(result)]


def _soak(soak: Mapping[str, Any]) -> list[Row]:
    growth = soak["growth"]
    looks = len(soak["samples"]) + soak["metrics_unanswered"]
    name = f"soak, {soak['minutes']:g} min, {soak['calls']} calls"
    return [
        (
            f"{name}: memory slope, at most {RSS_MIB_PER_HOUR:g} MiB/h",
            f"{growth['rss_mib_per_hour']:+.1f} MiB/h, from {growth['rss_mib_first']:.0f} MiB",
            growth["rss_mib_per_hour"] <= RSS_MIB_PER_HOUR,
        ),
        (
            f"{name}: descriptors, threads, tasks per hour, at most {COUNTS_PER_HOUR:g} each",
            f"{growth['fds_per_hour']:+.1f}, {growth['threads_per_hour']:+.1f}, {growth['tasks_per_hour']:+.1f}",
            max(abs(growth[key]) for key in ("fds_per_hour", "threads_per_hour", "tasks_per_hour")) <= COUNTS_PER_HOUR,
        ),
        (f"{name}: left behind", _nothing(soak["left_behind"]), not soak["left_behind"]),
        (
            f"{name}: looks at the metrics that got an answer",
            f"{looks - soak['metrics_unanswered']} of {looks}",
            soak["metrics_unanswered"] == 0,
        ),
        (f"{name}: failures other than refusals", _nothing(_failures(soak)), not _failures(soak)),
    ]


def _flood(flood: Mapping[str, Any]) -> list[Row]:
    refusals, health, accepted = flood["refusals"], flood["health"], flood["accepted"]
    p99_ms = refusals["time_to_refusal_ms"]["p99"]
    name = f"flood, {flood['seconds']:g} s at {flood['rate_per_s']:g} calls/s (10 x capacity)"
    return [
        (
            f"{name}: time to refusal p99, below {REFUSED_WITHIN_MS:g} ms",
            f"{p99_ms} ms, {refusals['count']} refused",
            refusals["count"] > 0 and p99_ms < REFUSED_WITHIN_MS,
        ),
        (
            f"{name}: refusals with RetryInfo",
            f"{refusals['with_retry_info']} of {refusals['count']}",
            refusals["with_retry_info"] == refusals["count"],
        ),
        (
            f"{name}: accepted calls with first audio in time",
            f"{accepted['first_chunk_in_time']} of {accepted['heard']}",
            accepted["first_chunk_in_time"] >= 0.99 * accepted["heard"],
        ),
        (
            f"{name}: health answers SERVING",
            f"{health['serving']} of {health['checks']}, p99 {health['took_ms']['p99']} ms",
            health["serving"] == health["checks"],
        ),
        (
            f"{name}: service counted what callers saw",
            "all equal" if flood["agreement"]["equal"] else "differs",
            flood["agreement"]["equal"],
        ),
        (f"{name}: left behind", _nothing(flood["left_behind"]), not flood["left_behind"]),
    ]


def _others(result: Mapping[str, Any]) -> list[Row]:
    idle, killed, drain, restart = (result[key] for key in ("idle", "client_killed", "drain", "restart"))
    last = idle["rounds"][-1]
    return [
        (
            f"{idle['idle']} idle streams beside {idle['speaking']} speaking ones: memory per idle stream, "
            f"at most {KIB_PER_IDLE_STREAM:g} KiB",
            f"{idle['kib_per_idle_stream']} KiB; {last['spoken_to_the_end']} spoken to the end",
            idle["kib_per_idle_stream"] <= KIB_PER_IDLE_STREAM and last["spoken_to_the_end"] == idle["speaking"],
        ),
        (
            "the same, last of three rounds: memory grown, left behind",
            f"{last['rss_mib_grown']:+.1f} MiB, {_nothing(idle['left_behind'])}",
            last["rss_mib_grown"] <= 0.03 * idle["idle"] and not idle["left_behind"],
        ),
        (
            f"`kill -9` of a client with {killed['streams']} streams: given back",
            f"after {killed['given_back_after_ms']} ms, left {_nothing(killed['left_behind'])}",
            not killed["left_behind"],
        ),
        (
            f"SIGTERM under {drain['streams']} streams: cut, exit code",
            f"{drain['cut']} cut, exit {drain['exit_code']} after {drain['seconds_to_exit']} s",
            drain["cut"] == 0 and drain["exit_code"] == 0,
        ),
        (
            "SIGTERM: new calls UNAVAILABLE with RetryInfo",
            f"{drain['newcomers_with_retry_info']} of {sum(drain['newcomers'].values())}",
            drain["newcomers_with_retry_info"] == sum(drain["newcomers"].values()),
        ),
        (
            f"`kill -9` of the service and restart: first good audio, at most {FIRST_AUDIO_AFTER_RESTART_S:g} s",
            f"{restart['first_good_audio_s']} s (ready after {restart['ready_s']} s)",
            restart["spoken"] and restart["first_good_audio_s"] <= FIRST_AUDIO_AFTER_RESTART_S,
        ),
        (
            "`kill -9` right after voices were registered: there again after the restart",
            f"{restart['voices']['found']} of {restart['voices']['made']}",
            restart["voices"]["found"] == restart["voices"]["made"] > 0,
        ),
    ]


def _failures(soak: Mapping[str, Any]) -> dict[str, int]:
    return {
        name: count
        for name, count in soak["errors"].items()
        if not name.startswith(("RESOURCE_EXHAUSTED/", "UNAVAILABLE/"))
    }


def _nothing(found: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in found.items()) or "nothing"
