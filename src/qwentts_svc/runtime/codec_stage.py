"""The codec side of a step: carries out the planned codec calls and turns their PCM into events.

Owns each row's codec slot state and ``Voicing``; decides nothing about order (that is ``scheduler.codec``).
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from qwentts_svc.errors import DecodeError
from qwentts_svc.runtime.messages import FramesOut
from qwentts_svc.runtime.rows import Row
from qwentts_svc.runtime.runners import CodecRunner
from qwentts_svc.runtime.voicing import FADE_S, Voicing
from qwentts_svc.types import Pcm

_NOTHING: Pcm = np.empty(0, np.float32)


class CodecStage:
    """One per engine; called on the engine thread."""

    def __init__(self, runner: CodecRunner) -> None:
        self._runner = runner
        self._voicing: dict[int, Voicing] = {}

    def open(self, row: Row) -> None:
        """Prepare the row's slot (primed with the reference of an in-context voice)."""
        submit = row.submit
        if not submit.decode or row.slot is None:
            return
        info = self._runner.info
        self._runner.open(row.slot.index, submit.prompt.voice if submit.prompt.in_context else None)
        self._voicing[row.row_id] = Voicing(
            info.samples_per_frame,
            submit.trim_leading_silence,
            round(FADE_S * info.sample_rate) if submit.tail_fade else 0,
        )

    def close(self, row: Row) -> None:
        """Forget the row; harmless when it was never opened."""
        if self._voicing.pop(row.row_id, None) is not None and row.slot is not None:
            self._runner.close(row.slot.index)

    @property
    def open_rows(self) -> int:
        return len(self._voicing)

    def silent_frames(self, row: Row) -> int:
        """Near-silent frames at the end of the row's audio so far."""
        voicing = self._voicing.get(row.row_id)
        return voicing.silent_frames if voicing else 0

    def audible(self, row: Row) -> bool:
        """Something above near-silence has been decoded (always true for dry runs)."""
        voicing = self._voicing.get(row.row_id)
        return voicing.audible if voicing else not row.submit.decode

    def decode(self, rows: Sequence[Row], frames: int) -> list[FramesOut | None]:
        """Decode the next ``frames`` frames of every row in one call. Advances ``frames_decoded``.

        None for a row that has nothing to send yet (its leading silence is trimmed): the codes go with its first audio,
        so that a row of which nothing was heard can still start again."""
        decoding = [row for row in rows if row.submit.decode]
        pcm_of: dict[int, Pcm] = {}
        if decoding:
            codes = np.stack([row.codes[row.frames_decoded : row.frames_decoded + frames] for row in decoding])
            slots = [row.slot.index for row in decoding if row.slot is not None]
            started_s = time.monotonic()
            pcm = self._runner.decode(slots, codes)
            seconds = time.monotonic() - started_s
            if not np.isfinite(pcm).all():
                raise DecodeError("the codec produced samples that are not finite", reason="AUDIO_NOT_FINITE")
            for row, samples in zip(decoding, pcm, strict=True):
                pcm_of[row.row_id] = self._voicing[row.row_id].push(samples)
                row.codec_s += seconds
        events: list[FramesOut | None] = []
        for row in rows:
            row.frames_decoded += frames
            row.frames_held += frames
            samples = pcm_of.get(row.row_id, _NOTHING)
            events.append(self._event(row, samples) if len(samples) or not row.submit.decode else None)
        return events

    def finish(self, row: Row) -> FramesOut | None:
        """The held tail of a row whose last frame has been decoded, with codes not sent yet; None without either."""
        voicing = self._voicing.get(row.row_id)
        tail = voicing.finish() if voicing else _NOTHING
        if not len(tail) and not row.frames_held:
            return None
        return self._event(row, tail)

    @staticmethod
    def _event(row: Row, samples: Pcm) -> FramesOut:
        # A copy: the row's array grows in place while the event waits in its mailbox.
        start, row.frames_held = row.frames_sent, 0
        codes = row.codes[start : row.frames_decoded].copy()
        event = FramesOut(row.row_id, start, codes, samples, row.probability, row.prefill_s, row.codec_s)
        row.prefill_s = row.codec_s = 0.0
        return event
