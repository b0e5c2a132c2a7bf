"""Blocks of a checkpoint, read one tensor at a time straight into the fused matrices that the model multiplies with."""

from __future__ import annotations

import torch
from torch import Tensor

from qwentts_svc.acoustic.config import TransformerConfig
from qwentts_svc.nn.block import BlockWeights, Stack, StackDims
from qwentts_svc.nn.linear import Linear, LinearFactory
from qwentts_svc.nn.norms import RmsNorm
from qwentts_svc.nn.weights import Weights


class Loader:
    """Takes tensors out of ``weights`` in the model's dtype and device."""

    def __init__(self, weights: Weights, dtype: torch.dtype, device: torch.device, linears: LinearFactory) -> None:
        self.weights, self.dtype, self.device, self.linears = weights, dtype, device, linears

    def tensor(self, name: str, *shape: int) -> Tensor:
        return self.weights.take(name, shape, self.dtype, self.device)

    def linear(self, name: str, out_features: int, in_features: int, *, bias: bool = False) -> Linear:
        """A single projection, never quantized."""
        weight = self.tensor(f"{name}.weight", out_features, in_features)
        return self.linears(weight, self.tensor(f"{name}.bias", out_features) if bias else None, quantize=False)

    def fused(self, names: tuple[str, ...], sizes: tuple[int, ...], in_features: int) -> Linear:
        """One product for several projections of the same input: their rows one below the other."""
        for name, size in zip(names, sizes, strict=True):  # before any memory is asked for
            self.weights.check(f"{name}.weight", (size, in_features))
        target = torch.empty(sum(sizes), in_features, dtype=self.dtype, device=self.device)
        for name, part in zip(names, torch.split(target, list(sizes)), strict=True):
            self.weights.take_into(f"{name}.weight", part)
        return self.linears(target)

    def stack(self, prefix: str, config: TransformerConfig) -> Stack:
        """``prefix.layers.N.*`` and ``prefix.norm.weight``."""
        dims = StackDims(config.num_heads, config.num_kv_heads, config.head_dim)
        blocks = tuple(self._block(f"{prefix}.layers.{layer}", config) for layer in range(config.num_layers))
        return Stack(dims, blocks, self._norm(f"{prefix}.norm", config))

    def _norm(self, name: str, config: TransformerConfig) -> RmsNorm:
        return RmsNorm(self.tensor(f"{name}.weight", config.hidden_size), config.rms_norm_eps)

    def _block(self, prefix: str, config: TransformerConfig) -> BlockWeights:
        hidden, inner, dim = config.hidden_size, config.intermediate_size, config.head_dim
        q_size, kv_size = config.num_heads * dim, config.num_kv_heads * dim
        attn, mlp = f"{prefix}.self_attn", f"{prefix}.mlp"
        qkv = self.fused(tuple(f"{attn}.{n}_proj" for n in "qkv"), (q_size, kv_size, kv_size), hidden)
        q_norm, k_norm = (self.tensor(f"{attn}.{name}_norm.weight", dim) for name in ("q", "k"))
        qk_norm = torch.cat((q_norm.expand(config.num_heads, -1), k_norm.expand(config.num_kv_heads, -1)))
        return BlockWeights(
            input_norm=self._norm(f"{prefix}.input_layernorm", config),
            qkv=qkv,
            qk_norm=RmsNorm(qk_norm, config.rms_norm_eps),
            out=self.fused((f"{attn}.o_proj",), (hidden,), q_size),
            post_norm=self._norm(f"{prefix}.post_attention_layernorm", config),
            gate_up=self.fused((f"{mlp}.gate_proj", f"{mlp}.up_proj"), (inner, inner), hidden),
            down=self.fused((f"{mlp}.down_proj",), (hidden,), inner),
        )
