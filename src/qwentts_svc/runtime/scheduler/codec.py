"""Which rows the codec advances after a step, and by how much. Pure.

The size of a row's next call follows from its frame index alone (``qos.ramp_size``), so its PCM never depends on
timing or neighbours; only *when* the call happens is decided here.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import inf
from operator import itemgetter

from qwentts_svc.runtime.qos import ramp_size
from qwentts_svc.runtime.rows import Row, RowState
from qwentts_svc.runtime.scheduler.plan import CodecCall
from qwentts_svc.types import Priority

_PRESSING_S = 0.25
"""A call due within this time is made whenever no nearer deadline forbids it."""

_COMPANY_ROWS = 4
"""Rows of the same size for which a call with time to spare waits (fewer when few rows speak)."""

_CLASS_DELAY_S = {Priority.INTERACTIVE: 0.0, Priority.STANDARD: 0.25, Priority.BATCH: 2.0}
"""Added to a row's deadline: a lower class yields by a bounded time and is never starved."""


def next_call_frames(row: Row, ramp: tuple[int, ...]) -> int:
    """Frames of the row's next codec call if it can be made now, else 0. The last call of a row takes the rest."""
    pending = row.frames_done - row.frames_decoded
    if pending <= 0:
        return 0
    size = ramp_size(ramp, row.frames_decoded)
    if pending >= size:
        return size
    return pending if row.state is RowState.FLUSHING else 0


def plan_codec(rows: Iterable[Row], now: float, ramp: tuple[int, ...], budget_frames: int) -> tuple[CodecCall, ...]:
    """Calls for rows whose next call is complete, earliest deadline first, rows of the same size together.

    ``budget_frames`` bounds rows x frames of the calls that can wait. Made in any case: first audio, and calls that are
    nearly due, unless a row that still lacks frames for its audio is due before. A call that has time waits for company
    of its size. A waiting call's deadline stands still while those of new work move on, so all are made in the end.
    """
    due: list[tuple[float, int, int, Row]] = []
    hungry_s = inf
    speaking = 0
    for row in rows:
        frames = next_call_frames(row, ramp)
        if frames:
            due.append((row.due_s + _CLASS_DELAY_S[row.priority], row.row_id, frames, row))
        elif row.state is RowState.RUNNING and row.first_audio_s is not None and row.priority is not Priority.BATCH:
            hungry_s = min(hungry_s, row.due_s)
        speaking += row.state is RowState.RUNNING
    due.sort(key=_KEY)
    groups: dict[int, list[int]] = {}
    pressed: set[int] = set()
    spent = 0
    for due_s, row_id, frames, row in due:
        first_audio = row.first_audio_s is None and row.priority is not Priority.BATCH
        near = due_s - now < _PRESSING_S
        if not first_audio and not (near and due_s <= hungry_s):
            if spent + frames > budget_frames:
                continue
            spent += frames
        if first_audio or near:
            pressed.add(frames)
        groups.setdefault(frames, []).append(row_id)
    company = min(_COMPANY_ROWS, speaking // 4)
    return tuple(
        CodecCall(frames, tuple(ids)) for frames, ids in groups.items() if frames in pressed or len(ids) >= company
    )


_KEY = itemgetter(0, 1)
