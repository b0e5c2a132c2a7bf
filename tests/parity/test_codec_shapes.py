"""Nothing in the decoder depends on the sizes of one checkpoint: random ones of other shapes, against an oracle."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from support.naive_codec import codec_config, decoder_tensors, encoder_tensors, naive_decode, write_codec

from qwentts_svc.codec.config import _downsample_kernel
from qwentts_svc.codec.kernels import CausalConv, DepthwiseConv, Linear, NarrowConv
from qwentts_svc.codec.load import load_codec_decoder
from qwentts_svc.codec.state import StreamState
from qwentts_svc.fields import Fields

PLAIN: dict[str, Any] = {
    "codebook_size": 9, "codebook_dim": 8, "num_quantizers": 5, "latent_dim": 12, "hidden_size": 20,
    "intermediate_size": 28, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 4, "head_dim": 6,
    "sliding_window": 5, "rope_theta": 300.0, "rms_norm_eps": 1e-3, "attention_bias": False, "decoder_dim": 24,
    "upsample_rates": [5, 2, 4], "upsampling_ratios": [3],
}  # fmt: skip
SHAPES = {
    "other-rates-and-eps": ({}, [5, 3, 4]),
    "grouped-heads-with-biases": ({"num_key_value_heads": 2, "attention_bias": True, "rope_theta": 7777.0}, [5, 3, 4]),
    "window-of-one": ({"sliding_window": 1, "num_hidden_layers": 1}, [5, 3, 4]),
    "window-past-the-utterance": ({"sliding_window": 200, "num_quantizers": 2}, [5, 3, 4]),
    "no-latent-upsampling-gain": ({"upsampling_ratios": [1, 2], "upsample_rates": [30]}, [5, 6]),
    "wide-enough-to-be-packed": ({"decoder_dim": 512, "upsample_rates": [8, 3], "upsampling_ratios": [2, 2]}, [8, 6]),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_other_checkpoint_shapes_decode_like_the_plain_oracle(shape: str, tmp_path: Path) -> None:
    changes, ratios = SHAPES[shape]
    config = PLAIN | changes
    tensors = decoder_tensors(config, seed=len(shape))
    folder = write_codec(
        tmp_path, codec_config(config, ratios, config["num_quantizers"]), tensors | encoder_tensors(ratios)
    )
    decoder = load_codec_decoder(folder)
    codes = torch.randint(0, config["codebook_size"], (31, config["num_quantizers"]))
    want = naive_decode(config, tensors, codes)
    assert want.abs().max() > 0.05
    assert (want.abs() == 1.0).float().mean() < 0.1
    torch.testing.assert_close(decoder.decode_full(codes).double(), want, rtol=0.0, atol=2e-5)
    state = decoder.init_state(1)
    pieces = [decoder.step(codes[None, start:stop], state) for start, stop in ((0, 1), (1, 12), (12, 31))]
    torch.testing.assert_close(torch.cat(pieces, dim=1)[0].double(), want, rtol=0.0, atol=2e-5)


def an_hour_later(state: StreamState, theta: float) -> StreamState:
    """The same stream with all its frames moved on in time, its keys turned to match in exact arithmetic."""
    ring, half = state.keys.shape[3], state.keys.shape[4] // 2
    frames = ring * (45_000 // ring)
    angles = frames * theta ** -(torch.arange(half, dtype=torch.float64) / half)
    pairs = torch.view_as_complex(state.keys.double().view(*state.keys.shape[:-1], half, 2))
    keys = torch.view_as_real(pairs * torch.polar(torch.ones_like(angles), angles)).flatten(-2).float()
    return StreamState(state.tails, keys, state.values, state.position + frames)


def test_an_hour_into_a_stream_the_audio_is_as_exact_as_at_its_start(tmp_path: Path) -> None:
    config, ratios = PLAIN | {"num_hidden_layers": 4, "sliding_window": 12, "head_dim": 32}, [5, 3, 4]
    tensors = decoder_tensors(config, seed=3) | encoder_tensors(ratios)
    decoder = load_codec_decoder(write_codec(tmp_path, codec_config(config, ratios, 5), tensors))
    codes = torch.randint(0, config["codebook_size"], (1, 37, 5), generator=torch.Generator().manual_seed(1))
    state = decoder.init_state(1)
    decoder.step(codes[:, :25], state)
    late = decoder.step(codes[:, 25:], an_hour_later(state, config["rope_theta"]))
    want = decoder.decode_full(codes[0])[25 * decoder.samples_per_frame :]
    # Angles in float32 would be off by 2e-3 here, and the audio by 1.6e-4.
    torch.testing.assert_close(late[0], want, rtol=0.0, atol=2e-5)


@settings(max_examples=40, deadline=None)
@given(
    channels=st.sampled_from([(3, 5), (16, 16), (96, 96), (160, 144)]),
    kernel=st.sampled_from([1, 2, 3, 7]),
    dilation=st.sampled_from([1, 3, 9]),
    steps=st.sampled_from([1, 8, 20, 70]),
    rows=st.integers(1, 3),
    frames=st.integers(1, 4),
    seed=st.integers(0, 9),
)
def test_causal_convolutions_equal_the_library_ones_however_they_are_computed(
    channels: tuple[int, int], kernel: int, dilation: int, steps: int, rows: int, frames: int, seed: int
) -> None:
    draw = torch.Generator().manual_seed(seed)
    inputs, outputs = channels
    weight = torch.randn(outputs, inputs, kernel, generator=draw) * (inputs * kernel) ** -0.5
    bias = torch.randn(outputs, generator=draw)
    conv = CausalConv(weight, bias, dilation=dilation, steps_per_frame=steps)
    buffer = torch.randn(rows, conv.context + frames * steps, inputs, generator=draw)
    want = F.conv1d(buffer.transpose(1, 2), weight, bias, dilation=dilation).transpose(1, 2)
    torch.testing.assert_close(conv(buffer), want, rtol=0.0, atol=2e-5)


def test_narrow_and_depthwise_convolutions_and_fused_additions_equal_the_library_ones() -> None:
    draw = torch.Generator().manual_seed(5)
    buffer = torch.randn(3, 6 + 25, 10, generator=draw)
    for outputs in (1, 2):
        weight, bias = torch.randn(outputs, 10, 7, generator=draw), torch.randn(outputs, generator=draw)
        want = F.conv1d(buffer.transpose(1, 2), weight, bias).transpose(1, 2)
        torch.testing.assert_close(NarrowConv(weight, bias)(buffer), want, rtol=0.0, atol=2e-5)
    weight, bias = torch.randn(10, 1, 7, generator=draw), torch.randn(10, generator=draw)
    want = F.conv1d(buffer.transpose(1, 2), weight, bias, groups=10).transpose(1, 2)
    torch.testing.assert_close(DepthwiseConv(weight, bias)(buffer), want, rtol=0.0, atol=2e-5)
    for dtype, width, tolerance in ((torch.float32, 8, 1e-5), (torch.float32, 1100, 1e-4), (torch.bfloat16, 8, 2e-2)):
        matrix = torch.randn(width, width, generator=draw).to(dtype) * width**-0.5
        x = torch.randn(2, 3, width, generator=draw).to(dtype)
        add = torch.randn(2, 3, width, generator=draw).to(dtype)
        wide = F.linear(x.float(), matrix.float())
        torch.testing.assert_close(Linear(matrix, None)(x).float(), wide, rtol=0.0, atol=tolerance)
        torch.testing.assert_close(Linear(matrix, None)(x, add).float(), wide + add.float(), rtol=0.0, atol=tolerance)


@pytest.mark.parametrize(
    ("rates", "kernel"), [({"_frame_rate": 12.5}, 16), ({"frame_rate": 25.0}, 8), ({}, 4), ({"_frame_rate": None}, 4)]
)
def test_the_encoders_last_kernel_follows_the_stated_frame_rate(rates: dict[str, Any], kernel: int) -> None:
    """Stride 2 whatever the factor: [5, 4, 4, 3] leaves 100 Hz, of which a stated rate of 12.5 Hz is an eighth."""
    data = {"sampling_rate": 24000, "upsampling_ratios": [5, 4, 4, 3], **rates}
    assert _downsample_kernel(Fields(Path("config.json"), data), (5, 4, 4, 3)) == kernel
