"""Who is prefilled or resumed in this step, and how long an idle engine waits for company. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf

from qwentts_svc.runtime.qos import ClassDefaults
from qwentts_svc.runtime.rows import Row, RowState
from qwentts_svc.runtime.scheduler.compose import Tuning
from qwentts_svc.runtime.scheduler.memory import Ledger
from qwentts_svc.runtime.scheduler.plan import Snapshot
from qwentts_svc.types import Priority

START_RESERVE = 4.0
"""Times the work before its first audio, a row that waits for its prefill counts as this much nearer its deadline."""


def choose_starts(
    view: Snapshot, now: float, candidates: Sequence[Row], ledger: Ledger, reserve: int, positions: int, slack_s: float
) -> list[Row]:
    """Leading ``candidates`` (WAITING or PREEMPTED, most urgent first) that fit the slots, the blocks (``reserve`` of
    them kept back) and ``positions`` prompt positions; the first one always fits the last.

    ``slack_s``: least laxity of a speaking row. A prefill that would use it up (with the first audio after it) goes
    ahead only when its own laxity, with a reserve for a step that takes longer than it should, is less still, so
    neither side can hold up the other for ever. No new row overtakes a candidate that does not fit; rows that come back
    do, for what it lacks may come free with them only.
    """
    chosen: list[Row] = []
    slots, spent = view.free_slots, 0
    full = False
    for row in candidates:
        is_new = row.state is RowState.WAITING
        if is_new and (full or (row.slot is None and slots == 0)):
            continue
        cost = row.prefill_positions + row.frames_done
        if chosen and spent + cost > positions:
            break
        delay_s = view.costs.prefill_s(spent + cost) + view.costs.codec_base_s + view.costs.codec_frame_s
        first_s = delay_s + view.costs.step_s(min(len(view.rows), view.max_rows))
        if delay_s > slack_s and row.slack(now) - START_RESERVE * first_s > slack_s:
            break
        if not ledger.admit(row, row.missing_blocks(view.block_size), reserve):
            full = True
            continue
        chosen.append(row)
        spent += cost
        slots -= row.slot is None
    return chosen


def startable(candidates: list[Row], rows: Sequence[Row], now: float, tuning: Tuning, crowding: float) -> list[Row]:
    """``candidates``, less those that had better be gathered: prefills and first codec calls of its own per row cost
    the rows that speak most.

    ``crowding``: rows that need the step and do not fit it, as a share of those that do. Rows with playout start
    together when one has started within that share of ``gather_s``, all of it from 1 on: a house with room waits for
    nobody. The others do while streams speak and one of their kind has started within ``background_gap_s``.
    """
    streams = False
    started_s = {True: -inf, False: -inf}
    for row in rows:
        playout = tuning.classes[row.priority].playout
        streams = streams or (playout and row.state is not RowState.FLUSHING)
        if row.started_s is not None and row.started_s > started_s[playout]:
            started_s[playout] = row.started_s
    wait = {
        True: now - started_s[True] < tuning.gather_s * min(crowding, 1.0),
        False: streams and now - started_s[False] < tuning.background_gap_s,
    }
    return [
        row
        for row in candidates
        if not wait[playout := tuning.classes[row.priority].playout] or (playout and row.state is RowState.PREEMPTED)
    ]


def window_end_s(
    starters: Sequence[Row], now: float, max_rows: int, classes: Mapping[Priority, ClassDefaults]
) -> float | None:
    """When an idle engine stops gathering its first batch; None: start at once."""
    if not starters or len(starters) >= max_rows:
        return None
    end = min(row.arrival_s + classes[row.priority].window_s for row in starters)
    return end if end > now else None
