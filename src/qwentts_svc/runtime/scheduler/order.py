"""Who goes first: keys and orders over rows. Pure functions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from math import inf

from qwentts_svc.runtime.cost import StepCosts
from qwentts_svc.runtime.qos import ClassDefaults, ramp_starts
from qwentts_svc.runtime.rows import Row
from qwentts_svc.types import Priority

_HOPELESS_S = 0.1
"""Players hold back about this much: a row that will be later than this, whatever is done now, has a gap already and
does not hold up the rest."""

_RESERVE_S = 0.1
"""A stream gets this much ahead of its deadlines before batch rows have their share again."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """Ready rows by need. Local to one ``plan`` call."""

    must: list[Row]
    """Classes with playout, not heard yet or with little laxity: class first, then least laxity."""
    wanting: list[Row]
    """Can sit out a few steps, but have less in hand than their class finds comfortable; same order."""
    background: list[Row]
    """Classes without playout, in fair order."""
    ahead: list[Row]
    """Comfortably ahead of their listeners; same order as ``must``."""
    unheard: bool
    """Some row of ``must`` has not been heard yet."""
    least_s: float
    """Least laxity of a speaking row of ``must`` that can still be in time if steps carry ``must`` alone; else inf."""
    pace_s: float
    """Longest step with which every such row still has its next audio in time; inf when there is none."""
    background_pace_s: float
    """Longest step, with the codec's share of it, that leaves every speaking row of ``must`` ``_RESERVE_S`` in hand."""


def rank_by_playout(
    rows: Iterable[Row],
    now: float,
    ramp: tuple[int, ...],
    costs: StepCosts,
    step_s: float,
    tight_s: float,
    classes: Mapping[Priority, ClassDefaults],
) -> Ranked:
    """Sort by laxity: time to the deadline less the work before the row's next audio, i.e. the frames missing from its
    next codec call at ``step_s`` each, and that call. First-audio and playout deadlines count alike."""
    must: list[tuple[int, float, int, Row]] = []
    wanting: list[tuple[int, float, int, Row]] = []
    ahead: list[tuple[int, float, int, Row]] = []
    background: list[Row] = []
    work: list[tuple[float, int]] = []
    unheard = False
    promises = {priority: (promise.playout, promise.comfortable_lead_s) for priority, promise in classes.items()}
    sizes, last = ramp_starts(ramp), ramp[-1]
    base_s, frame_s = now + costs.codec_base_s, costs.codec_frame_s
    for row in rows:
        priority, decoded = row.priority, row.frames_decoded
        playout, comfortable_s = promises[priority]
        if not playout:
            background.append(row)
            continue
        size = sizes.get(decoded, last)
        missing = size + decoded - row.frames_done
        time_s = row.due_s - base_s - size * frame_s
        laxity_s = time_s - missing * step_s if missing > 0 else time_s
        entry = (priority, laxity_s, row.row_id, row)
        if row.first_audio_s is None:
            must.append(entry)
            unheard = True
        elif laxity_s < tight_s:
            must.append(entry)
            work.append((time_s, max(missing, 0)))
        elif laxity_s < comfortable_s:
            wanting.append(entry)
        else:
            ahead.append(entry)
    short_s = costs.step_s(len(must)) + costs.codec_base_s
    savable = [(time_s, missing) for time_s, missing in work if time_s - missing * short_s >= -_HOPELESS_S]
    least_s = min((time_s - missing * short_s for time_s, missing in savable), default=inf)
    pace_s = min((time_s / max(missing, 1) for time_s, missing in savable), default=inf)
    spare_s = min(((time_s - _RESERVE_S) / max(missing, 1) for time_s, missing in work), default=inf)
    background = fair_order(background, _last_step)
    return Ranked(_rows(must), _rows(wanting), background, _rows(ahead), unheard, least_s, pace_s, spare_s)


def _rows(entries: list[tuple[int, float, int, Row]]) -> list[Row]:
    entries.sort()  # row ids differ, so rows are never compared
    return [entry[3] for entry in entries]


def _last_step(row: Row) -> float:
    return row.last_step_s


def fair_order(rows: Iterable[Row], key: Callable[[Row], float]) -> list[Row]:
    """Every session's first row (by ``key``), then every session's second, and so on; sessions that were served
    longest ago first. A session with many rows thus gets no more places than a session with one."""
    ranked = sorted(((key(row), row.row_id, row) for row in rows), key=_rank_key)
    if len(ranked) < 2:
        return [entry[2] for entry in ranked]
    served: dict[str, float] = {}
    for _, _, row in ranked:
        served[row.session] = max(served.get(row.session, row.last_step_s), row.last_step_s)
    count: dict[str, int] = {}
    keyed: list[tuple[int, float, float, int, Row]] = []
    for value, row_id, row in ranked:
        rank = count.get(row.session, 0)
        count[row.session] = rank + 1
        keyed.append((rank, served[row.session], value, row_id, row))
    keyed.sort(key=_fair_key)
    return [entry[4] for entry in keyed]


def _rank_key(entry: tuple[float, int, Row]) -> tuple[float, int]:
    return entry[0], entry[1]


def _fair_key(entry: tuple[int, float, float, int, Row]) -> tuple[int, float, float, int]:
    return entry[:4]


def sessions_in_work(rows: Iterable[Row]) -> dict[str, int]:
    """Rows per session that hold a slot."""
    busy: dict[str, int] = {}
    for row in rows:
        if row.slot is not None:
            busy[row.session] = busy.get(row.session, 0) + 1
    return busy


def start_order(starters: Iterable[Row], busy: Mapping[str, int], now: float) -> list[Row]:
    """Order of prefill: class, then how many rows the session already has in work, then deadline.

    A row past its deadline counts as its session's first, so that a flood of new sessions cannot hold it back for ever.
    """
    pending = dict(busy)
    keyed: list[tuple[int, int, float, int, Row]] = []
    for row in sorted(starters, key=_deadline_key):
        rank = pending.get(row.session, 0)
        pending[row.session] = rank + 1
        late = row.due_s < now
        keyed.append((row.priority, 0 if late else rank, row.due_s, row.row_id, row))
    keyed.sort(key=_start_key)
    return [entry[4] for entry in keyed]


def _deadline_key(row: Row) -> tuple[int, float, int]:
    return row.priority, row.due_s, row.row_id


def _start_key(entry: tuple[int, int, float, int, Row]) -> tuple[int, int, float, int]:
    return entry[:4]
