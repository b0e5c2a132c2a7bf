"""The codec encoder and the speaker encoder against golden values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from qwentts_svc.acoustic.config import load_model_config
from qwentts_svc.codec.load import load_codec_encoder, load_speaker_encoder
from qwentts_svc.codec.mel import mel_filterbank
from qwentts_svc.runtime.voice_encoder import TorchVoiceEncoder

INTERMEDIATE = 2e-4


def test_encoder_codes_equal_and_intermediates_close(golden_encoder: Any) -> None:
    variant, path = golden_encoder.variant, golden_encoder.path
    encoder, want = load_codec_encoder(variant / "checkpoint" / "speech_tokenizer"), load_file(path)
    waves = [name.removeprefix("wave_") for name in want if name.startswith("wave_") and len(name) == len("wave_a")]
    assert len(waves) == 2
    for wave in waves:
        seen: dict[str, torch.Tensor] = {}
        levels = encoder.encode_levels(
            want[f"wave_{wave}"][None], lambda name, value, seen=seen: seen.__setitem__(name, value[0])
        )
        assert torch.equal(levels[0], want[f"codes_all_{wave}"])
        assert torch.equal(encoder.encode(want[f"wave_{wave}"]), want[f"codes_{wave}"])
        for name, value in seen.items():
            expected = want.get(f"{name}_{wave}")
            if expected is not None:
                torch.testing.assert_close(value[..., : expected.shape[-1]], expected, rtol=0.0, atol=INTERMEDIATE)
    assert torch.equal(encoder.encode(want["wave_a_16k_to_24k"]), want["codes_from_16k"])


def test_a_padded_batch_may_change_only_a_shorter_items_last_partial_frame(golden_encoder: Any) -> None:
    variant, path = golden_encoder.variant, golden_encoder.path
    encoder, want = load_codec_encoder(variant / "checkpoint" / "speech_tokenizer"), load_file(path)
    waves = [want["wave_a"], want["wave_b"]]
    levels = encoder.encode_levels(torch.nn.utils.rnn.pad_sequence(waves, batch_first=True))
    for index, name in enumerate("ab"):
        expected = want[f"codes_batch_{name}"]
        batched = levels[index, : len(expected), : encoder.groups]
        assert torch.equal(batched, expected)
        whole = len(waves[index]) // encoder.samples_per_frame
        assert torch.equal(batched[:whole], want[f"codes_{name}"][:whole])


def test_speaker_embedding_mel_and_intermediates(golden_speaker: Any) -> None:
    variant, path = golden_speaker.variant, golden_speaker.path
    config = load_model_config(variant / "checkpoint").speaker_encoder
    assert config is not None
    encoder, want = load_speaker_encoder(variant / "checkpoint", config), load_file(path)
    seen: dict[str, torch.Tensor] = {}
    embedding = encoder.embed(want["wave"], lambda name, value: seen.__setitem__(name, value))
    torch.testing.assert_close(embedding, want["embedding"], rtol=0.0, atol=1e-3)
    error = (seen["mel"] - want["mel"]).abs()
    assert error.max() < 5e-3
    assert error.mean() < 2e-5
    for name in ("block0", "block1", "block2", "block3", "mfa", "asp"):
        torch.testing.assert_close(seen[name], want[name], rtol=0.0, atol=2e-3)
    bank = mel_filterbank(config.mel_dim, config.sample_rate, config.sample_rate / 2)
    torch.testing.assert_close(bank, want["mel_filterbank"], rtol=0.0, atol=1e-6)


def test_the_speaker_encoder_takes_exactly_its_least_audio(golden_speaker: Any) -> None:
    variant, path = golden_speaker.variant, golden_speaker.path
    config = load_model_config(variant / "checkpoint").speaker_encoder
    assert config is not None
    encoder = load_speaker_encoder(variant / "checkpoint", config)
    wave = load_file(path)["wave"]
    assert encoder.min_samples == 1280
    assert encoder.embed(wave[: encoder.min_samples]).isfinite().all()
    with pytest.raises(RuntimeError):
        encoder.embed(wave[: encoder.min_samples - 1])


def test_a_voice_prompt_holds_what_the_reference_clones_from(golden_speaker: Any) -> None:
    variant, wave = golden_speaker.variant, golden_speaker.tensors()["wave"]
    config = load_model_config(variant / "checkpoint").speaker_encoder
    assert config is not None
    voices = TorchVoiceEncoder(
        load_codec_encoder(variant / "checkpoint" / "speech_tokenizer"),
        load_speaker_encoder(variant / "checkpoint", config),
    )
    voice = voices.encode(wave.numpy(), "Ok.")
    cases = sorted(golden_speaker.path.parent.glob("case_*.safetensors"))
    checked = 0
    for want in map(load_file, cases):
        np.testing.assert_allclose(voice.speaker_embedding, want["spk_embedding"].numpy(), rtol=0.0, atol=1e-3)
        if "ref_codes" in want:
            assert voice.ref_codes is not None
            np.testing.assert_array_equal(voice.ref_codes, want["ref_codes"].numpy())
            checked += 1
    assert checked > 0 or not cases
