"""Who takes the next step: pure policies over a snapshot, no torch, no clock of their own."""

from __future__ import annotations

from qwentts_svc.errors import InputError
from qwentts_svc.runtime.scheduler.baselines import fifo, round_robin
from qwentts_svc.runtime.scheduler.codec import plan_codec
from qwentts_svc.runtime.scheduler.compose import Tuning
from qwentts_svc.runtime.scheduler.plan import CodecCall, Policy, Snapshot, StepPlan
from qwentts_svc.runtime.scheduler.playout import PlayoutPolicy

__all__ = ["POLICIES", "CodecCall", "Policy", "Snapshot", "StepPlan", "Tuning", "make_policy", "plan_codec"]

POLICIES = ("playout", "fifo", "round-robin")


def make_policy(name: str, tuning: Tuning | None = None) -> Policy:
    """Raises InputError for an unknown name."""
    tuning = tuning or Tuning()
    if name == "playout":
        return PlayoutPolicy(tuning)
    if name == "fifo":
        return fifo(tuning)
    if name == "round-robin":
        return round_robin(tuning)
    raise InputError(f"unknown policy {name!r}; use one of {', '.join(POLICIES)}", field="policy")
