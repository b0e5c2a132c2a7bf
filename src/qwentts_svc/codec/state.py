"""What a codec stream remembers between two calls: a typed value, never hidden on a module.

Owns the memory of every stream of a decoder (one row each) and the rules of reading and advancing it. Knows nothing of
weights or of what the numbers mean.
"""

from __future__ import annotations

from dataclasses import dataclass

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


class StreamCursor:
    """The rows of one call: reads their state, and writes it back for those that are active.

    ``rows``: the state rows of this call, no row twice: int64 [R], or a slice, which spares the gathering, or None for
    all in order. ``active``: bool [R] or None for all. An inactive row's keys and values are written too, but only into
    ring entries that lie outside its window, so nothing it will ever read is changed.
    """

    def __init__(self, state: StreamState, rows: Tensor | slice | None, active: Tensor | None) -> None:
        self.state = state
        self._span = slice(None) if rows is None else rows if isinstance(rows, slice) else None
        self._index = rows if isinstance(rows, Tensor) else None
        self._active = active
        self.position = self.pick(state.position)

    @property
    def rows(self) -> Tensor:
        """int64 [R]: the state row of every row of this call."""
        if self._index is not None:
            return self._index
        return torch.arange(self.state.rows, device=self.state.position.device)[self._span]

    def pick(self, whole: Tensor) -> Tensor:
        """This call's rows of a tensor [rows, ...]; a view where they lie together."""
        return whole[self._span] if self._index is None else whole.index_select(0, self._index)

    def open(self, tail_id: int, batch: int, steps: int) -> tuple[Tensor, Tensor]:
        """A buffer [batch, tail + steps, channels] that begins with the layer's left context, and the view of its last
        ``steps`` entries that the caller fills."""
        tail = self.state.tails[tail_id]
        kept = tail.shape[1]
        buffer = tail.new_empty(batch, kept + steps, tail.shape[2])
        buffer[:, :kept].copy_(self.pick(tail))
        return buffer, buffer[:, kept:]

    def close(self, tail_id: int, buffer: Tensor) -> None:
        """Remember the end of a filled buffer as the next call's left context."""
        tail = self.state.tails[tail_id]
        latest = buffer[:, buffer.shape[1] - tail.shape[1] :]
        if self._active is not None:
            latest = torch.where(self._active.view(-1, 1, 1), latest, buffer[:, : tail.shape[1]])
        self._put(tail, latest)

    def advance(self, frames: int) -> None:
        """Move the active rows on; called once, after all layers."""
        moved = self.position + (frames if self._active is None else frames * self._active)
        self._put(self.state.position, moved)

    def _put(self, whole: Tensor, value: Tensor) -> None:
        if self._index is None:
            whole[self._span].copy_(value)
        else:
            whole.index_copy_(0, self._index, value)
