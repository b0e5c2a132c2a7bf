"""KV blocks during planning: what is left, and whom to preempt for more. Local to one ``plan`` call."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from qwentts_svc.runtime.rows import Row

_SOON_FRAMES = 32


class Ledger:
    """Counts blocks promised by the plan under construction. Touches no lease."""

    def __init__(self, free_blocks: int, block_size: int, holders: Callable[[], Iterable[Row]]) -> None:
        """``holders``: rows that may be preempted, most expendable first; asked for only under pressure."""
        self.block_size = block_size
        self.preempted: list[Row] = []
        self._free = free_blocks
        self._holders = holders
        self._victims: list[Row] | None = None
        self._kept: list[Row] = []
        self._lost: set[int] = set()

    @property
    def free(self) -> int:
        return self._free

    def lost(self, row: Row) -> bool:
        """The plan preempts this row."""
        return row.row_id in self._lost

    def seat(self, rows: Iterable[Row], places: int) -> list[Row]:
        """The first ``places`` rows that can have the blocks of their next frame, preempting more expendable rows if
        need be."""
        seated: list[Row] = []
        size, lost = self.block_size, self._lost
        for row in rows:
            if len(seated) >= places:
                break
            if row.row_id in lost:
                continue
            if row.base + row.frames_done >= len(row.blocks) * size and not self._grow(row, seated):
                continue
            seated.append(row)
        self._kept.extend(seated)
        return seated

    def _grow(self, row: Row, seated: list[Row]) -> bool:
        need = row.missing_blocks(self.block_size)
        if need > self._free and not self._preempt_for(row, need, seated, same_class=True):
            return False
        self._free -= need
        return True

    def admit(self, row: Row, need: int, reserve: int) -> bool:
        """Blocks for a row that starts or resumes; only lower classes are preempted for it. ``reserve`` stays free."""
        if need + reserve > self._free and not self._preempt_for(row, need, (), same_class=False):
            return False
        self._free -= need
        self._kept.append(row)
        return True

    def _preempt_for(self, row: Row, need: int, seated: Sequence[Row], *, same_class: bool) -> bool:
        if self._victims is None:
            self._victims = [holder for holder in self._holders() if holder.blocks]
        kept = {holder.row_id for holder in (*self._kept, *seated)}
        chosen: list[Row] = []
        gain = self._free
        for victim in self._victims:
            if gain >= need:
                break
            expendable = victim.priority > row.priority or (same_class and victim.priority == row.priority)
            if expendable and victim is not row and victim.row_id not in kept and not self.lost(victim):
                chosen.append(victim)
                gain += len(victim.blocks) - victim.shared_blocks
        if gain < need:
            return False
        for victim in chosen:
            self._lost.add(victim.row_id)
            self.preempted.append(victim)
        self._free = gain
        return True


def growth_reserve(rows: Sequence[Row], block_size: int) -> int:
    """Blocks that speaking rows will ask for within the next 2.5 seconds of speech: kept back from new rows."""
    return sum(1 for row in rows if len(row.blocks) * block_size - row.position < _SOON_FRAMES)
