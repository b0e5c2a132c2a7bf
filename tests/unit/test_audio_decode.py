"""Reference audio: common formats in, mono PCM at one rate out, everything else refused with a reason."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from qwentts_svc.audio.decode import decode_audio, resample
from qwentts_svc.audio.formats import AudioFormat, encode_whole, make_encoder
from qwentts_svc.errors import InputError
from qwentts_svc.types import Pcm

RATE = 24000


def tone(seconds: float, rate: int = RATE, hertz: float = 440.0) -> Pcm:
    t = np.arange(round(seconds * rate)) / rate
    return (0.5 * np.sin(2 * np.pi * hertz * t)).astype(np.float32)


def file_of(pcm: Pcm, rate: int = RATE, container: str = "WAV", subtype: str | None = None) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, pcm, rate, format=container, subtype=subtype)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("container", "subtype", "error"),
    [
        ("WAV", "PCM_16", 1e-4),
        ("WAV", "FLOAT", 0.0),
        ("WAV", "PCM_24", 1e-6),
        ("WAVEX", "PCM_16", 1e-4),
        ("FLAC", "PCM_16", 1e-4),
        ("OGG", "VORBIS", 0.05),
        ("OGG", "OPUS", 0.05),
        ("MP3", "MPEG_LAYER_III", 0.05),
    ],
)
def test_common_formats_are_read(container: str, subtype: str, error: float) -> None:
    pcm = tone(1.0)
    found = decode_audio(file_of(pcm, container=container, subtype=subtype), RATE)
    assert found.dtype == np.float32
    assert abs(len(found) - len(pcm)) <= 2400
    middle = slice(6000, 18000)
    level = float(np.sqrt(np.mean(found[middle] ** 2)))
    assert level == pytest.approx(0.5 / 2**0.5, abs=0.02)
    if error < 0.01:
        assert np.abs(found - pcm).max() <= error


def test_stereo_is_averaged() -> None:
    left, right = tone(0.5, hertz=300), tone(0.5, hertz=700)
    found = decode_audio(file_of(np.stack([left, right], axis=1), subtype="FLOAT"), RATE)
    assert np.allclose(found, (left + right) / 2, atol=1e-7)


@pytest.mark.parametrize("rate", [8000, 16000, 44100, 48000])
def test_other_rates_are_resampled(rate: int) -> None:
    found = decode_audio(file_of(tone(1.0, rate), rate, subtype="FLOAT"), RATE)
    assert abs(len(found) - RATE) <= 1
    assert np.abs(found[:RATE] - tone(1.0)[: len(found)])[1000:-1000].max() < 0.01
    assert np.array_equal(found, resample(tone(1.0, rate), rate, RATE))


def test_a_path_reads_like_its_bytes(tmp_path: Path) -> None:
    data = file_of(tone(0.5))
    (tmp_path / "voice.wav").write_bytes(data)
    assert np.array_equal(decode_audio(tmp_path / "voice.wav", RATE), decode_audio(data, RATE))


@pytest.mark.parametrize("fmt", [AudioFormat.WAV, AudioFormat.FLAC, AudioFormat.OGG_OPUS])
def test_streams_of_open_length_are_read_to_their_end(fmt: AudioFormat) -> None:
    pcm = tone(1.0)
    encoder = make_encoder(fmt, RATE, RATE)
    data = encoder.encode(pcm) + encoder.finish()
    assert len(decode_audio(data, RATE)) == len(pcm)


@pytest.mark.parametrize(
    "data",
    [
        b"not audio at all, just text",
        b"RIFF",
        b"RIFF\x24\0\0\0WAVEfmt ",
        b"fLaC" + bytes(100),
        b"OggS" + bytes(100),
        b"\x89PNG\r\n\x1a\n" + bytes(100),
        bytes(5000),
    ],
)
def test_what_is_not_audio_is_refused(data: bytes) -> None:
    with pytest.raises(InputError, match=r"audio|short") as caught:
        decode_audio(data, RATE, field="ref")
    assert caught.value.field == "ref"


@given(st.binary(max_size=300), st.sampled_from([b"", b"RIFF", b"fLaC", b"OggS", b"ID3", b"\xff\xfb\x90"]))
@settings(max_examples=100, deadline=None)
def test_no_bytes_cause_anything_but_an_input_error(data: bytes, magic: bytes) -> None:
    with contextlib.suppress(InputError):
        decode_audio(magic + data, RATE)


@given(st.integers(0, 4000), st.integers(0, 255), st.sampled_from(["WAV", "FLAC", "OGG", "MP3"]))
@settings(max_examples=60, deadline=None)
def test_damaged_files_cause_nothing_but_an_input_error(place: int, value: int, container: str) -> None:
    data = bytearray(file_of(tone(0.3), container=container))
    data[place % len(data)] = value
    for candidate in (bytes(data), bytes(data[: place + 1])):
        with contextlib.suppress(InputError):
            decode_audio(candidate, RATE)


def test_lengths_are_limited_on_both_sides() -> None:
    with pytest.raises(InputError, match=r"too short: 0\.10 s, at least 0\.2 s"):
        decode_audio(file_of(tone(0.1)), RATE)
    with pytest.raises(InputError, match="too short"):
        decode_audio(file_of(tone(0.0)), RATE, min_s=0.0)
    with pytest.raises(InputError, match="too long: at most 1 s"):
        decode_audio(file_of(tone(1.1)), RATE, max_s=1.0)
    assert len(decode_audio(file_of(tone(1.0)), RATE, max_s=1.0)) == RATE


def test_a_small_file_cannot_unfold_into_a_large_one() -> None:
    """Silence packs to almost nothing, and a stream's header does not tell how much there is."""
    encoder = make_encoder(AudioFormat.FLAC, RATE, RATE)
    data = b"".join(encoder.encode(np.zeros(RATE, dtype=np.float32)) for _ in range(120)) + encoder.finish()
    assert len(data) < 100_000
    with pytest.raises(InputError, match="too long"):
        decode_audio(data, RATE)


