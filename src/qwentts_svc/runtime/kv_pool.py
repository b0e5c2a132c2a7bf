"""Fixed-size KV blocks with leases. Owns which block is free and how many leases point to it; knows no tensors.

One ``BlockLease`` is one reference to one block. A block is free again when its last lease is released.
"""

from __future__ import annotations

from collections.abc import Iterable

from qwentts_svc.errors import QosError, TtsError
from qwentts_svc.runtime.lease import Lease


class KvError(TtsError):
    """A block lease was misused: a defect of the engine, never of a caller."""

    default_reason = "INTERNAL"


class KvExhaustedError(QosError):
    """Not enough free blocks; nothing was leased."""

    default_reason = "KV_EXHAUSTED"


class BlockLease(Lease):
    """The right to read block ``block`` (and to write it while it is not shared), released exactly once. A second
    reference is made with ``KvPool.share``."""

    __slots__ = ("block",)

    misuse = KvError

    def __init__(self, block: int) -> None:
        super().__init__()
        self.block = block


class KvPool:
    """``total`` blocks of ``block_size`` positions, numbered from 0."""

    def __init__(self, total: int, block_size: int) -> None:
        self.total = total
        self.block_size = block_size
        self._free = list(range(total - 1, -1, -1))
        self._holders: list[set[BlockLease]] = [set() for _ in range(total)]

    @property
    def free(self) -> int:
        return len(self._free)

    @property
    def leased(self) -> int:
        """Blocks with at least one lease."""
        return self.total - len(self._free)

    def blocks_for(self, positions: int) -> int:
        """Blocks that hold ``positions`` positions."""
        return -(-positions // self.block_size)

    def lease(self, count: int) -> list[BlockLease]:
        """``count`` blocks, all or none. Raises KvExhaustedError when fewer are free."""
        if count > len(self._free):
            raise KvExhaustedError(
                f"{count} KV blocks wanted, {len(self._free)} of {self.total} free", retry_after_s=1.0
            )
        return [self._hold(self._free.pop()) for _ in range(count)]

    def share(self, lease: BlockLease) -> BlockLease:
        """Another lease of the same block. Raises KvError when ``lease`` is dead or foreign."""
        self._check(lease)
        return self._hold(lease.block)

    def is_shared(self, lease: BlockLease) -> bool:
        """More than one lease points to the block: it must not be written."""
        self._check(lease)
        return len(self._holders[lease.block]) > 1

    def release(self, lease: BlockLease) -> None:
        """Raises KvError for a second release or a lease of another pool."""
        self._check(lease)
        holders = self._holders[lease.block]
        holders.remove(lease)
        lease.end()
        if not holders:
            self._free.append(lease.block)

    def release_all(self, leases: Iterable[BlockLease]) -> None:
        for lease in leases:
            self.release(lease)

    def check_integrity(self) -> None:
        """Raises KvError when free + leased is not total or a block is free and held."""
        free = set(self._free)
        if len(free) != len(self._free):
            raise KvError("a KV block is free twice")
        for block, holders in enumerate(self._holders):
            if bool(holders) == (block in free):
                raise KvError(
                    f"KV block {block} has {len(holders)} leases and is {'free' if block in free else 'lost'}"
                )
            if any(not lease.live or lease.block != block for lease in holders):
                raise KvError(f"KV block {block} is held by a dead or foreign lease")

    def _hold(self, block: int) -> BlockLease:
        lease = BlockLease(block)
        self._holders[block].add(lease)
        return lease

    def _check(self, lease: BlockLease) -> None:
        if not lease.live:
            raise KvError(f"KV block {lease.block}: the lease was already released")
        if lease.block >= self.total or lease not in self._holders[lease.block]:
            raise KvError(f"KV block {lease.block} is not held by this lease")
