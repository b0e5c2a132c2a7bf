"""Which rows the codec advances after a step, and by how much. Pure.

The size of a row's next call follows from its frame index alone (``qos.ramp_size``), so its PCM never depends on
timing or neighbours; only *when* the call happens is decided here.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import inf
from operator import itemgetter

from qwentts_svc.runtime.cost import StepCosts
from qwentts_svc.runtime.qos import ramp_size
from qwentts_svc.runtime.rows import Row, RowState
from qwentts_svc.runtime.scheduler.plan import CodecCall
from qwentts_svc.types import Priority

FREE_COSTS = StepCosts(0.0, 0.0, 0.0, 0.0, 0.0, 0.0)

_PRESSING_S = 0.25
"""A call due within this time is made whenever no nearer deadline forbids it."""

_COMPANY_ROWS = 4
"""Rows of the same size for which a call with time to spare waits (fewer when few rows speak)."""

_CALL_S, _ALONE_CALL_S = 0.03, 0.06
"""A call of several rows takes no longer than this: while somebody listens, and while nobody does."""

_LEAST_ROW_S = 1e-6
"""Keeps the number of rows finite where a row costs nothing."""

_BATCH_YIELDS_S = 4.0
"""So much later than that a batch row presses all the same."""

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


def plan_codec(
    rows: Iterable[Row], now: float, ramp: tuple[int, ...], budget_frames: int, costs: StepCosts = FREE_COSTS
) -> tuple[CodecCall, ...]:
    """Calls for rows whose next call is complete, earliest deadline first, rows of the same size together.

    ``budget_frames`` bounds rows x frames of the calls that can wait. Made in any case: first audio, and calls that are
    nearly due, unless a row that still lacks frames for its audio must go on before. A call that has time waits for
    company of its size. A waiting call's deadline stands still while those of new work move on, so all are made in the
    end. Where frames cost much (``costs``), calls are cut, so that nobody's audio waits long for that of its company,
    and a newcomer not for that of everybody.
    """
    due: list[tuple[float, int, int, Row]] = []
    hungry_s = inf
    speaking, step_s = 0, costs.step_s(1)
    listened = False
    for row in rows:
        listened = listened or row.priority is not Priority.BATCH
        frames = next_call_frames(row, ramp)
        if frames:
            due.append((row.due_s + _CLASS_DELAY_S[row.priority], row.row_id, frames, row))
        elif row.state is RowState.RUNNING and row.first_audio_s is not None and row.priority is not Priority.BATCH:
            missing = ramp_size(ramp, row.frames_decoded) + row.frames_decoded - row.frames_done
            begin_s = row.due_s - (missing - 1) * step_s
            if begin_s > now:  # else it has its gap already, and need not bring one to the others
                hungry_s = min(hungry_s, begin_s)
        speaking += row.state is RowState.RUNNING
    due.sort(key=_KEY)
    groups: dict[int, list[int]] = {}
    pressed: set[int] = set()
    pressing: set[int] = set()
    spent = 0
    # Nobody promised batch rows to keep up with real time: one of them a step may press, not all that are late, and
    # none while somebody waits for first audio.
    yields = any(row.first_audio_s is None and row.priority is not Priority.BATCH for _, _, _, row in due)
    for due_s, row_id, frames, row in due:
        batch = row.priority is Priority.BATCH
        first_audio = row.first_audio_s is None and not batch
        near = due_s - now < _PRESSING_S
        if first_audio or (near and due_s <= hungry_s and not (batch and yields and due_s > now - _BATCH_YIELDS_S)):
            yields = yields or batch
            pressing.add(row_id)
        elif spent + frames > budget_frames:
            continue
        else:
            spent += frames
        if first_audio or near:
            pressed.add(frames)
        groups.setdefault(frames, []).append(row_id)
    company = min(_COMPANY_ROWS, speaking // 4)
    calls: list[CodecCall] = []
    for frames, ids in groups.items():
        if frames in pressed or len(ids) >= company:
            most = _most_rows(frames, costs, _CALL_S if listened else _ALONE_CALL_S)
            for at in range(0, len(ids), most):
                part = tuple(ids[at : at + most])
                calls.append(CodecCall(frames, part, pressing=not pressing.isdisjoint(part)))
    urgency = {row_id: due_s for due_s, row_id, _, _ in due}
    calls.sort(key=lambda call: urgency[call.row_ids[0]])
    return tuple(calls)


def _most_rows(frames: int, costs: StepCosts, limit_s: float) -> int:
    """Rows of a call that takes at most ``limit_s``; one always may."""
    row_s = max(frames * costs.codec_frame_s, _LEAST_ROW_S)
    return max(1, int((limit_s - costs.codec_base_s) / row_s))


_KEY = itemgetter(0, 1)
