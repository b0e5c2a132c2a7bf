"""A codec that is not whole, or not the one its configuration describes, is refused with the tensor's name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from support.naive_codec import codec_config, decoder_tensors, encoder_tensors, write_codec

from qwentts_svc.codec.load import load_codec_decoder, load_codec_encoder
from qwentts_svc.errors import ModelError

CONFIG: dict[str, Any] = {
    "codebook_size": 11, "codebook_dim": 4, "num_quantizers": 3, "latent_dim": 4, "hidden_size": 4,
    "intermediate_size": 4, "num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 2,
    "sliding_window": 3, "rope_theta": 100.0, "rms_norm_eps": 1e-5, "attention_bias": False, "decoder_dim": 4,
    "upsample_rates": [3], "upsampling_ratios": [2],
}  # fmt: skip
RATIOS = [3]
Tensors = dict[str, torch.Tensor]
Load = Callable[[Path], object]
KERNEL = "decoder.decoder.1.block.1.conv.weight"
BOOK = "encoder.quantizer.acoustic_residual_vector_quantizer.layers.2.codebook.embed_sum"


def folder(directory: Path, change: Callable[[Tensors], object]) -> Path:
    tensors = decoder_tensors(CONFIG, seed=0) | encoder_tensors(RATIOS)
    change(tensors)
    return write_codec(directory, codec_config(CONFIG, RATIOS, 3), tensors)


def test_the_untouched_checkpoint_loads(tmp_path: Path) -> None:
    directory = folder(tmp_path, lambda tensors: None)
    assert load_codec_decoder(directory).samples_per_frame == 6
    assert load_codec_encoder(directory).encode(torch.zeros(13)).shape == (3, 3)


@pytest.mark.parametrize("name", [KERNEL, "decoder.quantizer.rvq_first.input_proj.weight", BOOK])
def test_a_missing_tensor_is_named(name: str, tmp_path: Path) -> None:
    directory = folder(tmp_path, lambda tensors: tensors.pop(name))
    with pytest.raises(ModelError, match=f"{name} is missing"):
        load_codec_decoder(directory)


@pytest.mark.parametrize("name", [KERNEL, "decoder.quantizer.rvq_rest.input_proj.weight", BOOK])
def test_a_tensor_of_another_shape_is_named(name: str, tmp_path: Path) -> None:
    directory = folder(tmp_path, lambda tensors: tensors.update({name: torch.zeros(3, 2)}))
    with pytest.raises(ModelError, match=rf"{name} has shape \[3, 2\]"):
        load_codec_decoder(directory)


@pytest.mark.parametrize("name", ["decoder.decoder.9.alpha", "encoder.more", "foreign.weight"])
def test_a_surplus_tensor_is_named(name: str, tmp_path: Path) -> None:
    directory = folder(tmp_path, lambda tensors: tensors.update({name: torch.zeros(1)}))
    with pytest.raises(ModelError, match=name):
        load_codec_decoder(directory)


def test_the_encoder_names_what_it_lacks_and_what_it_does_not_know(tmp_path: Path) -> None:
    lacking = folder(tmp_path / "lacking", lambda tensors: tensors.pop(BOOK))
    with pytest.raises(ModelError, match=f"{BOOK} is missing"):
        load_codec_encoder(lacking)
    surplus = folder(tmp_path / "surplus", lambda tensors: tensors.update({"encoder.more": torch.zeros(1)}))
    with pytest.raises(ModelError, match=r"encoder\.more"):
        load_codec_encoder(surplus)


def test_a_window_of_absurd_length_is_refused_before_memory_is_asked_for(tmp_path: Path) -> None:
    config = codec_config(CONFIG | {"sliding_window": 2**31 - 1}, RATIOS, 3)
    directory = write_codec(tmp_path, config, decoder_tensors(CONFIG, seed=0) | encoder_tensors(RATIOS))
    with pytest.raises(ModelError, match="sliding_window must be between 1 and 65536"):
        load_codec_decoder(directory)
