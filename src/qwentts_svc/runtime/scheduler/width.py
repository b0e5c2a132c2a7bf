"""How many rows a step carries beside the urgent ones, and who of those left out gets a place all the same. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import inf

from qwentts_svc.runtime.qos import ClassDefaults
from qwentts_svc.runtime.rows import Row
from qwentts_svc.runtime.scheduler.compose import Tuning
from qwentts_svc.runtime.scheduler.memory import Ledger
from qwentts_svc.runtime.scheduler.plan import Snapshot
from qwentts_svc.types import Priority


def awaits_first_audio(rows: Iterable[Row], classes: Mapping[Priority, ClassDefaults]) -> bool:
    """Some row of a class with playout has not been heard yet."""
    return any(row.first_audio_s is None and classes[row.priority].playout for row in rows)


def merge_starts(decode: Sequence[Row], starts: Sequence[Row], places: int) -> list[Row]:
    """Rows that start in this step take part in it, by the same order as the speaking ones: class, then deadline."""
    merged = sorted([*decode, *starts], key=lambda row: (row.priority, row.due_s, row.row_id))
    return merged[:places]


def step_width(view: Snapshot, needed: int, limit_s: float) -> int:
    """Places in a step of ``limit_s`` seconds, at least ``needed`` and at least one."""
    costs = view.costs
    if costs.step_row_s <= 0 or limit_s == inf:
        return view.max_rows
    width = int(min(limit_s - costs.step_base_s, view.max_rows * costs.step_row_s) / costs.step_row_s + 1e-9)
    return min(max(width, needed, 1), view.max_rows)


def background_width(view: Snapshot, seated: int, limit_s: float, pace_s: float) -> int:
    """Places in a step of ``limit_s`` seconds beside ``seated`` rows, if what it adds, in the codec too, is to leave
    room for a step every ``pace_s`` seconds."""
    costs = view.costs
    places = step_width(view, seated, limit_s)
    each_s = costs.step_row_s + costs.codec_frame_s
    if pace_s == inf or each_s <= 0:
        return places
    room_s = pace_s - costs.step_s(max(seated, 1)) - costs.codec_base_s
    return min(places, seated + max(0, int(room_s / each_s)))


def step_limits(view: Snapshot, needed: int, pending: bool, pace_s: float, tuning: Tuning) -> tuple[float, float]:
    """How long rows that could sit out may make the step: (streams, background), seconds.

    Anybody may lengthen it by the factor ``stretch``. Streams may up to ``pending_step_s`` while someone waits for
    first audio (``pending``), everybody up to ``filler_step_s`` otherwise; nobody beyond ``pace_s``, where a row that
    needs the step would run dry.
    """
    costs = view.costs
    stretched_s = tuning.stretch * costs.step_s(max(needed, 1))
    if pending:
        return min(max(stretched_s, tuning.pending_step_s), pace_s), min(stretched_s, pace_s)
    limit_s = min(max(stretched_s, tuning.filler_step_s, 2 * costs.step_s(1)), pace_s)
    return limit_s, limit_s


def seat_starving(
    decode: list[Row], ready: Sequence[Row], now: float, places: int, tuning: Tuning, ledger: Ledger
) -> list[Row]:
    """Give the last place to the row that has waited longest, if that is longer than ``starve_s`` and it has not that
    much audio in hand."""
    threshold = now - tuning.starve_s
    stale = [row for row in ready if row.last_step_s < threshold]
    if not stale:
        return decode
    seated = {row.row_id for row in decode}
    stale = [row for row in stale if row.row_id not in seated and not ledger.lost(row) and not _ahead(row, now, tuning)]
    stale.sort(key=lambda row: (row.last_step_s, row.row_id))
    for row in stale:
        if ledger.seat((row,), 1):
            return [*decode[: places - 1], row]
    return decode


def _ahead(row: Row, now: float, tuning: Tuning) -> bool:
    promise = tuning.classes[row.priority]
    return promise.playout and row.first_audio_s is not None and row.slack(now) >= promise.comfortable_lead_s
