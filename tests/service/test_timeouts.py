"""Nothing waits for ever: idle callers, stalled readers, long calls, callers' own deadlines."""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from types import SimpleNamespace

import grpc
import grpc.aio
import pytest
from support.fake_speech import FakeSpeech
from support.grpc_rig import config, kinds, reason_of, running, talk, text, with_timeouts

from qwentts_svc.errors import DeadlineError
from qwentts_svc.server.pb.qwentts.v1 import tts_pb2 as pb
from qwentts_svc.server.settings import TimeoutSettings
from qwentts_svc.server.stream import Conversation

KEEP_ALIVE = pb.SynthesizeStreamRequest(keep_alive=pb.KeepAlive())
LATE = grpc.StatusCode.DEADLINE_EXCEEDED


async def test_a_stream_without_config_is_ended() -> None:
    async with running(with_timeouts(config_s=0.1)) as rig:
        call = rig.stub.SynthesizeStream()
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await call.read()
        assert failed.value.code() is LATE
        assert reason_of(failed.value) == "CONFIG_TIMEOUT"


async def test_an_idle_stream_is_ended_and_its_session_closed() -> None:
    async with running(with_timeouts(idle_s=0.2)) as rig:
        call = rig.stub.SynthesizeStream()
        await call.write(config())
        await call.read()
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await call.read()
        assert failed.value.code() is LATE
        assert reason_of(failed.value) == "IDLE_TIMEOUT"
        await rig.settled()
        assert rig.metric("qwentts_finished_total", reason="idle_timeout") == 1


async def test_a_message_at_the_very_end_of_the_idle_time_does_not_break_the_call() -> None:
    """Once it set a clock that had run out already, and the caller heard of an internal error."""
    settings = SimpleNamespace(timeouts=TimeoutSettings(idle_s=0.02))
    conversation = Conversation(SimpleNamespace(settings=settings), None, None)  # type: ignore[arg-type]  # stand-ins

    async def talk_to_the_end(_incoming: object) -> None:
        try:
            await asyncio.sleep(5)
        except asyncio.CancelledError:
            conversation._touch()
            raise

    conversation._both = talk_to_the_end  # type: ignore[method-assign]  # what happens between the two clocks
    with pytest.raises(DeadlineError) as ended:
        await conversation.run(None)  # type: ignore[arg-type]  # not read
    assert ended.value.reason == "IDLE_TIMEOUT"


async def test_keep_alive_keeps_a_stream_open() -> None:
    async with running(with_timeouts(idle_s=0.2)) as rig:
        call = rig.stub.SynthesizeStream()
        await call.write(config())
        await call.read()
        for _ in range(8):
            await asyncio.sleep(0.06)
            await call.write(KEEP_ALIVE)
        await call.write(text("x"))
        await call.done_writing()
        assert (await call.read()).HasField("audio")
        await call.read()
        assert (await call.read()).HasField("finished")


async def test_a_listener_who_only_listens_is_not_idle() -> None:
    async with running(with_timeouts(idle_s=0.15)) as rig:
        call = rig.stub.SynthesizeStream()
        await call.write(config(max_lead_ms=100))
        await call.write(text("x" * 8))
        await call.write(pb.SynthesizeStreamRequest(flush=pb.Flush()))
        answers = [await call.read() for _ in range(10)]
        assert answers[-1].HasField("segment_end")
        call.cancel()


async def test_a_stalled_reader_is_ended_and_its_session_closed() -> None:
    async with running(with_timeouts(write_stall_s=0.3, close_s=0.1)) as rig:
        output = {"format": pb.AUDIO_FORMAT_PCM_F32, "sample_rate_hz": 48000, "chunk_ms": 5000}
        asked = pb.SynthesisConfig(priority=pb.PRIORITY_BATCH, audio=output)
        call = rig.stub.SynthesizeChunks(pb.SynthesizeChunksRequest(text="x" * 1000, config=asked))
        await call.wait_for_connection()
        await rig.settled_after(lambda: rig.metric("qwentts_finished_total", reason="write_stalled") == 1)
        assert rig.speech.live_sessions == 0
        assert rig.server.admission.open_streams == 0
        call.cancel()


