"""The engine: one ``step`` is reap -> plan -> prefill -> frame step -> codec -> finish, over whatever rows are there.

Sole owner, on the engine thread, of rows, pools, caches and runners, and the only mover between row states; ``Cancel``
only marks. Every accepted row gets exactly one terminal event. A stage that raises fails its own rows and nothing else;
``FatalDeviceError`` goes through to the thread, which fails everything.
"""

from __future__ import annotations

import dataclasses
import logging
import time
from collections.abc import Callable, Iterable

from qwentts_svc.errors import DeadlineError, DecodeError, TtsError
from qwentts_svc.observability.observer import NullObserver, Observer
from qwentts_svc.runtime.admission import Admission
from qwentts_svc.runtime.books import check_books, report_rows
from qwentts_svc.runtime.codec_stage import CodecStage
from qwentts_svc.runtime.cost import CostModel
from qwentts_svc.runtime.guard import GuardLimits, is_looping, over_budget
from qwentts_svc.runtime.intake import Intake
from qwentts_svc.runtime.kv_pool import KvPool
from qwentts_svc.runtime.messages import (
    AppendText,
    Cancel,
    Command,
    Drain,
    EncodeVoice,
    EndText,
    Failed,
    Finished,
    FramesOut,
    RowEvent,
    RowMailbox,
    StepEvents,
    Stop,
    Submit,
    Wake,
)
from qwentts_svc.runtime.prefill import PrefillStage, prompt_too_long
from qwentts_svc.runtime.prefix_cache import PrefixCache
from qwentts_svc.runtime.qos import LOW_LATENCY, Profile, ramp_size
from qwentts_svc.runtime.rows import Row, RowState
from qwentts_svc.runtime.runners import CodecRunner, FatalDeviceError, ModelRunner, StepRow, VoiceEncoder
from qwentts_svc.runtime.scheduler.codec import plan_codec
from qwentts_svc.runtime.scheduler.plan import Policy, Snapshot, StepPlan
from qwentts_svc.runtime.slots import SlotPool
from qwentts_svc.runtime.voice_desk import encode_voice
from qwentts_svc.types import FinishReason, Usage

