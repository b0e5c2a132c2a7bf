"""Policies to compare with: order of arrival, and taking turns. They know no deadlines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import inf

from qwentts_svc.runtime.rows import Row
from qwentts_svc.runtime.scheduler.compose import Tuning, finish_plan, ledger_for
from qwentts_svc.runtime.scheduler.memory import growth_reserve
from qwentts_svc.runtime.scheduler.piles import sort_rows
from qwentts_svc.runtime.scheduler.plan import Snapshot, StepPlan
from qwentts_svc.runtime.scheduler.starts import choose_starts


@dataclass(frozen=True, slots=True)
class OrderedPolicy:
    """Starts rows in order of arrival and fills every step by one fixed key."""

    name: str
    tuning: Tuning
    key: Callable[[Row], tuple[float, int]]

    def plan(self, view: Snapshot, now: float) -> StepPlan:
        piles = sort_rows(view.rows, now)
        ledger = ledger_for(view, piles)
        decode = ledger.seat(sorted(piles.ready, key=self.key), view.max_rows)
        reserve = growth_reserve(piles.ready, view.block_size)
        candidates = sorted([*piles.starters, *piles.resumers], key=_arrival)
        positions = self.tuning.profile.prefill_positions
        starts = choose_starts(view, now, candidates, ledger, reserve, positions, inf)
        decode = sorted([*decode, *starts], key=self.key)[: view.max_rows]
        return finish_plan(view, piles, ledger, starts, decode, self.tuning.profile)


def _arrival(row: Row) -> tuple[float, int]:
    return row.arrival_s, row.row_id


def _last_step(row: Row) -> tuple[float, int]:
    return row.last_step_s, row.row_id


def fifo(tuning: Tuning) -> OrderedPolicy:
    """Whoever came first keeps a place until it has ended."""
    return OrderedPolicy("fifo", tuning, _arrival)


def round_robin(tuning: Tuning) -> OrderedPolicy:
    """Whoever had a place longest ago gets the next."""
    return OrderedPolicy("round-robin", tuning, _last_step)
