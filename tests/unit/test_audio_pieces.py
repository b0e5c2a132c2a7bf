"""Packets, joins, fades and silence: nothing is lost, and no split of the input changes anything."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qwentts_svc.audio.crossfade import CrossfadeJoiner, crossfade, fade_out, hann_rise
from qwentts_svc.audio.packetizer import Packetizer
from qwentts_svc.audio.silence import LeadingSilence, is_silent, peak_dbfs, rms_dbfs
from qwentts_svc.errors import InputError
from qwentts_svc.types import AudioChunk, Pcm

RATE = 24000


def noise(samples: int, seed: int = 0) -> Pcm:
    return np.random.default_rng(seed).uniform(-1, 1, samples).astype(np.float32)


def pieces(pcm: Pcm, cuts: list[int]) -> list[Pcm]:
    edges = [0, *sorted(min(cut, len(pcm)) for cut in cuts), len(pcm)]
    return [pcm[start:stop] for start, stop in pairwise(edges)]


def packets(packetizer: Packetizer, parts: list[Pcm]) -> list[AudioChunk]:
    out = [chunk for part in parts for chunk in packetizer.push(part)]
    last = packetizer.finish()
    return out if last is None else [*out, last]


cuts = st.lists(st.integers(0, 5000), max_size=10)


@given(cuts=cuts, rate=st.sampled_from([8000, 11025, 22050, 24000, 48000]), chunk_ms=st.integers(10, 90))
@settings(max_examples=80, deadline=None)
def test_packets_lose_nothing_and_do_not_depend_on_the_split(cuts: list[int], rate: int, chunk_ms: int) -> None:
    pcm = noise(5000)
    found = packets(Packetizer(rate, chunk_ms), pieces(pcm, cuts))
    assert np.array_equal(np.concatenate([chunk.pcm for chunk in found]), pcm)
    whole = packets(Packetizer(rate, chunk_ms), [pcm])
    assert [(c.start_ms, c.end_ms, c.seq, len(c.pcm)) for c in found] == [
        (c.start_ms, c.end_ms, c.seq, len(c.pcm)) for c in whole
    ]
    for index, chunk in enumerate(found):
        assert chunk.seq == index
        assert chunk.start_ms == (found[index - 1].end_ms if index else 0.0)
        if index < len(found) - 1:
            assert chunk.end_ms == pytest.approx((index + 1) * chunk_ms, abs=1000 / rate)
    assert found[-1].end_ms == pytest.approx(5000 * 1000 / rate)


def test_packets_of_fractional_length_do_not_drift() -> None:
    chunks = list(Packetizer(11025, 10).push(noise(11025)))
    assert len(chunks) == 100
    assert {len(chunk.pcm) for chunk in chunks} == {110, 111}
    assert chunks[-1].end_ms == 1000.0


def test_the_first_packet_may_be_shorter() -> None:
    chunks = packets(Packetizer(RATE, 100, first_ms=20, segment=3, first_seq=7), [noise(RATE // 4)])
    assert [len(chunk.pcm) for chunk in chunks] == [480, 2400, 2400, 720]
    assert [chunk.seq for chunk in chunks] == [7, 8, 9, 10]
    assert {chunk.segment for chunk in chunks} == {3}


def test_packets_own_their_samples() -> None:
    packetizer, buffer = Packetizer(RATE, 20), noise(300)
    kept = buffer.copy()
    assert list(packetizer.push(buffer)) == []
    assert packetizer.held_samples == 300
    buffer[:] = 0
    last = packetizer.finish()
    assert last is not None
    assert np.array_equal(last.pcm, kept)
    assert packetizer.finish() is None
    assert packetizer.held_samples == 0


@pytest.mark.parametrize("bad", [{"chunk_ms": 9}, {"chunk_ms": 0}, {"chunk_ms": 20, "first_ms": 5}])
def test_packets_under_ten_milliseconds_are_refused(bad: dict[str, int]) -> None:
    with pytest.raises(InputError, match="at least 10"):
        Packetizer(RATE, **bad)


def joined(segments: list[Pcm], cuts: list[int], fade_ms: float = 8.0) -> Pcm:
    joiner = CrossfadeJoiner(RATE, fade_ms)
    out: list[Pcm] = []
    for index, segment in enumerate(segments):
        if index:
            joiner.next_segment()
        out.extend(joiner.push(part) for part in pieces(segment, cuts))
    return np.concatenate([*out, joiner.finish()])


lengths = st.lists(st.integers(0, 700), min_size=1, max_size=5)


@given(lengths=lengths, cuts=st.lists(st.integers(0, 700), max_size=8), fade=st.sampled_from([0.0, 5.0, 8.0, 10.0]))
@settings(max_examples=100, deadline=None)
def test_joining_does_not_depend_on_the_pieces(lengths: list[int], cuts: list[int], fade: float) -> None:
    segments = [noise(length, seed) for seed, length in enumerate(lengths)]
    assert np.array_equal(joined(segments, cuts, fade), joined(segments, [], fade))


@given(lengths=st.lists(st.integers(240, 700), min_size=1, max_size=5))
@settings(max_examples=50, deadline=None)
def test_each_join_costs_the_fade_and_touches_nothing_else(lengths: list[int]) -> None:
    fade = 120
    segments = [noise(length, seed) for seed, length in enumerate(lengths)]
    out = joined(segments, [], 5.0)
    assert len(out) == sum(lengths) - fade * (len(lengths) - 1)
    start = 0
    for index, segment in enumerate(segments):
        head = fade if index else 0
        tail = fade if index < len(segments) - 1 else 0
        assert np.array_equal(out[start + head : start + len(segment) - tail], segment[head : len(segment) - tail])
        start += len(segment) - fade


def test_little_is_held_back() -> None:
    joiner = CrossfadeJoiner(RATE, 8.0)
    assert len(joiner.push(noise(1000))) == 1000 - 192
    joiner.next_segment()
    assert len(joiner.push(noise(191))) == 0
    assert len(joiner.push(noise(1))) == 0
    assert len(joiner.push(noise(500))) == 500


def test_a_join_of_equal_signals_is_inaudible() -> None:
    t = np.arange(4800) / RATE
    tone = np.sin(2 * np.pi * 200 * t).astype(np.float32)
    out = joined([tone[:2592], tone[2400:]], [], 8.0)
    assert np.abs(out - tone).max() < 1e-6


def test_fades_add_up_to_one() -> None:
    for samples in (1, 2, 7, 192):
        rise = hann_rise(samples)
        assert np.allclose(rise + rise[::-1], 1.0, atol=1e-7)
        assert (np.diff(rise) > 0).all()
    assert len(crossfade(noise(0), noise(0))) == 0


def test_a_fade_out_ends_in_silence_and_leaves_the_rest() -> None:
    pcm = noise(1000)
    before = pcm.copy()
    faded = fade_out(pcm, RATE, 10.0)
    assert np.array_equal(pcm, before)
    assert np.array_equal(faded[:760], pcm[:760])
    assert abs(faded[-1]) < 1e-4
    assert (np.abs(faded[760:]) <= np.abs(pcm[760:])).all()
    assert len(fade_out(noise(0), RATE)) == 0
    assert abs(fade_out(noise(50), RATE, 10.0)[-1]) < 1e-2


def test_levels_are_in_decibels_of_full_scale() -> None:
    tone = np.sin(2 * np.pi * 1000 * np.arange(RATE) / RATE).astype(np.float32)
    assert peak_dbfs(tone) == pytest.approx(0.0, abs=0.01)
    assert rms_dbfs(tone) == pytest.approx(-3.01, abs=0.01)
    assert peak_dbfs(tone * -0.001) == pytest.approx(-60.0, abs=0.01)
    for empty in (np.zeros(0, dtype=np.float32), np.zeros(5, dtype=np.float32)):
        assert peak_dbfs(empty) == rms_dbfs(empty) == -math.inf


def test_the_threshold_of_silence_is_sixty_decibels() -> None:
    assert is_silent(np.full(10, 0.00099, dtype=np.float32))
    assert not is_silent(np.full(10, 0.0011, dtype=np.float32))
    assert not is_silent(np.array([0, 0, -0.002], dtype=np.float32))


FRAME = 1920


def frames(*loud: bool) -> Pcm:
    return np.concatenate([np.full(FRAME, 0.1 if on else 0.0005, dtype=np.float32) for on in loud])


@pytest.mark.parametrize(
    ("loud", "skipped"),
    [
        ([True, False], 0),
        ([False, True, False, False], 1),
        ([False, False, False, False, False, True], 4),
        ([False, False], 2),
        ([], 0),
    ],
)
@pytest.mark.parametrize("per_call", [1, 2, 99])
def test_leading_silence_is_left_out_up_to_four_frames(loud: list[bool], skipped: int, per_call: int) -> None:
    leading = LeadingSilence(FRAME)
    total = 0
    for start in range(0, len(loud), per_call):
        part = loud[start : start + per_call]
        skip = leading.frames_to_skip(frames(*part))
        assert skip == 0 or total == start
        total += skip
    assert total == leading.skipped_frames == skipped
    assert leading.done is (skipped == 4 or any(loud))
