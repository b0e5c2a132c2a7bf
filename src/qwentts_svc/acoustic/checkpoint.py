"""The weights of a checkpoint directory (main model or speech_tokenizer). See ``nn.weights`` for the contract."""

from __future__ import annotations

from qwentts_svc.nn.weights import Weights, open_weights, weight_files

__all__ = ["Weights", "open_weights", "weight_files"]
