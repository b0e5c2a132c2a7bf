"""Many streams on one process, and what is left of them: nothing."""

from __future__ import annotations

import asyncio
import gc

import grpc
import grpc.aio
import psutil
from support.fake_speech import FakeSpeech
from support.grpc_rig import Rig, config, kinds, reason_of, running, talk, text, with_timeouts

from qwentts_svc.errors import UnavailableError
from qwentts_svc.server.pb.qwentts.v1 import tts_pb2 as pb


async def test_two_thousand_idle_streams_cost_little_and_give_everything_back() -> None:
    """What is kept for every stream grows the process in each round; what an allocator keeps grows it in some."""
    process, count, slack_bytes = psutil.Process(), 2000, 8 * 2**20
    grown: list[int] = []
    async with running(with_timeouts(config_s=60.0, idle_s=60.0, call_s=60.0)) as rig:
        await talk(rig, config(), text("x"))
        while len(grown) < 5 and not any(bytes_ < slack_bytes for bytes_ in grown[1:]):
            grown.append(await _idle(rig, process, count))
    assert min(grown[1:]) < slack_bytes, f"each round kept memory: {[bytes_ >> 20 for bytes_ in grown]} MiB"


async def _idle(rig: Rig, process: psutil.Process, count: int) -> int:
    """Open ``count`` silent streams and cancel them; the memory that the process has then more than before, bytes."""
    gc.collect()
    before_bytes, before_tasks, before_fds = process.memory_info().rss, len(asyncio.all_tasks()), process.num_fds()
    calls = [rig.stub.SynthesizeStream() for _ in range(count)]
    for call in calls:
        await call.write(config())
    for call in calls:
        await call.read()
    assert rig.speech.live_sessions == count
    per_stream = (process.memory_info().rss - before_bytes) / count
    # Client and server side together; one side was measured at 54 kB.
    assert per_stream < 250_000
    for call in calls:
        call.cancel()
    del call
    calls.clear()
    gc.collect()
    await rig.settled()
    await rig.settled_after(lambda: len(asyncio.all_tasks()) <= before_tasks)
    await rig.settled_after(lambda: process.num_fds() <= before_fds)
    assert rig.metric("qwentts_requests", state="streams") == 0
    return process.memory_info().rss - before_bytes


async def test_a_crowd_speaks_at_once_and_alike() -> None:
    speech = FakeSpeech()
    speech.knobs.frame_delay_s = 0.001
    async with running(speech=speech) as rig:
        answers = await asyncio.gather(*(talk(rig, config(seed=1), text("in a crowd")) for _ in range(64)))
        spoken = {b"".join(answer.audio.data for answer in one) for one in answers}
        assert len(spoken) == 1
        assert all(kinds(one) == ["started", "audio", "segment_end", "finished"] for one in answers)


async def test_when_the_engine_dies_every_stream_is_told() -> None:
    speech = FakeSpeech()
    speech.knobs.frame_delay_s = 0.01
    async with running(speech=speech) as rig:
        calls = [asyncio.create_task(talk(rig, config(), text("x" * 200))) for _ in range(16)]
        await rig.settled_after(lambda: rig.server.admission.open_streams == 16)
        speech.knobs.failure = UnavailableError("the engine has died", retry_after_s=5.0, reason="ENGINE_DEAD")
        speech.knobs.fail_after_frames = 0
        for outcome in await asyncio.gather(*calls, return_exceptions=True):
            assert isinstance(outcome, grpc.aio.AioRpcError)
            assert outcome.code() is grpc.StatusCode.UNAVAILABLE
            assert reason_of(outcome) == "ENGINE_DEAD"
        await rig.settled()


async def test_a_long_series_of_calls_leaves_descriptors_and_tasks_as_they_were() -> None:
    process = psutil.Process()
    async with running() as rig:
        request = pb.SynthesizeRequest(text="once more")
        await rig.stub.Synthesize(request)
        tasks, fds = len(asyncio.all_tasks()), process.num_fds()
        for turn in range(150):
            await rig.stub.Synthesize(request)
            if turn % 3 == 0:
                call = rig.stub.SynthesizeChunks(pb.SynthesizeChunksRequest(text="cut"))
                await call.read()
                call.cancel()
        await rig.settled()
        await rig.settled_after(lambda: len(asyncio.all_tasks()) <= tasks)
        await rig.settled_after(lambda: process.num_fds() <= fds)
