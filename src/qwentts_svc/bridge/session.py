"""One conversation: text in, ordered events out. Lives on the event loop; the engine is behind ``EngineClient``.

Segments are spoken in order. The rows in work belong to the first segments only, at most ``plan.window`` at a time, so
that a long text neither floods the engine nor leaves a gap. A session goes through the engine's admission with a row of
its own; while it is at work, what follows is let in, and nothing follows before the first row has been let in.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from functools import partial

import numpy as np

from qwentts_svc.bridge.api import (
    EffectiveConfig,
    Interrupted,
    SegmentAudio,
    SegmentEnd,
    SessionFinished,
    SpeechEvent,
)
from qwentts_svc.bridge.engine_client import EngineClient
from qwentts_svc.bridge.heard import Heard
from qwentts_svc.bridge.plan import SpeechPlan
from qwentts_svc.bridge.speaking import SpokenPiece, SpokenSegment
from qwentts_svc.bridge.workbench import SLICE_CHARS, Workbench
from qwentts_svc.errors import InputError, TtsError
from qwentts_svc.runtime.messages import Failed, Finished, FramesOut
from qwentts_svc.text.tokenizer import check_encodable
from qwentts_svc.types import AudioChunk, FinishReason, Usage

STAYS_ADMITTED_S = 30.0
"""After its last row was at work a session is let in this long without asking again."""


class Session:
    """Implements ``SpeechSession``. ``on_close`` is called exactly once; all sessions share one ``workbench``."""

    def __init__(
        self, plan: SpeechPlan, client: EngineClient, on_close: Callable[[], None], workbench: Workbench
    ) -> None:
        self._plan = plan
        self._client = client
        self._on_close = on_close
        self._news = asyncio.Event()
        self._segments: deque[SpokenSegment] = deque()
        self._count = 0
        self._notices: deque[SpeechEvent] = deque()
        self._failure: TtsError | None = None
        self._ended = self._closed = False
        self._chars = 0
        self._usage = Usage()
        self._first_text_s: float | None = None
        self._heard = Heard()
        self._worked_s = -math.inf
        """When a row of this session was last seen at work."""
        self._lock = asyncio.Lock()
        """Text is prepared in the order in which it came, also when a worker does it."""
        self._workbench = workbench
        self._interrupts = 0
        """Interrupts so far, those included that wait for the text in preparation."""
        self._preparing: SpokenSegment | None = None
        """A worker has the text of this segment, the last one: nothing of it is started until it is done."""

    # -- text --------------------------------------------------------------------------------------------------------

    @property
    def effective(self) -> EffectiveConfig:
        plan, request = self._plan, self._plan.request
        lead = plan.max_lead_frames
        return EffectiveConfig(
            request_id=request.request_id,
            voice=plan.voice_name,
            language=plan.language,
            layout=plan.layout,
            sampling=plan.sampling,
            priority=request.priority,
            sample_rate=plan.sample_rate,
            max_lead_ms=None if lead is None else round(lead * plan.frame_s * 1000),
            max_latency_ms=round(plan.max_latency_s * 1000),
        )

    async def push(self, text: str) -> None:
        """See ``SpeechSession.push``."""
        self._check_open()
        if not text:
            return
        check_encodable(text)
        self._chars += len(text)
        if self._chars > self._plan.max_text_chars:
            raise InputError(
                f"more than {self._plan.max_text_chars} characters in one call; send the text in several calls",
                field="text",
                reason="TEXT_TOO_LONG",
            )
        if self._first_text_s is None:
            self._first_text_s = time.monotonic()
        async with self._lock:
            self._check_open()
            segment = self._open_segment()
            segment.add(text)
            # What is ready of a long text is spoken while the rest is prepared.
            for start in range(0, len(text), SLICE_CHARS):
                part = text[start : start + SLICE_CHARS]
                if not await self._prepare(segment, partial(segment.feed, part), segment.load(part)):
                    return

    async def flush(self, flush_id: str = "") -> None:
        """See ``SpeechSession.flush``."""
        async with self._lock:
            self._check_open()
            segment = self._open_segment()
            segment.flush_id = flush_id
            wanted = await self._prepare(segment, segment.end_text, segment.load_left)
            while wanted and segment.unprepared:
                wanted = await self._prepare(segment, segment.prepare, segment.load_left)
            segment.closed = True
            self._pump()

    async def end(self) -> None:
        """See ``SpeechSession.end``."""
        if self._segments and not self._segments[-1].closed:
            await self.flush()
        self._ended = True
        self._news.set()

    async def interrupt(self, played_ms: float | None = None) -> None:
        """See ``SpeechSession.interrupt``. Without ``played_ms`` a player in real time is assumed, or the last
        acknowledged position."""
        self._interrupts += 1  # what is not prepared by now need not be
        async with self._lock:
            self._check_open()
            now, given_ms = time.monotonic(), self._heard.given_ms
            played = self._heard.position_ms(now) if played_ms is None else min(max(played_ms, 0.0), given_ms)
            whole = "".join(segment.text for segment in self._segments)
            spoken = self._spoken_chars(played)
            discarded = given_ms - played
            for segment in self._segments:
                if segment.working:
                    self._worked_s = now
                discarded += segment.stop(FinishReason.INTERRUPTED)
                end = SegmentEnd(segment.index, segment.flush_id, FinishReason.INTERRUPTED, segment.audio_ms)
                self._notices.append(end)
            self._segments.clear()
            self._heard.dropped(now)
            self._notices.append(Interrupted(whole[:spoken], whole[spoken:], discarded))
            self._news.set()

    def playback(self, played_ms: float) -> None:
        """See ``SpeechSession.playback``."""
        self._heard.acknowledge(played_ms, time.monotonic())

    def _check_open(self) -> None:
        if self._failure is not None:
            raise self._failure
        if self._closed or self._ended:
            raise InputError("the session has ended; open another one", field="text", reason="SESSION_ENDED")

    def _open_segment(self) -> SpokenSegment:
        """The segment that takes text; a new one after a flush."""
        if not self._segments or self._segments[-1].closed:
            self._segments.append(SpokenSegment(self._count, self._plan, self._client, self._news.set))
            self._count += 1
        return self._segments[-1]

    async def _prepare(self, segment: SpokenSegment, work: Callable[[], None], load: int) -> bool:
        """Do ``work`` on a text and start what it made ready; False once nobody wants to hear the rest."""
        interrupts = self._interrupts
        self._preparing = segment
        try:
            await self._workbench.do(work, load)
        finally:
            self._preparing = None
        self._pump()
        return segment.reason is None and not self._closed and interrupts == self._interrupts

    def _pump(self) -> None:
        """Start rows for the first segments as far as the window allows; an engine that cannot take them becomes the
        session's failure."""
        rows = sum(len(segment.rows) for segment in self._segments)
        admitted = self._admitted()
        room = self._plan.window - rows if admitted else 1 - rows
        before: list[SpokenPiece] = []
        try:
            for segment in self._segments:
                if segment is not self._preparing:
                    room -= segment.pump(room, before, continuation=admitted)
                before += segment.rows
        except TtsError as error:
            self._fail(error)
        self._news.set()

    def _admitted(self) -> bool:
        """The engine has let this session in, and it has not been idle for long since."""
        working = any(segment.working for segment in self._segments)
        return working or time.monotonic() - self._worked_s < STAYS_ADMITTED_S

    def _fail(self, error: TtsError) -> None:
        """The session is over: what is left of it is stopped, the listener hears of it once."""
        self._failure = self._failure or error
        self._drop_all(FinishReason.CANCELLED)

    def _drop_all(self, reason: FinishReason) -> None:
        for segment in self._segments:
            segment.stop(reason)
        self._segments.clear()
        self._news.set()

    def _spoken_chars(self, played_ms: float) -> int:
        """Characters of the unfinished segments' text that had been spoken at ``played_ms`` of the session's audio."""
        reached = self._heard.reached(played_ms)
        if reached is None:
            return 0
        at, offset = reached
        return sum(len(segment.text) for segment in self._segments if segment.index < at) + offset

    # -- events ------------------------------------------------------------------------------------------------------

    async def events(self) -> AsyncIterator[SpeechEvent]:
        """See ``SpeechSession.events``."""
        while True:
            self._news.clear()
            if self._notices:
                yield self._notices.popleft()
                continue
            if self._failure is not None:
                raise self._failure
            if self._closed:
                return
            segment = self._segments[0] if self._segments else None
            if segment is None:
                if self._ended:
                    break
                await self._news.wait()
            elif segment.done:
                self._retire(segment)
                yield SegmentEnd(segment.index, segment.flush_id, segment.final_reason, segment.audio_ms)
            elif not segment.rows:
                self._pump()
                if not segment.rows and not segment.done and segment in self._segments:
                    self._news.clear()
                    await self._news.wait()
            else:
                row = segment.rows[0]
                event = row.mailbox.take()
                if event is None:
                    await self._news.wait()
                elif isinstance(event, FramesOut):
                    yield self._audio(segment, row, event)
                    # Taking the next event says that this one has reached the listener.
                    self._client.consume(row.mailbox, len(event.codes))
                elif isinstance(event, Finished):
                    self._piece_done(segment, row, event)
                elif isinstance(event, Failed):
                    self._fail(event.error)
        yield SessionFinished(self._total())

    def _audio(self, segment: SpokenSegment, row: SpokenPiece, event: FramesOut) -> SegmentAudio:
        """The chunk of an event, with the silence that comes before the piece when it is the piece's first."""
        now, pcm = time.monotonic(), event.pcm
        self._worked_s = now
        if not row.frames:
            self._pump()  # the row was let in: others may follow
        row.frames += len(event.codes)
        segment.frames += len(event.codes)
        segment.text_end = max(segment.text_end, segment.reached(row))
        if len(pcm) and row.pause_before_ms:
            silence = np.zeros(round(row.pause_before_ms / 1000 * self._plan.sample_rate), np.float32)
            pcm, row.pause_before_ms = np.concatenate([silence, pcm]), 0.0
        if len(pcm) and self._usage.first_audio_ms == 0.0 and self._first_text_s is not None:
            self._usage = replace(self._usage, first_audio_ms=(now - self._first_text_s) * 1000)
        total = self._usage
        self._usage = replace(
            total,
            prefill_ms=total.prefill_ms or event.prefill_s * 1000,
            codec_ms=total.codec_ms + event.codec_s * 1000,
        )
        start_ms = segment.audio_ms
        duration_ms = len(pcm) / self._plan.sample_rate * 1000
        segment.audio_ms += duration_ms
        self._heard.give(duration_ms, segment.index, segment.text_end, now)
        chunk = AudioChunk(
            pcm,
            self._plan.sample_rate,
            start_ms,
            segment.audio_ms,
            segment.chunks,
            segment.index,
            segment.text_end,
        )
        segment.chunks += 1
        return SegmentAudio(chunk, event.codes)

    def _piece_done(self, segment: SpokenSegment, row: SpokenPiece, event: Finished) -> None:
        """A row has ended."""
        segment.rows.popleft()
        self._worked_s = time.monotonic()
        usage, total = event.usage, self._usage
        self._usage = replace(
            total,
            text_tokens=total.text_tokens + usage.text_tokens,
            frames=total.frames + usage.frames,
            queue_ms=total.queue_ms or usage.queue_ms,
            synth_ms=total.synth_ms + usage.synth_ms,
        )
        if event.reason is FinishReason.COMPLETE:
            segment.text_end = max(segment.text_end, row.piece.source_end)
            self._pump()
        else:
            segment.stop(event.reason)

    def _retire(self, segment: SpokenSegment) -> None:
        self._segments.popleft()
        self._heard.ended(segment.index)
        self._pump()

    def _total(self) -> Usage:
        return replace(self._usage, characters=self._chars, audio_ms=self._heard.given_ms)

    async def aclose(self) -> None:
        """See ``SpeechSession.aclose``."""
        if self._closed:
            return
        self._closed = True
        self._drop_all(FinishReason.CANCELLED)
        self._on_close()
