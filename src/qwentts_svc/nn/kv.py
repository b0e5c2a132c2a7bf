"""Paged key/value storage. Owns the memory; knows nothing of who leases which page."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor


class PagedKV:
    """``k``, ``v``: [layers, blocks + 1, block_size, kv_heads, head_dim]; the last block takes what padding rows write.

    Starts as zeros: positions that nothing was written to are finite, so that a masked one adds exactly nothing.
    """

    def __init__(
        self,
        layers: int,
        blocks: int,
        block_size: int,
        kv_heads: int,
        head_dim: int,
        dtype: torch.dtype,
        device: torch.device | str = "cpu",
    ) -> None:
        shape = (layers, blocks + 1, block_size, kv_heads, head_dim)
        self.blocks, self.block_size = blocks, block_size
        self.k, self.v = _zeros(shape, dtype, device), _zeros(shape, dtype, device)
        self._k_flat = self.k.view(layers, -1, kv_heads, head_dim)
        self._v_flat = self.v.view(layers, -1, kv_heads, head_dim)

    @property
    def scratch_block(self) -> int:
        """The block that belongs to nobody."""
        return self.blocks

    def write(self, layer: int, index: Tensor, k: Tensor, v: Tensor) -> None:
        """Store k, v [tokens, kv_heads, head_dim] at ``index`` int64 [tokens]: block * block_size + offset."""
        self._k_flat[layer].index_copy_(0, index, k)
        self._v_flat[layer].index_copy_(0, index, v)

    def gather(self, layer: int, table: Tensor) -> tuple[Tensor, Tensor]:
        """Copies of the pages in ``table`` [rows, pages]: k and v [rows, pages * block_size, kv_heads, head_dim]."""
        flat = table.reshape(-1)
        shape = (table.shape[0], -1, *self.k.shape[3:])
        return self.k[layer].index_select(0, flat).view(shape), self.v[layer].index_select(0, flat).view(shape)

    def copy_block(self, source: int, target: int) -> None:
        """Copy one block of every layer."""
        self.k[:, target].copy_(self.k[:, source])
        self.v[:, target].copy_(self.v[:, source])

    def clear(self, blocks: Tensor) -> None:
        """Zero some blocks (int64 [n]) after non-finite values got into them."""
        self.k.index_fill_(1, blocks, 0.0)
        self.v.index_fill_(1, blocks, 0.0)


def _zeros(shape: tuple[int, ...], dtype: torch.dtype, device: torch.device | str) -> Tensor:
    """Zeros; on a CPU pages of the operating system that cost memory only once they are written."""
    if torch.device(device).type != "cpu":
        return torch.zeros(shape, dtype=dtype, device=device)
    # torch.zeros writes every byte; NumPy asks for memory that is zero already.
    raw = np.zeros(math.prod(shape) * dtype.itemsize, dtype=np.uint8)
    return torch.from_numpy(raw).view(dtype).view(shape)
