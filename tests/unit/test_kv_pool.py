from __future__ import annotations

import copy
import pickle
from collections import Counter

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from qwentts_svc.runtime.kv_pool import KvError, KvExhaustedError, KvPool


def test_a_second_release_raises_and_does_not_free_the_next_tenants_block() -> None:
    pool = KvPool(1, 16)
    (lease,) = pool.lease(1)
    pool.release(lease)
    (tenant,) = pool.lease(1)
    with pytest.raises(KvError, match="already released"):
        pool.release(lease)
    assert tenant.live
    assert pool.free == 0


def test_a_shared_block_is_free_only_after_its_last_lease() -> None:
    pool = KvPool(2, 16)
    (first,) = pool.lease(1)
    second = pool.share(first)
    assert second.block == first.block
    assert pool.is_shared(first)
    pool.release(first)
    assert pool.leased == 1
    assert not pool.is_shared(second)
    pool.release(second)
    assert pool.free == 2


def test_a_lease_that_cannot_be_met_in_full_takes_nothing() -> None:
    pool = KvPool(3, 16)
    with pytest.raises(KvExhaustedError):
        pool.lease(4)
    assert pool.free == 3


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, pickle.dumps])
def test_a_lease_cannot_be_duplicated(duplicate) -> None:
    (lease,) = KvPool(1, 16).lease(1)
    with pytest.raises(KvError):
        duplicate(lease)


def test_leases_of_another_pool_are_refused() -> None:
    ours, theirs = KvPool(2, 16), KvPool(2, 16)
    (foreign,) = theirs.lease(1)
    for call in (ours.release, ours.share, ours.is_shared):
        with pytest.raises(KvError, match="not held"):
            call(foreign)


def test_a_dead_lease_cannot_be_shared() -> None:
    pool = KvPool(1, 16)
    (lease,) = pool.lease(1)
    pool.release(lease)
    with pytest.raises(KvError):
        pool.share(lease)


@pytest.mark.parametrize(("positions", "blocks"), [(0, 0), (1, 1), (16, 1), (17, 2), (32, 2)])
def test_blocks_for_rounds_up(positions: int, blocks: int) -> None:
    assert KvPool(4, 16).blocks_for(positions) == blocks


def test_integrity_check_sees_a_lost_block() -> None:
    pool = KvPool(2, 16)
    pool.lease(1)
    pool._holders[pool._free[0]].add(object())
    with pytest.raises(KvError):
        pool.check_integrity()


class PoolMachine(RuleBasedStateMachine):
    @initialize(total=st.integers(1, 8))
    def start(self, total: int) -> None:
        self.pool = KvPool(total, 16)
        self.live: list = []
        self.dead: list = []

    @rule(count=st.integers(0, 5))
    def lease(self, count: int) -> None:
        if count > self.pool.free:
            with pytest.raises(KvExhaustedError):
                self.pool.lease(count)
            return
        fresh = self.pool.lease(count)
        taken = {lease.block for lease in self.live}
        assert not taken & {lease.block for lease in fresh}
        self.live.extend(fresh)

    @precondition(lambda self: self.live)
    @rule(data=st.data())
    def share(self, data) -> None:
        self.live.append(self.pool.share(data.draw(st.sampled_from(self.live))))

    @precondition(lambda self: self.live)
    @rule(data=st.data())
    def release(self, data) -> None:
        index = data.draw(st.integers(0, len(self.live) - 1))
        lease = self.live.pop(index)
        self.pool.release(lease)
        self.dead.append(lease)

    @precondition(lambda self: self.dead)
    @rule(data=st.data())
    def release_again(self, data) -> None:
        with pytest.raises(KvError):
            self.pool.release(data.draw(st.sampled_from(self.dead)))

    @invariant()
    def books_balance(self) -> None:
        if not hasattr(self, "pool"):
            return
        self.pool.check_integrity()
        references = Counter(lease.block for lease in self.live)
        assert self.pool.leased == len(references)
        assert self.pool.free + self.pool.leased == self.pool.total
        assert all(self.pool.is_shared(lease) == (references[lease.block] > 1) for lease in self.live)


TestPoolMachine = PoolMachine.TestCase
TestPoolMachine.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)
