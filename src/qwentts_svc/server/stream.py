"""SynthesizeStream: a reader task takes the caller's messages, the writer sends events; either failing ends both."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from typing import Final, TypeAlias

from qwentts_svc.bridge.api import Interrupted, SegmentAudio, SegmentEnd, SessionFinished
from qwentts_svc.errors import DeadlineError, InputError
from qwentts_svc.server import render
from qwentts_svc.server.calls import Context, current_call
from qwentts_svc.server.convert import name_of, played_of
from qwentts_svc.server.deps import Deps
from qwentts_svc.server.encode import Packet
from qwentts_svc.server.pb.qwentts.v1 import tts_pb2 as pb
from qwentts_svc.server.speech import Speech, closing_events, open_speech
from qwentts_svc.server.transport import ClientGone, messages, write

MAX_OPEN_INTERRUPTS: Final = 64

Incoming: TypeAlias = AsyncIterator[pb.SynthesizeStreamRequest]


async def synthesize_stream(deps: Deps, raw: AsyncIterator[bytes], context: Context) -> None:
    """Serve one stream. Raises TtsError for the status table, ClientGone or CancelledError when the caller left."""
    timeouts = deps.settings.timeouts
    incoming = messages(raw, pb.SynthesizeStreamRequest, context, timeouts.half_close_settle_s)
    try:
        async with asyncio.timeout(timeouts.call_s):
            config = await _first(incoming, timeouts.config_s)
            async with open_speech(deps, current_call(), config, incremental=True) as speech:
                await Conversation(deps, context, speech).run(incoming)
    except TimeoutError:
        message = f"the call took longer than {timeouts.call_s:g} s; open another one"
        raise DeadlineError(message, reason="CALL_TOO_LONG") from None


async def _first(incoming: Incoming, wait_s: float) -> pb.SynthesisConfig:
    """The config, which must come first."""
    try:
        async with asyncio.timeout(wait_s):
            message = await anext(incoming, None)
    except TimeoutError:
        raise DeadlineError(f"no config within {wait_s:g} s", reason="CONFIG_TIMEOUT") from None
    if message is None or message.WhichOneof("message") != "config":
        raise InputError("the first message must be config", field="config", reason="CONFIG_MISSING")
    return message.config


class Conversation:
    """The two sides of an open stream. All state is touched by the event loop only."""

    def __init__(self, deps: Deps, context: Context, speech: Speech) -> None:
        self._deps, self._context, self._speech = deps, context, speech
        self._timeouts = deps.settings.timeouts
        self._idle = asyncio.timeout(None)
        self._moved = asyncio.Event()
        """Set when the pace may have changed: a playback position, an interrupt."""
        self._interrupts = 0
        """Interrupts asked for and not yet answered: audio before the answer is dropped."""
        self._segments = 0

    async def run(self, incoming: Incoming) -> None:
        """Serve until the session has finished."""
        try:
            async with self._idle:
                self._touch()
                await self._both(incoming)
        except TimeoutError:
            message = f"nothing was said in either direction for {self._timeouts.idle_s:g} s; send keep_alive"
            raise DeadlineError(message, reason="IDLE_TIMEOUT") from None

    async def _both(self, incoming: Incoming) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                reader = group.create_task(self._read(incoming))
                await self._write()
                reader.cancel()
        except BaseExceptionGroup as failures:
            raise _first_of(failures) from None

    async def _read(self, incoming: Incoming) -> None:
        async for message in incoming:
            self._touch()
            await self._take(message)
        await self._speech.session.end()

    async def _take(self, message: pb.SynthesizeStreamRequest) -> None:
        session, kind = self._speech.session, message.WhichOneof("message")
        if kind == "text":
            await self._speech.push(message.text, "text")
        elif kind == "flush":
            self._segments += 1
            limit = self._deps.settings.limits.max_segments
            if self._segments > limit:
                message_text = f"more than {limit} segments in one stream; open another one"
                raise InputError(message_text, field="flush", reason="TOO_MANY_SEGMENTS")
            await session.flush(name_of(message.flush.flush_id, "flush.flush_id"))
        elif kind == "interrupt":
            asked = message.interrupt
            played = played_of(asked.played_ms, "interrupt.played_ms") if asked.HasField("played_ms") else None
            if self._interrupts >= MAX_OPEN_INTERRUPTS:
                message_text = f"{MAX_OPEN_INTERRUPTS} interrupts wait for their answer; read the answers first"
                raise InputError(message_text, field="interrupt", reason="TOO_MANY_INTERRUPTS")
            self._interrupts += 1
            self._speech.pacer.dropped(time.monotonic())
            self._moved.set()
            await session.interrupt(played)
        elif kind == "playback":
            played_ms = played_of(message.playback.played_ms, "playback.played_ms")
            self._speech.pacer.played(played_ms, time.monotonic())
            self._moved.set()
            session.playback(played_ms)
        elif kind == "config":
            raise InputError("config comes once, as the first message", field="config", reason="CONFIG_REPEATED")
        elif kind is None:
            message_text = "a message must hold text, flush, interrupt, playback or keep_alive"
            raise InputError(message_text, field="message", reason="EMPTY_MESSAGE")

    async def _write(self) -> None:
        speech = self._speech
        await self._send(pb.SynthesizeStreamResponse(started=speech.started()))
        async with closing_events(speech.session) as events:
            async for event in events:
                if isinstance(event, SegmentAudio):
                    for packet in speech.encode(event.chunk):
                        await self._send_audio(packet, event.chunk.segment)
                elif isinstance(event, SegmentEnd):
                    for packet in speech.finish_segment(event.reason):
                        await self._send_audio(packet, event.segment)
                    await self._send(pb.SynthesizeStreamResponse(segment_end=render.segment_end(event)))
                elif isinstance(event, Interrupted):
                    self._interrupts -= 1
                    speech.drop_audio(event.discarded_ms)
                    await self._send(pb.SynthesizeStreamResponse(interrupted=render.interrupted(event)))
                elif isinstance(event, SessionFinished):
                    await self._send(pb.SynthesizeStreamResponse(finished=speech.finished(event.usage)))

    async def _send_audio(self, packet: Packet, segment: int) -> None:
        """Send a packet at its time; drop it when an interrupt comes first."""
        pacer = self._speech.pacer
        while not self._interrupts and (delay_s := pacer.delay_s(packet.duration_ms, time.monotonic())) > 0:
            self._moved.clear()
            self._touch(delay_s)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(delay_s):
                    await self._moved.wait()
        if self._interrupts:
            self._speech.drop_audio(packet.duration_ms)
            return
        await self._send(pb.SynthesizeStreamResponse(audio=self._speech.message_of(packet, segment)))
        self._speech.sent(packet)

    async def _send(self, message: pb.SynthesizeStreamResponse) -> None:
        # A stalled write has its own time-out, which must be the one that speaks.
        self._touch(self._timeouts.write_stall_s)
        await write(self._context, message, self._timeouts)
        self._touch()

    def _touch(self, extra_s: float = 0.0) -> None:
        """Something happened: the idle time starts again, unless it has just run out (which is on its way already)."""
        if self._idle.expired():
            return
        self._idle.reschedule(asyncio.get_running_loop().time() + self._timeouts.idle_s + extra_s)


def _first_of(failures: BaseExceptionGroup[BaseException]) -> BaseException:
    """The error that the caller should hear of: a typed one before a vanished caller."""
    flat: list[BaseException] = []
    stack: list[BaseException] = [failures]
    while stack:
        failure = stack.pop()
        if isinstance(failure, BaseExceptionGroup):
            stack.extend(reversed(failure.exceptions))
        else:
            flat.append(failure)
    return next((failure for failure in flat if not isinstance(failure, ClientGone)), flat[0])
