"""Turns the records of a run into the figures that are reported."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from loadtest.generator import Run
from loadtest.numbers import in_ms, percentile, spread_ms
from loadtest.record import CallRecord
from loadtest.workload import CLASSES

Limits = Mapping[str, float]
"""First audio is in time up to this many milliseconds, by class."""
DEFAULT_LIMITS: Limits = {"interactive": 500.0, "standard": 2000.0, "batch": 60000.0}


def is_good(record: CallRecord, limits: Limits) -> bool:
    """Spoken to its end, first audible audio in time, no underrun (a batch-class call has no listener)."""
    if record.code != "OK" or record.reason != "COMPLETE" or record.first_audible_s is None:
        return False
    in_time = record.first_audible_s * 1000 <= limits[record.plan.priority]
    return in_time and (record.underruns == 0 or record.plan.priority == "batch")


def summarize(run: Run, limits: Limits) -> dict[str, Any]:
    """All figures of a run; times in milliseconds, from the intended send time."""
    records = run.records
    judged = [record for record in records if record.judged]
    good = sum(is_good(record, limits) for record in judged)
    return {
        "calls": len(records),
        "wall_s": round(run.wall_s, 2),
        "codes": dict(Counter(record.code for record in records)),
        "errors": dict(Counter(f"{r.code}/{r.reason}" for r in records if r.code not in ("OK", "CANCELLED"))),
        "finish_reasons": dict(Counter(record.reason for record in records if record.code == "OK")),
        "manners": dict(Counter(record.plan.manner for record in records)),
        "goodput": {
            "judged": len(judged),
            "good": good,
            "share": round(good / len(judged), 4) if judged else None,
            "per_s": round(good / run.wall_s, 3) if run.wall_s else None,
            "first_audio_limit_ms": dict(limits),
        },
        "accepted": _accepted(judged, limits),
        "classes": {name: _listening([r for r in judged if r.plan.priority == name]) for name in CLASSES},
        "refusals": refusals(records),
        "health": _health(run),
        "audio_s": round(sum(record.audio_s for record in records), 2),
        "sent_late_ms": spread_ms([record.sent_late_s for record in records]),
    }


def refusals(records: Sequence[CallRecord]) -> dict[str, Any]:
    """Calls turned away: how fast, why, and whether they were told when to come back."""
    turned = [record for record in records if record.refused]
    times_s = [record.ended_s for record in turned if record.ended_s is not None]
    reasons = sorted({record.reason for record in turned})
    return {
        "count": len(turned),
        "time_to_refusal_ms": spread_ms(times_s),
        "with_retry_info": sum(record.retry_after_s is not None for record in turned),
        "with_pushback": sum(record.pushback for record in turned),
        "reasons": {
            reason: {
                "count": sum(record.reason == reason for record in turned),
                "p99_ms": in_ms(percentile([r.ended_s for r in turned if r.reason == reason and r.ended_s], 0.99)),
            }
            for reason in reasons
        },
    }


def _accepted(judged: Sequence[CallRecord], limits: Limits) -> dict[str, Any]:
    """Of the calls that were let in: how many kept their first-audio limit."""
    heard = [record for record in judged if record.first_chunk_s is not None]
    in_time = sum((r.first_chunk_s or 0.0) * 1000 <= limits[r.plan.priority] for r in heard)
    return {"heard": len(heard), "first_chunk_in_time": in_time, "with_underrun": sum(r.underruns > 0 for r in heard)}


def _listening(records: Sequence[CallRecord]) -> dict[str, Any]:
    audible = [record.first_audible_s for record in records if record.first_audible_s is not None]
    first = [record.first_chunk_s for record in records if record.first_chunk_s is not None]
    return {
        "calls": len(records),
        "first_audible_ms": spread_ms(audible),
        "first_chunk_ms": spread_ms(first),
        "inter_chunk_gap_ms": spread_ms([gap for record in records for gap in record.gaps_s]),
        "underruns": sum(record.underruns for record in records),
        "calls_with_underrun": sum(record.underruns > 0 for record in records),
    }


def _health(run: Run) -> dict[str, Any]:
    asked, bad = len(run.health.took_s), len(run.health.bad)
    return {
        "checks": asked,
        "serving": asked - bad,
        "others": dict(Counter(run.health.bad)),
        "took_ms": spread_ms(run.health.took_s),
    }
