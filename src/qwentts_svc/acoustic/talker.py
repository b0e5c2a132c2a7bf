"""The talker: text and code embeddings, the large stack over paged keys and values, the head of codebook 0."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from qwentts_svc.acoustic.config import TalkerConfig
from qwentts_svc.acoustic.stack import Loader
from qwentts_svc.nn.attention import AttentionBackend, DecodePlan, PrefillPlan
from qwentts_svc.nn.block import LayerHook
from qwentts_svc.nn.kv import PagedKV
from qwentts_svc.nn.linear import allowed_rows
from qwentts_svc.nn.rope import inverse_frequencies, rotation


class TextEmbedding:
    """Text ids to the talker's width: a large table, then two projections with a SiLU between.

    On the CPU the table stays mapped from the file in its stored dtype; only rows that are looked up are ever read.
    """

    def __init__(self, loader: Loader, config: TalkerConfig) -> None:
        width = config.text_hidden_size
        table = loader.weights.map("talker.model.text_embedding.weight", (config.text_vocab_size, width), floating=True)
        self._table = table if loader.device.type == "cpu" else table.to(loader.device, loader.dtype)
        self._dtype = loader.dtype
        self._linears = loader.linears
        prefix = "talker.text_projection.linear_fc"
        self._fc1 = loader.linear(f"{prefix}1", width, width, bias=True)
        self._fc2 = loader.linear(f"{prefix}2", config.transformer.hidden_size, width, bias=True)

    def __call__(self, ids: Tensor) -> Tensor:
        """int64 [rows] -> [rows, hidden]; the number of rows must suit the linears' row rule."""
        return self._fc2(F.silu(self._fc1(F.embedding(ids, self._table).to(self._dtype))))

    def prompt(self, ids: Tensor) -> Tensor:
        """The same for any number of ids."""
        count = ids.shape[0]
        return self(F.pad(ids, (0, allowed_rows(count, self._linears.unit) - count)))[:count]


class Talker:
    """Everything of the checkpoint under ``talker.`` but the code predictor. Immutable; the caller owns all state."""

    def __init__(self, loader: Loader, config: TalkerConfig) -> None:
        hidden = config.transformer.hidden_size
        self.config = config
        self.text = TextEmbedding(loader, config)
        self.codec_embedding = loader.tensor("talker.model.codec_embedding.weight", config.vocab_size, hidden)
        self.stack = loader.stack("talker.model", config.transformer)
        self.head = loader.linear("talker.codec_head", config.vocab_size, hidden)
        self._dtype = loader.dtype
        self._frequencies = inverse_frequencies(
            config.transformer.head_dim, config.transformer.rope_theta, loader.device
        )

    def new_kv(self, blocks: int, block_size: int) -> PagedKV:
        """Storage for ``blocks`` pages of this model's keys and values."""
        stack = self.config.transformer
        device = self._frequencies.device
        return PagedKV(stack.num_layers, blocks, block_size, stack.num_kv_heads, stack.head_dim, self._dtype, device)

    def decode(
        self, x: Tensor, positions: Tensor, plan: DecodePlan, kv: PagedKV, attention: AttentionBackend
    ) -> Tensor:
        """One token per row: x [rows, hidden] at ``positions`` int64 [rows] -> final-normed hidden. Writes ``kv``."""

        def attend(layer: int, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
            kv.write(layer, plan.index, k, v)
            return attention.decode(q, kv, layer, plan)

        return self.stack.run(x, rotation(positions, self._frequencies, x.dtype), attend)

    def prefill(
        self,
        x: Tensor,
        positions: Tensor,
        plan: PrefillPlan,
        kv: PagedKV,
        attention: AttentionBackend,
        on_layer: LayerHook | None = None,
    ) -> Tensor:
        """Packed prompt tokens: x [tokens, hidden] -> final-normed hidden [tokens, hidden]. Writes ``kv``."""

        def attend(layer: int, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
            kv.write(layer, plan.index, k, v)
            return attention.prefill(q, kv, layer, plan)

        return self.stack.run(x, rotation(positions, self._frequencies, x.dtype), attend, on_layer)

    def logits(self, hidden: Tensor) -> Tensor:
        """[rows, hidden] -> [rows, vocab], unprocessed."""
        return self.head(hidden)
