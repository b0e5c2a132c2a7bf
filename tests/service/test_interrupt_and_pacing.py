"""Barge-in and pacing: what leaves when, and what never leaves."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import Any

from support.fake_speech import FRAME_MS, FakeSpeech
from support.grpc_rig import Rig, audio_of, config, flush, kinds, running, talk, text

from qwentts_svc.server.pb.qwentts.v1 import tts_pb2 as pb

INTERRUPT = pb.SynthesizeStreamRequest(interrupt=pb.Interrupt())


def played(ms: float) -> pb.SynthesizeStreamRequest:
    return pb.SynthesizeStreamRequest(playback=pb.Playback(played_ms=ms))


class Talk:
    """An open stream whose answers are collected as they come."""

    def __init__(self, rig: Rig, **values: Any) -> None:
        self.call = rig.stub.SynthesizeStream()
        self._config = config(**values)
        self.answers: list[pb.SynthesizeStreamResponse] = []

    async def __aenter__(self) -> Talk:
        await self.call.write(self._config)
        assert await self.next("started")
        return self

    async def __aexit__(self, *_: object) -> None:
        self.call.cancel()

    async def send(self, *messages: pb.SynthesizeStreamRequest) -> None:
        for message in messages:
            await self.call.write(message)

    async def next(self, kind: str) -> Any:
        """Read until an answer of ``kind``."""
        async with asyncio.timeout(5):
            while True:
                answer = await self.call.read()
                self.answers.append(answer)
                if answer.WhichOneof("message") == kind:
                    return getattr(answer, kind)

    async def end(self) -> None:
        await self.call.done_writing()
        await self.next("finished")


async def test_no_audio_of_a_segment_follows_its_interrupted_and_the_stream_goes_on() -> None:
    speech = FakeSpeech()
    speech.knobs.frame_delay_s = 0.002
    async with running(speech=speech) as rig, Talk(rig, max_lead_ms=500) as talk_on:
        total = ""
        for turn in range(100):
            sentence = f"sentence number {turn} that is long enough to be cut"
            total += sentence
            await talk_on.send(text(sentence), flush(str(turn)))
            await talk_on.next("audio")
            await talk_on.send(INTERRUPT)
            event = await talk_on.next("interrupted")
            assert event.text_spoken + event.text_remaining == sentence
            assert event.text_remaining
        await talk_on.send(text("the end"), flush("last"))
        end = await talk_on.next("segment_end")
        assert (end.flush_id, end.reason) == ("last", pb.FINISH_REASON_COMPLETE)
        await talk_on.end()
        alive: set[int] = set()
        ended: list[int] = []
        for answer in talk_on.answers:
            kind = answer.WhichOneof("message")
            if kind == "audio":
                assert answer.audio.segment_id not in ended
                alive.add(answer.audio.segment_id)
            elif kind == "segment_end":
                ended.append(answer.segment_end.segment_id)
        assert ended == list(range(101))


async def test_an_interrupt_cuts_through_a_paced_wait_at_once() -> None:
    async with running() as rig, Talk(rig, max_lead_ms=1000, audio={"chunk_ms": 1000}) as talk_on:
        await talk_on.send(text("x" * 100), flush())
        for _ in range(2):
            await talk_on.next("audio")
        await asyncio.sleep(0.05)
        sent = len(talk_on.answers)
        asked_s = time.monotonic()
        await talk_on.send(INTERRUPT)
        await talk_on.next("interrupted")
        assert time.monotonic() - asked_s < 0.4
        assert kinds(talk_on.answers[sent:]) == ["segment_end", "interrupted"]
        await talk_on.send(text("again"), flush())
        assert (await talk_on.next("segment_end")).reason == pb.FINISH_REASON_COMPLETE
        await talk_on.end()


async def test_interrupt_with_nothing_to_say_is_answered(rig: Rig) -> None:
    async with Talk(rig) as talk_on:
        await talk_on.send(INTERRUPT)
        event = await talk_on.next("interrupted")
        assert (event.text_spoken, event.text_remaining) == ("", "")
        await talk_on.end()


async def test_the_played_position_of_an_interrupt_reaches_the_session(rig: Rig) -> None:
    async with Talk(rig) as talk_on:
        await talk_on.send(text("abc"), flush())
        await talk_on.next("segment_end")
        await talk_on.send(pb.SynthesizeStreamRequest(interrupt=pb.Interrupt(played_ms=120.0)), INTERRUPT)
        await talk_on.next("interrupted")
        await talk_on.next("interrupted")
        assert rig.speech.sessions[0].interrupts == [120.0, None]
        await talk_on.end()


async def test_audio_runs_ahead_of_real_time_by_the_lead_and_no_more(rig: Rig) -> None:
    started_s = time.monotonic()
    arrivals: list[tuple[float, float]] = []
    call = rig.stub.SynthesizeStream(iter([config(max_lead_ms=300), text("x" * 10)]))
    async for answer in call:
        if answer.HasField("audio"):
            arrivals.append(((time.monotonic() - started_s) * 1000, answer.audio.end_ms))
    assert arrivals[-1][1] == 800
    assert all(sent_ms <= at_ms + 300 + 20 for at_ms, sent_ms in arrivals)
    assert arrivals[-1][0] >= 800 - 300 - 20
    assert sum(at_ms < 100 for at_ms, _ in arrivals) >= 3


async def test_server_streaming_is_paced_alike(rig: Rig) -> None:
    started_s = time.monotonic()
    request = pb.SynthesizeChunksRequest(text="x" * 10, config={"max_lead_ms": 300})
    assert [answer async for answer in rig.stub.SynthesizeChunks(request)]
    assert time.monotonic() - started_s >= 0.48


async def test_batch_audio_leaves_as_fast_as_it_is_made(rig: Rig) -> None:
    started_s = time.monotonic()
    answers = await talk(rig, config(priority=pb.PRIORITY_BATCH), text("x" * 400))
    assert len(audio_of(answers)) == 400 * 1920 * 2
    assert time.monotonic() - started_s < 5.0


async def test_a_listener_that_acknowledges_runs_faster_than_real_time(rig: Rig) -> None:
    started_s = time.monotonic()
    async with Talk(rig, max_lead_ms=200) as talk_on:
        await talk_on.send(text("x" * 50), flush())
        heard_ms = 0.0
        while heard_ms < 4000:
            audio = await talk_on.next("audio")
            heard_ms = audio.end_ms
            await talk_on.send(played(heard_ms))
        await talk_on.next("segment_end")
        assert time.monotonic() - started_s < 2.0
        # The last acknowledgement crosses the last answers on the wire: wait for it.
        for _ in range(500):
            if rig.speech.sessions[0].played[-1] == 4000:
                break
            await asyncio.sleep(0.01)
        assert rig.speech.sessions[0].played[-1] == 4000
        await talk_on.end()


async def test_a_listener_that_holds_back_is_not_overrun(rig: Rig) -> None:
    async with Talk(rig, max_lead_ms=200) as talk_on:
        await talk_on.send(text("x" * 50), flush())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.6):
                while True:
                    await talk_on.next("audio")
                    await talk_on.send(played(0.0))
        sent_ms = max(answer.audio.end_ms for answer in talk_on.answers if answer.HasField("audio"))
        assert sent_ms <= 200 + FRAME_MS * 4
        await rig.channel.close()
