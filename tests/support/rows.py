"""Rows in any state for tests of the pure runtime."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from qwentts_svc.runtime.cost import StepCosts
from qwentts_svc.runtime.kv_pool import KvPool
from qwentts_svc.runtime.messages import PromptSpec, Submit
from qwentts_svc.runtime.rows import Row, RowState
from qwentts_svc.runtime.runners import PreparedPrompt
from qwentts_svc.runtime.scheduler import Snapshot
from qwentts_svc.runtime.slots import SlotPool
from qwentts_svc.types import Layout, Priority, Sampling, SamplingParams

SAMPLING = Sampling(SamplingParams(), SamplingParams())
COSTS = StepCosts(0.005, 0.0003, 0.005, 0.00001, 0.001, 0.0001)
CODES = np.zeros(2, dtype=np.int64)


@dataclass
class Box:
    produced_frames: int = 0
    consumed_frames: int = 0
    parked: bool = False


def submit_of(row_id: int = 1, text: tuple[int, ...] = (7, 8, 9), layout: Layout = Layout.FULL, **fields) -> Submit:
    prompt = fields.pop("prompt", None) or PromptSpec(role_ids=(1, 2, 3), text_ids=text, layout=layout)
    submit = Submit(row_id=row_id, prompt=prompt, sampling=SAMPLING, mailbox=Box(), submitted_s=0.0)
    return replace(submit, **fields)


def waiting_row(row_id: int = 1, **fields) -> Row:
    return Row(submit_of(row_id, **fields), groups=2)


class Bench:
    """Rows over real pools, as an engine would hold them."""

    def __init__(self, *, slots: int = 64, blocks: int = 4096, block_size: int = 16, max_rows: int = 16) -> None:
        self.slots = SlotPool(slots)
        self.kv = KvPool(blocks, block_size)
        self.max_rows = max_rows
        self.rows: dict[int, Row] = {}
        self.costs = COSTS

    def add(self, row: Row) -> Row:
        self.rows[row.row_id] = row
        return row

    def start(self, row: Row) -> Row:
        """Prefilled and RUNNING, as after a step's prefill."""
        self.rows[row.row_id] = row
        row.slot = self.slots.lease()
        row.attached(PreparedPrompt(row.prefill_positions, 0, "", len(row.text_ids)), row.submit.prompt)
        row.add_blocks(self.kv.lease(row.missing_blocks(self.kv.block_size)))
        row.move(RowState.PREFILL)
        row.prefilled = row.prefill_positions
        row.move(RowState.RUNNING)
        return row

    def speak(self, row: Row, frames: int, *, now: float, decoded: int | None = None) -> Row:
        """``frames`` more frames, all (or ``decoded``) of them through the codec and sent at ``now``."""
        for _ in range(frames):
            row.append_frame(CODES)
            row.add_blocks(self.kv.lease(row.missing_blocks(self.kv.block_size)))
        decoded = frames if decoded is None else decoded
        row.frames_decoded += decoded
        row.emit_audio(decoded * row.frame_s, now)
        return row

    def view(self) -> Snapshot:
        return Snapshot(
            list(self.rows.values()), self.slots.free, self.kv.free, self.kv.block_size, self.max_rows, self.costs
        )


def playing(bench: Bench, row_id: int, *, slack_s: float, now: float = 10.0, **fields) -> Row:
    """A RUNNING row at a codec-call boundary whose listener runs dry in ``slack_s``."""
    row = bench.start(waiting_row(row_id, **fields))
    bench.speak(row, 15, now=now)
    row.playout_start_s = now + slack_s - row.audio_emitted_s
    row.last_step_s = now
    return row


INTERACTIVE, STANDARD, BATCH = Priority.INTERACTIVE, Priority.STANDARD, Priority.BATCH
