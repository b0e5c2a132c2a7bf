"""Ways to run the frame step: eagerly, compiled as one graph, or as captured CUDA graphs, one per shape and flags."""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor

from qwentts_svc.acoustic.frame_step import FrameStep, StepInputs
from qwentts_svc.acoustic.sampling import StageFlags

WARM_RUNS = 2
"""Runs before a capture, so that libraries have chosen their kernels and made their workspaces."""


class StepFunction(Protocol):
    """packed int64 [rows, columns] on the host, flags of both stages -> codes and probabilities on the device, valid
    until the next call."""

    def __call__(
        self, packed: Tensor, talker_flags: StageFlags, subtalker_flags: StageFlags
    ) -> tuple[Tensor, Tensor]: ...


def eager_step(step: FrameStep, *, compiled: bool = False, backend: str = "inductor") -> StepFunction:
    """The step as it is, or compiled whole (a graph break is an error)."""
    if not compiled:
        return step
    function: StepFunction = torch.compile(step.__call__, fullgraph=True, dynamic=False, backend=backend)
    return function


class _Captured:
    """One graph with its static input and outputs."""

    def __init__(self, step: FrameStep, packed: Tensor, idle: Tensor, flags: tuple[StageFlags, StageFlags]) -> None:
        device = step.model.device
        self.input = idle.to(device)
        side = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]  # not annotated by torch
        side.wait_stream(torch.cuda.current_stream(device))
        with torch.cuda.stream(side):
            for _ in range(WARM_RUNS):
                step(self.input, *flags)
        torch.cuda.current_stream(device).wait_stream(side)
        self.graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graph):
            self.output = step(self.input, *flags)
        self.input.copy_(packed)


def graph_step(step: FrameStep, scratch_slot: int, scratch_block: int) -> StepFunction:
    """Captures on first use of a shape. The capture itself runs on padding rows: it touches nobody's state."""
    captured: dict[tuple[int, int, StageFlags, StageFlags], _Captured] = {}

    def run(packed: Tensor, talker_flags: StageFlags, subtalker_flags: StageFlags) -> tuple[Tensor, Tensor]:
        key = (packed.shape[0], packed.shape[1], talker_flags, subtalker_flags)
        if key not in captured:
            idle = torch.full_like(packed, scratch_block)
            idle[:, : StepInputs.COLUMNS] = torch.tensor([scratch_slot, 0, -1, 0, 0])
            captured[key] = _Captured(step, packed, idle, (talker_flags, subtalker_flags))
        graph = captured[key]
        graph.input.copy_(packed, non_blocking=True)
        graph.graph.replay()
        return graph.output

    return run
