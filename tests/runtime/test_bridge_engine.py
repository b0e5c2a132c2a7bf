"""The loop's handle on the engine: hangs, deaths and stops are told to everybody; voices are encoded behind it."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace

import numpy as np
import pytest
from support.bridge_rig import Told, bridge, hear, say, speaking
from support.fake_speech import INFO

from qwentts_svc.bridge.engine_client import EngineClient
from qwentts_svc.errors import InputError, NotFoundError, TtsError, UnavailableError
from qwentts_svc.runtime.runners import FatalDeviceError
from qwentts_svc.text.normalize import Normalizer
from qwentts_svc.types import FinishReason, Layout, ModelType


async def hang(it, gate: threading.Event) -> None:
    """Return when a frame step waits for ``gate``."""
    entered = threading.Event()

    def work(kind, units):
        if kind == "step":
            entered.set()
            gate.wait(10)

    it.model.on_work = work
    assert await asyncio.to_thread(entered.wait, 5)


async def test_a_step_that_hangs_is_told_to_every_stream_and_ends_readiness_until_it_returns(caplog) -> None:
    """Once rows of streams that had been told went on speaking to nobody after the step had returned."""
    gate = threading.Event()
    async with bridge(10**6, step_s=0.001, watchdog_s=0.2) as it:
        tasks = [await speaking(it, seed=seed) for seed in range(5)]
        assert it.service.readiness().ready
        await hang(it, gate)
        encoding = asyncio.create_task(it.client.encode_voice(np.ones(24000, np.float32), None))
        for task in [*tasks, encoding]:
            with pytest.raises(UnavailableError) as error:
                await task
            assert error.value.reason == "ENGINE_HUNG"
            assert error.value.retry_after_s > 0
        readiness = it.service.readiness()
        assert (readiness.live, readiness.ready, readiness.reason) == (False, False, "ENGINE_HUNG")
        with pytest.raises(UnavailableError):
            it.open()
        assert it.service.open_sessions == 0
        gate.set()
        it.model.on_work = None
        async with asyncio.timeout(5):
            while not it.service.readiness().ready:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        await it.settled()
    assert "has been running" in caplog.text


@pytest.mark.parametrize("how", ["device", "books"])
async def test_the_death_of_the_engine_is_told_to_every_stream(caplog, how: str) -> None:
    async with bridge(10**6, step_s=0.001) as it:
        tasks = [await speaking(it, seed=seed) for seed in range(5)]
        if how == "device":

            def lost(kind, units):
                raise FatalDeviceError("gone")

            it.model.on_work = lost
        else:
            it.engine.check_integrity = it.engine.step = None  # the thread's next call of it raises
            it.engine.fail_all = None  # and so does the last one
        for task in tasks:
            with pytest.raises(UnavailableError) as error:
                await task
            assert error.value.reason == "ENGINE_DEAD"
        readiness = it.service.readiness()
        assert (readiness.live, readiness.ready, readiness.reason) == (False, False, "ENGINE_DEAD")
        with pytest.raises(UnavailableError):
            it.open()
        assert it.client.open_rows == 0


async def test_stopping_tells_open_streams_and_later_sessions() -> None:
    async with bridge(10**6, step_s=0.001) as it:
        tasks = [await speaking(it, seed=seed) for seed in range(3)]
        assert await it.client.stop(5.0)
        for task in tasks:
            with pytest.raises(UnavailableError) as error:
                await task
            assert error.value.reason == "STOPPING"
        with pytest.raises(UnavailableError):
            it.open()
        with pytest.raises(UnavailableError):
            await it.client.encode_voice(np.ones(24000, np.float32), None)


async def test_a_reference_whose_caller_has_gone_is_encoded_no_further() -> None:
    begun = threading.Event()
    async with bridge() as it:
        it.voices.count = 10**9
        it.voices.on_slice = begun.set
        encoding = asyncio.create_task(it.client.encode_voice(np.ones(24000, np.float32), None))
        assert await asyncio.to_thread(begun.wait, 5)
        encoding.cancel()
        with pytest.raises(asyncio.CancelledError):
            await encoding
        async with asyncio.timeout(5):
            while it.engine.wait_s(0.0) is not None:  # noqa: ASYNC110
                await asyncio.sleep(0.002)


async def test_a_drained_service_finishes_what_it_has_and_takes_nothing_new() -> None:
    async with bridge(60, step_s=0.001) as it:
        tasks = [await speaking(it, seed=seed) for seed in range(2)]
        it.service.drain()
        assert it.service.readiness().reason == "DRAINING"
        with pytest.raises(UnavailableError) as error:
            it.open()
        assert error.value.reason == "DRAINING"
        for task in tasks:
            assert (await task).ends[0].reason is FinishReason.COMPLETE


async def test_an_engine_that_cannot_be_built_says_why() -> None:
    def build():
        raise TtsError("the file is missing")

    client = EngineClient(build)
    with pytest.raises(TtsError, match="missing"):
        await client.start()
    assert await client.stop(5.0)


async def test_one_hop_to_the_loop_per_step_however_many_streams(monkeypatch) -> None:
    async with bridge(30, step_s=0.002) as it:
        loop = asyncio.get_running_loop()
        hops, real, engine_thread = [], loop.call_soon_threadsafe, it.client._thread._thread

        def counted(*args, **fields):
            if threading.current_thread() is engine_thread:
                hops.append(args)
            return real(*args, **fields)

        monkeypatch.setattr(loop, "call_soon_threadsafe", counted)
        await asyncio.gather(*(say(it.open(seed=seed), "Some text.") for seed in range(12)))
        frames = sum(it.model.step_sizes)
        assert frames > 300
        assert len(hops) <= len(it.model.step_sizes) + 30


# -- text as it comes ------------------------------------------------------


@pytest.mark.parametrize("split", ["characters", "words", "odd"])
async def test_text_fed_in_pieces_gives_the_same_audio_as_text_fed_at_once(split: str) -> None:
    text = "Dr. Smith paid $3.50 on May 5. Then he — of all people — left; nobody knew why. It was 10:30 already."
    parts = {
        "characters": list(text),
        "words": [word + " " for word in text.split(" ")],
        "odd": [text[:7], text[7:30], text[30:31], text[31:]],
    }[split]
    parts[-1] = parts[-1].rstrip(" ")
    async with bridge(5, normalize=Normalizer().normalize) as it:
        fields = {"layout": Layout.STREAMING, "incremental": True}
        whole = await say(it.open(**fields), text)
        pieces = await say(it.open(**fields), *parts)
        assert np.array_equal(pieces.codes, whole.codes)
        assert np.array_equal(pieces.pcm, whole.pcm)
        assert pieces.audio[-1].chunk.text_end == len(text)


async def test_speech_starts_before_the_sentence_ends_and_does_not_run_ahead_of_the_text() -> None:
    async with bridge(5) as it:
        session = it.open()
        told = Told()
        heard = asyncio.create_task(hear(session, told))
        for char in "This sentence has not ended and ":
            await session.push(char)
        async with asyncio.timeout(5):
            while not told.audio:  # noqa: ASYNC110
                await asyncio.sleep(0.001)
        await asyncio.sleep(0.1)
        waiting = len(told.codes)
        await asyncio.sleep(0.1)
        assert len(told.codes) == waiting
        # Never more frames than text tokens: padding is only fed after the end.
        tokens = len(it.submitted[0].prompt.text_ids) + 12
        assert waiting <= tokens + 1
        await session.push("goes on.")
        await session.end()
        await heard
        assert told.ends[0].reason is FinishReason.COMPLETE
        assert len(told.codes) > waiting


# -- what the service checks ------------------------------------------------------


async def test_requests_that_this_model_cannot_serve_are_refused_with_the_field() -> None:
    async with bridge() as it:
        for fields, field in (
            ({"voice": "nobody"}, "voice"),
            ({"language": "klingon"}, "language"),
            ({"max_frames": 0}, "max_frames"),
            ({"instruct": "x" * 3000}, "instruct"),
        ):
            with pytest.raises(InputError) as error:
                it.open(**fields)
            assert error.value.field == field
        assert it.service.open_sessions == 0


async def test_a_registered_voice_speaks_with_its_own_language_unless_told_otherwise() -> None:
    """Once the language of a designed voice was never used."""
    info = replace(INFO, model_type=ModelType.VOICE_DESIGN, speakers=())
    async with bridge(model_info=info) as it:
        await it.service.design_voice("anna", "a calm voice", "Russian")
        for asked, expected in (("auto", "russian"), ("", "russian"), ("english", "english")):
            session = it.open(voice="anna", language=asked)
            assert session.effective.language == expected
            await session.aclose()
        with pytest.raises(NotFoundError):
            it.open(voice="bob")


async def test_a_cloned_voice_is_encoded_once_and_its_name_is_checked_before_the_work() -> None:
    info = replace(INFO, model_type=ModelType.BASE, speakers=())
    async with bridge(model_info=info) as it:
        pcm = np.ones(48000, np.float32)
        voice = await it.service.create_voice("anna", pcm, "what was said")
        assert voice.prompt.ref_codes is not None
        asked = []
        it.client.encode_voice = lambda *args: asked.append(args)
        for name in ("anna", "../up"):
            with pytest.raises(InputError) as error:
                await it.service.create_voice(name, pcm, None)
            assert error.value.field == "name"
        assert not asked
        told = await say(it.open(voice="anna"), "Hello there.")
        assert told.ends[0].reason is FinishReason.COMPLETE
        await it.service.delete_voice("anna")
        with pytest.raises(NotFoundError):
            it.open(voice="anna")
