"""A reference that is encoded in slices gives what it gives at once, whatever the slices, and needs memory for one."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils._python_dispatch import TorchDispatchMode

import qwentts_svc
from qwentts_svc.acoustic.config import load_model_config
from qwentts_svc.codec.encoder import CodecEncoder
from qwentts_svc.codec.load import load_codec_encoder, load_speaker_encoder
from qwentts_svc.codec.slices import Slices, finish

EMBEDDED = Path(qwentts_svc.__file__).parent / "data" / "aria" / "speech_tokenizer"
LONGEST_FRAMES = 24


@cache
def embedded() -> CodecEncoder:
    return load_codec_encoder(EMBEDDED)


def wave(samples: int, seed: int = 0) -> torch.Tensor:
    """Noise that swells and fades, so that no two frames are alike."""
    noise = torch.randn(samples, generator=torch.Generator().manual_seed(seed)) * 0.2
    return noise * (torch.arange(samples) / 3000).sin()


def count(slices: Slices[torch.Tensor]) -> int:
    return sum(1 for _ in slices)


def whole(encoder: CodecEncoder, pcm: torch.Tensor) -> torch.Tensor:
    """As one chunk."""
    frames = -(-len(pcm) // encoder.samples_per_frame)
    return encoder.encode_levels(pcm[None])[0, :frames, : encoder.groups]


@settings(max_examples=25, deadline=None)
@given(
    samples=st.integers(1, LONGEST_FRAMES * 1920),
    chunk_frames=st.integers(1, LONGEST_FRAMES),
    seed=st.integers(0, 5),
)
def test_codes_are_the_same_for_any_chunk_and_any_length(samples: int, chunk_frames: int, seed: int) -> None:
    pcm = wave(samples, seed)
    assert torch.equal(finish(embedded().slices(pcm, chunk_frames)), whole(embedded(), pcm))


@pytest.mark.parametrize("samples", [1, 1919, 1920, 1921, 8 * 1920, 8 * 1920 + 1, 17 * 1920 - 1])
def test_codes_are_the_same_where_a_length_or_a_chunk_ends(samples: int) -> None:
    pcm = wave(samples)
    for chunk_frames in (1, 2, 8, 16):
        assert torch.equal(finish(embedded().slices(pcm, chunk_frames)), whole(embedded(), pcm))


def test_goldens_come_out_of_every_chunk_length(golden_encoder: Any) -> None:
    encoder = load_codec_encoder(golden_encoder.variant / "checkpoint" / "speech_tokenizer")
    want = golden_encoder.tensors()
    for name in "ab":
        for chunk_frames in (1, 3, 1000):
            codes = finish(encoder.slices(want[f"wave_{name}"], chunk_frames))
            assert torch.equal(codes, want[f"codes_{name}"])


def test_goldens_come_out_with_convolutions_as_products(golden_encoder: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """How the large layers of a real model are computed; the models at hand have none as large."""
    monkeypatch.setattr("qwentts_svc.codec.encoder.MATRIX_MIN_WEIGHTS", 0)
    encoder = load_codec_encoder(golden_encoder.variant / "checkpoint" / "speech_tokenizer")
    want = golden_encoder.tensors()
    for name in "ab":
        assert torch.equal(finish(encoder.slices(want[f"wave_{name}"], 3)), want[f"codes_{name}"])
        assert torch.equal(whole(encoder, want[f"wave_{name}"]), want[f"codes_{name}"])


def test_an_embedding_is_the_same_for_any_slice(golden_speaker: Any) -> None:
    config = load_model_config(golden_speaker.variant / "checkpoint").speaker_encoder
    assert config is not None
    encoder = load_speaker_encoder(golden_speaker.variant / "checkpoint", config)
    for samples in (encoder.min_samples, 5000, 40001, 70000):
        pcm = wave(samples)
        expected = finish(encoder.slices(pcm, 100_000))
        for slice_frames in (1, 7, 64, 128):
            actual = finish(encoder.slices(pcm, slice_frames))
            torch.testing.assert_close(actual, expected, rtol=0.0, atol=1e-5)
    assert count(encoder.slices(wave(70000), 64)) > 3 * count(encoder.slices(wave(70000), 100_000))


class Largest(TorchDispatchMode):
    """The most values that one result has, but for what is kept of the whole audio (``aten.empty``, views of it)."""

    def __init__(self) -> None:
        super().__init__()
        self.values = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        kept = func in (torch.ops.aten.empty.memory_format, torch.ops.aten.split.Tensor) or func.is_view
        if isinstance(result, torch.Tensor) and not kept:
            self.values = max(self.values, result.numel())
        return result


def test_a_longer_reference_takes_more_slices_and_no_larger_ones() -> None:
    """Once the activations of the whole audio were held at a time: 25 MB for each of its seconds."""
    figures = []
    for frames in (40, 120):
        pcm = wave(frames * 1920)
        with Largest() as largest:
            slices = count(embedded().slices(pcm, 8))
        figures.append((slices, largest.values))
    (few, small), (many, large) = figures
    assert many == 3 * few
    assert large == small