def test_large_and_empty_inputs_are_refused_unread(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="at most 100 are taken"):
        decode_audio(bytes(101), RATE, max_bytes=100)
    (tmp_path / "big").write_bytes(bytes(101))
    with pytest.raises(InputError, match="at most 100 are taken"):
        decode_audio(tmp_path / "big", RATE, max_bytes=100)
    with pytest.raises(InputError, match="is empty"):
        decode_audio(b"", RATE)


def test_paths_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        decode_audio(tmp_path / "nowhere.wav", RATE)
    with pytest.raises(InputError, match="cannot be read"):
        decode_audio(tmp_path, RATE)


def test_samples_that_are_not_numbers_are_refused() -> None:
    pcm = tone(0.5)
    pcm[100] = np.nan
    with pytest.raises(InputError, match="not finite"):
        decode_audio(file_of(pcm, subtype="FLOAT"), RATE)


@pytest.mark.parametrize("container", ["WAV", "FLAC"])
def test_a_recording_without_a_sound_is_refused(container: str) -> None:
    """A muted microphone, or two channels that cancel each other out, made a voice of nobody."""
    sound = tone(0.5)
    for pcm in (np.zeros_like(sound), sound * 5e-4, np.stack([sound, -sound], axis=1)):
        with pytest.raises(InputError, match="is silent"):
            decode_audio(file_of(pcm, container=container), RATE)


def test_unusual_containers_and_rates_are_refused() -> None:
    with pytest.raises(InputError, match=r"is AU; use WAV"):
        decode_audio(file_of(tone(0.5), container="AU", subtype="PCM_16"), RATE)
    with pytest.raises(InputError, match="which is not speech"):
        decode_audio(file_of(tone(0.5), rate=1000), RATE)
    with pytest.raises(InputError, match="9 channels"):
        decode_audio(file_of(np.stack([tone(0.5)] * 9, axis=1)), RATE)


def test_what_this_program_writes_it_also_reads() -> None:
    pcm = tone(0.5)
    for fmt in (AudioFormat.WAV, AudioFormat.FLAC, AudioFormat.OGG_OPUS):
        assert len(decode_audio(encode_whole(pcm, fmt, RATE, 16000), 16000)) == 8000


@pytest.mark.parametrize(
    ("samples", "rate", "length"), [(48510, 44100, 26401), (16001, 16000, 24002), (8000, 8000, 24000)]
)
def test_resampled_length_is_the_rounded_up_product(samples: int, rate: int, length: int) -> None:
    """The float64 product of the first case is a hair above 26400, which makes the reference append a sample."""
    assert len(resample(np.zeros(samples, dtype=np.float32), rate, 24000)) == length
