from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from qwentts_svc.runtime.kv_pool import KvExhaustedError, KvPool
from qwentts_svc.runtime.prefix_cache import PrefixCache


def make(total: int = 8, block_size: int = 4, **options) -> tuple[KvPool, PrefixCache, list[tuple[int, int]]]:
    pool, copies = KvPool(total, block_size), []
    return pool, PrefixCache(pool, lambda source, target: copies.append((source, target)), **options), copies


def test_full_blocks_are_shared_and_a_partial_last_block_is_copied_both_ways() -> None:
    pool, cache, copies = make()
    row = pool.lease(3)
    assert cache.insert("k", 6, row) == 1  # one full block shared, the second (2 of 4 positions) copied
    (kept_source, kept_target) = copies[0]
    assert kept_source == row[1].block
    hit = cache.lookup("k", 6)
    assert hit is not None
    assert (hit.positions, hit.shared) == (6, 1)
    assert hit.leases[0].block == row[0].block
    assert copies[1] == (kept_target, hit.leases[1].block)
    assert hit.leases[1].block not in {row[1].block, kept_target}


def test_a_prefix_of_whole_blocks_copies_nothing() -> None:
    pool, cache, copies = make()
    row = pool.lease(2)
    assert cache.insert("k", 8, row) == 2
    hit = cache.lookup("k", 8)
    assert hit is not None
    assert [lease.block for lease in hit.leases] == [lease.block for lease in row]
    assert copies == []


def test_hits_and_misses_are_counted_and_another_length_is_a_miss() -> None:
    pool, cache, _ = make()
    assert cache.lookup("k", 4) is None
    cache.insert("k", 4, pool.lease(1))
    assert cache.lookup("k", 4) is not None
    assert cache.lookup("k", 5) is None
    assert cache.lookup("", 4) is None
    assert (cache.hits, cache.misses) == (1, 3)


def test_pressure_evicts_the_least_recently_used_first() -> None:
    pool, cache, _ = make(total=4)
    for key in "abc":
        leases = pool.lease(1)
        cache.insert(key, 4, leases)
        pool.release_all(leases)
    assert cache.lookup("a", 4) is not None  # shared with a row now, and most recent
    assert cache.evictable == 2
    assert cache.make_room(2)
    assert cache.lookup("b", 4) is None
    assert cache.lookup("c", 4) is not None
    assert cache.evictions == 1


def test_a_sessions_prefix_outlives_newer_ones_until_its_pin_ends() -> None:
    pool, cache, _ = make(total=3, pin_s=60.0)
    for key, session in (("talk", "s1"), ("b", ""), ("c", "")):
        leases = pool.lease(1)
        cache.insert(key, 4, leases, session_id=session, now=0.0)
        pool.release_all(leases)
    assert cache.make_room(2, now=30.0)
    assert cache.lookup("talk", 4, now=30.0) is not None
    pinned, cache2, _ = make(total=2, pin_s=60.0)
    for key, session in (("talk", "s1"), ("b", "")):
        leases = pinned.lease(1)
        cache2.insert(key, 4, leases, session_id=session, now=0.0)
        pinned.release_all(leases)
    assert cache2.make_room(1, now=100.0)  # the pin has ended: plain LRU again
    assert cache2.lookup("talk", 4) is None


def test_pins_yield_when_rows_need_everything() -> None:
    pool, cache, _ = make(total=1)
    leases = pool.lease(1)
    cache.insert("talk", 4, leases, session_id="s", now=0.0)
    pool.release_all(leases)
    assert len(cache.lease(1, now=1.0)) == 1


def test_room_that_cannot_be_made_evicts_nothing() -> None:
    pool, cache, _ = make(total=2)
    row = pool.lease(2)
    cache.insert("k", 4, row[:1])
    with pytest.raises(KvExhaustedError):
        cache.lease(1)
    assert len(cache) == 1


def test_a_failed_copy_leaves_no_block_behind() -> None:
    pool = KvPool(4, 4)

    def broken(source: int, target: int) -> None:
        raise RuntimeError("device")

    cache = PrefixCache(pool, broken)
    row = pool.lease(2)
    with pytest.raises(RuntimeError):
        cache.insert("k", 6, row)
    pool.release_all(row)
    assert pool.free == pool.total
    assert len(cache) == 0


