"""Callers that leave in every way: all that they held is given back, and a false end is not taken for a wish."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import textwrap
from collections.abc import Callable
from dataclasses import replace

import grpc
import grpc.aio
import pytest
from support.fake_speech import FakeSpeech
from support.grpc_rig import FAST, Rig, config, flush, kinds, running, talk, text, with_limits

from qwentts_svc.server.pb.qwentts.v1 import tts_pb2 as pb

BIG = {"format": pb.AUDIO_FORMAT_PCM_F32, "sample_rate_hz": 48000, "chunk_ms": 5000}


def slow() -> FakeSpeech:
    speech = FakeSpeech()
    speech.knobs.frame_delay_s = 0.02
    return speech


async def test_a_cancelled_stream_closes_its_session() -> None:
    async with running(speech=slow()) as rig:
        call = rig.stub.SynthesizeStream()
        await call.write(config())
        await call.write(text("x" * 100))
        await call.write(flush())
        while not (await call.read()).HasField("audio"):
            pass
        call.cancel()
        await rig.settled()
        assert rig.metric("qwentts_finished_total", reason="cancelled") == 1
        assert rig.metric("qwentts_rpc_seconds_count", method="SynthesizeStream", code="CANCELLED") == 1


async def test_a_closed_channel_closes_all_of_its_sessions() -> None:
    async with running(speech=slow()) as rig:
        calls = [rig.stub.SynthesizeChunks(pb.SynthesizeChunksRequest(text="x" * 100)) for _ in range(8)]
        for call in calls:
            await call.read()
        await rig.channel.close()
        await rig.settled()
        assert rig.metric("qwentts_finished_total", reason="cancelled") == 8


async def test_a_cancel_while_the_writer_is_blocked_counts_as_cancelled(caplog: pytest.LogCaptureFixture) -> None:
    async with running() as rig:
        for _ in range(6):
            asked = pb.SynthesisConfig(priority=pb.PRIORITY_BATCH, audio=BIG)
            call = rig.stub.SynthesizeChunks(pb.SynthesizeChunksRequest(text="x" * 1000, config=asked))
            await call.wait_for_connection()
            await rig.settled_after(_blocked(rig))
            call.cancel()
            await rig.settled()
        assert rig.metric("qwentts_finished_total", reason="cancelled") == 6
        assert rig.metric("qwentts_rpc_seconds_count", method="SynthesizeChunks", code="CANCELLED") == 6
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


def _blocked(rig: Rig) -> Callable[[], bool]:
    """True once the audio that leaves has stopped growing: the transport is full."""
    seen: list[float] = []

    def stopped() -> bool:
        seen.append(rig.metric("qwentts_audio_seconds_total"))
        return len(seen) > 20 and seen[-1] > 0 and seen[-1] == seen[-20]

    return stopped


async def test_a_session_is_closed_to_its_end_even_when_the_caller_cancels_meanwhile() -> None:
    speech = FakeSpeech()
    speech.knobs.close_delay_s = 0.1
    async with running(speech=speech) as rig:
        call = rig.stub.SynthesizeChunks(pb.SynthesizeChunksRequest(text="x"))
        while not (await call.read()).HasField("finished"):
            pass
        await rig.settled_after(lambda: speech.sessions[0].closed)
        call.cancel()
        await rig.settled()
        await rig.settled_after(lambda: rig.metric("qwentts_finished_total", reason="cancelled") == 1)
        assert speech.sessions[0].closed_fully


async def test_an_oversize_message_is_not_taken_for_a_half_close() -> None:
    async with running(with_limits(max_message_bytes=4000)) as rig:
        for _ in range(5):
            call = rig.stub.SynthesizeStream()
            await call.write(config())
            await call.read()
            await call.write(text("kept back"))
            await call.write(text("x" * 5000))
            with pytest.raises(grpc.aio.AioRpcError):
                await call.read()
            assert await call.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
            await rig.settled()
        assert all(session.texts == [] for session in rig.speech.sessions)
        assert not any(session.ended for session in rig.speech.sessions)


async def test_a_cancel_is_not_taken_for_a_half_close(rig: Rig) -> None:
    for _ in range(5):
        call = rig.stub.SynthesizeStream()
        await call.write(config())
        await call.read()
        await call.write(text("kept back"))
        await asyncio.sleep(0.01)
        call.cancel()
        await rig.settled()
    assert not any(session.ended for session in rig.speech.sessions)


async def test_the_end_of_the_servers_grace_is_not_taken_for_a_half_close() -> None:
    async with running(replace(FAST, drain=replace(FAST.drain, grace_s=0.1))) as rig:
        call = rig.stub.SynthesizeStream()
        await call.write(config())
        await call.read()
        await call.write(text("kept back"))
        assert not await rig.server.drain()
        await rig.server.stop(0.1)
        assert not rig.speech.sessions[0].ended
        assert rig.speech.live_sessions == 0


async def test_half_close_speaks_what_is_open(rig: Rig) -> None:
    answers = await talk(rig, config(), text("said"))
    assert kinds(answers) == ["started", "audio", "segment_end", "finished"]
    assert rig.speech.sessions[0].ended


CLIENT = """
import asyncio, grpc.aio, sys
from qwentts_svc.server.pb.qwentts.v1 import tts_pb2 as pb, tts_pb2_grpc

async def main():
    channel = grpc.aio.insecure_channel(sys.argv[1])
    stub = tts_pb2_grpc.TextToSpeechStub(channel)
    call = stub.SynthesizeChunks(pb.SynthesizeChunksRequest(text="x" * 1000))
    await call.read()
    await call.read()
    print("speaking", flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM])
async def test_a_killed_client_leaves_nothing_behind(ending: signal.Signals) -> None:
    async with running(speech=slow()) as rig:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", textwrap.dedent(CLIENT), rig.address, stdout=asyncio.subprocess.PIPE
        )
        try:
            assert process.stdout is not None
            async with asyncio.timeout(30):
                assert await process.stdout.readline() == b"speaking\n"
            os.kill(process.pid, ending)
            await process.wait()
            await rig.settled()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
