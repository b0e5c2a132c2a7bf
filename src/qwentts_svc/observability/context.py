"""Identifiers of the call in progress, carried along the asyncio task for logs and spans."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(slots=True)
class CallIds:
    """What every log line of a call carries; ``trace_id`` is empty without a trace."""

    req_id: str = ""
    session_id: str = ""
    trace_id: str = ""


_current: ContextVar[CallIds | None] = ContextVar("qwentts_call_ids", default=None)


def set_call_ids(ids: CallIds) -> None:
    """Attach ``ids`` to the current task and to the tasks that it starts from now on."""
    _current.set(ids)


def call_ids() -> CallIds:
    """The identifiers of the call in progress; empty ones outside of a call."""
    return _current.get() or CallIds()