async def test_a_stalled_stream_is_ended_too() -> None:
    async with running(with_timeouts(write_stall_s=0.3, close_s=0.1)) as rig:
        output = {"format": pb.AUDIO_FORMAT_PCM_F32, "sample_rate_hz": 48000, "chunk_ms": 5000}
        call = rig.stub.SynthesizeStream()
        await call.write(config(priority=pb.PRIORITY_BATCH, audio=output))
        await call.write(text("x" * 1000))
        await call.done_writing()
        await rig.settled_after(lambda: rig.metric("qwentts_finished_total", reason="write_stalled") == 1)
        assert rig.speech.live_sessions == 0
        call.cancel()


CLIENT = """
import asyncio, grpc.aio, sys
from qwentts_svc.server.pb.qwentts.v1 import tts_pb2 as pb, tts_pb2_grpc

async def main():
    stub = tts_pb2_grpc.TextToSpeechStub(grpc.aio.insecure_channel(sys.argv[1]))
    silent = stub.SynthesizeStream()
    await silent.write(pb.SynthesizeStreamRequest(config=pb.SynthesisConfig()))
    await silent.read()
    output = pb.AudioOutput(format=pb.AUDIO_FORMAT_PCM_F32, sample_rate_hz=48000, chunk_ms=5000)
    config = pb.SynthesisConfig(priority=pb.PRIORITY_BATCH, audio=output)
    loud = stub.SynthesizeChunks(pb.SynthesizeChunksRequest(text="x" * 4000, config=config))
    await loud.read()
    print("listening", flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


async def test_a_stopped_client_is_given_up_whether_it_was_silent_or_listening() -> None:
    """Its connection stays open and the kernel answers for it, so that no keepalive notices for minutes."""
    speech = FakeSpeech()
    speech.knobs.frame_delay_s = 0.0002
    async with running(with_timeouts(idle_s=1.0, write_stall_s=0.5, close_s=0.1), speech) as rig:
        client = await asyncio.create_subprocess_exec(
            sys.executable, "-c", CLIENT, rig.address, stdout=asyncio.subprocess.PIPE
        )
        try:
            assert client.stdout is not None
            async with asyncio.timeout(30):
                assert await client.stdout.readline() == b"listening\n"
            client.send_signal(signal.SIGSTOP)
            for reason in ("idle_timeout", "write_stalled"):
                await rig.settled_after(
                    lambda reason=reason: rig.metric("qwentts_finished_total", reason=reason) == 1, 15.0
                )
            await rig.settled()
        finally:
            client.kill()
            await client.wait()


async def test_a_call_that_takes_too_long_is_ended() -> None:
    speech = FakeSpeech()
    speech.knobs.frame_delay_s = 0.05
    async with running(with_timeouts(call_s=0.2), speech) as rig:
        for call in (
            talk(rig, config(), text("x" * 100)),
            rig.stub.Synthesize(pb.SynthesizeRequest(text="x" * 100)),
        ):
            with pytest.raises(grpc.aio.AioRpcError) as failed:
                await call
            assert reason_of(failed.value) == "CALL_TOO_LONG"
        await rig.settled()


async def test_the_callers_deadline_reaches_the_session_and_ends_the_work() -> None:
    speech = FakeSpeech()
    speech.knobs.frame_delay_s = 0.05
    async with running(speech=speech) as rig:
        before_s = time.monotonic()
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await rig.stub.Synthesize(pb.SynthesizeRequest(text="x" * 100), timeout=0.3)
        assert failed.value.code() is LATE
        await rig.settled()
        deadline_s = speech.sessions[0].request.deadline_s
        assert deadline_s is not None
        assert before_s < deadline_s <= before_s + 0.35
        assert rig.metric("qwentts_rpc_seconds_count", method="Synthesize", code="DEADLINE_EXCEEDED") == 1


async def test_a_deadline_in_the_past_speaks_nothing() -> None:
    speech = FakeSpeech()
    speech.knobs.frame_delay_s = 0.02
    async with running(speech=speech) as rig:
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await rig.stub.Synthesize(pb.SynthesizeRequest(text="x"), timeout=0.0)
        assert failed.value.code() is LATE
        await rig.settled()
        assert rig.metric("qwentts_audio_seconds_total") == 0
        assert kinds(await talk(rig, config(), text("x")))[-1] == "finished"
