"""A service process that is killed and started again: registered voices are there and speak as before."""

from __future__ import annotations

import asyncio
import io
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc.aio
import numpy as np
import pytest
import soundfile
from support.base_checkpoint import write_base_checkpoint

from loadtest.service import ServiceProcess, running_service
from qwentts_svc.server.pb.qwentts.v1 import tts_pb2 as pb
from qwentts_svc.server.pb.qwentts.v1 import tts_pb2_grpc

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]
GOOD_AUDIO_WITHIN_S = 10.0
ONE_THREAD = "runtime.intra_op_threads=1"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_base_checkpoint(tmp_path_factory.mktemp("model") / "base")


def recording(pitch: float) -> bytes:
    """Two seconds of something that is not silence."""
    at_s = np.arange(48000) / 24000
    buffer = io.BytesIO()
    soundfile.write(buffer, 0.3 * np.sin(2 * np.pi * pitch * at_s) * (1 + np.sin(9 * at_s)) / 2, 24000, format="WAV")
    return buffer.getvalue()


@asynccontextmanager
async def client(service: ServiceProcess) -> AsyncIterator[Any]:
    """A stub on a connection of its own."""
    async with grpc.aio.insecure_channel(service.address) as channel:
        yield tts_pb2_grpc.TextToSpeechStub(channel)


async def heard_out(call: Any) -> None:
    async for _ in call:
        pass


async def said(stub: Any, voice: str) -> bytes:
    wanted = pb.SynthesisConfig(voice=voice, seed=3, max_frames=6, trim_leading_silence=False)
    answer = await stub.Synthesize(pb.SynthesizeRequest(text="Are you there?", config=wanted), timeout=60)
    return bytes(answer.audio)


async def test_cloned_voices_survive_sigkill_and_speak_as_before(base: Path, tmp_path: Path) -> None:
    settings = (ONE_THREAD, f"server.voices.directory={tmp_path}")
    names = ("Plain", "with-words")
    async with running_service(settings, model=str(base)) as first:
        port = first.port
        async with client(first) as stub:
            for name, pitch, words in ((names[0], 180.0, ""), (names[1], 260.0, "what was said")):
                reference = pb.ReferenceAudio(audio=recording(pitch), transcript=words)
                await stub.CreateVoice(pb.CreateVoiceRequest(name=name, reference=reference), timeout=60)
            listed = await stub.ListVoices(pb.ListVoicesRequest())
            before = [await said(stub, name) for name in names]
            open_call = stub.SynthesizeChunks(
                pb.SynthesizeChunksRequest(text="Still speaking when it ends. " * 20, config={"voice": names[0]})
            )
            assert await anext(aiter(open_call))
            await first.kill()
            with pytest.raises(grpc.aio.AioRpcError) as cut:
                await heard_out(open_call)
            assert cut.value.code() is grpc.StatusCode.UNAVAILABLE
    begun_s = time.monotonic()
    async with running_service(settings, port=port, model=str(base)) as second, client(second) as stub:
        after = [await said(stub, names[0])]
        took_s = time.monotonic() - begun_s
        after.append(await said(stub, names[1]))
        assert await stub.ListVoices(pb.ListVoicesRequest()) == listed
        assert {voice.name: voice.in_context for voice in listed.voices} == {names[0]: False, names[1]: True}
        await stub.GetVoice(pb.GetVoiceRequest(name="PLAIN"))
        assert await second.stop() == 0
    assert after == before
    assert all(np.abs(np.frombuffer(audio[44:], np.int16)).max() > 0 for audio in after)
    assert before[0] != before[1]
    assert took_s < GOOD_AUDIO_WITHIN_S
    assert len(os.listdir(tmp_path)) == 2


async def test_a_voice_whose_making_is_cut_by_sigkill_is_there_whole_or_not_at_all(base: Path, tmp_path: Path) -> None:
    settings = (ONE_THREAD, f"server.voices.directory={tmp_path}")
    async with running_service(settings, model=str(base)) as first, client(first) as stub:
        request = pb.CreateVoiceRequest(name="cut", reference=pb.ReferenceAudio(audio=recording(200.0)))
        making = asyncio.ensure_future(stub.CreateVoice(request))
        while not making.done() and not os.listdir(tmp_path):  # noqa: ASYNC110 (a file has no event)
            await asyncio.sleep(0)
        await first.kill()
        done = (await asyncio.gather(making, return_exceptions=True))[0]
    async with running_service(settings, model=str(base)) as second, client(second) as stub:
        names = [voice.name for voice in (await stub.ListVoices(pb.ListVoicesRequest())).voices]
        assert names in ([], ["cut"])
        if not isinstance(done, Exception):
            assert names == ["cut"]
        if names:
            assert await said(stub, "cut")
