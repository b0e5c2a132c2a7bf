"""The default policy: class first, then least slack, first audio and playout alike; who is ahead stands aside."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from qwentts_svc.runtime.rows import Row
from qwentts_svc.runtime.scheduler.compose import Tuning, finish_plan, ledger_for
from qwentts_svc.runtime.scheduler.memory import growth_reserve
from qwentts_svc.runtime.scheduler.order import rank_by_playout, sessions_in_work, start_order
from qwentts_svc.runtime.scheduler.piles import sort_rows
from qwentts_svc.runtime.scheduler.plan import Snapshot, StepPlan
from qwentts_svc.runtime.scheduler.starts import choose_starts, startable, window_end_s
from qwentts_svc.runtime.scheduler.width import (
    awaits_first_audio,
    background_width,
    merge_starts,
    seat_starving,
    step_limits,
    step_width,
)


@dataclass(frozen=True, slots=True)
class PlayoutPolicy:
    """Takes the rows with the least slack, and fills the step with rows that are ahead only as far as that costs the
    urgent ones little. Batch-class rows take what is left."""

    tuning: Tuning

    @property
    def name(self) -> str:
        return "playout"

    def plan(self, view: Snapshot, now: float) -> StepPlan:
        tuning, costs = self.tuning, view.costs
        piles = sort_rows(view.rows, now)
        ledger = ledger_for(view, piles)
        if not piles.ready and not piles.resumers:
            window = window_end_s(piles.starters, now, view.max_rows, tuning.classes)
            if window is not None:
                return StepPlan(expire=tuple(row.row_id for row in piles.expired), idle_until_s=window)

        ramp = tuning.profile.ramp
        cycle_s = costs.round_s(min(len(piles.ready), view.max_rows), view.max_rows, 1)
        ranked = rank_by_playout(piles.ready, now, ramp, costs, cycle_s, tuning.tight_steps * cycle_s, tuning.classes)

        pending = ranked.unheard or awaits_first_audio(piles.starters, tuning.classes)

        decode = ledger.seat(ranked.must, view.max_rows)
        starts: list[Row] = []
        if piles.starters or piles.resumers:
            room = step_width(view, len(ranked.must), tuning.pending_step_s)
            crowding = (len(ranked.must) + len(ranked.wanting)) / room - 1
            able = startable([*piles.starters, *piles.resumers], view.rows, now, tuning, crowding)
            candidates = start_order(able, sessions_in_work(view.rows), now)
            reserve = growth_reserve(piles.ready, view.block_size)
            positions = tuning.profile.prefill_positions
            starts = choose_starts(view, now, candidates, ledger, reserve, positions, ranked.least_s)
            decode = merge_starts(decode, starts, view.max_rows)

        if any(tuning.classes[row.priority].playout for row in view.rows):
            streams_s, background_s = step_limits(view, len(decode), pending, ranked.pace_s, tuning)
        else:  # nobody listens: the widest step is the most speech per second
            streams_s = background_s = inf
        for rows, limit_s in (
            (ranked.wanting, streams_s),
            (ranked.background, background_s),
            (ranked.ahead, streams_s),
        ):
            pace_s = ranked.background_pace_s if rows is ranked.background else inf
            places = background_width(view, len(decode), limit_s, pace_s)
            decode += ledger.seat(rows, places - len(decode))
        decode = seat_starving(decode, piles.ready, now, view.max_rows, tuning, ledger)
        return finish_plan(view, piles, ledger, starts, decode, tuning.profile, ranked.least_s, pending=pending)
