"""The virtual engine: carries out plans as the real one does, but every device call only moves the clock.

Rows, pools, slots, policy, codec plan, admission and cost model are the product's own. What is simulated: the device
(costs from a table), the speech (a known number of frames), the listeners (they play in real time).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from qwentts_svc.errors import QosError
from qwentts_svc.runtime.admission import Admission
from qwentts_svc.runtime.cost import CostModel
from qwentts_svc.runtime.kv_pool import KvPool
from qwentts_svc.runtime.rows import Row, RowState
from qwentts_svc.runtime.runners import PreparedPrompt
from qwentts_svc.runtime.scheduler import Policy, Snapshot, StepPlan, plan_codec
from qwentts_svc.runtime.simulator.devices import Device, Jitter
from qwentts_svc.runtime.simulator.workload import Arrival, Listener
from qwentts_svc.runtime.slots import SlotPool

_CODES = np.zeros(1, dtype=np.int64)
_IDLE_TICK_S = 0.02


@dataclass(slots=True)
class Outcome:
    """Everything that a run leaves behind."""

    ended: list[tuple[Row, Listener]] = field(default_factory=list)
    refused: list[tuple[Row, float]] = field(default_factory=list)
    """Rows that were turned away, and how long that took, seconds."""
    steps: int = 0
    row_steps: int = 0
    end_s: float = 0.0


class SimEngine:
    """One run: ``run`` plays the arrivals to the end and returns what happened."""

    def __init__(
        self,
        device: Device,
        policy: Policy,
        admission: Admission,
        *,
        seed: int = 0,
        blocks: int = 16384,
        block_size: int = 16,
    ) -> None:
        self._device = device
        self._jitter = Jitter(device, seed)
        self._policy = policy
        self._admission = admission
        self._costs = CostModel(device.fitted())
        self._slots = SlotPool(device.slots)
        self._kv = KvPool(blocks, block_size)
        self._rows: dict[int, Row] = {}
        self._frames: dict[int, int] = {}
        self._listeners: dict[int, Listener] = {}
        self._now = 0.0
        self.outcome = Outcome()

    def run(self, arrivals: Iterable[Arrival]) -> Outcome:
        waiting = iter(arrivals)
        coming = next(waiting, None)
        while coming is not None or self._rows or self._admission.queued:
            while coming is not None and coming.submit.submitted_s <= self._now:
                self._offer(coming)
                coming = next(waiting, None)
            self._listen()
            self._review()
            plan = self._policy.plan(self._snapshot(), self._now)
            before = self._now
            self._carry_out(plan)
            if self._now == before:
                next_s = coming.submit.submitted_s if coming is not None else float("inf")
                busy = bool(self._rows or self._admission.queued)
                tick_s = before + _IDLE_TICK_S if busy else float("inf")
                self._now = min(next_s, max(plan.idle_until_s, before + 1e-6), tick_s)
        self.outcome.end_s = self._now
        self._slots.check_integrity()
        self._kv.check_integrity()
        return self.outcome

    def _snapshot(self) -> Snapshot:
        return Snapshot(
            rows=list(self._rows.values()),
            free_slots=self._slots.free,
            free_blocks=self._kv.free,
            block_size=self._kv.block_size,
            max_rows=self._device.max_rows,
            costs=self._costs.costs,
        )

    def _offer(self, arrival: Arrival) -> None:
        row = Row(arrival.submit, groups=1)
        self._frames[row.row_id] = arrival.frames
        self._listeners[row.row_id] = arrival.listener
        try:
            if self._admission.offer(row, self._snapshot(), self._now):
                self._rows[row.row_id] = row
        except QosError:
            self.outcome.refused.append((row, self._now - row.arrival_s))

    def _review(self) -> None:
        review = self._admission.review(self._snapshot(), self._now)
        for row in review.admitted:
            self._rows[row.row_id] = row
        for row, _ in review.refused:
            self.outcome.refused.append((row, self._now - row.arrival_s))

    def _listen(self) -> None:
        """Every listener has played what real time allows."""
        for row in self._rows.values():
            if row.first_audio_s is not None:
                self._listeners[row.row_id].play(row, self._now)

    def _carry_out(self, plan: StepPlan) -> None:
        for row in self._named(plan.preempt):
            row.move(RowState.PREEMPTED)
            self._kv.release_all(row.take_blocks())
        for row in self._named(plan.park):
            row.move(RowState.WAIT_READER)
        for row in self._named(plan.wake):
            row.move(RowState.RUNNING)
        self._start(self._named(plan.prefill), self._named(plan.resume))
        self._speak(self._named(plan.decode))
        self._decode(plan.codec_budget_frames)

    def _start(self, fresh: list[Row], back: list[Row]) -> None:
        positions = 0
        for row in fresh:
            row.slot = self._slots.lease()
            row.started_s = self._now
            row.attached(PreparedPrompt(row.prefill_positions, 0, "", len(row.text_ids)), row.submit.prompt)
        for row in [*fresh, *back]:
            positions += row.prefill_positions + row.frames_done
            row.add_blocks(self._kv.lease(row.missing_blocks(self._kv.block_size)))
            row.move(RowState.PREFILL)
            row.prefilled = row.prefill_positions
            row.move(RowState.RUNNING)
        if positions:
            seconds = self._jitter.time(self._device.prefill_s(positions))
            self._now += seconds
            self._costs.observe_prefill(positions, seconds)

    def _speak(self, rows: list[Row]) -> None:
        rows = [row for row in rows if row.state is RowState.RUNNING]
        if not rows:
            return
        started = self._now
        seconds = self._jitter.time(self._device.step_s(len(rows)))
        self._now += seconds
        self._costs.observe_step(len(rows), seconds)
        self.outcome.steps += 1
        self.outcome.row_steps += len(rows)
        for row in rows:
            row.last_step_s = started
            if row.frames_done >= self._frames[row.row_id]:
                row.move(RowState.FLUSHING)
                self._kv.release_all(row.take_blocks())
                continue
            row.append_frame(_CODES)
            missing = row.missing_blocks(self._kv.block_size)
            if missing and missing <= self._kv.free:
                row.add_blocks(self._kv.lease(missing))

    def _decode(self, budget_frames: int) -> None:
        rows, ramp = self._rows.values(), self._device.profile.ramp
        for call in plan_codec(rows, self._now, ramp, budget_frames, self._costs.costs):
            units = call.frames * len(call.row_ids)
            seconds = self._jitter.time(self._device.codec_s(units))
            self._now += seconds
            self._costs.observe_codec(units, seconds)
            for row in self._named(call.row_ids):
                row.frames_decoded += call.frames
                self._listeners[row.row_id].hear(row, self._now)
                row.emit_audio(call.frames * row.frame_s, self._now)
        for row in [r for r in self._rows.values() if r.state is RowState.FLUSHING and not r.pending_frames]:
            row.move(RowState.DONE)
            if row.slot is not None:
                self._slots.release(row.slot)
            del self._rows[row.row_id]
            self._admission.ended(row, self._now)
            self.outcome.ended.append((row, self._listeners.pop(row.row_id)))

    def _named(self, row_ids: Iterable[int]) -> list[Row]:
        return [self._rows[row_id] for row_id in row_ids if row_id in self._rows]
