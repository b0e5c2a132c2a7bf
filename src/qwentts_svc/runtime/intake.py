"""Commands become rows here: what is in work, what waits for admission, what is refused at the door.

Owns the two tables of rows; only ``Exits`` takes a row out of ``rows``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from qwentts_svc.errors import DeadlineError, QosError, TtsError, UnavailableError
from qwentts_svc.runtime.admission import Admission
from qwentts_svc.runtime.cost import StepCosts
from qwentts_svc.runtime.door import OPEN, Door
from qwentts_svc.runtime.messages import AppendText, Cancel, Drain, EndText
from qwentts_svc.runtime.rows import Row
from qwentts_svc.runtime.scheduler.plan import Snapshot
from qwentts_svc.types import Priority


class Intake:
    """``refuse`` is called for every row that is turned away. ``admission`` None lets everybody in."""

    def __init__(self, admission: Admission | None, refuse: Callable[[Row, TtsError], None]) -> None:
        self.rows: dict[int, Row] = {}
        """Rows in work."""
        self.queued: dict[int, Row] = {}
        """Rows that wait for admission."""
        self._admission = admission
        self._refuse = refuse
        self._draining = False
        self._sign = OPEN
        self._seen: Counter[Priority] = Counter()
        """Rows that came to the door, by class."""

    def submit(self, row: Row, view: Snapshot, now: float) -> None:
        """A new row: in, queued, or refused. The continuation of an admitted text is always let in."""
        if row.submit.continuation:
            self.rows[row.row_id] = row
            return
        promised = self._sign.promised(row.priority, self._seen, now)
        self._seen[row.priority] += 1
        if self._draining:
            self._refuse(row, UnavailableError("the service is draining; try another replica", reason="DRAINING"))
        elif self._admission is None:
            self.rows[row.row_id] = row
        else:
            try:
                admitted = self._admission.offer(row, view, now, promised=promised)
            except QosError as error:
                self._refuse(row, error)
            else:
                (self.rows if admitted else self.queued)[row.row_id] = row

    def update(self, command: AppendText | EndText | Cancel | Drain) -> None:
        """Note what became of a row, wherever it is; unknown rows are ignored."""
        if isinstance(command, Drain):
            self._draining = True
            return
        row = self.rows.get(command.row_id) or self.queued.get(command.row_id)
        if row is None:
            return
        if isinstance(command, AppendText):
            row.append_text(command.ids, command.budget_frames)
        elif isinstance(command, EndText):
            row.end_text()
        else:
            row.cancelled = row.cancelled or command.reason

    def review(self, view: Snapshot, now: float) -> None:
        """Admission's second look at the rows that wait; those whose own deadline has passed are turned away."""
        if self._admission is None or not self.queued:
            return
        for row in [row for row in self.queued.values() if row.submit.deadline_s <= now]:
            self._admission.withdraw(row.row_id)
            del self.queued[row.row_id]
            self._refuse(row, DeadlineError("the deadline passed before there was room for this request"))
        review = self._admission.review(view, now)
        for row in review.admitted:
            self.rows[row.row_id] = self.queued.pop(row.row_id)
        for row, error in review.refused:
            del self.queued[row.row_id]
            self._refuse(row, error)

    def next_review_s(self, costs: StepCosts) -> float:
        """When a waiting row gives up; inf without one."""
        if self._admission is None:
            return float("inf")
        deadlines = (row.submit.deadline_s for row in self.queued.values())
        return min(self._admission.next_review_s(costs), min(deadlines, default=float("inf")))

    def door(self, view: Snapshot, now: float) -> Door:
        """A new sign for those who hand rows in."""
        if self._admission is None or self._draining:
            self._sign = OPEN
        else:
            self._sign = self._admission.door(view, now, self._seen)
        return self._sign

    def cancelled(self) -> list[Row]:
        """Rows marked by Cancel; those that waited are moved to ``rows``, where the engine ends them."""
        for row in [row for row in self.queued.values() if row.cancelled is not None]:
            self._leave_queue(row)
        return [row for row in self.rows.values() if row.cancelled is not None]

    def everyone(self) -> list[Row]:
        """All rows, taken off the queue as well; for the end of the engine."""
        for row in list(self.queued.values()):
            self._leave_queue(row)
        return list(self.rows.values())

    def ended(self, row: Row, now: float) -> None:
        """A row has left ``rows``: admission learns from it."""
        if self._admission is not None:
            self._admission.ended(row, now)

    def _leave_queue(self, row: Row) -> None:
        if self._admission is not None:
            self._admission.withdraw(row.row_id)
        self.rows[row.row_id] = self.queued.pop(row.row_id)
