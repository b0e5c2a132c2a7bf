"""KV of prompt beginnings, shared between rows. Owns leases of the shared blocks; tensors stay with the runner.

An entry covers the leading ``positions`` of a prompt that depend on its key alone. A row that hits gets leases of the
full blocks and, when the last block is only partly covered, a block of its own into which that block is copied: rows
never write a shared block.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from qwentts_svc.runtime.kv_pool import BlockLease, KvError, KvExhaustedError, KvPool


@dataclass(slots=True)
class _Entry:
    positions: int
    leases: list[BlockLease]
    pinned_until_s: float = 0.0


@dataclass(frozen=True, slots=True)
class PrefixHit:
    """``leases`` belong to the caller now. KV of the first ``positions`` positions is in them; the first ``shared``
    blocks must not be written."""

    positions: int
    leases: list[BlockLease]
    shared: int


class PrefixCache:
    """LRU over ``prefix_key``. ``copy_block(source, target)`` copies KV on the device."""

    def __init__(
        self, pool: KvPool, copy_block: Callable[[int, int], None], *, max_entries: int = 256, pin_s: float = 120.0
    ) -> None:
        self._pool = pool
        self._copy_block = copy_block
        self._max_entries = max_entries
        self._pin_s = pin_s
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self.hits = 0
        self.misses = 0
        self.evictions = 0

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def blocks(self) -> set[int]:
        """Numbers of the blocks that the cache holds, shared with rows or not."""
        return {lease.block for entry in self._entries.values() for lease in entry.leases}

    @property
    def evictable(self) -> int:
        """Blocks that ``make_room`` could free: held by the cache alone."""
        return sum(1 for entry in self._entries.values() for lease in entry.leases if not self._pool.is_shared(lease))

    def lookup(self, key: str, positions: int, *, session_id: str = "", now: float = 0.0) -> PrefixHit | None:
        """Leases for a row whose prompt begins with the prefix ``key`` of ``positions`` positions, or None.

        A session's use pins the entry for ``pin_s``. When the copy of a partial block finds no room even after eviction
        of other entries, that counts as a miss.
        """
        entry = self._entries.get(key) if key else None
        full, partial = divmod(positions, self._pool.block_size)
        if entry is None or entry.positions != positions or (partial and not self._room_beside(key, now)):
            self.misses += 1
            return None
        own = self._pool.lease(1) if partial else []
        if partial:
            try:
                self._copy_block(entry.leases[full].block, own[0].block)
            except BaseException:
                self._pool.release_all(own)
                raise
        self.hits += 1
        self._touch(key, entry, session_id, now)
        shared = [self._pool.share(lease) for lease in entry.leases[:full]]
        return PrefixHit(positions, shared + own, full)

    def insert(
        self, key: str, positions: int, leases: Sequence[BlockLease], *, session_id: str = "", now: float = 0.0
    ) -> int:
        """Keep the first ``positions`` positions that a row has just computed in ``leases``.

        Full blocks are shared with the row; a partial last block is copied, because the row goes on writing its own.
        Returns the number of the row's leading blocks that are shared from now on (0: nothing was kept).
        """
        if not key or positions <= 0 or key in self._entries or self._max_entries <= 0:
            return 0
        full, partial = divmod(positions, self._pool.block_size)
        if partial and self._pool.free == 0:
            return 0  # under pressure the cache does not compete with rows
        while len(self._entries) >= self._max_entries:
            self._evict_one(now)
        own = self._pool.lease(1) if partial else []
        if partial:
            try:
                self._copy_block(leases[full].block, own[0].block)
            except BaseException:
                self._pool.release_all(own)
                raise
        entry = _Entry(positions, [self._pool.share(lease) for lease in leases[:full]] + own)
        self._entries[key] = entry
        self._touch(key, entry, session_id, now)
        return full

    def make_room(self, blocks: int, now: float = 0.0) -> bool:
        """Evict, least recently used first and pinned entries last, until ``blocks`` blocks are free. True on success;
        evicts nothing when it could not succeed."""
        if self._pool.free >= blocks:
            return True
        if self._pool.free + self.evictable < blocks:
            return False
        while self._pool.free < blocks and self._entries:
            self._evict_one(now)
        return self._pool.free >= blocks

    def lease(self, blocks: int, now: float = 0.0) -> list[BlockLease]:
        """``blocks`` fresh blocks, evicting as needed. Raises KvExhaustedError; nothing is leased then."""
        if not self.make_room(blocks, now):
            raise KvExhaustedError(f"{blocks} KV blocks wanted, {self._pool.free} free", retry_after_s=1.0)
        return self._pool.lease(blocks)

    def clear(self) -> None:
        """Release everything."""
        for entry in self._entries.values():
            self._pool.release_all(entry.leases)
        self._entries.clear()

    def check_integrity(self) -> None:
        """Raises KvError when an entry's leases do not cover its positions or are dead."""
        for key, entry in self._entries.items():
            if len(entry.leases) != self._pool.blocks_for(entry.positions):
                raise KvError(f"prefix {key}: {len(entry.leases)} blocks for {entry.positions} positions")
            if any(not lease.live for lease in entry.leases):
                raise KvError(f"prefix {key} holds a released block")

    def _touch(self, key: str, entry: _Entry, session_id: str, now: float) -> None:
        self._entries.move_to_end(key)
        if session_id:
            entry.pinned_until_s = max(entry.pinned_until_s, now + self._pin_s)

    def _room_beside(self, key: str, now: float) -> bool:
        """One free block without evicting ``key``."""
        self._entries.move_to_end(key)
        while self._pool.free == 0:
            others = [other for other in self._entries if other != key]
            if not others:
                return False
            self._evict(next((other for other in others if self._entries[other].pinned_until_s <= now), others[0]))
        return True

    def _evict_one(self, now: float) -> None:
        unpinned = (key for key, entry in self._entries.items() if entry.pinned_until_s <= now)
        key = next(unpinned, None) or next(iter(self._entries))
        self._evict(key)

    def _evict(self, key: str) -> None:
        self._pool.release_all(self._entries.pop(key).leases)
        self.evictions += 1
