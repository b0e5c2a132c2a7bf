"""One speech call whatever its form: opens the session, counts its text, encodes and paces its audio."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace

from qwentts_svc.bridge.api import EffectiveConfig, SpeechEvent, SpeechSession
from qwentts_svc.errors import InputError
from qwentts_svc.server import render
from qwentts_svc.server.calls import Call
from qwentts_svc.server.convert import Wish, wish_of
from qwentts_svc.server.deps import Deps
from qwentts_svc.server.encode import Packet, SegmentEncoder, StreamedSegment, WholeSegment
from qwentts_svc.server.pacing import Pacer
from qwentts_svc.server.pb.qwentts.v1 import tts_pb2 as pb
from qwentts_svc.types import AudioChunk, FinishReason, Priority, Usage


class Speech:
    """A session with its output side; owned by the task that serves the call."""

    def __init__(self, deps: Deps, call: Call, wish: Wish, session: SpeechSession) -> None:
        self.deps, self.call, self.wish, self.session = deps, call, wish, session
        effective = session.effective
        self.output = replace(wish.output, sample_rate=wish.output.sample_rate or effective.sample_rate)
        self.pacer = Pacer(_lead_ms(deps, effective))
        self.max_chars = min(deps.settings.limits.max_text_chars, deps.service.model_info().max_text_chars)
        self.reason = FinishReason.COMPLETE
        """The last reason other than COMPLETE."""
        self.whole = False
        """One packet per segment instead of a stream of them."""
        self._first_text_s: float | None = None
        self._sent_s: float | None = None
        self._encoder: SegmentEncoder | None = None

    async def push(self, text: str, field: str) -> None:
        """Count text against the limits, then hand it over. Raises InputError, QuotaError."""
        call = self.call
        if call.chars + len(text) > self.max_chars:
            message = f"more than {self.max_chars} characters in one call; open another one"
            raise InputError(message, field=field, reason="TEXT_TOO_LONG")
        call.charge(len(text))
        call.chars += len(text)
        if self._first_text_s is None:
            self._first_text_s = time.monotonic()
            call.text_hash = self.deps.digest(text)
        await self.session.push(text)

    def started(self) -> pb.Started:
        """The first answer; asks the session what it will really do."""
        limits = render.limits(self.deps.settings, self.deps.service.model_info())
        return render.started(self.call, self.config(), limits)

    def config(self) -> pb.EffectiveConfig:
        """The effective config as it now stands."""
        return render.effective_config(self.session.effective, self.wish, self.output, self.pacer.max_lead_ms)

    def encode(self, chunk: AudioChunk) -> Iterable[Packet]:
        """Packets that ``chunk`` completes."""
        if self._encoder is None:
            kind = WholeSegment if self.whole else StreamedSegment
            self._encoder = kind(self.output, chunk.sample_rate)
            self._sent_s = None
        return self._encoder.feed(chunk)

    def finish_segment(self, reason: FinishReason) -> Iterable[Packet]:
        """The rest of a segment; nothing when it was interrupted."""
        encoder, self._encoder = self._encoder, None
        if reason is not FinishReason.COMPLETE:
            self.reason = reason
            self.call.reason = str(reason)
        self.call.segments += 1
        self.deps.observer.finished(reason)
        if encoder is None or reason in (FinishReason.INTERRUPTED, FinishReason.CANCELLED):
            return ()
        return encoder.finish()

    def drop_audio(self, duration_ms: float) -> None:
        """Note audio that was made and will not be sent."""
        self.deps.observer.audio_discarded(duration_ms / 1000.0)

    def message_of(self, packet: Packet, segment: int) -> pb.Audio:
        """A packet as a message, numbered."""
        message = pb.Audio(
            data=packet.data,
            sequence=self.call.chunks,
            segment_id=segment,
            start_ms=packet.start_ms,
            end_ms=packet.end_ms,
            text_end=packet.text_end,
        )
        self.call.chunks += 1
        return message

    def sent(self, packet: Packet) -> None:
        """Note a packet that has left (or was added to the answer)."""
        now_s, observer, call = time.monotonic(), self.deps.observer, self.call
        if self.pacer.sent(packet.duration_ms, now_s) and self._sent_s is not None:
            observer.underrun()
        if self._sent_s is not None:
            observer.inter_chunk_gap(now_s - self._sent_s)
        self._sent_s = now_s
        if call.first_audio_ms is None:
            call.first_audio_ms = (now_s - (self._first_text_s or call.started_s)) * 1000.0
            observer.first_audio(call.first_audio_ms / 1000.0, self.wish.request.priority)
        call.audio_ms += packet.duration_ms
        observer.audio(packet.duration_ms / 1000.0)

    def finished(self, usage: Usage) -> pb.Finished:
        """The last answer."""
        self.call.reason = self.call.reason or str(self.reason)
        self._trace_stages(usage)
        if usage.audio_ms > 0:
            self.deps.observer.real_time_factor(usage.rtf)
        return pb.Finished(usage=render.usage(usage), reason=render.REASONS[self.reason])

    def _trace_stages(self, usage: Usage) -> None:
        """Child spans of the call, made after the fact from the durations that the session reports. ``codec`` is as
        long as its calls took together; they lie between the frames."""
        if self._first_text_s is None:
            return
        now_ns = time.time_ns()
        start_ns = now_ns - round((time.monotonic() - self._first_text_s) * 1e9)
        first_ns = start_ns + round((self.call.first_audio_ms or 0.0) * 1e6)
        queued_ns = start_ns + round(usage.queue_ms * 1e6)
        ready_ns = queued_ns + round(usage.prefill_ms * 1e6)
        for name, begin_ns, end_ns in (
            ("queue", start_ns, queued_ns),
            ("prefill", queued_ns, ready_ns),
            ("first_frame", ready_ns, max(ready_ns, first_ns)),
            ("codec", ready_ns, ready_ns + round(usage.codec_ms * 1e6)),
            ("stream", first_ns, now_ns),
        ):
            self.deps.tracer.start_span(name, start_time=begin_ns).end(end_ns)


@asynccontextmanager
async def open_speech(
    deps: Deps,
    call: Call,
    config: pb.SynthesisConfig,
    default_format: pb.AudioFormat = pb.AUDIO_FORMAT_PCM_S16,
    *,
    incremental: bool = False,
) -> AsyncIterator[Speech]:
    """Validate, admit, and close the session whatever happens, cancellation included. ``incremental``: text arrives
    while it is being spoken."""
    wish = wish_of(config, call, deps.settings.limits, deps.settings.pacing, default_format=default_format)
    call.ids.session_id = wish.request.session_id
    call.client_request_id = config.client_request_id
    session = deps.service.open(replace(wish.request, incremental=incremental))
    try:
        yield Speech(deps, call, wish, session)
    finally:
        await _close(session)


@asynccontextmanager
async def closing_events(session: SpeechSession) -> AsyncIterator[AsyncIterator[SpeechEvent]]:
    """The session's events; a generator behind them is closed on the way out, not left to the garbage collector."""
    events = session.events()
    try:
        yield events
    finally:
        if isinstance(events, AsyncGenerator):
            await events.aclose()


async def _close(session: SpeechSession) -> None:
    """``aclose`` to its end even when this task is cancelled meanwhile: what it releases must be released."""
    closing = asyncio.ensure_future(session.aclose())
    try:
        await asyncio.shield(closing)
    except asyncio.CancelledError:
        await asyncio.wait([closing])
        raise


def _lead_ms(deps: Deps, effective: EffectiveConfig) -> float | None:
    if effective.max_lead_ms is not None:
        return effective.max_lead_ms
    return None if effective.priority is Priority.BATCH else deps.settings.pacing.default_lead_ms
