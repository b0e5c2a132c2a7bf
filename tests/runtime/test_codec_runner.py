"""The codec runner: slots keep their streams apart, in-context voices start primed, bad calls change nothing."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import qwentts_svc
from qwentts_svc.codec.decoder import CodecDecoder
from qwentts_svc.codec.load import load_codec_decoder
from qwentts_svc.errors import DecodeError
from qwentts_svc.runtime.codec_runner import TorchCodecRunner
from qwentts_svc.runtime.runners import CodecRunner
from qwentts_svc.types import Codes, Pcm, VoicePrompt

EMBEDDED = Path(qwentts_svc.__file__).parent / "data" / "aria" / "speech_tokenizer"
SLOTS, FRAMES = 4, 24


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@cache
def embedded() -> CodecDecoder:
    return load_codec_decoder(EMBEDDED)


@cache
def speech(seed: int) -> tuple[Codes, Pcm]:
    codes = np.random.default_rng(seed).integers(0, embedded().codebook_size, (FRAMES, embedded().groups))
    return codes, embedded().decode_full(torch.from_numpy(codes)).numpy()


def voice(key: str, seed: int, frames: int) -> VoicePrompt:
    return VoicePrompt(key, np.zeros(4, dtype=np.float32), speech(seed)[0][:frames], "ref")


def runner(primed_voices: int = 2) -> TorchCodecRunner:
    return TorchCodecRunner(embedded(), SLOTS, primed_voices=primed_voices)


def test_facts_of_the_runner_come_from_the_checkpoint() -> None:
    codec: CodecRunner = runner()
    info = codec.info
    assert (info.slots, info.sample_rate, info.samples_per_frame, info.groups) == (SLOTS, 24000, 1920, 16)


@settings(max_examples=20, deadline=None)
@given(st.data())
def test_streams_have_the_same_bits_whatever_slots_and_neighbours_and_calls_they_have(data: st.DataObject) -> None:
    """Rounding that changes with them would change one 16-bit sample in some hundred to some ten thousand."""
    codec = runner()
    playing: dict[int, tuple[int, int]] = {}
    hop = codec.info.samples_per_frame
    for turn in range(data.draw(st.integers(1, 8), label="turns")):
        for slot in range(SLOTS):
            choice = data.draw(st.sampled_from(["keep", "open", "close"]))
            if choice == "open":
                codec.open(slot, None)
                playing[slot] = (turn % 3, 0)
            elif choice == "close":
                codec.close(slot)
                playing.pop(slot, None)
        count = data.draw(st.integers(1, 6), label="frames")
        able = [slot for slot, (_, at) in playing.items() if at + count <= FRAMES]
        if not able:
            continue
        slots = data.draw(st.lists(st.sampled_from(able), unique=True, min_size=1), label="slots")
        codes = np.stack([speech(playing[slot][0])[0][playing[slot][1] :][:count] for slot in slots])
        pcm = codec.decode(slots, codes)
        assert pcm.dtype == np.float32
        for index, slot in enumerate(slots):
            seed, at = playing[slot]
            assert np.array_equal(pcm[index], speech(seed)[1][at * hop :][: count * hop])
            playing[slot] = (seed, at + count)


def test_an_in_context_voice_goes_on_from_the_end_of_its_reference() -> None:
    codec = runner()
    codes, pcm = speech(5)
    for lead in (3, 11):
        codec.open(1, voice(f"voice-{lead}", 5, lead))
        heard = codec.decode([1], codes[None, lead:])
        assert np.array_equal(heard[0], pcm[lead * 1920 :])


def test_a_primed_voice_is_decoded_once_and_the_least_recent_one_is_forgotten() -> None:
    codec = runner(primed_voices=2)
    calls: list[int] = []
    real = embedded().step

    class Counting:
        def __getattr__(self, name: str) -> object:
            return getattr(embedded(), name)

        def step(self, codes: torch.Tensor, *args: object, **kwargs: object) -> torch.Tensor:
            calls.append(codes.shape[1])
            return real(codes, *args, **kwargs)  # type: ignore[arg-type]  # passed through

    codec._decoder = Counting()  # type: ignore[assignment]  # a counting stand-in
    for key in "aabab":
        codec.open(0, voice(key, ord(key), 4))
    assert len(calls) == 2
    codec.open(0, voice("c", 9, 4))
    codec.open(1, voice("b", ord("b"), 4))
    assert len(calls) == 3
    codec.open(1, voice("a", ord("a"), 4))
    assert len(calls) == 4


def test_a_voice_without_codes_starts_like_no_voice() -> None:
    codec = runner()
    codes, pcm = speech(1)
    codec.open(2, VoicePrompt("x", np.zeros(4, dtype=np.float32)))
    assert np.array_equal(codec.decode([2], codes[None, :5])[0], pcm[: 5 * 1920])


@pytest.mark.parametrize(
    ("slots", "change", "message"),
    [
        ([0, 0], None, "not distinct"),
        ([0, 3], None, "not open"),
        ([0, 9], None, "outside"),
        ([0], None, "shape"),
        ([0, 1], 256, "outside"),
        ([0, 1], -1, "outside"),
    ],
)
def test_a_bad_call_is_refused_and_moves_no_stream(slots: list[int], change: int | None, message: str) -> None:
    codec = runner()
    codes, pcm = speech(2)
    for slot in (0, 1):
        codec.open(slot, None)
    bad = np.stack([codes[:2], codes[:2]])
    if change is not None:
        bad[1, 0, 3] = change
    with pytest.raises(DecodeError, match=message):
        codec.decode(slots, bad)
    heard = codec.decode([0, 1], np.stack([codes[:2], codes[:2]]))
    assert np.array_equal(heard, np.stack([pcm[: 2 * 1920]] * 2))


def test_reference_codes_that_the_codec_does_not_have_are_refused() -> None:
    codec = runner()
    with pytest.raises(DecodeError, match="outside"):
        codec.open(0, VoicePrompt("bad", np.zeros(4, dtype=np.float32), np.full((3, 16), 999), "x"))
    with pytest.raises(DecodeError, match="groups"):
        codec.open(0, VoicePrompt("bad", np.zeros(4, dtype=np.float32), np.zeros((3, 7), dtype=np.int64), "x"))


def test_no_frames_give_no_audio_and_warming_up_touches_no_slot() -> None:
    codec = runner()
    codes, pcm = speech(3)
    codec.open(0, None)
    codec.warm_up([1, 3], rows=(1, SLOTS + 1))
    assert codec.decode([0], codes[None, :0]).shape == (1, 0)
    assert np.array_equal(codec.decode([0], codes[None, :3])[0], pcm[: 3 * 1920])
