"""The engine: one ``step`` is reap -> plan -> prefill -> frame step -> codec -> finish, over whatever rows are there.

Sole owner, on the engine thread, of rows, pools, caches and runners, and with its stages (prefill, delivery, exits) the
only mover between row states; ``Cancel`` only marks. Every accepted row gets exactly one terminal event. A stage that
raises fails its own rows and nothing else; ``FatalDeviceError`` goes through to the thread, which fails everything.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from qwentts_svc.errors import DeadlineError, TtsError
from qwentts_svc.observability.observer import NullObserver, Observer
from qwentts_svc.runtime.admission import Admission
from qwentts_svc.runtime.books import check_books, report_rows
from qwentts_svc.runtime.codec_stage import CodecStage
from qwentts_svc.runtime.cost import CostModel
from qwentts_svc.runtime.delivery import Delivery, EngineLimits
from qwentts_svc.runtime.door import OPEN
from qwentts_svc.runtime.exits import Exits
from qwentts_svc.runtime.guard import is_looping, over_budget
from qwentts_svc.runtime.kv_pool import KvPool
from qwentts_svc.runtime.messages import (
    AppendText,
    Cancel,
    Command,
    Drain,
    EncodeVoice,
    EndText,
    StepEvents,
    Stop,
    Submit,
    Wake,
)
from qwentts_svc.runtime.prefill import PrefillStage, prompt_too_long
from qwentts_svc.runtime.prefix_cache import PrefixCache
from qwentts_svc.runtime.rows import Row, RowState
from qwentts_svc.runtime.runners import CodecRunner, FatalDeviceError, ModelRunner, StepRow, VoiceEncoder
from qwentts_svc.runtime.scheduler.plan import Policy, Snapshot, StepPlan
from qwentts_svc.runtime.slots import SlotPool
from qwentts_svc.runtime.voice_desk import VoiceDesk
from qwentts_svc.types import FinishReason

__all__ = ["Engine", "EngineLimits"]


class Engine:
    """``model``, ``codec`` and ``voices`` are called on the engine thread only. ``clock`` is monotonic seconds."""

    def __init__(
        self,
        model: ModelRunner,
        codec: CodecRunner,
        policy: Policy,
        *,
        voices: VoiceEncoder | None = None,
        admission: Admission | None = None,
        limits: EngineLimits | None = None,
        observer: Observer | None = None,
        prefix_entries: int = 256,
        costs: CostModel | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        info = model.info
        self._model = model
        self._policy = policy
        self._limits = limits or EngineLimits()
        self._observer: Observer = observer or NullObserver()
        self._clock = clock
        self._frame_s = codec.info.samples_per_frame / codec.info.sample_rate
        self.costs = costs or CostModel()
        self.slots = SlotPool(info.slots)
        self.kv = KvPool(info.blocks, info.block_size)
        self.prefixes = PrefixCache(self.kv, model.copy_block, max_entries=prefix_entries)
        self.codec = CodecStage(codec)
        self._desk = VoiceDesk(voices, self._frame_s, self._observer, clock)
        self._prefill = PrefillStage(model, self.slots, self.kv, self.prefixes, self.codec)
        self._exits = Exits(model, self.slots, self.kv, self.prefixes, self.codec, admission, self._observer, clock)
        self._intake = self._exits.intake
        self._delivery = Delivery(self.codec, codec.info, self._limits, self.costs, self._exits, self._observer, clock)
        self.rows = self._intake.rows
        """Rows in work."""
        self._wait_until: float | None = 0.0
        """Plan again at this time; None: not before a command comes."""
        self.steps = 0
        self.door = OPEN
        """Read by other threads; replaced as a whole in every step, after rows ended, and before a sleep."""

    # -- commands ----------------------------------------------------------------------------------------------------

    def handle(self, command: Command) -> None:
        """Apply one command. Never raises for what a caller can send."""
        self._wait_until = 0.0
        match command:
            case Submit():
                row = Row(command, groups=self._model.info.groups, frame_s=self._frame_s)
                self._intake.submit(row, self._snapshot(), self._clock())
            case EncodeVoice():
                self._desk.take(command)
            case AppendText() | EndText() | Cancel() | Drain():
                self._intake.update(command)
            case Wake() | Stop():
                pass

    # -- one step ----------------------------------------------------------------------------------------------------

    def wait_s(self, now: float) -> float | None:
        """0: step at once; a number: sleep at most that long; None: sleep until a command comes."""
        return 0.0 if self._desk.busy else self._free_s(now)

    def encode_references(self, newcomer: Callable[[], bool] = lambda: False) -> None:
        """Between two steps: slices of reference audio, within their share of the time."""
        free_s = self._free_s(self._clock())
        self._desk.work(float("inf") if free_s is None else free_s, newcomer)

    def _free_s(self, now: float) -> float | None:
        """For how long the rows need no step; None: until a command comes."""
        if self._wait_until is None:
            return None
        return max(0.0, self._wait_until - now)

    def step(self, now: float, newcomer: Callable[[], bool] = lambda: False) -> StepEvents:
        """Advance every row that the policy picks by one frame; returns the events of this step. ``newcomer`` tells
        whether a row has been submitted meanwhile: codec work that can wait is then left to a later step."""
        self._reap()
        self._intake.review(self._snapshot(), now)
        view = self._snapshot()
        self.door = self._intake.door(view, now)
        plan = self._policy.plan(view, now)
        self._observer.step("schedule", self._clock() - now)
        self._move(plan)
        self._start(plan)
        self._speak(plan)
        decoded = self._delivery.decode(plan.codec_budget_frames, newcomer)
        self._delivery.finish()
        self._sleep(plan, decoded)
        if len(self.rows) != len(view.rows) or self._wait_until != 0.0:  # whoever hears of an end may call again
            self.door = self._intake.door(self._snapshot(), self._clock())
        return self._exits.take_events()

    def _snapshot(self) -> Snapshot:
        return Snapshot(
            rows=list(self.rows.values()),
            free_slots=self.slots.free,
            free_blocks=self.kv.free + self.prefixes.evictable,
            block_size=self.kv.block_size,
            max_rows=self._model.info.max_rows,
            costs=self.costs.costs,
        )

    def _reap(self) -> None:
        """Release what was cancelled since the last step, and what no policy will ever find memory for."""
        for row in self._intake.cancelled():
            assert row.cancelled is not None
            self._exits.end(row, row.cancelled)
        room = self._prefill.room
        waiting = [row for row in self.rows.values() if row.state is RowState.WAITING and row.slot is None]
        for row in waiting:
            if row.prefill_positions >= room:
                self._exits.fail(row, prompt_too_long(row.prefill_positions, room))

    def _move(self, plan: StepPlan) -> None:
        for row in self._named(plan.expire):
            self._exits.fail(row, DeadlineError("the deadline passed before the speech was complete"))
        for row in self._named(plan.preempt):
            row.move(RowState.PREEMPTED)
            self.kv.release_all(row.take_blocks())
        for row in self._named(plan.wait_text):
            row.move(RowState.WAIT_TEXT)
        for row in self._named(plan.park):
            row.move(RowState.WAIT_READER)
        for row in self._named(plan.wake):
            row.submit.mailbox.parked = False
            row.move(RowState.RUNNING)

    def _start(self, plan: StepPlan) -> None:
        """Prefill new rows and bring preempted ones back; a prompt that cannot be built fails its row only."""
        fresh, back = self._named(plan.prefill), self._named(plan.resume)
        if not fresh and not back:
            return
        started = self._clock()
        for row in fresh:
            if row.started_s is None:  # else it found no memory at an earlier attempt
                row.started_s = started
                self._observer.queued(started - row.arrival_s, row.priority)
        outcome = self._prefill.run(fresh, back, started)
        for row, error in outcome.failed:
            self._exits.fail(row, error)
        for _ in range(outcome.prefix_hits):
            self._observer.prefix_cache_hit()
        seconds = self._clock() - started
        if outcome.positions:
            self.costs.observe_prefill(outcome.positions, seconds)
        self._observer.step("prefill", seconds)

    def _speak(self, plan: StepPlan) -> None:
        """One frame for each row that has a place in this step."""
        info = self._model.info
        rows: list[Row] = []
        step_rows: list[StepRow] = []
        for row in self._named(plan.decode):
            if row.state is not RowState.RUNNING or row.slot is None or not self._grow(row):
                continue
            text_id = row.text_id_for(row.frames_done, info.tts_eos_id, info.tts_pad_id)
            if text_id is None:
                continue
            rows.append(row)
            step_rows.append(StepRow(row.slot.index, row.position, row.frames_done, text_id, row.mask_eos, row.blocks))
        if not rows:
            return
        started = self._clock()
        try:
            result = self._model.step(step_rows)
        except FatalDeviceError:
            raise
        except Exception as error:
            self._exits.distrust(rows)
            self._exits.fail_batch(rows, error, "a step of the acoustic model failed")
            return
        seconds = self._clock() - started
        self.steps += 1
        self.costs.observe_step(len(rows), seconds)
        self._observer.batch_size(len(rows))
        self._observer.step("frame", seconds)
        ended = (result.codes[:, 0] == info.eos_id).tolist()
        probabilities = result.probabilities.mean(axis=1).tolist()
        for index, row in enumerate(rows):
            row.last_step_s = started
            if ended[index]:
                self._exits.flush(row, FinishReason.COMPLETE)
            else:
                row.append_frame(result.codes[index])
                row.probability = probabilities[index]
                self._check_limits(row)

    def _grow(self, row: Row) -> bool:
        """Lease the block of the next position; False leaves the row to the next plan."""
        missing = row.missing_blocks(self.kv.block_size)
        if missing and not self.prefixes.make_room(missing, self._clock()):
            return False
        if missing:
            row.add_blocks(self.kv.lease(missing))
        return True

    def _check_limits(self, row: Row) -> None:
        if row.frames_done >= row.submit.max_frames or row.position >= self._prefill.room:
            self._exits.flush(row, FinishReason.LENGTH_LIMIT)
        elif over_budget(row) or is_looping(row, self._limits.guard):
            self._exits.flush(row, FinishReason.RUNAWAY_STOPPED)

    def _sleep(self, plan: StepPlan, decoded: bool) -> None:
        """Decide when to plan again. A parked reader may have consumed while it was being parked: look once more."""
        rows = self.rows.values()
        flushing = any(row.state is RowState.FLUSHING for row in rows)
        parking = (RowState.WAIT_READER, RowState.PREEMPTED)
        parked = [row for row in rows if row.state in parking and not row.submit.mailbox.parked]
        for row in parked:  # whoever consumes from now on sends Wake
            row.submit.mailbox.parked = True
        unparked = any(row.may_wake for row in parked)
        if not plan.idle or decoded or flushing or unparked:
            self._wait_until = 0.0
        else:
            wake_s = min(plan.idle_until_s, self._intake.next_review_s(self.costs.costs))
            self._wait_until = None if wake_s == float("inf") else wake_s
        report_rows(self._observer, rows, len(self._intake.queued), self.kv)
        if not self.rows and not self._intake.queued:
            self.check_integrity()

    def fail_all(self, error: TtsError) -> StepEvents:
        """Fail every row and every reference; for the end of the thread."""
        self._desk.close(error)
        return self._exits.fail_all(error)

    def _named(self, row_ids: Iterable[int]) -> list[Row]:
        """Rows of a plan that are still there."""
        return [self.rows[row_id] for row_id in row_ids if row_id in self.rows]

    def check_integrity(self) -> None:
        """Raises when slots, KV blocks, prefix cache, codec states and rows do not agree."""
        check_books(self.rows.values(), self.slots, self.kv, self.prefixes, self.codec)
