"""What a codec stream remembers between two calls: a typed value, never hidden on a module.

Owns the memory of every stream of a decoder (one row each) and the rules of reading and advancing it. Knows nothing of
weights or of what the numbers mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import torch
from torch import Tensor

__all__ = ["StateLayout", "StreamCursor", "StreamState", "TailSpec"]


@dataclass(frozen=True, slots=True)
class TailSpec:
    """Left context of one causal layer: the last ``steps`` inputs of ``channels`` values."""

    steps: int
    channels: int
    dtype: torch.dtype


class StateLayout:
    """What a decoder's layers need remembered, collected while they are built. ``add_tail`` hands out the tail's id."""

    def __init__(self) -> None:
        self.tails: list[TailSpec] = []

    def add_tail(self, steps: int, channels: int, dtype: torch.dtype) -> int:
        self.tails.append(TailSpec(steps, channels, dtype))
        return len(self.tails) - 1


@dataclass(slots=True)
class StreamState:
    """State of ``rows`` independent streams; the rows may be at different positions.

    ``tails``: per causal layer [rows, steps, channels], zero at the start of a stream.
    ``keys``, ``values``: [layers, rows, kv_heads, ring, head_dim]; the entry of frame p is at ``p % ring``, keys
    rotated at their absolute position. The ring holds the window and one block of new frames.
    ``position``: int64 [rows], frames decoded so far.
    """

    tails: tuple[Tensor, ...]
    keys: Tensor
    values: Tensor
    position: Tensor

    @property
    def rows(self) -> int:
        return int(self.position.shape[0])

    @torch.inference_mode()
    def reset(self, row: int) -> None:
        """Start a new stream in ``row``."""
        for tail in self.tails:
            tail[row].zero_()
        self.keys[:, row].zero_()
        self.values[:, row].zero_()
        self.position[row] = 0

    @torch.inference_mode()
    def copy_row(self, row: int, source: StreamState, source_row: int) -> None:
        """Make ``row`` a copy of a stream of ``source`` (same decoder)."""
        for tail, other in zip(self.tails, source.tails, strict=True):
            tail[row].copy_(other[source_row])
        self.keys[:, row].copy_(source.keys[:, source_row])
        self.values[:, row].copy_(source.values[:, source_row])
        self.position[row] = source.position[source_row]


RowIndex: TypeAlias = Sequence[int] | Tensor | None


class StreamCursor:
    """The rows of one call: reads their state, and writes it back for those that are active.

    ``rows``: int64 [R], the state rows of this call (no row twice), or None for all in order. ``active``: bool [R] or
    None for all. An inactive row's keys and values are written too, but only into ring entries that lie outside its
    window, so nothing it will ever read is changed.
    """

    def __init__(self, state: StreamState, rows: Tensor | None, active: Tensor | None) -> None:
        self.state = state
        self.rows = rows
        self._keep = None if active is None else active.view(-1, 1, 1)
        self._active = active
        self.position = state.position if rows is None else state.position.index_select(0, rows)

    def open(self, tail_id: int, batch: int, steps: int) -> tuple[Tensor, Tensor]:
        """A buffer [batch, tail + steps, channels] that begins with the layer's left context, and the view of its last
        ``steps`` entries that the caller fills."""
        tail = self.state.tails[tail_id]
        known = tail if self.rows is None else tail.index_select(0, self.rows)
        kept = tail.shape[1]
        buffer = tail.new_empty(batch, kept + steps, tail.shape[2])
        buffer[:, :kept].copy_(known)
        return buffer, buffer[:, kept:]

    def close(self, tail_id: int, buffer: Tensor) -> None:
        """Remember the end of a filled buffer as the next call's left context."""
        tail = self.state.tails[tail_id]
        latest = buffer[:, buffer.shape[1] - tail.shape[1] :]
        if self._keep is not None:
            latest = torch.where(self._keep, latest, buffer[:, : tail.shape[1]])
        if self.rows is None:
            tail.copy_(latest)
        else:
            tail.index_copy_(0, self.rows, latest)

    def advance(self, frames: int) -> None:
        """Move the active rows on; called once, after all layers."""
        moved = self.position + (frames if self._active is None else frames * self._active)
        if self.rows is None:
            self.state.position.copy_(moved)
        else:
            self.state.position.index_copy_(0, self.rows, moved)
