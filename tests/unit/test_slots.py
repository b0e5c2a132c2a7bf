from __future__ import annotations

import copy
import pickle

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule

from qwentts_svc.errors import QosError
from qwentts_svc.runtime.slots import SlotError, SlotId, SlotPool


def test_a_reused_slot_has_a_higher_generation_and_the_old_identity_is_stale() -> None:
    pool = SlotPool(1)
    first = pool.lease()
    pool.release(first)
    second = pool.lease()
    assert second.index == first.index
    assert second.id.generation > first.id.generation
    assert pool.is_current(second.id)
    assert not pool.is_current(first.id)


def test_a_second_release_raises_even_after_the_slot_has_a_new_tenant() -> None:
    pool = SlotPool(1)
    lease = pool.lease()
    pool.release(lease)
    tenant = pool.lease()
    with pytest.raises(SlotError, match="twice"):
        pool.release(lease)
    assert pool.is_current(tenant.id)


def test_a_lease_of_another_pool_is_refused() -> None:
    ours, theirs = SlotPool(2), SlotPool(2)
    ours.lease()
    with pytest.raises(SlotError, match="not held"):
        ours.release(theirs.lease())


def test_a_full_pool_refuses_with_a_retry_delay() -> None:
    pool = SlotPool(1)
    pool.lease()
    with pytest.raises(QosError) as refusal:
        pool.lease()
    assert refusal.value.retry_after_s > 0


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, pickle.dumps])
def test_a_lease_cannot_be_duplicated(duplicate) -> None:
    with pytest.raises(SlotError):
        duplicate(SlotPool(1).lease())


def test_unknown_indices_are_never_current() -> None:
    pool = SlotPool(1)
    assert not pool.is_current(SlotId(0, 1))
    assert not pool.is_current(SlotId(5, 1))
    assert not pool.is_current(SlotId(-1, 0))


class SlotMachine(RuleBasedStateMachine):
    leases = Bundle("leases")

    @initialize(total=st.integers(1, 5))
    def start(self, total: int) -> None:
        self.pool = SlotPool(total)
        self.held: list = []
        self.seen: set[SlotId] = set()

    @rule(target=leases)
    def lease(self):
        if self.pool.free == 0:
            with pytest.raises(QosError):
                self.pool.lease()
            return None
        lease = self.pool.lease()
        assert lease.id not in self.seen
        self.seen.add(lease.id)
        self.held.append(lease)
        return lease

    @rule(lease=consumes(leases), twice=st.booleans())
    def release(self, lease, twice: bool) -> None:
        if lease is None:
            return
        self.pool.release(lease)
        self.held.remove(lease)
        if twice:
            with pytest.raises(SlotError):
                self.pool.release(lease)

    @invariant()
    def books_balance(self) -> None:
        if not hasattr(self, "pool"):
            return
        self.pool.check_integrity()
        assert self.pool.leased == len(self.held)
        assert self.pool.free + self.pool.leased == self.pool.total
        current = {slot_id for slot_id in self.seen if self.pool.is_current(slot_id)}
        assert current == {lease.id for lease in self.held}


TestSlotMachine = SlotMachine.TestCase
TestSlotMachine.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