def test_under_pressure_an_insert_does_not_compete_with_rows() -> None:
    pool, cache, copies = make(total=2)
    row = pool.lease(2)
    assert cache.insert("k", 6, row) == 0
    assert copies == []


def test_a_hit_without_a_free_block_evicts_others_and_never_waits_for_ever() -> None:
    pool, cache, _ = make(total=3)
    row = pool.lease(2)
    cache.insert("a", 6, row)  # shares row[0], keeps a copy of row[1]
    pool.release_all(row)
    other = pool.lease(1)
    cache.insert("b", 4, other)
    pool.release_all(other)
    assert pool.free == 0
    hit = cache.lookup("a", 6)
    assert hit is not None
    assert cache.lookup("b", 4) is None
    assert cache.lookup("a", 6) is None  # now nothing else can go: a miss, not an error
    pool.release_all(hit.leases)


class PrefixMachine(RuleBasedStateMachine):
    """Blocks hold the content that was written to them; every hit must read what its key stands for."""

    @initialize(total=st.integers(2, 10), entries=st.integers(1, 4))
    def start(self, total: int, entries: int) -> None:
        self.pool = KvPool(total, 4)
        self.memory: dict[int, list] = {block: [None] * 4 for block in range(total)}
        self.cache = PrefixCache(self.pool, self.copy, max_entries=entries, pin_s=5.0)
        self.rows: list[tuple[list, int, str, int]] = []
        self.now = 0.0

    def copy(self, source: int, target: int) -> None:
        self.memory[target] = list(self.memory[source])

    def write(self, leases: list, start: int, stop: int, tag: str) -> None:
        for position in range(start, stop):
            self.memory[leases[position // 4].block][position % 4] = (tag, position)

    @rule(key=st.integers(0, 4), tail=st.integers(1, 6), session=st.sampled_from(["", "s"]))
    def begin(self, key: int, tail: int, session: str) -> None:
        prefix = 2 + 3 * key
        total = prefix + tail
        name = f"k{key}"
        hit = self.cache.lookup(name, prefix, session_id=session, now=self.now)
        leases = list(hit.leases) if hit else []
        try:
            leases += self.cache.lease(self.pool.blocks_for(total) - len(leases), self.now)
        except KvExhaustedError:
            self.pool.release_all(leases)
            return
        self.write(leases, hit.positions if hit else 0, prefix, name)
        shared = hit.shared if hit else self.cache.insert(name, prefix, leases, session_id=session, now=self.now)
        own = f"row{len(self.rows)}@{self.now}"
        assert shared * 4 <= prefix
        self.write(leases, prefix, total, own)
        self.rows.append((leases, prefix, name, total))

    @precondition(lambda self: self.rows)
    @rule(data=st.data())
    def end(self, data) -> None:
        leases, *_ = self.rows.pop(data.draw(st.integers(0, len(self.rows) - 1)))
        self.pool.release_all(leases)

    @rule(seconds=st.floats(0.1, 4.0))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule(blocks=st.integers(1, 6))
    def press(self, blocks: int) -> None:
        could = self.pool.free + self.cache.evictable >= blocks
        assert self.cache.make_room(blocks, self.now) == could

    @invariant()
    def everyone_reads_what_they_wrote(self) -> None:
        if not hasattr(self, "pool"):
            return
        self.pool.check_integrity()
        self.cache.check_integrity()
        for leases, prefix, name, total in self.rows:
            seen = [self.memory[leases[p // 4].block][p % 4] for p in range(total)]
            assert seen[:prefix] == [(name, p) for p in range(prefix)]
            assert len({tag for tag, _ in seen[prefix:]}) == 1
        held = {lease.block for leases, *_ in self.rows for lease in leases} | self.cache.blocks
        assert len(held) == self.pool.leased

    def teardown(self) -> None:
        if hasattr(self, "pool"):
            for leases, *_ in self.rows:
                self.pool.release_all(leases)
            self.cache.clear()
            assert self.pool.free == self.pool.total


TestPrefixMachine = PrefixMachine.TestCase
TestPrefixMachine.settings = settings(max_examples=80, stateful_step_count=30, deadline=None)