_LOG = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True, slots=True)
class EngineLimits:
    """``profile`` gives the codec's ramp; the policy should be made with the same one."""

    guard: GuardLimits = dataclasses.field(default_factory=GuardLimits)
    profile: Profile = LOW_LATENCY


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
        self._voices = voices
        self._policy = policy
        self._limits = limits or EngineLimits()
        self._observer: Observer = observer or NullObserver()
        self._clock = clock
        self._frame_s = codec.info.samples_per_frame / codec.info.sample_rate
        self._sample_rate = codec.info.sample_rate
        self.costs = costs or CostModel()
        self.slots = SlotPool(info.slots)
        self.kv = KvPool(info.blocks, info.block_size)
        self.prefixes = PrefixCache(self.kv, model.copy_block, max_entries=prefix_entries)
        self.codec = CodecStage(codec)
        self._prefill = PrefillStage(model, self.slots, self.kv, self.prefixes, self.codec)
        self._intake = Intake(admission, self._refuse)
        self.rows = self._intake.rows
        """Rows in work."""
        self._events: list[tuple[RowMailbox, RowEvent]] = []
        self._wait_until: float | None = 0.0
        """Plan again at this time; None: not before a command comes."""
        self.steps = 0

    # -- commands ----------------------------------------------------------------------------------------------------

    def handle(self, command: Command) -> None:
        """Apply one command. Never raises for what a caller can send."""
        self._wait_until = 0.0
        match command:
            case Submit():
                row = Row(command, groups=self._model.info.groups, frame_s=self._frame_s)
                self._intake.submit(row, self._snapshot(), self._clock())
            case EncodeVoice():
                encode_voice(self._voices, command)
            case AppendText() | EndText() | Cancel() | Drain():
                self._intake.update(command)
            case Wake() | Stop():
                pass

    # -- one step ----------------------------------------------------------------------------------------------------

    def wait_s(self, now: float) -> float | None:
        """0: step at once; a number: sleep at most that long; None: sleep until a command comes."""
        if self._wait_until is None:
            return None
        return max(0.0, self._wait_until - now)

    def step(self, now: float) -> StepEvents:
        """Advance every row that the policy picks by one frame; returns the events of this step."""
        self._reap()
        self._intake.review(self._snapshot(), now)
        plan = self._policy.plan(self._snapshot(), now)
        self._observer.step("schedule", self._clock() - now)
        self._move(plan)
        self._start(plan)
        self._speak(plan)
        decoded = self._decode(plan)
        self._finish()
        self._sleep(plan, decoded)
        events, self._events = tuple(self._events), []
        return events

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
            self._end(row, row.cancelled)
        room = self._prefill.room
        waiting = [row for row in self.rows.values() if row.state is RowState.WAITING and row.slot is None]
        for row in waiting:
            if row.prefill_positions >= room:
                self._fail(row, prompt_too_long(row.prefill_positions, room))

    def _move(self, plan: StepPlan) -> None:
        for row in self._named(plan.expire):
            self._fail(row, DeadlineError("the deadline passed before the speech was complete"))
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
            self._fail(row, error)
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
            self._distrust(rows)
            self._fail_batch(rows, error, "a step of the acoustic model failed")
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
                self._flush(row, FinishReason.COMPLETE)
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
        if row.frames_done >= row.submit.max_frames or row.position >= self._model.info.max_positions:
            self._flush(row, FinishReason.LENGTH_LIMIT)
        elif over_budget(row) or is_looping(row, self._limits.guard):
            self._flush(row, FinishReason.RUNAWAY_STOPPED)

    def _flush(self, row: Row, reason: FinishReason) -> None:
        """The row has spoken its last frame: its KV is free at once, its slot when the codec is through."""
        row.finish_reason = reason
        row.move(RowState.FLUSHING)
        self.kv.release_all(row.take_blocks())

    def _decode(self, plan: StepPlan) -> bool:
        """Carry out the codec calls that are due; True when there were any."""
        calls = plan_codec(self.rows.values(), self._clock(), self._limits.profile.ramp, plan.codec_budget_frames)
        for call in calls:
            rows = self._named(call.row_ids)
            started = self._clock()
            try:
                outputs = self.codec.decode(rows, call.frames)
            except FatalDeviceError:
                raise
            except Exception as error:
                self._fail_batch(rows, error, "a step of the codec failed")
                continue
            now = self._clock()
            self.costs.observe_codec(len(rows) * call.frames, now - started)
            self._observer.step("codec", now - started)
            for row, output in zip(rows, outputs, strict=True):
                if output is not None:
                    self._send(row, output, now)
                self._check_silence(row, call.frames)
        return bool(calls)

    def _check_silence(self, row: Row, frames: int) -> None:
        """Stop a row that has gone silent, at the end of this codec call: where calls end depends on the frame alone,
        how far the acoustic model has got meanwhile does not. The shorter last call of a row does not count."""
        limit = self._limits.guard.silence_frames
        if not limit or self.codec.silent_frames(row) < limit:
            return
        if ramp_size(self._limits.profile.ramp, row.frames_decoded - frames) != frames:
            return
        row.frames_done = row.frames_decoded
        if row.state is RowState.FLUSHING:
            row.finish_reason = FinishReason.RUNAWAY_STOPPED
        else:
            self._flush(row, FinishReason.RUNAWAY_STOPPED)

    def _send(self, row: Row, output: FramesOut, now: float) -> None:
        underruns = row.underruns
        dry_s = 0.0 if row.submit.decode else len(output.codes) * self._frame_s
        row.emit_audio(len(output.pcm) / self._sample_rate + dry_s, now)
        if row.heard_s is None and len(output.pcm) and self.codec.audible(row):
            row.heard_s = now
            self._observer.first_audio(now - row.arrival_s, row.priority)
        if row.underruns > underruns:
            self._observer.underrun()
        row.submit.mailbox.produced_frames = row.frames_sent
        self._put(row, output)

    def _finish(self) -> None:
        """Rows whose last frame has been decoded: the faded tail, then the terminal event."""
        for row in [r for r in self.rows.values() if r.state is RowState.FLUSHING and r.pending_frames == 0]:
            if self._retry(row):
                continue
            tail = self.codec.finish(row)
            if tail is not None:
                self._send(row, tail, self._clock())
            assert row.finish_reason is not None
            self._end(row, row.finish_reason)

    def _retry(self, row: Row) -> bool:
        """Nothing was heard of a row that failed by chance: start it again with another seed. True when restarted."""
        sampling = row.submit.sampling
        by_chance = row.finish_reason in (FinishReason.COMPLETE, FinishReason.RUNAWAY_STOPPED)
        may = row.retries < self._limits.guard.retries and sampling.talker.do_sample and row.submit.decode
        if not may or not by_chance or row.audio_emitted_s > 0 or self.codec.audible(row):
            return False
        self._release(row)
        seed = (sampling.seed + 0x9E3779B97F4A7C15 * (row.retries + 1)) % 2**63
        again = Row(
            dataclasses.replace(row.submit, sampling=dataclasses.replace(sampling, seed=seed)),
            groups=row.groups,
            frame_s=row.frame_s,
        )
        again.retries = row.retries + 1
        again.text_ids, again.text_ended, again.budget_frames = row.text_ids, row.text_ended, row.budget_frames
        self.rows[row.row_id] = again
        return True

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

    # -- ends --------------------------------------------------------------------------------------------------------

    def fail_all(self, error: TtsError) -> StepEvents:
        """Fail every row; for the end of the thread."""
        for row in self._intake.everyone():
            try:
                self._fail(row, error)
            except Exception:  # the pools may be what broke; the others must hear of it all the same
                _LOG.exception("row %d could not be released", row.row_id)
                self._put(row, Failed(row.row_id, error))
        events, self._events = tuple(self._events), []
        return events

    def _refuse(self, row: Row, error: TtsError) -> None:
        self._observer.rejected(error.reason)
        self._put(row, Failed(row.row_id, error))

    def _fail_batch(self, rows: Iterable[Row], error: Exception, what: str) -> None:
        _LOG.error("%s", what, exc_info=error)
        typed = error if isinstance(error, TtsError) else DecodeError(f"{what}; try again")
        for row in rows:
            self._fail(row, typed)

    def _distrust(self, rows: Iterable[Row]) -> None:
        """A step over ``rows`` failed: their KV may hold anything, also where a prefix is shared. Forget the prefixes,
        and let rows outside the step that share blocks with it compute theirs again."""
        touched = {block for row in rows for block in row.blocks}
        self.prefixes.clear()
        members = {row.row_id for row in rows}
        for row in self.rows.values():
            holds = row.state in (RowState.RUNNING, RowState.WAIT_TEXT, RowState.WAIT_READER)
            if holds and row.row_id not in members and touched.intersection(row.blocks):
                row.move(RowState.PREEMPTED)
                self.kv.release_all(row.take_blocks())

    def _fail(self, row: Row, error: TtsError) -> None:
        self._close(row)
        self._observer.finished(error.reason)
        self._put(row, Failed(row.row_id, error))

    def _end(self, row: Row, reason: FinishReason) -> None:
        now = self._clock()
        started = row.started_s if row.started_s is not None else now
        heard = row.heard_s
        usage = Usage(
            text_tokens=len(row.text_ids),
            frames=row.frames_done,
            audio_ms=row.audio_emitted_s * 1000,
            queue_ms=(started - row.arrival_s) * 1000,
            first_audio_ms=(heard - row.arrival_s) * 1000 if heard is not None else 0.0,
            synth_ms=(now - started) * 1000,
        )
        self._close(row)
        self._observer.finished(reason)
        self._put(row, Finished(row.row_id, reason, usage))

    def _close(self, row: Row) -> None:
        """The one place where a row leaves the engine."""
        del self.rows[row.row_id]
        self._release(row)
        self._intake.ended(row, self._clock())

    def _release(self, row: Row) -> None:
        """Give back everything that a row holds: codec state, runner state, blocks, slot."""
        row.move(RowState.DONE)
        row.submit.mailbox.parked = False
        self.codec.close(row)
        self.kv.release_all(row.take_blocks())
        if row.slot is not None:
            self._model.detach(row.slot.index)
            self.slots.release(row.slot)
            row.slot = None

    def _put(self, row: Row, event: RowEvent) -> None:
        self._events.append((row.submit.mailbox, event))

    def _named(self, row_ids: Iterable[int]) -> list[Row]:
        """Rows of a plan that are still there."""
        return [self.rows[row_id] for row_id in row_ids if row_id in self.rows]

    def check_integrity(self) -> None:
        """Raises when slots, KV blocks, prefix cache, codec states and rows do not agree."""
        check_books(self.rows.values(), self.slots, self.kv, self.prefixes, self.codec)
