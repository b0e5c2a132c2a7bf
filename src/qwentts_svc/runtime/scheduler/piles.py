"""First pass of every policy: sort the rows by what they can do now. Pure; decides nothing about order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from qwentts_svc.runtime.rows import Row, RowState


@dataclass(slots=True)
class Piles:
    """Local to one ``plan`` call."""

    expired: list[Row] = field(default_factory=list)
    ready: list[Row] = field(default_factory=list)
    """May take a place in the next frame step (RUNNING, or waking now)."""
    starters: list[Row] = field(default_factory=list)
    """WAITING with enough text to build the prompt."""
    resumers: list[Row] = field(default_factory=list)
    """PREEMPTED, and neither short of text nor too far ahead."""
    wait_text: list[Row] = field(default_factory=list)
    park: list[Row] = field(default_factory=list)
    wake: list[Row] = field(default_factory=list)
    idle_holders: list[Row] = field(default_factory=list)
    """Rows that hold KV and take no place: first victims under pressure."""


def sort_rows(rows: Sequence[Row], now: float) -> Piles:
    """One look at every row."""
    piles = Piles()
    for row in rows:
        state = row.state
        if row.submit.deadline_s <= now and state is not RowState.FLUSHING:
            piles.expired.append(row)
        elif state is RowState.RUNNING or state is RowState.WAIT_TEXT:
            running = state is RowState.RUNNING
            if not row.text_ended and row.needs_text:
                if running:
                    piles.wait_text.append(row)
                piles.idle_holders.append(row)
            elif row.max_lead_frames is not None and row.too_far_ahead:
                # Also one whose text has come: a reader wakes the rows in WAIT_READER only.
                piles.park.append(row)
                piles.idle_holders.append(row)
            else:
                if not running:
                    piles.wake.append(row)
                piles.ready.append(row)
        elif state is RowState.WAIT_READER:
            if row.needs_text or not row.may_wake:
                piles.idle_holders.append(row)
            else:
                piles.wake.append(row)
                piles.ready.append(row)
        elif state is RowState.WAITING:
            if row.can_start:
                piles.starters.append(row)
        elif state is RowState.PREEMPTED and not row.needs_text and row.may_wake:
            piles.resumers.append(row)
    return piles
