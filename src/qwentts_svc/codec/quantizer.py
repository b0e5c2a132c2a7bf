"""Codebooks of the residual vector quantizer: codes to latents. Group 0 is the semantic part, the rest the acoustic."""

from __future__ import annotations

import torch
from torch import Tensor

from qwentts_svc.codec.kernels import Linear

__all__ = ["MIN_USAGE", "CodebookSum", "codebook_table"]

MIN_USAGE = 1e-5


def codebook_table(embedding_sum: Tensor, cluster_usage: Tensor) -> Tensor:
    """Codebook [entries, width] from its running sums and usage counts [entries]."""
    return embedding_sum / cluster_usage.clamp(min=MIN_USAGE)[:, None]


class CodebookSum:
    """Codes [R, T, G] -> [R, T, codebook_dim]. ``tables``: [G, entries, width]; ``project``: the output projections of
    both parts side by side, applied to [semantic row | sum of acoustic rows]."""

    def __init__(self, tables: Tensor, project: Linear) -> None:
        self.groups, self.entries, self._width = tables.shape
        self._rows = tables.flatten(0, 1)
        self._offsets = torch.arange(self.groups, device=tables.device) * self.entries
        self._project = project

    def __call__(self, codes: Tensor) -> Tensor:
        rows, frames, _ = codes.shape
        picked = self._rows.index_select(0, (codes + self._offsets).flatten()).view(rows, frames, self.groups, -1)
        parts = picked.new_empty(rows, frames, 2, self._width)
        parts[:, :, 0] = picked[:, :, 0]
        torch.sum(picked[:, :, 1:], 2, out=parts[:, :, 1])
        return self._project(parts.flatten(2))
