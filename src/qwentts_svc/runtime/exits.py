"""How rows leave the engine: their one terminal event, and everything that they hold given back.

Owns the events of the step that is under way. Only here are rows taken out of the engine's table.
"""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable, Iterable

from qwentts_svc.errors import DecodeError, TtsError
from qwentts_svc.observability.observer import Observer
from qwentts_svc.runtime.admission import Admission
from qwentts_svc.runtime.codec_stage import CodecStage
from qwentts_svc.runtime.intake import Intake
from qwentts_svc.runtime.kv_pool import KvPool
from qwentts_svc.runtime.messages import Failed, Finished, RowEvent, RowMailbox, StepEvents
from qwentts_svc.runtime.prefix_cache import PrefixCache
from qwentts_svc.runtime.rows import Row, RowState
from qwentts_svc.runtime.runners import ModelRunner
from qwentts_svc.runtime.slots import SlotPool
from qwentts_svc.types import FinishReason, Usage

_LOG = logging.getLogger(__name__)


class Exits:
    """One per engine, over the engine's pools; called on the engine thread."""

    def __init__(
        self,
        model: ModelRunner,
        slots: SlotPool,
        kv: KvPool,
        prefixes: PrefixCache,
        codec: CodecStage,
        admission: Admission | None,
        observer: Observer,
        clock: Callable[[], float],
    ) -> None:
        self._model, self._slots, self._kv, self._prefixes, self._codec = model, slots, kv, prefixes, codec
        self._observer, self._clock = observer, clock
        self.intake = Intake(admission, self._refuse)
        """Where rows come from; what it turns away leaves here as well."""
        self._rows = self.intake.rows
        self._events: list[tuple[RowMailbox, RowEvent]] = []

    def put(self, row: Row, event: RowEvent) -> None:
        """Tell the row's reader something."""
        self._events.append((row.submit.mailbox, event))

    def take_events(self) -> StepEvents:
        """The events since the last call."""
        events, self._events = tuple(self._events), []
        return events

    def fail_all(self, error: TtsError) -> StepEvents:
        """Fail every row; for the end of the thread."""
        for row in self.intake.everyone():
            try:
                self.fail(row, error)
            except Exception:  # the pools may be what broke; the others must hear of it all the same
                _LOG.exception("row %d could not be released", row.row_id)
                self.put(row, Failed(row.row_id, error))
        return self.take_events()

    def fail(self, row: Row, error: TtsError) -> None:
        """The row ends with an error."""
        self._close(row)
        self._observer.finished(error.reason)
        self.put(row, Failed(row.row_id, error))

    def fail_batch(self, rows: Iterable[Row], error: Exception, what: str) -> None:
        """A call over ``rows`` raised ``error``: all of them end with it."""
        _LOG.error("%s", what, exc_info=error)
        typed = error if isinstance(error, TtsError) else DecodeError(f"{what}; try again")
        for row in rows:
            self.fail(row, typed)

    def distrust(self, rows: Iterable[Row]) -> None:
        """A step over ``rows`` failed: their KV may hold anything, also where a prefix is shared. Forget the prefixes,
        and let rows outside the step that share blocks with it compute theirs again."""
        touched = {block for row in rows for block in row.blocks}
        self._prefixes.clear()
        members = {row.row_id for row in rows}
        for row in self._rows.values():
            holds = row.state in (RowState.RUNNING, RowState.WAIT_TEXT, RowState.WAIT_READER)
            if holds and row.row_id not in members and touched.intersection(row.blocks):
                row.move(RowState.PREEMPTED)
                self._kv.release_all(row.take_blocks())

    def end(self, row: Row, reason: FinishReason) -> None:
        """The row ends as it should, or as somebody wished."""
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
        self.put(row, Finished(row.row_id, reason, usage))

    def flush(self, row: Row, reason: FinishReason) -> None:
        """The row has spoken its last frame: its KV is free at once, its slot when the codec is through."""
        row.finish_reason = reason
        row.move(RowState.FLUSHING)
        self._kv.release_all(row.take_blocks())

    def retry(self, row: Row, most: int) -> bool:
        """Nothing was heard of a row that failed by chance: start it again with another seed, ``most`` times. True when
        restarted."""
        sampling = row.submit.sampling
        by_chance = row.finish_reason in (FinishReason.COMPLETE, FinishReason.RUNAWAY_STOPPED)
        may = row.retries < most and sampling.talker.do_sample and row.submit.decode
        if not may or not by_chance or row.audio_emitted_s > 0 or self._codec.audible(row):
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
        # It has waited in the queue once, and what the attempt cost is part of what the caller gets.
        again.started_s, again.prefill_s, again.codec_s = row.started_s, row.prefill_s, row.codec_s
        self._rows[row.row_id] = again
        return True

    def _refuse(self, row: Row, error: TtsError) -> None:
        self._observer.rejected(error.reason)
        self.put(row, Failed(row.row_id, error))

    def _close(self, row: Row) -> None:
        """The one place where a row leaves the engine."""
        del self._rows[row.row_id]
        self._release(row)
        self.intake.ended(row, self._clock())

    def _release(self, row: Row) -> None:
        """Give back everything that a row holds: codec state, runner state, blocks, slot."""
        row.move(RowState.DONE)
        row.submit.mailbox.parked = False
        self._codec.close(row)
        self._kv.release_all(row.take_blocks())
        if row.slot is not None:
            self._model.detach(row.slot.index)
            self._slots.release(row.slot)
            row.slot = None
