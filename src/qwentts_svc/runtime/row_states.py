"""The states of a row and the moves between them. Pure; who moves rows, and when, is the engine's business."""

from __future__ import annotations

from enum import Enum

from qwentts_svc.errors import TtsError


class RowState(Enum):
    """Where a row is. WAITING holds nothing; WAIT_TEXT and WAIT_READER keep KV but take no place in a step;
    PREEMPTED has lost its KV but keeps its slot and codes; FLUSHING has spoken its last frame and waits for the codec.
    """

    WAITING = "waiting"
    PREFILL = "prefill"
    RUNNING = "running"
    WAIT_TEXT = "wait_text"
    WAIT_READER = "wait_reader"
    PREEMPTED = "preempted"
    FLUSHING = "flushing"
    DONE = "done"


TRANSITIONS: dict[RowState, frozenset[RowState]] = {
    RowState.WAITING: frozenset({RowState.PREFILL, RowState.DONE}),
    RowState.PREFILL: frozenset({RowState.RUNNING, RowState.DONE}),
    RowState.RUNNING: frozenset(
        {RowState.WAIT_TEXT, RowState.WAIT_READER, RowState.PREEMPTED, RowState.FLUSHING, RowState.DONE}
    ),
    RowState.WAIT_TEXT: frozenset(
        {RowState.RUNNING, RowState.WAIT_READER, RowState.PREEMPTED, RowState.FLUSHING, RowState.DONE}
    ),
    RowState.WAIT_READER: frozenset({RowState.RUNNING, RowState.PREEMPTED, RowState.FLUSHING, RowState.DONE}),
    RowState.PREEMPTED: frozenset({RowState.PREFILL, RowState.FLUSHING, RowState.DONE}),
    RowState.FLUSHING: frozenset({RowState.DONE}),
    RowState.DONE: frozenset(),
}
"""Every legal move. A resumed row goes through PREFILL again; DONE is reached from anywhere (cancel, failure)."""


class IllegalTransitionError(TtsError):
    """A row was moved along an edge that is not in ``TRANSITIONS``: a defect of the engine, never of a caller."""

    default_reason = "INTERNAL"
