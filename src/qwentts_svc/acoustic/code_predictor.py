"""The code predictor: codebooks 1..G-1 of a frame, one after another, from the talker's hidden state and codebook 0.

Its keys and values live for one frame only: a small dense buffer, as many positions as codebooks, made new every time.
Inputs are looked up in tables that already hold the projection to the predictor's width.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from qwentts_svc.acoustic.config import TalkerConfig
from qwentts_svc.acoustic.sampling import (
    SamplingTensors,
    StageFlags,
    code_terms,
    exponential_noise,
    group_terms,
    noise_keys,
    pick,
)
from qwentts_svc.acoustic.stack import Loader
from qwentts_svc.nn.attention import masked_value
from qwentts_svc.nn.rope import Rotation, inverse_frequencies, rotation

PROJECT_ROWS = 4096
"""Table rows projected at a time while loading."""


@dataclass(frozen=True, slots=True)
class FrameCache:
    """Keys and values of the frame in work, per layer: [rows, kv_heads, positions, head_dim]."""

    keys: tuple[Tensor, ...]
    values: tuple[Tensor, ...]


class CodePredictor:
    """``talker.code_predictor`` and the embedding of whole frames. Immutable; the caller owns all state."""

    def __init__(self, loader: Loader, config: TalkerConfig, codec_embedding: Tensor) -> None:
        predictor, hidden = config.predictor, config.transformer.hidden_size
        self.groups, self.vocab_size = config.num_code_groups, predictor.vocab_size
        self._config = predictor.transformer
        prefix, width = "talker.code_predictor", predictor.transformer.hidden_size
        self.stack = loader.stack(f"{prefix}.model", predictor.transformer)
        self._heads = tuple(
            loader.linear(f"{prefix}.lm_head.{g}", self.vocab_size, width) for g in range(self.groups - 1)
        )
        self._table = _frame_table(loader, f"{prefix}.model.codec_embedding", config, codec_embedding)
        offsets = [0, *(config.vocab_size + g * self.vocab_size for g in range(self.groups - 1))]
        self._offsets = offsets
        self._offset_row = torch.tensor(offsets, device=loader.device)
        self._group_terms = group_terms(self.groups - 1, 1, loader.device)
        self._code_terms = code_terms(self.vocab_size, loader.device)
        self._project = None
        self._inputs = self._table
        if width != hidden:
            self._project = loader.linear(f"{prefix}.small_to_mtp_projection", width, hidden, bias=True)
            weight = loader.tensor(f"{prefix}.small_to_mtp_projection.weight", width, hidden)
            bias = loader.tensor(f"{prefix}.small_to_mtp_projection.bias", width)
            used = self._table[: offsets[-1]]
            self._inputs = torch.cat([F.linear(part, weight, bias) for part in torch.split(used, PROJECT_ROWS)])
        dim = self._config.head_dim
        positions = torch.arange(self.groups, device=loader.device)
        frequencies = inverse_frequencies(dim, self._config.rope_theta, loader.device)
        self._turn = rotation(positions, frequencies, loader.dtype)
        self._turns = [self._turn.rows(slice(p, p + 1)) for p in range(self.groups)]
        group = self._config.num_heads // self._config.num_kv_heads
        first = torch.zeros(2, group, 2, dtype=loader.dtype, device=loader.device)
        first[0, :, 1] = masked_value(loader.dtype)
        self._first_mask = first.view(2 * group, 2)

    def embed_frames(self, codes: Tensor) -> Tensor:
        """int64 [rows, groups] -> sum of the code embeddings [rows, talker hidden]."""
        return self._table[codes + self._offset_row].sum(dim=1)

    def begin(self, hidden: Tensor, code: Tensor) -> tuple[FrameCache, Tensor]:
        """Positions 0 (talker hidden) and 1 (codebook 0, int64 [rows]) -> cache and hidden [rows, 2, width]."""
        rows = hidden.shape[0]
        config = self._config
        shape = (2, config.num_layers, rows, config.num_kv_heads, self.groups, config.head_dim)
        keys, values = torch.empty(shape, dtype=hidden.dtype, device=hidden.device).unbind(0)
        cache = FrameCache(keys.unbind(0), values.unbind(0))
        lead = hidden if self._project is None else self._project(hidden)
        x = torch.stack((lead, self._inputs[code]), dim=1).view(2 * rows, -1)
        turn = Rotation(self._turn.cos[:2].repeat(rows, 1, 1), self._turn.sin[:2].repeat(rows, 1, 1))

        def attend(layer: int, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
            kv_heads, dim = k.shape[1:]
            keys, values = cache.keys[layer][:, :, :2], cache.values[layer][:, :, :2]
            keys.copy_(k.view(rows, 2, kv_heads, dim).transpose(1, 2))
            values.copy_(v.view(rows, 2, kv_heads, dim).transpose(1, 2))
            grouped = q.view(rows, 2, kv_heads, -1, dim).transpose(1, 2).reshape(rows, kv_heads, -1, dim)
            out = F.scaled_dot_product_attention(grouped, keys, values, attn_mask=self._first_mask)
            return out.view(rows, kv_heads, 2, -1, dim).transpose(1, 2).reshape(2 * rows, -1)

        return cache, self.stack.run(x, turn, attend).view(rows, 2, -1)

    def advance(self, cache: FrameCache, position: int, code: Tensor) -> Tensor:
        """Feed the code of codebook ``position - 1`` (int64 [rows]) at ``position`` -> hidden [rows, width]."""
        rows = code.shape[0]
        x = self._inputs[code + self._offsets[position - 1]]
        turn = self._turns[position]

        def attend(layer: int, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
            keys, values = cache.keys[layer], cache.values[layer]
            keys.select(2, position).copy_(k)
            values.select(2, position).copy_(v)
            keys, values = keys.narrow(2, 0, position + 1), values.narrow(2, 0, position + 1)
            grouped = q.view(rows, k.shape[1], -1, k.shape[2])
            return F.scaled_dot_product_attention(grouped, keys, values).reshape(rows, -1)

        return self.stack.run(x, turn, attend)

    def logits(self, group: int, hidden: Tensor) -> Tensor:
        """[rows, width] -> [rows, codes] of codebook ``group`` (1..G-1)."""
        return self._heads[group - 1](hidden)

    def _noise(self, seed: Tensor, frame: Tensor) -> Tensor:
        """float32 [rows, groups - 1, codes]: the noise of a whole frame at once."""
        keys = noise_keys(seed, frame, self.groups - 1, 1, self._group_terms)
        return exponential_noise(keys, self.vocab_size, self._code_terms)

    def generate(
        self, hidden: Tensor, code: Tensor, seed: Tensor, frame: Tensor, params: SamplingTensors, flags: StageFlags
    ) -> tuple[list[Tensor], list[Tensor]]:
        """Codes int64 [rows] and their probabilities float32 [rows] of codebooks 1..G-1. hidden [rows, talker hidden];
        code, seed, frame int64 [rows]."""
        noise = None
        if flags.samples:
            noise = self._noise(seed, frame).unbind(1)
        cache, both = self.begin(hidden, code)
        state = both[:, 1]
        codes: list[Tensor] = []
        chances: list[Tensor] = []
        for group in range(1, self.groups):
            if group > 1:
                state = self.advance(cache, group, codes[-1])
            drawn = None if noise is None else noise[group - 1]
            chosen, chance = pick(self.logits(group, state), drawn, params, flags)
            codes.append(chosen)
            chances.append(chance)
        return codes, chances


def _frame_table(loader: Loader, prefix: str, config: TalkerConfig, codec_embedding: Tensor) -> Tensor:
    """All code embeddings one below the other: [vocab + (groups - 1) * codes, talker hidden]."""
    vocab, codes, hidden = config.vocab_size, config.predictor.vocab_size, config.transformer.hidden_size
    rows = vocab + (config.num_code_groups - 1) * codes
    table = torch.empty(rows, hidden, dtype=loader.dtype, device=loader.device)
    table[:vocab] = codec_embedding
    for group in range(config.num_code_groups - 1):
        start = vocab + group * codes
        loader.weights.take_into(f"{prefix}.{group}.weight", table[start : start + codes])
    return table
