"""Packets and fades: nothing is lost, and no split of the input changes anything."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qwentts_svc.audio.fade import fade_out
from qwentts_svc.audio.packetizer import Packetizer
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
    chunks = packets(Packetizer(RATE, 100, first_ms=20), [noise(RATE // 4)])
    assert [len(chunk.pcm) for chunk in chunks] == [480, 2400, 2400, 720]
    assert [chunk.seq for chunk in chunks] == [0, 1, 2, 3]


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


def test_a_fade_out_ends_in_silence_and_leaves_its_source() -> None:
    pcm = noise(240)
    before = pcm.copy()
    faded = fade_out(pcm)
    assert np.array_equal(pcm, before)
    assert abs(faded[-1]) < 1e-6
    assert faded[0] == pcm[0]
    assert (np.abs(faded) <= np.abs(pcm)).all()
    assert len(fade_out(noise(0))) == 0
