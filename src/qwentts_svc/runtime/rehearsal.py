"""A few steps before the first caller: what this device takes for them is where the cost model starts from."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import numpy as np

from qwentts_svc.runtime.cost import COLD_COSTS, StepCosts
from qwentts_svc.runtime.messages import PromptSpec
from qwentts_svc.runtime.runners import NO_TEXT, CodecRunner, ModelRunner, PrefillItem, StepRow
from qwentts_svc.types import Sampling

WIDTH = 8
"""Rows of the wider step; the narrow one has one."""

FRAMES = 2


def rehearse(
    model: ModelRunner,
    codec: CodecRunner,
    prompt: PromptSpec,
    sampling: Sampling,
    call_frames: int,
    *,
    clock: Callable[[], float] = time.perf_counter,
) -> StepCosts:
    """Costs measured on idle runners, one row against several; both are left as they were found. ``prompt``: any that
    the model takes; ``call_frames``: of the widest codec call. For rows that there is no memory for, the cold estimate
    stays. Raises what the runners raise.
    """
    stage = _Stage(model, codec, prompt, sampling, clock)
    width = min(WIDTH, stage.most_rows)
    if width < 2:
        return COLD_COSTS
    for _ in range(2):  # the first time pays for what is set up once
        one, narrow_s = stage.speak(1), stage.decode(1)
    many, wide_s = stage.speak(width), stage.decode(call_frames)
    step_base_s, step_row_s = _line(1, one.step_s, width, many.step_s)
    prefill_base_s, position_s = _line(one.positions, one.prefill_s, many.positions, many.prefill_s)
    codec_base_s, codec_frame_s = _line(1, narrow_s, call_frames, wide_s)
    return StepCosts(step_base_s, step_row_s, prefill_base_s, position_s, codec_base_s, codec_frame_s)


class _Scene:
    """What some rows took: prefill of ``positions`` in all, and their quicker frame step."""

    def __init__(self, positions: int, prefill_s: float, step_s: float) -> None:
        self.positions, self.prefill_s, self.step_s = positions, prefill_s, step_s


class _Stage:
    def __init__(
        self, model: ModelRunner, codec: CodecRunner, prompt: PromptSpec, sampling: Sampling, clock: Callable[[], float]
    ) -> None:
        self._model, self._codec, self._sampling, self._clock = model, codec, sampling, clock
        self._prompt = prompt
        info = model.info
        self._row_blocks = -(-(self._attach(0) + FRAMES) // info.block_size)
        model.detach(0)
        self.most_rows = min(info.max_rows, info.slots, info.blocks // self._row_blocks)

    def _attach(self, slot: int) -> int:
        return self._model.attach(slot, self._prompt, self._sampling, text_ended=True).positions

    def speak(self, rows: int) -> _Scene:
        """``rows`` rows from their prompt to their second frame."""
        model, info = self._model, self._model.info
        blocks = [tuple(range(slot * self._row_blocks, (slot + 1) * self._row_blocks)) for slot in range(rows)]
        try:
            positions = [self._attach(slot) for slot in range(rows)]
            items = [PrefillItem(slot, 0, positions[slot] - 1, blocks[slot]) for slot in range(rows)]
            prefill_s = self._timed(partial(model.prefill, items))
            steps_s = []
            for frame in range(FRAMES):
                text_id = info.tts_pad_id if frame else NO_TEXT
                batch = [
                    StepRow(slot, positions[slot] - 1 + frame, frame, text_id, True, blocks[slot])
                    for slot in range(rows)
                ]
                steps_s.append(self._timed(partial(model.step, batch)))
        finally:
            for slot in range(rows):
                model.detach(slot)
        return _Scene(sum(positions) - rows, prefill_s, min(steps_s))

    def decode(self, frames: int) -> float:
        """Seconds of a codec call of one row."""
        codes = np.zeros((1, frames, self._codec.info.groups), np.int64)
        self._codec.open(0, None)
        try:
            return self._timed(partial(self._codec.decode, [0], codes))
        finally:
            self._codec.close(0)

    def _timed(self, work: Callable[[], object]) -> float:
        started = self._clock()
        work()
        return self._clock() - started


def _line(x0: float, y0: float, x1: float, y1: float) -> tuple[float, float]:
    """Base and slope through two points, both at least 0."""
    slope = min(max((y1 - y0) / (x1 - x0), 0.0), y1 / x1) if x1 > x0 else 0.0
    return max(y0 - slope * x0, 0.0), slope
