"""The acoustic model behind the engine's ``ModelRunner`` interface: buffers, row buckets, graphs, prompts by slot.

Owns the KV storage, the slot state and the prompts' embeddings. Which row has which slot or block is the engine's
business. Called by the engine thread only.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from qwentts_svc.acoustic.frame_step import FrameStep, SlotState, StepInputs
from qwentts_svc.acoustic.model import AcousticModel
from qwentts_svc.acoustic.prompt import check_prompt, lay_out, prefix_key
from qwentts_svc.acoustic.sampling import StageFlags, stage_flags
from qwentts_svc.errors import DecodeError
from qwentts_svc.nn.attention import AttentionBackend, Span
from qwentts_svc.nn.linear import allowed_rows
from qwentts_svc.runtime.messages import PromptSpec
from qwentts_svc.runtime.runners import PrefillItem, PreparedPrompt, ReplayItem, RunnerInfo, StepResult, StepRow
from qwentts_svc.runtime.stage_clock import StageClock
from qwentts_svc.runtime.step_graphs import StepFunction, eager_step, graph_step
from qwentts_svc.types import Sampling, SamplingParams

REPLAY_ROWS = 32
"""Tokens of a row that are recomputed at a time."""


@dataclass(frozen=True, slots=True)
class RunnerLimits:
    """Sizes of the runner's buffers. ``buckets``: row counts of a step; a batch takes the next larger one."""

    slots: int
    blocks: int
    block_size: int
    max_rows: int
    max_positions: int
    buckets: tuple[int, ...] = ()

    def row_buckets(self, unit: int) -> tuple[int, ...]:
        """Allowed row counts up to one that holds ``max_rows``: near the given ones, else near powers of two."""
        given = self.buckets or tuple(2**power for power in range(max(1, self.max_rows).bit_length()))
        return tuple(sorted({allowed_rows(size, unit) for size in (*given, self.max_rows)}))


@dataclass(frozen=True, slots=True)
class _Attached:
    """What a slot's row needs again: prompt embeddings [positions, hidden] and its settings."""

    embeds: Tensor
    sampling: Sampling


