"""The streaming codec on its device, seen from the engine: slots in, PCM out. Owns the state of every slot and the
cache of primed reference states; knows nothing of requests, ramps or deadlines."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

import numpy as np
import torch

from qwentts_svc.codec.decoder import CodecDecoder
from qwentts_svc.codec.state import StreamState
from qwentts_svc.errors import DecodeError
from qwentts_svc.runtime.runners import CodecInfo
from qwentts_svc.runtime.stage_clock import StageClock
from qwentts_svc.types import Codes, Pcm, VoicePrompt

__all__ = ["TorchCodecRunner"]

PRIMED_VOICES = 16
"""Primed states kept; one is as large as a slot."""


class TorchCodecRunner:
    """``CodecRunner`` over a ``CodecDecoder``. Called by one thread only."""

    def __init__(self, decoder: CodecDecoder, slots: int, *, primed_voices: int = PRIMED_VOICES) -> None:
        self._decoder = decoder
        self._state = decoder.init_state(slots)
        self._step = decoder.step
        self._primed: OrderedDict[str, StreamState] = OrderedDict()
        self._primed_voices = primed_voices
        self._open = [False] * slots
        self._info = CodecInfo(slots, decoder.sample_rate, decoder.samples_per_frame, decoder.groups)

    def time_stages(self, clock: StageClock) -> None:
        """Count the time of decoding from now on, where a call returns when its work is done."""
        if self._decoder.device.type == "cpu":
            self._step = clock.timed("codec", self._step)

    @property
    def info(self) -> CodecInfo:
        return self._info

    @torch.inference_mode()
    def open(self, slot: int, voice: VoicePrompt | None) -> None:
        """Start a stream in ``slot``; with an in-context voice as if its reference had just been decoded there."""
        self._check_slot(slot)
        if voice is None or voice.ref_codes is None or len(voice.ref_codes) == 0:
            self._state.reset(slot)
        else:
            self._state.copy_row(slot, self._primed_state(voice.key, voice.ref_codes), 0)
        self._open[slot] = True

    @torch.inference_mode()
    def decode(self, slots: Sequence[int], codes: Codes) -> Pcm:
        """See ``CodecRunner.decode``. Raises DecodeError for slots that are not open or named twice, and for codes that
        no codebook has; no state has moved then."""
        rows = len(slots)
        if codes.ndim != 3 or codes.shape[0] != rows or codes.shape[2] != self._info.groups:
            raise DecodeError(f"codes have shape {list(codes.shape)}, expected [{rows}, frames, {self._info.groups}]")
        if codes.size == 0:
            return np.empty((rows, codes.shape[1] * self._info.samples_per_frame), dtype=np.float32)
        if len(set(slots)) != rows:
            raise DecodeError(f"slots {list(slots)} are not distinct")
        for slot in slots:
            self._check_slot(slot)
            if not self._open[slot]:
                raise DecodeError(f"codec slot {slot} is not open")
        self._check_codes(codes)
        device = self._decoder.device
        # Slots that lie together are a view of the state; others are gathered.
        first = slots[0]
        together = list(slots) == list(range(first, first + rows))
        where = slice(first, first + rows) if together else torch.tensor(slots, dtype=torch.int64, device=device)
        audio = self._step(torch.from_numpy(np.ascontiguousarray(codes)).to(device), self._state, rows=where)
        pcm: Pcm = audio.cpu().numpy()
        return pcm

    def close(self, slot: int) -> None:
        """End the stream of ``slot``; harmless when none is open."""
        self._check_slot(slot)
        self._open[slot] = False

    @torch.inference_mode()
    def warm_up(self, frame_counts: Sequence[int], rows: Sequence[int] = (1,)) -> None:
        """Decode silence of every shape once, so that no caller pays for first-use set-up. Needs no open slot."""
        for count in sorted({min(row, self._info.slots) for row in rows}):
            scratch = self._decoder.init_state(count)
            for frames in frame_counts:
                codes = torch.zeros(count, frames, self._info.groups, dtype=torch.int64, device=self._decoder.device)
                self._decoder.step(codes, scratch)

    def _primed_state(self, key: str, ref_codes: Codes) -> StreamState:
        known = self._primed.get(key)
        if known is not None:
            self._primed.move_to_end(key)
            return known
        self._check_codes(ref_codes)
        state = self._decoder.init_state(1)
        codes = torch.from_numpy(np.ascontiguousarray(ref_codes)).to(self._decoder.device)
        self._decoder.step(codes[None], state)
        self._primed[key] = state
        while len(self._primed) > self._primed_voices:
            self._primed.popitem(last=False)
        return state

    def _check_slot(self, slot: int) -> None:
        if not 0 <= slot < self._info.slots:
            raise DecodeError(f"codec slot {slot} is outside 0..{self._info.slots - 1}")

    def _check_codes(self, codes: Codes) -> None:
        if codes.shape[-1] != self._info.groups:
            raise DecodeError(f"codes have {codes.shape[-1]} groups, the codec has {self._info.groups}")
        if codes.min() < 0 or codes.max() >= self._decoder.codebook_size:
            raise DecodeError(f"a code is outside 0..{self._decoder.codebook_size - 1}")
