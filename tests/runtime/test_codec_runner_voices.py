"""Reference audio to a voice prompt: what it holds, what identifies it, and what is refused."""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from qwentts_svc.codec.slices import Slices
from qwentts_svc.errors import InputError, ModelError
from qwentts_svc.runtime.runners import VoiceEncoder
from qwentts_svc.runtime.voice_encoder import TorchVoiceEncoder
from qwentts_svc.types import Pcm

RATE, LEAST = 16000, 1280


class StandInCodec:
    sample_rate = RATE
    device = torch.device("cpu")

    def slices(self, pcm: torch.Tensor) -> Slices[torch.Tensor]:
        yield
        return torch.full((-(-len(pcm) // 320), 3), 7)


class StandInSpeaker:
    sample_rate = RATE
    min_samples = LEAST

    def slices(self, pcm: torch.Tensor) -> Slices[torch.Tensor]:
        yield
        return torch.stack([pcm.mean(), pcm.abs().max() / (pcm.abs().max() > 0)])


@cache
def encoder() -> TorchVoiceEncoder:
    return TorchVoiceEncoder(StandInCodec(), StandInSpeaker())  # type: ignore[arg-type]  # stand-ins


def wave(samples: int = RATE, seed: int = 0) -> Pcm:
    return np.random.default_rng(seed).normal(0, 0.1, samples).astype(np.float32)


def test_a_text_adds_codes_and_no_text_leaves_them_out() -> None:
    voices: VoiceEncoder = encoder()
    assert voices.sample_rate == RATE
    full = voices.encode(wave(), "some words")
    assert full.ref_codes is not None
    assert full.ref_codes.shape == (50, 3)
    assert full.ref_codes.dtype == np.int64
    assert full.ref_text == "some words"
    plain = voices.encode(wave(), None)
    assert plain.ref_codes is None
    assert plain.ref_text is None
    assert plain.speaker_embedding.dtype == np.float32
    np.testing.assert_array_equal(plain.speaker_embedding, full.speaker_embedding)


def test_the_key_follows_the_audio_and_the_text_only() -> None:
    again = {encoder().encode(wave(), "a").key, encoder().encode(wave().copy(), "a").key}
    assert len(again) == 1
    others = [encoder().encode(wave(), None), encoder().encode(wave(), "b"), encoder().encode(wave(seed=1), "a")]
    assert len({voice.key for voice in others} | again) == 4


@pytest.mark.parametrize(
    ("pcm", "text", "message", "field"),
    [
        (wave(LEAST - 1), None, r"too short: 1279 samples at 16000 Hz; give at least 1280 \(0\.080 s\)", "ref_audio"),
        (wave(0), None, "too short", "ref_audio"),
        (np.full(RATE, np.nan, dtype=np.float32), None, "not finite", "ref_audio"),
        (np.append(wave(), np.float32(np.inf)), "a", "not finite", "ref_audio"),
        (np.zeros(RATE, dtype=np.float32), None, "another recording", "ref_audio"),
        (wave().reshape(2, -1), None, "mono", "ref_audio"),
        (wave(), "  ", "reference text is empty", "ref_text"),
    ],
)
def test_unusable_references_are_refused_with_what_to_change(
    pcm: Pcm, text: str | None, message: str, field: str
) -> None:
    with pytest.raises(InputError, match=message) as caught:
        encoder().encode(pcm, text)
    assert caught.value.field == field


def test_the_least_audio_is_enough() -> None:
    assert encoder().encode(wave(LEAST), "a").ref_codes is not None


def test_a_model_without_a_speaker_encoder_says_what_to_use_instead() -> None:
    without = TorchVoiceEncoder(StandInCodec(), None)  # type: ignore[arg-type]  # a stand-in
    with pytest.raises(InputError, match="base checkpoint"):
        without.encode(wave(), None)


def test_encoders_of_different_rates_are_refused() -> None:
    other = SimpleNamespace(sample_rate=RATE + 1, min_samples=1)
    with pytest.raises(ModelError, match="16001 Hz"):
        TorchVoiceEncoder(StandInCodec(), other)  # type: ignore[arg-type]  # stand-ins
