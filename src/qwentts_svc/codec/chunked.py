"""The reference's ways of decoding that are not the stream's: overlapping chunks, and cutting a reference off.

Kept for parity. Chunked decoding is not exact: the transformer sees across more frames than a chunk's left context, so
audio after each boundary differs from a full decode.
"""

from __future__ import annotations

import torch
from torch import Tensor

from qwentts_svc.codec.decoder import CodecDecoder

__all__ = ["CHUNK_FRAMES", "CONTEXT_FRAMES", "decode_chunked", "reference_samples"]

CHUNK_FRAMES = 300
CONTEXT_FRAMES = 25


def decode_chunked(
    decoder: CodecDecoder, codes: Tensor, chunk_frames: int = CHUNK_FRAMES, context_frames: int = CONTEXT_FRAMES
) -> Tensor:
    """Decode int64 [T, groups] in chunks, each from an empty state after up to ``context_frames`` frames whose audio is
    dropped. Returns float32 [T * samples_per_frame]."""
    pieces = []
    for start in range(0, codes.shape[0], chunk_frames):
        lead = min(start, context_frames)
        audio = decoder.decode_full(codes[start - lead : start + chunk_frames])
        pieces.append(audio[lead * decoder.samples_per_frame :])
    return torch.cat(pieces) if pieces else torch.empty(0, device=decoder.device)


def reference_samples(reference_frames: int, new_frames: int, samples_per_frame: int) -> int:
    """How many samples the reference drops in front of ``decode(reference ++ new)`` for in-context cloning.

    It takes the share of the frames in float64 and truncates, which for some pairs gives one sample less than
    ``reference_frames * samples_per_frame``.
    """
    total = reference_frames + new_frames
    return int(reference_frames / total * (total * samples_per_frame))
