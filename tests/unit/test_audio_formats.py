"""Encoding: any split of the input gives the same sound, headers tell the truth, bad input is refused."""

from __future__ import annotations

import io
import struct
import wave
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile
from hypothesis import example, given, settings
from hypothesis import strategies as st

from qwentts_svc.audio.container import DrainBuffer
from qwentts_svc.audio.decode import decode_audio
from qwentts_svc.audio.formats import AudioFormat, check_rate, encode_whole, make_encoder
from qwentts_svc.audio.levels import to_s16
from qwentts_svc.audio.wav import WavWriter, wav_header
from qwentts_svc.errors import DecodeError, InputError
from qwentts_svc.types import Pcm

RATE = 24000
RAW_SUBTYPES = {
    AudioFormat.PCM_S16LE: "PCM_16",
    AudioFormat.PCM_F32LE: "FLOAT",
    AudioFormat.MULAW: "ULAW",
    AudioFormat.ALAW: "ALAW",
}
SAME_BYTES = [fmt for fmt in AudioFormat if fmt is not AudioFormat.OGG_OPUS]


def speech_like(samples: int, seed: int = 0) -> Pcm:
    rng = np.random.default_rng(seed)
    t = np.arange(samples) / RATE
    wave_ = 0.4 * np.sin(2 * np.pi * 220 * t) + 0.2 * np.sin(2 * np.pi * 1500 * t)
    return (wave_ * (1 + 0.2 * rng.standard_normal(samples))).astype(np.float32)


def encoded(fmt: AudioFormat, pcm: Pcm, cuts: list[int], rate: int) -> list[bytes]:
    encoder = make_encoder(fmt, RATE, rate)
    edges = [0, *sorted(min(cut, len(pcm)) for cut in cuts), len(pcm)]
    return [*(encoder.encode(pcm[start:stop]) for start, stop in pairwise(edges)), encoder.finish()]


def decoded(fmt: AudioFormat, data: bytes, rate: int) -> npt.NDArray[np.float32]:
    if fmt in RAW_SUBTYPES:
        raw, _ = soundfile.read(
            io.BytesIO(data), dtype="float32", format="RAW", subtype=RAW_SUBTYPES[fmt], samplerate=rate, channels=1
        )
        return np.asarray(raw, dtype=np.float32)
    return decode_audio(data, rate, min_s=0.0)


splits = st.lists(st.integers(0, 6000), max_size=8)


@pytest.mark.parametrize("fmt", SAME_BYTES)
@given(cuts=splits, rate=st.sampled_from([24000, 8000, 11025, 16000, 44100, 48000]), length=st.integers(0, 6000))
@example(cuts=[], rate=24000, length=0)
@example(cuts=[0, 1, 1, 2], rate=16000, length=6000)
@settings(max_examples=25, deadline=None)
def test_any_split_gives_the_same_bytes(fmt: AudioFormat, cuts: list[int], rate: int, length: int) -> None:
    pcm = speech_like(length)
    assert b"".join(encoded(fmt, pcm, cuts, rate)) == b"".join(encoded(fmt, pcm, [], rate))


@given(cuts=splits, rate=st.sampled_from([24000, 8000, 48000]))
@settings(max_examples=10, deadline=None)
def test_any_split_gives_the_same_opus_audio(cuts: list[int], rate: int) -> None:
    pcm = speech_like(6000)
    whole = decoded(AudioFormat.OGG_OPUS, b"".join(encoded(AudioFormat.OGG_OPUS, pcm, [], rate)), rate)
    parts = decoded(AudioFormat.OGG_OPUS, b"".join(encoded(AudioFormat.OGG_OPUS, pcm, cuts, rate)), rate)
    assert np.array_equal(whole, parts)
    assert len(whole) == 6000 * rate // RATE


@pytest.mark.parametrize(
    ("fmt", "error"),
    [
        (AudioFormat.PCM_F32LE, 0.0),
        (AudioFormat.PCM_S16LE, 0.5 / 32768),
        (AudioFormat.WAV, 0.5 / 32768),
        (AudioFormat.FLAC, 0.5 / 32768),
        (AudioFormat.MULAW, 0.02),
        (AudioFormat.ALAW, 0.02),
    ],
)
def test_what_is_encoded_comes_back(fmt: AudioFormat, error: float) -> None:
    pcm = speech_like(9600).clip(-0.99, 0.99)
    back = decoded(fmt, b"".join(encoded(fmt, pcm, [1000], RATE)), RATE)
    assert len(back) == len(pcm)
    assert np.abs(back - pcm).max() <= error


