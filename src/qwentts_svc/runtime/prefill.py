"""Bringing rows to RUNNING: slot, prompt, KV blocks (from the prefix cache where possible), prefill, replay.

A row that cannot get its memory now stays where it was and is planned again; a prompt that can never be served fails
its row; a batch whose computation raises fails as a whole.
"""

from __future__ import annotations

import dataclasses
import logging
import time
from collections.abc import Sequence

from qwentts_svc.errors import DecodeError, InputError, QosError, TtsError
from qwentts_svc.runtime.codec_stage import CodecStage
from qwentts_svc.runtime.kv_pool import KvPool
from qwentts_svc.runtime.prefix_cache import PrefixCache
from qwentts_svc.runtime.rows import Row, RowState
from qwentts_svc.runtime.runners import FatalDeviceError, ModelRunner, PrefillItem, ReplayItem
from qwentts_svc.runtime.slots import SlotPool

_LOG = logging.getLogger(__name__)


@dataclasses.dataclass(slots=True)
class PrefillOutcome:
    """``positions``: prompt and replayed positions computed. Failed rows still hold what they were given."""

    failed: list[tuple[Row, TtsError]] = dataclasses.field(default_factory=list)
    positions: int = 0
    prefix_hits: int = 0


class PrefillStage:
    """One per engine; called on the engine thread."""

    def __init__(
        self, model: ModelRunner, slots: SlotPool, kv: KvPool, prefixes: PrefixCache, codec: CodecStage
    ) -> None:
        self._model = model
        self._slots = slots
        self._kv = kv
        self._prefixes = prefixes
        self._codec = codec
        self.room = min(model.info.max_positions, kv.total * kv.block_size)
        """Positions of the longest row that can be served; a prompt must be shorter, and a row ends there."""

    def run(self, fresh: Sequence[Row], back: Sequence[Row], now: float) -> PrefillOutcome:
        """Every row that could be served is RUNNING afterwards."""
        outcome = PrefillOutcome()
        ready: list[Row] = []
        for row in [*fresh, *back]:
            try:
                if self._attach(row) and self._equip(row, outcome, now):
                    row.move(RowState.PREFILL)
                    ready.append(row)
            except FatalDeviceError:
                raise
            except Exception as error:
                outcome.failed.append((row, _typed(error)))
        if ready:
            started_s = time.monotonic()
            try:
                self._compute(ready, outcome, now)
            except FatalDeviceError:
                raise
            except Exception as error:
                outcome.failed.extend((row, _typed(error)) for row in ready)
            for row in ready:
                row.prefill_s += time.monotonic() - started_s
        return outcome

    def _attach(self, row: Row) -> bool:
        """Slot and prompt of a new row; False when no slot is free."""
        if row.slot is not None:
            return True
        try:
            row.slot = self._slots.lease()
        except QosError:
            return False
        spec = dataclasses.replace(row.submit.prompt, text_ids=tuple(row.text_ids))
        prompt = self._model.attach(row.slot.index, spec, row.submit.sampling, text_ended=row.text_ended)
        row.attached(prompt, spec)
        if prompt.positions >= self.room:
            raise prompt_too_long(prompt.positions, self.room)
        self._codec.open(row)
        return True

    def _equip(self, row: Row, outcome: PrefillOutcome, now: float) -> bool:
        """Blocks for the prompt and the frames spoken; False (and nothing held) when there are too few now."""
        prompt = row.prompt
        assert prompt is not None
        try:
            session = row.submit.session_id
            hit = self._prefixes.lookup(prompt.prefix_key, prompt.prefix_positions, session_id=session, now=now)
            if hit is not None:
                row.add_blocks(hit.leases)
                row.prefilled, row.shared_blocks = hit.positions, hit.shared
                outcome.prefix_hits += 1
            row.add_blocks(self._prefixes.lease(row.missing_blocks(self._kv.block_size), now))
        except QosError:
            self._kv.release_all(row.take_blocks())
            return False
        return True

    def _compute(self, rows: Sequence[Row], outcome: PrefillOutcome, now: float) -> None:
        """The prefix first and on its own, so that its KV has the same bits whether it is reused or not."""
        self._fill([(row, _prefix(row)) for row in rows], outcome)
        for row in rows:
            prompt = row.prompt
            assert prompt is not None
            if not row.shared_blocks:
                row.shared_blocks = self._prefixes.insert(
                    prompt.prefix_key, prompt.prefix_positions, row.kv, session_id=row.submit.session_id, now=now
                )
        self._fill([(row, row.position - row.frames_done) for row in rows], outcome)
        info = self._model.info
        replays = [
            ReplayItem(
                row.slot.index, row.codes.copy(), row.replay_text_ids(info.tts_eos_id, info.tts_pad_id), row.blocks
            )
            for row in rows
            if row.frames_done and row.slot is not None
        ]
        if replays:
            self._model.replay(replays)
            outcome.positions += sum(len(item.codes) for item in replays)
        for row in rows:
            row.move(RowState.RUNNING)

    def _fill(self, goals: Sequence[tuple[Row, int]], outcome: PrefillOutcome) -> None:
        """Prefill each row's prompt up to its goal (exclusive)."""
        items = [
            PrefillItem(row.slot.index, row.prefilled, stop, row.blocks)
            for row, stop in goals
            if row.prefilled < stop and row.slot is not None
        ]
        if items:
            self._model.prefill(items)
        for row, stop in goals:
            row.prefilled = max(row.prefilled, stop)
        outcome.positions += sum(item.stop - item.start for item in items)


def prompt_too_long(positions: int, room: int) -> InputError:
    """The error of a prompt that no memory will come free for."""
    return InputError(
        f"the prompt takes {positions} positions, the model has room for {room - 1}: shorten the text, the instruction "
        "or the reference",
        field="text",
        reason="PROMPT_TOO_LONG",
    )


def _prefix(row: Row) -> int:
    assert row.prompt is not None
    return min(row.prompt.prefix_positions, row.prompt.positions - 1)


def _typed(error: Exception) -> TtsError:
    if isinstance(error, TtsError):
        return error
    _LOG.error("prefill failed", exc_info=error)
    return DecodeError("the prompt could not be computed; try again")
