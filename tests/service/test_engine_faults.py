"""The server over a real engine thread with fake runners: faults of the engine as callers see them, and nothing left of
them afterwards: no KV block, slot, mailbox, session, task, thread or descriptor."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import grpc.aio
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from support.bridge_rig import MANY, Bridge, bridge
from support.grpc_rig import FAST, config, flush, kinds, reason_of, retry_ms, text
from support.held import held_objects, nothing_left, warm_up

from qwentts_svc.runtime.runners import FatalDeviceError
from qwentts_svc.server.lifecycle import SpeechServer
from qwentts_svc.server.pb.qwentts.v1 import tts_pb2 as pb
from qwentts_svc.server.pb.qwentts.v1 import tts_pb2_grpc

FRAME_MS = 80.0
SERVING, NOT_SERVING = health_pb2.HealthCheckResponse.SERVING, health_pb2.HealthCheckResponse.NOT_SERVING


@dataclass
class House:
    """A running server, its engine, and a client of it."""

    it: Bridge
    server: SpeechServer
    stub: Any
    health: Any

    async def serving(self, wanted: int) -> None:
        """Return when the health service says so."""
        async with asyncio.timeout(5):
            while (await self.health.Check(health_pb2.HealthCheckRequest())).status != wanted:  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    def speak(self, count: int) -> list[asyncio.Task[list[Any]]]:
        """Callers that ask for speech without end."""
        return [asyncio.create_task(self._one(seed)) for seed in range(count)]

    async def _one(self, seed: int) -> list[Any]:
        request = pb.SynthesizeChunksRequest(text="Some text.", config={"seed": seed, "priority": "PRIORITY_BATCH"})
        return [answer async for answer in self.stub.SynthesizeChunks(request)]

    def waiting_frames(self) -> int:
        """Frames that lie in mailboxes."""
        boxes = [row.submit.mailbox for row in list(self.it.engine.rows.values())]
        return sum(box.produced_frames - box.consumed_frames for box in boxes)

    async def all_at_work(self, count: int) -> None:
        async with asyncio.timeout(5):
            while sum(row.frames_done > 0 for row in list(self.it.engine.rows.values())) < count:  # noqa: ASYNC110
                await asyncio.sleep(0.005)


@asynccontextmanager
async def house(length: Any = 6, *, dies: bool = False, **options: Any) -> AsyncIterator[House]:
    """A server for the length of the block. Fails when anything is left behind."""
    await warm_up()
    # pytest keeps log records with their tracebacks, and with them what the frames hold.
    logging.disable(logging.CRITICAL)
    before = held_objects()
    async with bridge(length, **options) as it:
        server = SpeechServer(it.service, FAST)
        await server.start()
        try:
            async with grpc.aio.insecure_channel(f"127.0.0.1:{server.port}") as channel:
                home = House(it, server, tts_pb2_grpc.TextToSpeechStub(channel), health_pb2_grpc.HealthStub(channel))
                yield home
            async with asyncio.timeout(5):
                await server.admission.wait_idle()
            if not dies:
                await it.settled()
                it.engine.check_integrity()
            assert it.client.open_rows == 0
            assert it.service.open_sessions == 0
        finally:
            await server.stop(0.5)
            logging.disable(logging.NOTSET)
    home.__dict__.clear()  # the test's own frame still holds it
    del it, server, channel
    await nothing_left(before)


async def failures(calls: list[asyncio.Task[list[Any]]]) -> list[grpc.aio.AioRpcError]:
    found = await asyncio.gather(*calls, return_exceptions=True)
    assert all(isinstance(one, grpc.aio.AioRpcError) for one in found), found
    return [one for one in found if isinstance(one, grpc.aio.AioRpcError)]


async def test_a_step_that_hangs_is_told_to_every_caller_and_ends_readiness_until_it_returns() -> None:
    gate, entered = threading.Event(), threading.Event()

    def work(kind: str, units: int) -> None:
        if kind == "step":
            entered.set()
            gate.wait(10)

    async with house(10**6, step_s=0.001, watchdog_s=0.2) as home:
        calls = home.speak(4)
        await home.all_at_work(4)
        home.it.model.on_work = work
        assert await asyncio.to_thread(entered.wait, 5)
        try:
            for error in await failures(calls):
                assert (error.code(), reason_of(error)) == (grpc.StatusCode.UNAVAILABLE, "ENGINE_HUNG")
                assert retry_ms(error) is not None
            await home.serving(NOT_SERVING)
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await home.stub.Synthesize(pb.SynthesizeRequest(text="x"))
            assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
        finally:
            home.it.model.on_work = None
            gate.set()
        await home.serving(SERVING)


async def test_the_death_of_the_engine_thread_is_told_to_every_caller() -> None:
    def lost(kind: str, units: int) -> None:
        raise FatalDeviceError("gone")

    async with house(10**6, dies=True, step_s=0.001) as home:
        calls = home.speak(4)
        await home.all_at_work(4)
        home.it.model.on_work = lost
        for error in await failures(calls):
            assert (error.code(), reason_of(error)) == (grpc.StatusCode.UNAVAILABLE, "ENGINE_DEAD")
        await home.serving(NOT_SERVING)


async def test_a_step_that_raises_fails_its_batch_and_the_next_call_is_spoken() -> None:
    async with house(200, step_s=0.001) as home:
        calls = home.speak(3)
        await home.all_at_work(3)
        home.it.faults.step = 1
        ends = await asyncio.gather(*calls, return_exceptions=True)
        failed = [end for end in ends if isinstance(end, grpc.aio.AioRpcError)]
        assert failed
        assert {error.code() for error in failed} == {grpc.StatusCode.INTERNAL}
        assert all("injected" not in str(error) for error in failed)
        (again,) = home.speak(1)
        assert kinds(await again) == ["started", "audio", "finished"]


async def test_when_kv_memory_runs_out_rows_are_put_back_and_every_call_is_spoken_to_its_end() -> None:
    small = replace(MANY, slots=8, blocks=24, block_size=4)
    async with house(30, info=small, step_s=0.0005) as home:
        taken: list[int] = []
        release = home.it.engine.kv.release_all
        home.it.engine.kv.release_all = lambda leases: (taken.append(len(leases)), release(leases))[1]
        for answers in await asyncio.gather(*home.speak(6)):
            assert kinds(answers) == ["started", "audio", "finished"]
            assert answers[-1].finished.reason == pb.FINISH_REASON_COMPLETE
            assert answers[-1].finished.usage.frames == 30
        assert len(taken) > 6, "nobody was put back: the memory was not short"


async def test_ten_minutes_of_speech_have_no_gap_and_never_pile_up() -> None:
    """In compressed time: the listener acknowledges what it hears at once."""
    frames, lead_ms = 7600, 2000
    long = replace(MANY, max_positions=10_000)
    async with house(frames, info=long) as home:
        call = home.stub.SynthesizeStream()
        await call.write(config(max_lead_ms=lead_ms, trim_leading_silence=False, audio={"chunk_ms": 400}))
        await call.write(text("A text that the model speaks for ten minutes."))
        await call.write(flush("long"))
        sequence, end_ms, samples, waiting = 0, 0.0, 0, 0
        async with asyncio.timeout(90):
            while not (answer := await call.read()).HasField("segment_end"):
                if not answer.HasField("audio"):
                    continue
                audio = answer.audio
                assert audio.sequence == sequence
                assert audio.start_ms == pytest.approx(end_ms, abs=1e-6)
                sequence, end_ms = sequence + 1, audio.end_ms
                samples += len(audio.data) // 2
                if sequence == 20:  # an engine that does not wait makes minutes of speech meanwhile
                    await asyncio.sleep(0.3)
                waiting = max(waiting, home.waiting_frames())
                await call.write(pb.SynthesizeStreamRequest(playback=pb.Playback(played_ms=end_ms)))
        assert answer.segment_end.reason == pb.FINISH_REASON_COMPLETE
        assert end_ms == answer.segment_end.audio_ms == frames * FRAME_MS
        assert samples == frames * 1920
        # The lead, and one codec call that was under way when it was reached.
        assert 0 < waiting <= lead_ms / FRAME_MS + 16
        await call.done_writing()
        assert (await call.read()).HasField("finished")


async def test_a_jump_of_the_wall_clock_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pace, time-outs, deadlines and the engine's plans must not notice that the date was corrected by an hour."""
    real_s, real_ns, jump_s = time.time, time.time_ns, [0.0]
    monkeypatch.setattr(time, "time", lambda: real_s() + jump_s[0])
    monkeypatch.setattr(time, "time_ns", lambda: real_ns() + round(jump_s[0] * 1e9))
    async with house(25, step_s=0.001) as home:
        for jump in (3600.0, -7200.0):
            wanted = pb.SynthesisConfig(max_lead_ms=400, trim_leading_silence=False)
            request = pb.SynthesizeChunksRequest(text="Some text.", config=wanted)
            begun_s, arrivals = time.monotonic(), []
            async for answer in home.stub.SynthesizeChunks(request, timeout=10):
                if answer.HasField("audio"):
                    arrivals.append(((time.monotonic() - begun_s) * 1000, answer.audio.end_ms))
                    if len(arrivals) == 3:
                        jump_s[0] += jump
            assert arrivals[-1][1] == 25 * FRAME_MS
            assert all(end_ms <= at_ms + 400 + 20 for at_ms, end_ms in arrivals)
            assert 1500 <= arrivals[-1][0] < 4000
