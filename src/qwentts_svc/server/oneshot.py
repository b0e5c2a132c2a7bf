"""SynthesizeChunks and Synthesize: one text, spoken in one segment."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

from qwentts_svc.bridge.api import SegmentAudio, SegmentEnd, SessionFinished
from qwentts_svc.errors import DeadlineError, DecodeError, InputError
from qwentts_svc.server import render
from qwentts_svc.server.calls import Context, current_call
from qwentts_svc.server.convert import nothing_to_speak, parse, text_of
from qwentts_svc.server.deps import Deps
from qwentts_svc.server.encode import Packet, least_bytes
from qwentts_svc.server.pb.qwentts.v1 import tts_pb2 as pb
from qwentts_svc.server.speech import Speech, closing_events, open_speech
from qwentts_svc.server.transport import write
from qwentts_svc.types import FinishReason

STREAMING_RPC = "SynthesizeChunks"


async def synthesize_chunks(deps: Deps, raw: bytes, context: Context) -> None:
    """Serve one server-streaming call. Raises TtsError for the status table."""
    request = parse(pb.SynthesizeChunksRequest, raw)
    limits = render.limits(deps.settings, deps.service.model_info())
    text = text_of(request.text, "text", limits.max_text_chars)
    timeouts = deps.settings.timeouts
    async with _call_limit(deps), open_speech(deps, current_call(), request.config) as speech:

        async def send(packet: Packet, segment: int) -> None:
            await asyncio.sleep(speech.pacer.delay_s(packet.duration_ms, time.monotonic()))
            message = pb.SynthesizeChunksResponse(audio=speech.message_of(packet, segment))
            await write(context, message, timeouts)
            speech.sent(packet)

        await _hand_over(speech, text)
        await write(context, pb.SynthesizeChunksResponse(started=speech.started()), timeouts)
        async with closing_events(speech.session) as events:
            async for event in events:
                if isinstance(event, SegmentAudio):
                    for packet in speech.encode(event.chunk):
                        await send(packet, event.chunk.segment)
                elif isinstance(event, SegmentEnd):
                    _check_spoken(event)
                    for packet in speech.finish_segment(event.reason):
                        await send(packet, event.segment)
                elif isinstance(event, SessionFinished):
                    await write(context, pb.SynthesizeChunksResponse(finished=speech.finished(event.usage)), timeouts)


async def synthesize(deps: Deps, raw: bytes, _context: Context) -> pb.SynthesizeResponse:
    """Serve one unary call. Raises TtsError for the status table."""
    request = parse(pb.SynthesizeRequest, raw)
    limits = render.limits(deps.settings, deps.service.model_info())
    text = text_of(request.text, "text", limits.max_unary_text_chars, streaming_rpc=STREAMING_RPC)
    call, audio = current_call(), bytearray()

    def add(speech: Speech, packet: Packet) -> None:
        audio.extend(packet.data)
        call.chunks += 1
        speech.sent(packet)
        check_size(len(audio))

    def check_size(size: int) -> None:
        most = deps.settings.limits.max_unary_audio_bytes
        if size > most:
            message = f"the audio is larger than {most} bytes; use {STREAMING_RPC}, or a compressed format"
            raise InputError(message, field="text", reason="AUDIO_TOO_LONG")

    async with _call_limit(deps), open_speech(deps, call, request.config, pb.AUDIO_FORMAT_WAV) as speech:
        speech.pacer.max_lead_ms = None
        speech.whole = True
        await _hand_over(speech, text)
        finished: pb.Finished | None = None
        expected = 0
        async with closing_events(speech.session) as events:
            async for event in events:
                if isinstance(event, SegmentAudio):
                    # Refused as soon as it is known, not once all of it has been spoken for nothing.
                    expected += least_bytes(speech.output, event.chunk)
                    check_size(expected)
                    for packet in speech.encode(event.chunk):
                        add(speech, packet)
                elif isinstance(event, SegmentEnd):
                    _check_spoken(event)
                    for packet in speech.finish_segment(event.reason):
                        add(speech, packet)
                elif isinstance(event, SessionFinished):
                    finished = speech.finished(event.usage)
        if finished is None:
            raise DecodeError("speech ended without its last event")
        return pb.SynthesizeResponse(
            audio=bytes(audio),
            request_id=call.ids.req_id,
            config=speech.config(),
            reason=finished.reason,
            usage=finished.usage,
            client_request_id=call.client_request_id,
        )


def _check_spoken(end: SegmentEnd) -> None:
    """A whole text in which there is nothing to hear is a mistake of the caller, and never an empty recording."""
    if end.reason is FinishReason.EMPTY_TEXT:
        raise nothing_to_speak("text")


async def _hand_over(speech: Speech, text: str) -> None:
    """All of the text at once, ended before the layout is asked for: no more text may come."""
    await speech.push(text, "text")
    await speech.session.end()


@contextlib.asynccontextmanager
async def _call_limit(deps: Deps) -> AsyncIterator[None]:
    most_s = deps.settings.timeouts.call_s
    try:
        async with asyncio.timeout(most_s):
            yield
    except TimeoutError:
        raise DeadlineError(f"the call took longer than {most_s:g} s", reason="CALL_TOO_LONG") from None
