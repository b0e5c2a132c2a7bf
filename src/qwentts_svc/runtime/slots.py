"""Fixed row slots with generation numbers. Owns who holds a slot; knows nothing of what is in it."""

from __future__ import annotations

from dataclasses import dataclass

from qwentts_svc.errors import QosError, TtsError
from qwentts_svc.runtime.lease import Lease


class SlotError(TtsError):
    """A slot lease was misused: a defect of the engine, never of a caller."""

    default_reason = "INTERNAL"


@dataclass(frozen=True, slots=True)
class SlotId:
    """Identity of a tenancy: late output is matched on both numbers."""

    index: int
    generation: int


class SlotLease(Lease):
    """The right to use one slot, released exactly once."""

    __slots__ = ("id",)

    misuse = SlotError

    def __init__(self, slot_id: SlotId) -> None:
        super().__init__()
        self.id = slot_id

    @property
    def index(self) -> int:
        return self.id.index


class SlotPool:
    """``total`` slots, numbered from 0; the generation of a slot rises with every lease."""

    def __init__(self, total: int) -> None:
        self.total = total
        self._free = list(range(total - 1, -1, -1))
        self._generation = [0] * total
        self._holder: list[SlotLease | None] = [None] * total

    @property
    def free(self) -> int:
        return len(self._free)

    @property
    def leased(self) -> int:
        return self.total - len(self._free)

    def lease(self) -> SlotLease:
        """Raises QosError when every slot is taken."""
        if not self._free:
            raise QosError(f"all {self.total} slots are taken", retry_after_s=1.0, reason="SLOTS_EXHAUSTED")
        index = self._free.pop()
        self._generation[index] += 1
        lease = SlotLease(SlotId(index, self._generation[index]))
        self._holder[index] = lease
        return lease

    def release(self, lease: SlotLease) -> None:
        """Raises SlotError for a second release or a lease of another pool."""
        if not lease.live:
            raise SlotError(f"slot {lease.index} (generation {lease.id.generation}) was released twice")
        if lease.index >= self.total or self._holder[lease.index] is not lease:
            raise SlotError(f"slot {lease.index} is not held by this lease")
        lease.end()
        self._holder[lease.index] = None
        self._free.append(lease.index)

    def is_current(self, slot_id: SlotId) -> bool:
        """True while the tenancy ``slot_id`` lasts; output of an earlier tenant gives False."""
        holder = self._holder[slot_id.index] if 0 <= slot_id.index < self.total else None
        return holder is not None and holder.id == slot_id

    def check_integrity(self) -> None:
        """Raises SlotError when the books do not balance."""
        held = [index for index, lease in enumerate(self._holder) if lease is not None]
        if len(set(self._free)) != len(self._free) or set(self._free) & set(held):
            raise SlotError("a slot is free twice, or free and held")
        if len(self._free) + len(held) != self.total:
            raise SlotError(f"{len(self._free)} free + {len(held)} held is not {self.total} slots")
        for index in held:
            lease = self._holder[index]
            if lease is None or not lease.live or lease.id != SlotId(index, self._generation[index]):
                raise SlotError(f"slot {index} is held by a dead or foreign lease")
