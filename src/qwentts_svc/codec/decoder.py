"""Codec decoder: codes [rows, frames, groups] to PCM. One path for everything: a full decode is a stream that starts
empty, so streaming equals offline by construction and differs by summation order only."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from qwentts_svc.codec.kernels import Linear
from qwentts_svc.codec.layers import ConvNext, InputConv, OutputConv, Trace, UpsampleBlock
from qwentts_svc.codec.quantizer import CodebookSum
from qwentts_svc.codec.state import StateLayout, StreamCursor, StreamState
from qwentts_svc.codec.window_transformer import WindowTransformer

__all__ = ["MAX_BLOCK_FRAMES", "CodecDecoder", "DecoderParts"]

MAX_BLOCK_FRAMES = 25
"""Frames decoded at once: longer calls run block by block, which bounds memory and the ring's size."""


@dataclass(frozen=True, slots=True)
class DecoderParts:
    """The layers in order. ``upsamplers``: (matrix of a transposed convolution without overlap, rate, ConvNeXt)."""

    codebooks: CodebookSum
    pre_conv: InputConv
    transformer: WindowTransformer
    upsamplers: tuple[tuple[Linear, int, ConvNext], ...]
    widen: InputConv
    blocks: tuple[UpsampleBlock, ...]
    output: OutputConv


class CodecDecoder:
    """Weights of one codec; holds no stream. All methods run under inference mode on the weights' device."""

    def __init__(
        self, parts: DecoderParts, layout: StateLayout, *, samples_per_frame: int, sample_rate: int, dtype: torch.dtype
    ) -> None:
        self.groups = parts.codebooks.groups
        self.codebook_size = parts.codebooks.entries
        self.samples_per_frame = samples_per_frame
        self.sample_rate = sample_rate
        self.dtype = dtype
        self.device = parts.transformer.device
        self._parts = parts
        self._tails = tuple(layout.tails)

    @torch.inference_mode()
    def init_state(self, rows: int) -> StreamState:
        """Streams at their start. Memory per row is fixed, however long the stream."""
        shape = self._parts.transformer.shape
        ring = shape.window - 1 + MAX_BLOCK_FRAMES
        size = (len(self._parts.transformer.layers), rows, shape.kv_heads, ring, shape.head_dim)
        return StreamState(
            tails=tuple(
                torch.zeros(rows, spec.steps, spec.channels, dtype=spec.dtype, device=self.device)
                for spec in self._tails
            ),
            keys=torch.zeros(size, dtype=self.dtype, device=self.device),
            values=torch.zeros(size, dtype=self.dtype, device=self.device),
            position=torch.zeros(rows, dtype=torch.int64, device=self.device),
        )

    @torch.inference_mode()
    def step(
        self,
        codes: Tensor,
        state: StreamState,
        active: Tensor | None = None,
        *,
        rows: Tensor | slice | None = None,
        trace: Trace | None = None,
    ) -> Tensor:
        """Decode the next frames of some streams and move ``state`` on, in place.

        codes: int64 [R, T, groups], T >= 1, every value below ``codebook_size``. ``rows``: the state rows that the
        codes belong to, no row twice, as int64 [R] or, faster, a slice; None: all, in order. ``active``: bool [R];
        rows that are False keep their state and their audio means nothing. Returns float32
        [R, T * samples_per_frame] in [-1, 1].
        """
        cursor = StreamCursor(state, rows, active)
        frames = codes.shape[1]
        if frames <= MAX_BLOCK_FRAMES:
            return self._block(codes, cursor, trace)
        audio = []
        for start in range(0, frames, MAX_BLOCK_FRAMES):
            audio.append(self._block(codes[:, start : start + MAX_BLOCK_FRAMES], cursor, trace))
            cursor = StreamCursor(state, rows, active)
        return torch.cat(audio, dim=1)

    def decode_full(self, codes: Tensor) -> Tensor:
        """Decode whole utterances: int64 [T, groups] -> float32 [T * samples_per_frame], or with a leading batch axis.

        Shorter items of a batch are padded behind their end (with any code); cut their audio to their own length.
        """
        batch = codes if codes.dim() == 3 else codes[None]
        audio = self.step(batch, self.init_state(batch.shape[0]))
        return audio if codes.dim() == 3 else audio[0]

    def _block(self, codes: Tensor, cursor: StreamCursor, trace: Trace | None) -> Tensor:
        parts = self._parts
        rows, frames, _ = codes.shape
        x = _traced(trace, "quantized", parts.codebooks(codes))
        x = _traced(trace, "pre_conv", parts.pre_conv(x, cursor))
        x = _traced(trace, "transformer_out", parts.transformer(x, cursor, trace))
        for index, (spread, rate, convnext) in enumerate(parts.upsamplers):
            x = spread(x).view(rows, x.shape[1] * rate, -1)
            x = _traced(trace, f"upsample{index}_tconv", x)
            x = _traced(trace, f"upsample{index}_convnext", convnext(x, cursor))
        x = _traced(trace, "decoder0", parts.widen(x, cursor))
        for index, block in enumerate(parts.blocks, start=1):
            x = _traced(trace, f"decoder{index}", block(x, cursor, trace, f"decoder{index}"))
        x = _traced(trace, f"decoder{len(parts.blocks) + 2}", parts.output(x, cursor))
        cursor.advance(frames)
        return x.clamp_(-1.0, 1.0)


def _traced(trace: Trace | None, name: str, value: Tensor) -> Tensor:
    if trace is not None:
        trace(name, value)
    return value
