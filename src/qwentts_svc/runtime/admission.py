"""Admission by measured capacity: a row is let in, queued for a bounded time, or refused at once with a retry delay.

Owns the queue of rows that are not in yet; the engine owns the rows that are. No clock, no thread: every call takes
the snapshot of the rows that are in and the time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import floor

from qwentts_svc.errors import QosError
from qwentts_svc.runtime.cost import StepCosts
from qwentts_svc.runtime.door import WAIT_MARGIN, Door, Place, at_capacity, refusal
from qwentts_svc.runtime.qos import CLASSES, ClassDefaults
from qwentts_svc.runtime.rows import Row, RowState
from qwentts_svc.runtime.scheduler.order import sessions_in_work, start_order
from qwentts_svc.runtime.scheduler.plan import Snapshot
from qwentts_svc.types import Priority


@dataclass(frozen=True, slots=True)
class AdmissionLimits:
    """How far the measurement is trusted."""

    headroom: float = 0.7
    """Share of real time for streams with just the reserve in hand; the rest is for prefill, bursts and small steps."""
    min_streams: int = 1
    """Streams that are let in however slow the device is (a machine slower than real time still serves)."""
    reserve_s: float = 0.4
    """A stream with this much audio in hand counts for one place. With more it counts for less, since it can do without
    the device for a while..."""
    dry_places: float = 4.0
    """... and with less for more, up to this many places with nothing in hand: it has to be brought back soon."""
    young_s: float = 0.7
    """A stream that has been given less audio than this had no time to get ahead and counts for one place at most."""
    start_margin: float = 2.0
    """The first audio of a new stream may take this much longer than the work before it."""
    batch_slot_share: float = 0.75
    """Batch-class rows leave the other slots to those who wait for sound."""
    classes: Mapping[Priority, ClassDefaults] = field(default_factory=lambda: CLASSES)


@dataclass(frozen=True, slots=True)
class Review:
    """What became of queued rows: ``admitted`` join the engine's rows, ``refused`` fail with their error."""

    admitted: tuple[Row, ...] = ()
    refused: tuple[tuple[Row, QosError], ...] = ()


NO_CHANGE = Review()

_ROUNDING = 1e-9
"""Sums of shares of places may miss a whole number by this much."""


def capacity(costs: StepCosts, max_rows: int, call_frames: int, frame_s: float, overhead_s: float, limit: int) -> int:
    """Most streams, up to ``limit``, that can each have one frame per ``frame_s``; ``overhead_s`` per stream and frame
    comes on top (prefill)."""

    def fits(streams: int) -> bool:
        return costs.round_s(streams, max_rows, call_frames) + streams * overhead_s <= frame_s

    low, high = 0, limit
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return low