def test_opus_sounds_like_its_input() -> None:
    pcm = speech_like(24000).clip(-0.99, 0.99)
    back = decoded(AudioFormat.OGG_OPUS, b"".join(encoded(AudioFormat.OGG_OPUS, pcm, [1000], RATE)), RATE)
    noise = back - pcm
    assert 10 * np.log10(np.mean(pcm**2) / np.mean(noise**2)) > 5
    assert np.corrcoef(back, pcm)[0, 1] > 0.85


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 44100, 48000])
def test_resampled_audio_keeps_its_length_and_pitch(rate: int) -> None:
    t = np.arange(RATE) / RATE
    pcm = (0.5 * np.sin(2 * np.pi * 1000 * t)).astype(np.float32)
    back = decoded(AudioFormat.PCM_F32LE, b"".join(encoded(AudioFormat.PCM_F32LE, pcm, [5000], rate)), rate)
    assert abs(len(back) - rate) <= 1
    spectrum = np.abs(np.fft.rfft(back * np.hanning(len(back))))
    assert spectrum.argmax() * rate / len(back) == pytest.approx(1000, abs=2)
    middle = back[rate // 4 : -rate // 4]
    assert np.abs(middle).max() == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize(("fmt", "limit_ms"), [(AudioFormat.FLAC, 80), (AudioFormat.OGG_OPUS, 120)])
def test_compressed_streams_do_not_wait_long(fmt: AudioFormat, limit_ms: int) -> None:
    encoder = make_encoder(fmt, RATE, RATE)
    pcm = speech_like(2 * RATE)
    silent_ms, longest = 0, 0
    encoder.encode(pcm[:480])
    for start in range(480, len(pcm), 480):
        silent_ms += 20
        if encoder.encode(pcm[start : start + 480]):
            longest, silent_ms = max(longest, silent_ms), 0
    assert 0 < longest <= limit_ms


@pytest.mark.parametrize("fmt", list(AudioFormat))
def test_a_whole_recording_states_its_length(fmt: AudioFormat) -> None:
    pcm = speech_like(12000)
    data = encode_whole(pcm, fmt, RATE, RATE)
    if fmt not in RAW_SUBTYPES:
        assert soundfile.info(io.BytesIO(data)).frames == 12000
    streamed = decoded(fmt, b"".join(encoded(fmt, pcm, [], RATE)), RATE)
    assert np.array_equal(decoded(fmt, data, RATE), streamed)


def test_a_streamed_wav_can_be_read_by_common_readers() -> None:
    pcm = speech_like(4800)
    data = b"".join(encoded(AudioFormat.WAV, pcm, [100], RATE))
    assert struct.unpack("<I", data[4:8])[0] == struct.unpack("<I", data[40:44])[0] == 0xFFFFFFFF
    with wave.open(io.BytesIO(data)) as reader:
        assert (reader.getframerate(), reader.getnchannels(), reader.getsampwidth()) == (RATE, 1, 2)
        assert reader.readframes(10_000) == to_s16(pcm).tobytes()
    assert len(soundfile.read(io.BytesIO(data))[0]) == 4800


@pytest.mark.parametrize("floats", [False, True])
def test_a_wav_file_gets_its_true_length_on_close(tmp_path: Path, floats: bool) -> None:
    pcm = speech_like(5000)
    with (tmp_path / "a.wav").open("wb") as file:
        file.write(b"before")
        with WavWriter(file, RATE, floats=floats) as writer:
            writer.write(pcm[:1234])
            writer.write(pcm[1234:])
        writer.close()
        file.write(b"after")
    data = (tmp_path / "a.wav").read_bytes()
    assert data.startswith(b"before")
    assert data.endswith(b"after")
    data = data[6:-5]
    assert struct.unpack("<I", data[4:8])[0] == len(data) - 8
    assert struct.unpack("<I", data[40:44])[0] == len(data) - 44
    back, rate = soundfile.read(io.BytesIO(data), dtype="float32")
    assert rate == RATE
    assert np.array_equal(back, pcm) if floats else np.abs(back - pcm).max() <= 0.5 / 32768


def test_a_pipe_keeps_the_open_length() -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def seek(self, *args: int) -> int:
            raise OSError("not seekable")

    pipe = Pipe()
    with WavWriter(pipe, RATE) as writer:
        writer.write(np.zeros(10, dtype=np.float32))
    assert pipe.getvalue()[:44] == wav_header(RATE)
    assert len(pipe.getvalue()) == 44 + 20


def test_a_wav_too_large_for_its_size_fields_keeps_the_open_length() -> None:
    assert wav_header(RATE, 2**31) == wav_header(RATE)


def test_sixteen_bits_round_half_to_even_and_clip() -> None:
    steps = np.array([0.5, 1.5, 2.5, -0.5, -1.5, 32766.5, 32767.5, 40000, -32768, -32769], dtype=np.float32)
    found = to_s16(steps / np.float32(32768))
    assert found.tolist() == [0, 2, 2, 0, -2, 32766, 32767, 32767, -32768, -32768]


def test_sixteen_bit_audio_survives_the_way_through_floats() -> None:
    every = np.arange(-32768, 32768, dtype=np.int16)
    assert np.array_equal(to_s16(every.astype(np.float32) / 32768), every)


@pytest.mark.parametrize("fmt", list(AudioFormat))
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_samples_that_are_not_numbers_never_leave(fmt: AudioFormat, bad: float) -> None:
    encoder = make_encoder(fmt, RATE, RATE)
    pcm = np.zeros(100, dtype=np.float32)
    pcm[50] = bad
    with pytest.raises(DecodeError, match="not finite"):
        encoder.encode(pcm)


@pytest.mark.parametrize("fmt", list(AudioFormat))
def test_loud_samples_clip_and_do_not_wrap(fmt: AudioFormat) -> None:
    if fmt is AudioFormat.PCM_F32LE:
        pytest.skip("floats pass as they are")
    square = np.sign(np.sin(2 * np.pi * 200 * (np.arange(4800) + 0.5) / RATE)).astype(np.float32)
    back = decoded(fmt, b"".join(encoded(fmt, square * 3, [], RATE)), RATE)
    assert np.corrcoef(back, square)[0, 1] > 0.95
    assert np.abs(back).max() < 1.5


def test_rates_that_a_format_cannot_carry_are_refused() -> None:
    for fmt in AudioFormat:
        for rate in (0, -1, 7999, 48001, 96000):
            with pytest.raises(InputError) as caught:
                make_encoder(fmt, RATE, rate)
            assert caught.value.field == "sample_rate_hz"
    for rate in (11025, 22050, 44100):
        with pytest.raises(InputError, match="Opus; use 8000"):
            check_rate(AudioFormat.OGG_OPUS, rate)
        with pytest.raises(InputError):
            encode_whole(np.zeros(10, dtype=np.float32), AudioFormat.OGG_OPUS, RATE, rate)


def test_a_finished_stream_takes_nothing_more() -> None:
    encoder = make_encoder(AudioFormat.FLAC, RATE, 16000)
    encoder.encode(speech_like(100))
    assert encoder.finish()
    assert encoder.finish() == b""
    with pytest.raises(DecodeError):
        encoder.encode(speech_like(100))


@pytest.mark.parametrize("fmt", list(AudioFormat))
def test_a_stream_without_audio_is_nothing_but_a_wav_header(fmt: AudioFormat) -> None:
    for data in (b"".join(encoded(fmt, speech_like(0), [0, 0], 16000)), make_encoder(fmt, RATE, RATE).finish()):
        assert len(data) == (44 if fmt is AudioFormat.WAV else 0)


def test_drained_bytes_cannot_be_changed_any_more() -> None:
    buffer = DrainBuffer()
    buffer.write(b"abcdef")
    assert buffer.drain() == b"abcdef"
    buffer.write(b"ghij")
    buffer.seek(4)
    buffer.write(b"XXYY")
    assert buffer.tell() == 8
    buffer.seek(0, io.SEEK_END)
    assert buffer.tell() == 10
    buffer.write(b"k")
    assert buffer.drain() == b"YYijk"
    buffer.seek(0)
    buffer.write(b"Z")
    assert buffer.drain() == b""
    buffer.seek(13)
    buffer.write(b"!")
    assert buffer.drain() == b"\0\0!"
