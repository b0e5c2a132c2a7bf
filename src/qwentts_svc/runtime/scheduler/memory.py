"""KV blocks during planning: what is left, and whom to preempt for more. Local to one ``plan`` call."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterable, Sequence

from qwentts_svc.runtime.rows import Row, RowState

_SOON_FRAMES = 32


class Ledger:
    """Counts blocks promised by the plan under construction. Touches no lease."""

    def __init__(
        self, free_blocks: int, block_size: int, holders: Callable[[], Iterable[Row]], idle: Sequence[Row] = ()
    ) -> None:
        """``holders``: rows that may be preempted, most expendable first; asked for only under pressure. ``idle``:
        those among them that cannot go on now."""
        self.block_size = block_size
        self.preempted: list[Row] = []
        self._free = free_blocks
        self._holders = holders
        self._idle = idle
        self._victims: list[Row] | None = None
        self._sharers: Counter[int] = Counter()
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
        if need > self._free and not self._preempt_for(row, need, seated, peers=None):
            return False
        self._free -= need
        return True

    def admit(self, row: Row, need: int, reserve: int) -> bool:
        """Blocks for a row that starts or resumes; ``reserve`` stays free. Lower classes are preempted for it, and for
        one that resumes, the idle of its own: they may wait for nothing but it, as the next pieces of its text do."""
        if need + reserve > self._free:
            peers = {peer.row_id for peer in self._idle} if row.state is RowState.PREEMPTED else set()
            if not self._preempt_for(row, need, (), peers=peers):
                return False
        self._free -= need
        self._kept.append(row)
        return True

    def _preempt_for(self, row: Row, need: int, seated: Sequence[Row], *, peers: Container[int] | None) -> bool:
        """``peers``: rows of the same class that may be preempted, None: all of them."""
        if self._victims is None:
            self._victims = [holder for holder in self._holders() if holder.blocks]
            self._sharers = Counter(block for holder in self._victims for block in _shared(holder))
        sharers = self._sharers.copy()
        kept = {holder.row_id for holder in (*self._kept, *seated)}
        chosen: list[Row] = []
        gain = self._free
        for victim in self._victims:
            if gain >= need:
                break
            expendable = victim.priority > row.priority or (
                victim.priority == row.priority and (peers is None or victim.row_id in peers)
            )
            if expendable and victim is not row and victim.row_id not in kept and not self.lost(victim):
                chosen.append(victim)
                sharers.subtract(_shared(victim))
                gain += len(victim.blocks) - sum(sharers[block] > 0 for block in _shared(victim))
        if gain < need:
            return False
        for victim in chosen:
            self._lost.add(victim.row_id)
            self.preempted.append(victim)
        self._free, self._sharers = gain, sharers
        return True


def _shared(row: Row) -> tuple[int, ...]:
    """Blocks that belong to the prefix cache, too: they come free with the last row that uses them."""
    return row.blocks[: row.shared_blocks]


def growth_reserve(rows: Sequence[Row], block_size: int) -> int:
    """Blocks that speaking rows will ask for within the next 2.5 seconds of speech: kept back from new rows."""
    return sum(1 for row in rows if len(row.blocks) * block_size - row.position < _SOON_FRAMES)
