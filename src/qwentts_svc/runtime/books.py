"""The engine's books: do slots, blocks, prefixes, codec states and rows agree, and what is reported of them."""

from __future__ import annotations

from collections.abc import Collection

from qwentts_svc.errors import TtsError
from qwentts_svc.observability.observer import Observer
from qwentts_svc.runtime.codec_stage import CodecStage
from qwentts_svc.runtime.kv_pool import KvPool
from qwentts_svc.runtime.prefix_cache import PrefixCache
from qwentts_svc.runtime.rows import Row, RowState
from qwentts_svc.runtime.slots import SlotPool


def check_books(rows: Collection[Row], slots: SlotPool, kv: KvPool, prefixes: PrefixCache, codec: CodecStage) -> None:
    """Raises TtsError (or the pool's own error) when something is held by nobody, or by two."""
    slots.check_integrity()
    kv.check_integrity()
    prefixes.check_integrity()
    held = sum(row.slot is not None for row in rows)
    if held != slots.leased:
        raise TtsError(f"{slots.leased} slots are leased, {held} are held by rows")
    blocks = {lease.block for row in rows for lease in row.kv} | prefixes.blocks
    if len(blocks) != kv.leased:
        raise TtsError(f"{kv.leased} KV blocks are leased, {len(blocks)} are held by rows and prefixes")
    if codec.open_rows > held:
        raise TtsError(f"{codec.open_rows} codec states are open for {held} rows")


def report_rows(observer: Observer, rows: Collection[Row], queued: int, kv: KvPool) -> None:
    """Rows by state and KV blocks, as they stand."""
    counts = dict.fromkeys(RowState, 0)
    for row in rows:
        counts[row.state] += 1
    counts[RowState.WAITING] += queued
    for state, count in counts.items():
        if state is not RowState.DONE:
            observer.requests(state.value, count)
    observer.kv_blocks("free", kv.free)
    observer.kv_blocks("leased", kv.leased)
