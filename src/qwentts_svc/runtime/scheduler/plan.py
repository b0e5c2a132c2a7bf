"""What a policy sees and what it answers: plain values.

A policy reads the rows and never changes them; the engine carries the plan out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from qwentts_svc.runtime.cost import StepCosts
from qwentts_svc.runtime.rows import Row


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The engine at a step boundary. ``rows``: every row that is not DONE and not cancelled, in any order.

    ``free_blocks`` counts blocks that can be had now: free ones and those that the prefix cache can evict.
    """

    rows: Sequence[Row]
    free_slots: int
    free_blocks: int
    block_size: int
    max_rows: int
    """Rows that one frame step may carry."""
    costs: StepCosts


@dataclass(frozen=True, slots=True)
class StepPlan:
    """Row ids, each list in order of urgency. The engine goes through the fields in the order given here."""

    expire: tuple[int, ...] = ()
    """Past ``Submit.deadline_s``: end them with DeadlineError."""
    preempt: tuple[int, ...] = ()
    """RUNNING, WAIT_TEXT or WAIT_READER -> PREEMPTED: release the KV, keep slot and codes."""
    wait_text: tuple[int, ...] = ()
    """RUNNING -> WAIT_TEXT."""
    park: tuple[int, ...] = ()
    """RUNNING or WAIT_TEXT -> WAIT_READER; set ``mailbox.parked``."""
    wake: tuple[int, ...] = ()
    """WAIT_TEXT or WAIT_READER -> RUNNING; clear ``mailbox.parked``."""
    prefill: tuple[int, ...] = ()
    """WAITING -> PREFILL -> RUNNING: lease slot and blocks, attach, prefill."""
    resume: tuple[int, ...] = ()
    """PREEMPTED -> PREFILL -> RUNNING: lease blocks, prefill, replay the frames already spoken."""
    decode: tuple[int, ...] = ()
    """Take a place in this frame step. May name rows of ``wake``, ``prefill`` and ``resume``: skip those that did not
    reach RUNNING."""
    codec_budget_frames: int = 0
    """Frames that the codec may decode after this step (see ``plan_codec``)."""
    idle_until_s: float = math.inf
    """With nothing to do now: plan again at this time (end of a micro-window), or at the next command."""

    @property
    def idle(self) -> bool:
        """No row takes a place in this step and none is prefilled."""
        return not (self.prefill or self.resume or self.decode)


class Policy(Protocol):
    """Chooses who takes the next step. Pure: the same snapshot and time give the same plan; nothing is changed."""

    @property
    def name(self) -> str: ...

    def plan(self, view: Snapshot, now: float) -> StepPlan: ...


@dataclass(frozen=True, slots=True)
class CodecCall:
    """One batched codec call: every row advances by ``frames``. ``pressing``: it cannot be left to a later step."""

    frames: int
    row_ids: tuple[int, ...]
    pressing: bool = True
