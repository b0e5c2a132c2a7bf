"""Puts the pieces of a plan together, the same way for every policy. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf

from qwentts_svc.runtime.qos import CLASSES, LOW_LATENCY, ClassDefaults, Profile
from qwentts_svc.runtime.rows import Row, RowState
from qwentts_svc.runtime.scheduler.memory import Ledger
from qwentts_svc.runtime.scheduler.piles import Piles
from qwentts_svc.runtime.scheduler.plan import Snapshot, StepPlan
from qwentts_svc.types import Priority

_IDLE_CODEC_SCALE = 4

_PENDING_CODEC_S = 0.02
"""Codec work that may come before somebody's first audio."""


@dataclass(frozen=True, slots=True)
class Tuning:
    """What a policy may be told. Times in seconds."""

    profile: Profile = LOW_LATENCY
    classes: Mapping[Priority, ClassDefaults] = field(default_factory=lambda: CLASSES)
    filler_step_s: float = 0.04
    """Rows that are ahead fill a step up to this length while nobody waits for first audio."""
    pending_step_s: float = 0.035
    """... and streams (not batch rows) up to this length while someone does."""
    stretch: float = 1.5
    """... and may always lengthen the step of the urgent rows by this factor."""
    tight_steps: float = 2.0
    """Rows with more laxity than this many full steps may sit one out."""
    background_gap_s: float = 0.25
    """Beside streams, batch rows start at most this often."""
    gather_s: float = 0.1
    """Where twice as many rows need the step as it holds, streams start at most this often, and then together;
    in proportion more often where fewer do."""
    starve_s: float = 2.0
    """A row that was left out for this long gets a place, one row per step."""


def ledger_for(view: Snapshot, piles: Piles) -> Ledger:
    """Victims under KV pressure: lowest class first, then most slack."""

    def expendable() -> Iterable[Row]:
        holders = [*piles.ready, *piles.idle_holders]
        holders.sort(key=lambda row: (-row.priority, -row.due_s, row.row_id))
        return holders

    return Ledger(view.free_blocks, view.block_size, expendable, piles.idle_holders)


def finish_plan(
    view: Snapshot,
    piles: Piles,
    ledger: Ledger,
    starts: Sequence[Row],
    decode: Sequence[Row],
    profile: Profile,
    least_s: float = inf,
    *,
    pending: bool = False,
) -> StepPlan:
    """Row ids out of rows; rows that are preempted appear nowhere else. ``least_s``: laxity that codec work must leave
    to speaking rows; ``pending``: somebody waits for first audio, and codec work that can wait does, unless it is
    quickly done."""
    idle_until_s = inf
    if not (starts or decode):
        idle_until_s = min((row.submit.deadline_s for row in view.rows), default=idle_until_s)
    return StepPlan(
        expire=_ids(piles.expired),
        preempt=_ids(ledger.preempted),
        wait_text=_ids(row for row in piles.wait_text if not ledger.lost(row)),
        park=_ids(row for row in piles.park if not ledger.lost(row)),
        wake=_ids(row for row in piles.wake if not ledger.lost(row)),
        prefill=_ids(row for row in starts if row.state is RowState.WAITING),
        resume=_ids(row for row in starts if row.state is RowState.PREEMPTED),
        decode=_ids(decode),
        codec_budget_frames=_codec_budget(
            view, len(decode), profile, min(least_s, _PENDING_CODEC_S) if pending else least_s
        ),
        idle_until_s=idle_until_s,
    )


def _codec_budget(view: Snapshot, rows: int, profile: Profile, least_s: float) -> int:
    """Twice what the step adds, so that the codec catches up, within the profile's limit and the rows' laxity."""
    if not rows:
        return _IDLE_CODEC_SCALE * profile.codec_budget_frames
    budget = min(max(2 * rows, profile.ramp[-1]), profile.codec_budget_frames)
    frame_s = view.costs.codec_frame_s
    if least_s == inf or frame_s <= 0:
        return budget
    return min(budget, max(0, int((least_s - view.costs.codec_base_s) / frame_s)))


def _ids(rows: Iterable[Row]) -> tuple[int, ...]:
    return tuple([row.row_id for row in rows])