class TorchModelRunner:
    """``ModelRunner`` over an ``AcousticModel``. ``compiled``: the frame step goes through torch.compile."""

    def __init__(
        self, model: AcousticModel, attention: AttentionBackend, limits: RunnerLimits, *, compiled: bool = False
    ) -> None:
        if limits.block_size % attention.block_multiple:
            raise ValueError(f"block_size must be a multiple of {attention.block_multiple}, not {limits.block_size}")
        self._model, self._attention = model, attention
        self._limits = limits
        self._buckets = limits.row_buckets(model.row_unit)
        with torch.inference_mode():
            self._kv = model.talker.new_kv(limits.blocks, limits.block_size)
            self._state = SlotState.allocate(model, limits.slots)
        self._frame_step = FrameStep(model, self._kv, attention, self._state)
        self._graphs = model.device.type == "cuda"
        self._eager = not (self._graphs or compiled)
        self._step: StepFunction = (
            graph_step(self._frame_step, limits.slots, self._kv.scratch_block)
            if self._graphs
            else eager_step(self._frame_step, compiled=compiled)
        )
        self._attached: dict[int, _Attached] = {}
        config = model.config
        self._info = RunnerInfo(
            slots=limits.slots,
            blocks=limits.blocks,
            block_size=limits.block_size,
            groups=config.talker.num_code_groups,
            max_rows=limits.max_rows,
            max_positions=limits.max_positions,
            eos_id=config.talker.codec_eos_id,
            tts_pad_id=config.tts_pad_id,
            tts_eos_id=config.tts_eos_id,
        )

    def time_stages(self, clock: StageClock) -> None:
        """Count the time of talker and code predictor from now on; without effect where a step is one graph."""
        if self._eager:
            step = self._frame_step
            step.talker_stage = clock.timed("talker", step.talker_stage)
            step.predictor_stage = clock.timed("code_predictor", step.predictor_stage)

    @property
    def info(self) -> RunnerInfo:
        return self._info

    # -- prompts -----------------------------------------------------------------------------------------------------

    @torch.inference_mode()
    def attach(self, slot: int, prompt: PromptSpec, sampling: Sampling, *, text_ended: bool) -> PreparedPrompt:
        check_prompt(prompt, self._model.config)
        layout = lay_out(prompt, self._model.config, text_ended=text_ended)
        embeds = self._model.embed_prompt(layout, prompt.voice)
        self._attached[slot] = _Attached(embeds, sampling)
        self._state.reset(slot, sampling, embeds[-1])
        return PreparedPrompt(
            positions=len(layout),
            prefix_positions=layout.prefix_positions,
            prefix_key=prefix_key(layout, prompt),
            consumed_ids=layout.consumed_ids,
            lead_ids=layout.lead_ids,
        )

    def detach(self, slot: int) -> None:
        self._attached.pop(slot, None)

    @torch.inference_mode()
    def prefill(self, items: Sequence[PrefillItem]) -> None:
        spans: list[Span] = []
        pieces: list[Tensor] = []
        positions: list[Tensor] = []
        row, device = 0, self._model.device
        for item in items:
            count = item.stop - item.start
            if count <= 0:
                continue
            pages = -(-item.stop // self._limits.block_size)
            spans.append(Span(row, count, item.start, torch.tensor(item.blocks[:pages], device=device)))
            pieces.append(self._attached[item.slot].embeds[item.start : item.stop])
            positions.append(torch.arange(item.start, item.stop, device=device))
            row += count
        if not spans:
            return
        x = self._model.padded(torch.cat(pieces))
        place = torch.nn.functional.pad(torch.cat(positions), (0, x.shape[0] - row))
        plan = self._attention.plan_prefill(spans, x.shape[0], self._kv)
        self._model.talker.prefill(x, place, plan, self._kv, self._attention)

    @torch.inference_mode()
    def replay(self, items: Sequence[ReplayItem]) -> None:
        for item in items:
            if len(item.codes):
                self._replay(item)

    def _replay(self, item: ReplayItem) -> None:
        """Decode-shaped: each position is a row of its own that attends to the pages of the one sequence."""
        model, attached, device = self._model, self._attached[item.slot], self._model.device
        codes = torch.from_numpy(np.ascontiguousarray(item.codes)).to(device)
        frames = len(codes)
        sums = model.predictor.embed_frames(codes)
        text = model.talker.text.prompt(torch.tensor(item.text_ids, dtype=torch.int64, device=device))
        x = torch.cat((attached.embeds[-1:], sums[:-1] + text))
        first = len(attached.embeds) - 1
        pages = -(-(first + frames) // self._limits.block_size)
        table = torch.tensor(item.blocks[:pages], device=device)
        for start in range(0, frames, REPLAY_ROWS):
            part = model.padded(x[start : start + REPLAY_ROWS])
            own = min(REPLAY_ROWS, frames - start)
            positions = torch.zeros(part.shape[0], dtype=torch.int64, device=device)
            positions[:own] = torch.arange(first + start, first + start + own, device=device)
            tables = table.repeat(part.shape[0], 1)
            tables[own:] = self._kv.scratch_block
            plan = self._attention.plan_decode(positions, tables, self._kv)
            model.talker.decode(part, positions, plan, self._kv, self._attention)
        self._state.reset(item.slot, attached.sampling, sums[-1])
        self._state.seen[item.slot, codes[:, 0]] = True

    # -- steps -------------------------------------------------------------------------------------------------------

    @torch.inference_mode()
    def step(self, rows: Sequence[StepRow]) -> StepResult:
        flags = self._flags([self._attached[row.slot].sampling for row in rows])
        codes, chances = self._step(torch.from_numpy(self._pack(rows)), *flags)
        count = len(rows)
        result = StepResult(codes[:count].cpu().numpy(), chances[:count].cpu().numpy())
        if not np.isfinite(result.probabilities).all():
            # What was written must not reach the next tenant of these blocks: zero times NaN is NaN.
            blocks = sorted({block for row in rows for block in row.blocks})
            self._kv.clear(torch.tensor(blocks, device=self._model.device))
            raise DecodeError("the acoustic model produced values that are not numbers", reason="NOT_A_NUMBER")
        return result

    @torch.inference_mode()
    def copy_block(self, source: int, target: int) -> None:
        self._kv.copy_block(source, target)

    def warm_up(self) -> None:
        """Run every bucket once with padding rows only (captures the graphs, compiles, fills library caches)."""
        defaults = (SamplingParams(), SamplingParams(repetition_penalty=1.05))
        flags = self._flags([Sampling(defaults[1], defaults[0])])
        pages = self._page_buckets() if self._graphs else (1,)
        with torch.inference_mode():
            for size in self._buckets:
                for count in pages:
                    self._step(torch.from_numpy(self._empty(size, count)), *flags)

    def _pack(self, rows: Sequence[StepRow]) -> npt.NDArray[np.int64]:
        """The step's input matrix, padded to a bucket of rows and, for graphs, to a bucket of pages."""
        size = next((bucket for bucket in self._buckets if bucket >= len(rows)), None)
        if size is None:
            raise ValueError(f"{len(rows)} rows are more than max_rows {self._limits.max_rows}")
        needed = [row.position // self._limits.block_size + 1 for row in rows]
        pages = max(needed)
        if self._graphs:
            pages = next(bucket for bucket in self._page_buckets() if bucket >= pages)
        packed = self._empty(size, pages)
        for index, (row, used) in enumerate(zip(rows, needed, strict=True)):
            packed[index, : StepInputs.COLUMNS] = (row.slot, row.position, row.text_id, row.frame, row.mask_eos)
            packed[index, StepInputs.COLUMNS : StepInputs.COLUMNS + used] = row.blocks[:used]
        return packed

    def _empty(self, size: int, pages: int) -> npt.NDArray[np.int64]:
        """Padding rows: they live in the slot and the block that belong to nobody."""
        packed = np.empty((size, StepInputs.COLUMNS + pages), dtype=np.int64)
        packed[:, : StepInputs.COLUMNS] = (self._limits.slots, 0, -1, 0, 0)
        packed[:, StepInputs.COLUMNS :] = self._kv.scratch_block
        return packed

    def _page_buckets(self) -> tuple[int, ...]:
        most = -(-self._limits.max_positions // self._limits.block_size)
        return tuple(2**power for power in range(math.ceil(math.log2(most)) + 1))

    def _flags(self, sampling: Sequence[Sampling]) -> tuple[StageFlags, StageFlags]:
        """Tight for eager steps; rounded up for graphs, so that few of them are needed."""
        stages = (stage_flags([s.talker for s in sampling]), stage_flags([s.subtalker for s in sampling]))
        if not self._graphs:
            return stages
        rounded = [
            StageFlags(2 ** math.ceil(math.log2(max(64, flags.top_k_cap))), flags.needs_top_p, True) for flags in stages
        ]
        return rounded[0], rounded[1]
