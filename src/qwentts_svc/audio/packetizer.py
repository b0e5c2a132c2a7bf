"""Cuts a stream of PCM into packets of one length, whatever the pieces it arrives in."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from qwentts_svc.errors import InputError
from qwentts_svc.types import AudioChunk, Pcm

MIN_CHUNK_MS = 10


class Packetizer:
    """One segment's packets. Cuts fall on multiples of ``chunk_ms`` from the segment's start (rounded down to a sample,
    without drift), so they do not depend on how the audio arrives. ``first_ms`` shortens the first packet.

    Raises InputError for packets under 10 ms.
    """

    def __init__(self, sample_rate: int, chunk_ms: int, *, first_ms: int | None = None) -> None:
        first_ms = chunk_ms if first_ms is None else first_ms
        if min(chunk_ms, first_ms) < MIN_CHUNK_MS:
            raise InputError(
                f"chunk_ms must be at least {MIN_CHUNK_MS}, not {min(chunk_ms, first_ms)}", field="chunk_ms"
            )
        self._rate = sample_rate
        self._chunk_ms = chunk_ms
        self._next_ms = first_ms
        self._seq = 0
        self._start = 0
        self._pieces: list[Pcm] = []
        self._held = 0

    @property
    def held_samples(self) -> int:
        """Samples taken in and not yet given out."""
        return self._held

    def push(self, pcm: Pcm) -> Iterator[AudioChunk]:
        """Take in float32 [samples]; every packet that is now full. The packets own their memory."""
        if len(pcm):
            # A copy: the caller may reuse its buffer while these samples wait.
            self._pieces.append(np.array(pcm, dtype=np.float32))
            self._held += len(pcm)
        chunks = []
        while self._start + self._held >= (cut := self._next_ms * self._rate // 1000):
            chunks.append(self._cut(cut - self._start))
            self._next_ms += self._chunk_ms
        return iter(chunks)

    def finish(self) -> AudioChunk | None:
        """The rest as a last, shorter packet; None when nothing is left."""
        return self._cut(self._held) if self._held else None

    def _cut(self, samples: int) -> AudioChunk:
        joined = self._pieces[0] if len(self._pieces) == 1 else np.concatenate(self._pieces)
        pcm, rest = joined[:samples], joined[samples:]
        self._pieces = [rest] if len(rest) else []
        self._held -= samples
        end = self._start + samples
        chunk = AudioChunk(
            pcm=pcm,
            sample_rate=self._rate,
            start_ms=self._start * 1000 / self._rate,
            end_ms=end * 1000 / self._rate,
            seq=self._seq,
        )
        self._start = end
        self._seq += 1
        return chunk