class Admission:
    """One per engine; called on the engine thread. ``slots``: rows that can be in work at all."""

    def __init__(
        self, slots: int, ramp: tuple[int, ...], *, frame_s: float = 0.08, limits: AdmissionLimits | None = None
    ) -> None:
        self._slots = slots
        self._call_frames = ramp[-1]
        self._frame_s = frame_s
        self._limits = limits or AdmissionLimits()
        self._queue: list[Row] = []
        self._stream_s = 5.0
        """Smoothed time that a stream holds its place."""
        self._prompt_positions = 64.0
        self._stream_frames = 60.0

    @property
    def queued(self) -> Sequence[Row]:
        return tuple(self._queue)

    def capacity(self, view: Snapshot) -> int:
        """Streams with playout that the device can carry now."""
        costs = view.costs
        prefill_s = costs.prefill_s(int(self._prompt_positions)) / max(self._stream_frames, 1.0)
        budget_s = self._frame_s * self._limits.headroom
        found = capacity(costs, view.max_rows, self._call_frames, budget_s, prefill_s, self._slots)
        return max(found, self._limits.min_streams)

    def offer(self, row: Row, view: Snapshot, now: float, *, promised: bool = False) -> bool:
        """True: the row is in. False: it is queued, ``review`` decides. Raises QosError: refused at once.

        ``view.rows`` are the rows that are in; ``row`` is not among them. ``promised``: the sign told of a place.
        """
        limit = self.capacity(view)
        free = self._free(row.priority, view, now, limit)
        ahead = self._ahead(row.priority)
        promise = self._limits.classes[row.priority]
        if promise.playout and now + self._start_s(view) > row.first_audio_deadline_s:
            raise at_capacity(self._wait_s(1, view, limit))
        if (not ahead and free > 0) or (promised and len(view.rows) < self._slots):
            return True
        same_class = sum(1 for other in self._queue if other.priority is row.priority)
        wait_s = self._wait_s(ahead + 1 - free, view, limit)
        if same_class >= promise.queue_limit:
            raise refusal("the queue is full", wait_s, "QUEUE_FULL")
        if promise.playout and now + wait_s * WAIT_MARGIN > self._give_up_s(row, view.costs):
            raise at_capacity(wait_s)
        self._queue.append(row)
        return False

    def door(self, view: Snapshot, now: float, seen: Mapping[Priority, int]) -> Door:
        """The sign for those who hand calls in: what ``offer`` would say now. ``seen``: calls that it was asked about
        or that are in ``view``, by class."""
        limit, start_s, places = self.capacity(view), self._start_s(view), {}
        for priority, promise in self._limits.classes.items():
            if promise.playout:
                free, ahead = self._free(priority, view, now, limit), self._ahead(priority)
                wait_s = self._wait_s(max(ahead - free, 0) + 1, view, limit)
                places[priority] = Place(max(free - ahead, 0), wait_s, promise.max_wait_s, start_s)
        return Door(now, places, dict(seen))

    def review(self, view: Snapshot, now: float) -> Review:
        """Let in what fits now and refuse what has waited too long. Cheap when nothing is queued."""
        if not self._queue:
            return NO_CHANGE
        rows = list(view.rows)
        limit = self.capacity(view)
        admitted: list[Row] = []
        refused: list[tuple[Row, QosError]] = []
        blocked: set[bool] = set()
        for row in start_order(self._queue, sessions_in_work(rows), now):
            promise = self._limits.classes[row.priority]
            inside = _with_rows(view, rows)
            free = promise.playout not in blocked and self._free(row.priority, inside, now, limit) > 0
            late_s = now + self._start_s(inside) - row.first_audio_deadline_s
            if free and (late_s <= 0 or not promise.playout):
                admitted.append(row)
                rows.append(row)
            elif now >= self._give_up_s(row, view.costs):
                wait_s = self._wait_s(len(self._queue), view, limit)
                refused.append((row, refusal("no capacity came free in time", wait_s, "QUEUE_TIMEOUT")))
            else:
                blocked.add(promise.playout)
        gone = {row.row_id for row in admitted} | {row.row_id for row, _ in refused}
        if gone:
            self._queue = [row for row in self._queue if row.row_id not in gone]
        return Review(tuple(admitted), tuple(refused))

    def next_review_s(self, costs: StepCosts) -> float:
        """When the next queued row gives up; inf without a queue. An idle engine must be awake then."""
        return min((self._give_up_s(row, costs) for row in self._queue), default=float("inf"))

    def withdraw(self, row_id: int) -> Row | None:
        """Take a queued row out (cancel); None when it is not queued."""
        for index, row in enumerate(self._queue):
            if row.row_id == row_id:
                return self._queue.pop(index)
        return None

    def drain(self) -> tuple[Row, ...]:
        """Empty the queue; the caller fails the rows."""
        rows, self._queue = tuple(self._queue), []
        return rows

    def ended(self, row: Row, now: float) -> None:
        """Learn from a row that is DONE: how long it held its place, how long it spoke."""
        if row.started_s is None or row.frames_done == 0 or not self._limits.classes[row.priority].playout:
            return
        weight = 0.05
        self._stream_s += weight * (now - row.started_s - self._stream_s)
        self._stream_frames += weight * (row.frames_done - self._stream_frames)
        if row.prompt is not None:
            self._prompt_positions += weight * (row.prompt.positions - self._prompt_positions)

    def _free(self, priority: Priority, view: Snapshot, now: float, limit: int) -> int:
        """Rows of a class for which there is a place now; below 0: places that must come free before there is none too
        many."""
        promise = self._limits.classes[priority]
        slots = self._slots - len(view.rows)
        if not promise.playout:
            others = sum(1 for other in view.rows if other.priority is priority)
            return min(slots, max(1, int(self._slots * self._limits.batch_slot_share)) - others)
        limit = max(int(limit * promise.capacity_share), self._limits.min_streams)
        return min(slots, floor(limit - self._places(view, now) + _ROUNDING))

    def _start_s(self, view: Snapshot) -> float:
        """Time in which a new row is heard for sure, behind those that were let in and have not been heard yet. An
        empty house promises nothing and takes anybody: on a device too slow for its promises, late is better than
        never."""
        streams = self._streams(view)
        if not streams:
            return 0.0
        classes, costs = self._limits.classes, view.costs
        unheard = [row for row in view.rows if row.first_audio_s is None and classes[row.priority].playout]
        positions = sum(row.prefill_positions for row in unheard if row.state is RowState.WAITING)
        work_s = costs.prefill_s(positions + int(self._prompt_positions)) + costs.step_s(
            min(streams + 1, view.max_rows)
        )
        work_s += costs.codec_base_s + costs.codec_frame_s * (len(unheard) + 1)
        in_progress_s = costs.step_s(min(streams, view.max_rows))
        return in_progress_s + work_s * self._limits.start_margin

    def _streams(self, view: Snapshot) -> int:
        """Rows with playout in work."""
        return sum(1 for row in view.rows if self._limits.classes[row.priority].playout)

    def _places(self, view: Snapshot, now: float) -> float:
        """Places that the rows with playout take together. A stream that has spoken its last frame counts for the codec
        work it still needs, the others by what they have in hand: time in hand lasts until the house has turned over,
        so a stream that has as much of it as a stream lasts needs nothing until then."""
        limits, costs = self._limits, view.costs
        frame_s = costs.codec_frame_s + costs.step_row_s
        codec_share = costs.codec_frame_s / frame_s if frame_s > 0 else 0.0
        debt_places = (limits.dry_places - 1.0) / limits.reserve_s
        places = 0.0
        for row in view.rows:
            if not limits.classes[row.priority].playout:
                continue
            if row.state is RowState.FLUSHING:
                places += codec_share
                continue
            spare_s = row.due_s - now - limits.reserve_s if row.first_audio_s is not None else 0.0
            if spare_s >= 0.0:
                places += max(1.0 - spare_s / self._stream_s, 0.0)
            # Who is read slowly has audio enough, however long ago it should have been played.
            elif row.audio_emitted_s <= limits.young_s or row.waited_for_caller or row.state is RowState.WAIT_READER:
                places += 1.0
            else:
                places += min(1.0 - spare_s * debt_places, limits.dry_places)
        return places

    def _ahead(self, priority: Priority) -> int:
        return sum(1 for row in self._queue if row.priority <= priority)

    def _give_up_s(self, row: Row, costs: StepCosts) -> float:
        """Latest time at which the row can still be let in and be heard in time."""
        promise = self._limits.classes[row.priority]
        wait_s = row.arrival_s + promise.max_wait_s
        if not promise.playout:
            return wait_s
        work_s = costs.prefill_s(row.prefill_positions) + costs.step_s(1) + costs.codec_base_s + costs.codec_frame_s
        return min(wait_s, row.first_audio_deadline_s - work_s)

    def _wait_s(self, ends: int, view: Snapshot, limit: int) -> float:
        """Expected time until ``ends`` streams have ended."""
        return self._stream_s * max(ends, 0) / max(self._streams(view), limit)


def _with_rows(view: Snapshot, rows: list[Row]) -> Snapshot:
    return Snapshot(rows, view.free_slots, view.free_blocks, view.block_size, view.max_rows, view.costs)
