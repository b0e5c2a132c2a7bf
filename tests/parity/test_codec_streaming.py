"""Streaming equals offline: any split, any mask, any row order, and any length of stream."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import qwentts_svc
from qwentts_svc.codec.decoder import MAX_BLOCK_FRAMES, CodecDecoder
from qwentts_svc.codec.load import load_codec_decoder

TOLERANCE = 5e-5
EMBEDDED = Path(qwentts_svc.__file__).parent / "data" / "aria" / "speech_tokenizer"
STREAMS, FRAMES = 4, 40


@cache
def embedded() -> CodecDecoder:
    return load_codec_decoder(EMBEDDED)


@cache
def streams() -> tuple[torch.Tensor, torch.Tensor]:
    """Codes [STREAMS, FRAMES, groups] and their full decodes."""
    draw = torch.Generator().manual_seed(11)
    codes = torch.randint(0, embedded().codebook_size, (STREAMS, FRAMES, embedded().groups), generator=draw)
    return codes, torch.stack([embedded().decode_full(item) for item in codes])


def check(actual: torch.Tensor, expected: torch.Tensor) -> None:
    torch.testing.assert_close(actual, expected, rtol=0.0, atol=TOLERANCE)


class Listener:
    """Feeds each stream's own next frames and collects its audio."""

    def __init__(self) -> None:
        self.at = [0] * STREAMS
        self.audio: list[list[torch.Tensor]] = [[] for _ in range(STREAMS)]

    def next_frames(self, stream: int, count: int) -> torch.Tensor:
        return streams()[0][stream, self.at[stream] : self.at[stream] + count]

    def heard(self, stream: int, count: int, pcm: torch.Tensor) -> None:
        self.at[stream] += count
        self.audio[stream].append(pcm)

    def check(self) -> None:
        hop = embedded().samples_per_frame
        for stream, pieces in enumerate(self.audio):
            if pieces:
                check(torch.cat(pieces), streams()[1][stream, : self.at[stream] * hop])


@settings(max_examples=15, deadline=None)
@given(st.data())
def test_any_split_and_any_choice_and_order_of_rows_gives_the_full_decode(data: st.DataObject) -> None:
    state, listener = embedded().init_state(STREAMS), Listener()
    for _ in range(data.draw(st.integers(1, 5), label="calls")):
        count = data.draw(st.integers(1, 9), label="frames")
        able = [stream for stream in range(STREAMS) if listener.at[stream] + count <= FRAMES]
        if not able:
            break
        rows = data.draw(st.lists(st.sampled_from(able), unique=True, min_size=1), label="rows")
        together = rows == list(range(rows[0], rows[0] + len(rows)))
        where = slice(rows[0], rows[0] + len(rows)) if together else torch.tensor(rows)
        codes = torch.stack([listener.next_frames(stream, count) for stream in rows])
        pcm = embedded().step(codes, state, rows=where)
        for index, stream in enumerate(rows):
            listener.heard(stream, count, pcm[index])
    listener.check()
    assert state.position.tolist() == listener.at


@settings(max_examples=15, deadline=None)
@given(st.data())
def test_rows_that_a_mask_leaves_out_do_not_move(data: st.DataObject) -> None:
    state, listener = embedded().init_state(STREAMS), Listener()
    for _ in range(data.draw(st.integers(1, 5), label="calls")):
        count = data.draw(st.sampled_from([1, 2, 5, MAX_BLOCK_FRAMES + 2]), label="frames")
        mask = [data.draw(st.booleans()) and listener.at[stream] + count <= FRAMES for stream in range(STREAMS)]
        codes = torch.zeros(STREAMS, count, embedded().groups, dtype=torch.int64)
        for stream in range(STREAMS):
            if mask[stream]:
                codes[stream] = listener.next_frames(stream, count)
        pcm = embedded().step(codes, state, torch.tensor(mask))
        for stream in range(STREAMS):
            if mask[stream]:
                listener.heard(stream, count, pcm[stream])
    listener.check()
    assert state.position.tolist() == listener.at


def test_a_mask_and_a_choice_of_rows_work_together() -> None:
    state, listener = embedded().init_state(STREAMS), Listener()
    rows, mask = [2, 0, 3], [True, False, True]
    for count in (3, 5):
        codes = torch.stack([listener.next_frames(stream, count) for stream in rows])
        pcm = embedded().step(codes, state, torch.tensor(mask), rows=torch.tensor(rows))
        for index, stream in enumerate(rows):
            if mask[index]:
                listener.heard(stream, count, pcm[index])
    listener.check()
    assert state.position.tolist() == [0, 0, 8, 8]


def test_a_reset_row_starts_anew_and_its_neighbours_go_on() -> None:
    codes, full = streams()
    hop = embedded().samples_per_frame
    state = embedded().init_state(STREAMS)
    embedded().step(codes[:, :10], state)
    state.reset(1)
    again = embedded().step(codes[1:2, :6], state, rows=torch.tensor([1]))
    check(again[0], full[1, : 6 * hop])
    onward = embedded().step(codes[[0, 3], 10:20], state, rows=torch.tensor([0, 3]))
    check(onward, full[[0, 3], 10 * hop : 20 * hop])


def test_a_copied_row_goes_on_where_its_source_stood() -> None:
    codes, full = streams()
    hop = embedded().samples_per_frame
    source, target = embedded().init_state(1), embedded().init_state(3)
    embedded().step(codes[2:3, :13], source)
    target.copy_row(1, source, 0)
    pcm = embedded().step(codes[2:3, 13:20], target, rows=torch.tensor([1]))
    check(pcm[0], full[2, 13 * hop : 20 * hop])


@pytest.mark.parametrize("frames", [1, 3, MAX_BLOCK_FRAMES, MAX_BLOCK_FRAMES + 1])
def test_bfloat16_streams_stay_close_to_float32(frames: int) -> None:
    codes, full = streams()
    decoder = load_codec_decoder(EMBEDDED, torch.bfloat16)
    state = decoder.init_state(STREAMS)
    pcm = torch.cat([decoder.step(codes[:, at : at + frames], state) for at in range(0, FRAMES, frames)], dim=1)
    error, signal = (pcm - full).square().mean().sqrt(), full.square().mean().sqrt()
    assert error < 0.05 * signal
