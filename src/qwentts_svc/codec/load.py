"""Loads the codec of a checkpoint, layer by layer, from safetensors. Every complaint is a ModelError that names the
file, field or tensor; a tensor that the configured model does not have is one too."""

from __future__ import annotations

from pathlib import Path

import torch

from qwentts_svc.codec.assemble import build_decoder
from qwentts_svc.codec.config import load_codec_config
from qwentts_svc.codec.decoder import CodecDecoder
from qwentts_svc.codec.encoder import CodecEncoder, build_encoder
from qwentts_svc.codec.reader import TensorReader
from qwentts_svc.codec.speaker_encoder import SpeakerEncoder, SpeakerShape, build_speaker_encoder
from qwentts_svc.nn.weights import open_weights

__all__ = ["load_codec_decoder", "load_codec_encoder", "load_speaker_encoder"]

DECODER_PREFIX, ENCODER_PREFIX, SPEAKER_PREFIX = "decoder.", "encoder.", "speaker_encoder."


def load_codec_decoder(
    directory: Path, dtype: torch.dtype = torch.float32, device: torch.device | str = "cpu"
) -> CodecDecoder:
    """The decoder of a ``speech_tokenizer`` folder. The encoder's tensors are checked by name and shape, not read.

    ``dtype``: float32, bfloat16 (or float16 on a GPU); activations' sines and the last layer stay float32.
    """
    config = load_codec_config(directory)
    with open_weights(directory) as weights:
        reader = TensorReader(weights, DECODER_PREFIX, dtype, torch.device(device))
        decoder = build_decoder(reader, config.decoder, config.output_sample_rate)
        build_encoder(TensorReader(weights, ENCODER_PREFIX, torch.float32, torch.device("cpu"), True), config)
        weights.finish()
    return decoder


def load_codec_encoder(directory: Path, device: torch.device | str = "cpu") -> CodecEncoder:
    """The encoder of a ``speech_tokenizer`` folder, float32. The decoder's tensors are left alone."""
    config = load_codec_config(directory)
    with open_weights(directory) as weights:
        reader = TensorReader(weights, ENCODER_PREFIX, torch.float32, torch.device(device))
        encoder = build_encoder(reader, config)
        weights.finish((ENCODER_PREFIX,))
    return encoder


def load_speaker_encoder(directory: Path, config: SpeakerShape, device: torch.device | str = "cpu") -> SpeakerEncoder:
    """The speaker encoder inside a base model's main weights (``directory`` is the model folder), float32."""
    with open_weights(directory) as weights:
        reader = TensorReader(weights, SPEAKER_PREFIX, torch.float32, torch.device(device))
        encoder = build_speaker_encoder(reader, config)
        weights.finish((SPEAKER_PREFIX,))
    return encoder
