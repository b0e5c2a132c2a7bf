"""Encoding a segment: the bytes do not depend on how the audio came, the times have no gaps."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwentts_svc.server.convert import Output
from qwentts_svc.server.encode import Packet, StreamedSegment, WholeSegment
from qwentts_svc.server.pb.qwentts.v1 import tts_pb2 as pb
from qwentts_svc.types import AudioChunk

RATE = 24000
SPEECH = (0.4 * np.sin(np.arange(RATE) * 0.03)).astype(np.float32)
FORMATS = [value for value in pb.AudioFormat.values() if value]


def chunks(cuts: list[int], marks: bool = False) -> list[AudioChunk]:
    edges = [0, *sorted(set(cuts)), len(SPEECH)]
    return [
        AudioChunk(SPEECH[a:b], RATE, a * 1000 / RATE, b * 1000 / RATE, n, text_end=n + 1 if marks else None)
        for n, (a, b) in enumerate(itertools.pairwise(edges))
    ]


def packets(output: Output, pieces: list[AudioChunk]) -> list[Packet]:
    encoder = StreamedSegment(output, RATE)
    return [*(packet for piece in pieces for packet in encoder.feed(piece)), *encoder.finish()]


CUTS = st.lists(st.integers(1, len(SPEECH) - 1), max_size=8)


@given(
    cuts=CUTS, chunk_ms=st.integers(20, 1500), form=st.sampled_from([1, 2, 3, 6, 7]), rate=st.sampled_from([8000, RATE])
)
def test_bytes_do_not_depend_on_the_pieces(cuts: list[int], chunk_ms: int, form: int, rate: int) -> None:
    output = Output(form, rate, chunk_ms)
    whole = b"".join(packet.data for packet in packets(Output(form, rate, 5000), chunks([])))
    made = packets(output, chunks(cuts))
    assert b"".join(packet.data for packet in made) == whole
    assert all(before.end_ms == after.start_ms for before, after in itertools.pairwise(made))
    assert (made[0].start_ms, made[-1].end_ms) == (0, 1000)
    # A resampler that fills first may join its first packets.
    assert rate != RATE or all(packet.duration_ms <= chunk_ms + 0.1 for packet in made)


@pytest.mark.parametrize("form", [pb.AUDIO_FORMAT_PCM_S16, pb.AUDIO_FORMAT_WAV, pb.AUDIO_FORMAT_MULAW])
def test_the_first_packet_leaves_with_the_first_chunk(form: int) -> None:
    encoder = StreamedSegment(Output(form, RATE, 1000), RATE)
    first = list(encoder.feed(chunks([1920])[0]))
    assert [packet.end_ms for packet in first] == [80]


@given(cuts=CUTS, chunk_ms=st.integers(20, 1500))
def test_text_offsets_rise_and_reach_the_end(cuts: list[int], chunk_ms: int) -> None:
    pieces = chunks(cuts, marks=True)
    ends = [packet.text_end for packet in packets(Output(1, RATE, chunk_ms), pieces) if packet.text_end is not None]
    assert ends == sorted(set(ends))
    assert ends[-1] == len(pieces)


@pytest.mark.parametrize("form", FORMATS)
def test_a_whole_segment_is_one_packet(form: int) -> None:
    encoder = WholeSegment(Output(form, RATE, 80), RATE)
    assert [packet for piece in chunks([1000, 2000]) for packet in encoder.feed(piece)] == []
    (packet,) = encoder.finish()
    assert packet.data
    assert packet.duration_ms == 1000
