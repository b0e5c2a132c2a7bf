"""The whole service over the embedded voice, on loopback: every way of asking gives the bytes that ``synth`` writes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc.aio
import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from qwentts_svc import app
from qwentts_svc.cli import main
from qwentts_svc.config import load
from qwentts_svc.observability.tracing import make_provider, tracer_of
from qwentts_svc.runtime.engine import Engine
from qwentts_svc.server.configure import server_settings
from qwentts_svc.server.lifecycle import SpeechServer
from qwentts_svc.server.pb.qwentts.v1 import tts_pb2 as pb
from qwentts_svc.server.pb.qwentts.v1 import tts_pb2_grpc

TEXT = "Help the woman get back to her feet. She paid 3 dollars."
SETTINGS: dict[str, Any] = {
    "runtime": {"intra_op_threads": 1, "warm_up": False},
    "server": {"port": 0, "sidecar": {"enabled": False}},
}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("QWENTTS_RUNTIME__INTRA_OP_THREADS", "1")
    monkeypatch.setenv("QWENTTS_RUNTIME__WARM_UP", "false")
    monkeypatch.chdir(tmp_path)


@asynccontextmanager
async def service(**options: Any) -> AsyncIterator[tuple[Any, app.App]]:
    """A stub of a running service, and the app behind it."""
    settings = load(SETTINGS).settings
    async with app.build(settings) as running:
        server = SpeechServer(running.service, server_settings(settings.server), **options)
        await server.start()
        try:
            async with grpc.aio.insecure_channel(f"127.0.0.1:{server.port}") as channel:
                yield tts_pb2_grpc.TextToSpeechStub(channel), running
        finally:
            await server.stop()


def config(*, layout: Any = pb.LAYOUT_FULL, chunk_ms: int = 100, **sampling: Any) -> pb.SynthesisConfig:
    return pb.SynthesisConfig(
        layout=layout, seed=11, audio=pb.AudioOutput(chunk_ms=chunk_ms), sampling=pb.Sampling(**sampling)
    )


async def stream(stub: Any, wanted: pb.SynthesisConfig, *parts: str) -> bytes:
    async def requests() -> AsyncIterator[pb.SynthesizeStreamRequest]:
        yield pb.SynthesizeStreamRequest(config=wanted)
        for part in parts:
            yield pb.SynthesizeStreamRequest(text=part)

    return b"".join([answer.audio.data async for answer in stub.SynthesizeStream(requests())])


async def synth(*options: str) -> bytes:
    """What the command line writes for the same request."""
    assert await asyncio.to_thread(main, ["synth", TEXT, "--seed", "11", "--out", "a.pcm", *options]) == 0
    return await asyncio.to_thread(Path("a.pcm").read_bytes)


SAMPLED = {"do_sample": True, "temperature": 1.2, "subtalker_do_sample": True}
CASES = [
    (pb.LAYOUT_FULL, {}, ["--layout", "full"]),
    (pb.LAYOUT_STREAMING, {}, ["--layout", "streaming"]),
    (pb.LAYOUT_FULL, SAMPLED, ["--layout", "full", "--sample", "--temperature", "1.2"]),
    (pb.LAYOUT_STREAMING, SAMPLED, ["--layout", "streaming", "--sample", "--temperature", "1.2"]),
]


async def test_all_calls_and_chunk_sizes_send_the_bytes_that_synth_writes() -> None:
    words = [word + " " for word in TEXT.split(" ")]
    words[-1] = words[-1].rstrip()
    async with service() as (stub, _):
        for layout, sampling, options in CASES:
            expected = await synth(*options)
            assert len(expected) > 24000 * 2
            for chunk_ms, parts in ((20, words), (80, [TEXT]), (500, list(TEXT))):
                heard = await stream(stub, config(layout=layout, chunk_ms=chunk_ms, **sampling), *parts)
                assert heard == expected, (options, chunk_ms)
            chunks = stub.SynthesizeChunks(
                pb.SynthesizeChunksRequest(text=TEXT, config=config(layout=layout, chunk_ms=60, **sampling))
            )
            joined = b"".join([answer.audio.data async for answer in chunks])
            whole = await stub.Synthesize(
                pb.SynthesizeRequest(text=TEXT, config=config(layout=layout, **sampling)), timeout=60
            )
            assert joined == expected, options
            assert whole.audio.endswith(expected), options
            assert len(whole.audio) - len(expected) in (0, 44)


async def test_the_first_audio_arrives_while_later_frames_are_still_being_made() -> None:
    async with service() as (stub, running):
        engine = running.service._client.engine
        assert isinstance(engine, Engine)
        await stream(stub, config(), "Hello.")
        call = stub.SynthesizeChunks(
            pb.SynthesizeChunksRequest(text=TEXT * 3, config=config(layout=pb.LAYOUT_STREAMING, chunk_ms=80))
        )
        frames_at_first = 0
        total = 0
        async for answer in call:
            if answer.WhichOneof("message") == "audio":
                if not total:
                    frames_at_first = sum(row.frames_done for row in list(engine.rows.values()))
                    assert engine.rows, "everything had been made before the first audio arrived"
                total += len(answer.audio.data)
        frames = total // 3840
        assert 0 < frames_at_first < frames / 2


async def test_text_fed_by_characters_is_heard_before_it_ends_and_is_the_same_as_text_fed_at_once() -> None:
    async with service() as (stub, _):
        wanted = config(layout=pb.LAYOUT_STREAMING, chunk_ms=80)
        whole = await stream(stub, wanted, TEXT)
        call = stub.SynthesizeStream()
        await call.write(pb.SynthesizeStreamRequest(config=wanted))
        heard: list[bytes] = []
        first = asyncio.Event()

        async def listen() -> None:
            async for answer in call:
                if answer.audio.data:
                    heard.append(answer.audio.data)
                    first.set()

        listening = asyncio.create_task(listen())
        half = len(TEXT) // 2
        for char in TEXT[:half]:
            await call.write(pb.SynthesizeStreamRequest(text=char))
        async with asyncio.timeout(30):
            await first.wait()
        for char in TEXT[half:]:
            await call.write(pb.SynthesizeStreamRequest(text=char))
        await call.done_writing()
        async with asyncio.timeout(60):
            await listening
        assert b"".join(heard) == whole


async def test_a_call_is_traced_through_every_stage_of_the_engine() -> None:
    exporter = InMemorySpanExporter()
    provider = make_provider(processor=SimpleSpanProcessor(exporter))
    assert provider is not None
    trace_id, caller = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
    async with service(tracer=tracer_of(provider)) as (stub, _):
        metadata = (("traceparent", f"00-{trace_id}-{caller}-01"),)
        call = stub.SynthesizeChunks(pb.SynthesizeChunksRequest(text=TEXT, config=config()), metadata=metadata)
        assert [answer async for answer in call][-1].HasField("finished")
    provider.shutdown()
    spans = {span.name: span for span in exporter.get_finished_spans()}
    root = spans.pop("qwentts.v1.TextToSpeech/SynthesizeChunks")
    assert root.parent is not None
    assert (f"{root.context.trace_id:032x}", f"{root.parent.span_id:016x}") == (trace_id, caller)
    assert set(spans) == {"queue", "prefill", "first_frame", "codec", "stream"}
    took_s = {name: (span.end_time - span.start_time) / 1e9 for name, span in spans.items()}
    assert took_s["prefill"] > 0
    assert 0 < took_s["codec"] < took_s["first_frame"] + took_s["stream"]
    assert all(span.parent is not None and span.parent.span_id == root.context.span_id for span in spans.values())
    everything = "".join(span.to_json() for span in [root, *spans.values()])
    assert "woman" not in everything


@pytest.mark.parametrize("unheard", ["\u200b\u200d", "\0", "\u00ad", "\ufe0f", "\ufffd"])
async def test_a_text_without_anything_to_hear_is_refused_not_answered_with_an_empty_file(unheard: str) -> None:
    async with service() as (stub, _):
        with pytest.raises(grpc.aio.AioRpcError) as whole:
            await stub.Synthesize(pb.SynthesizeRequest(text=unheard))
        with pytest.raises(grpc.aio.AioRpcError) as chunks:
            [answer async for answer in stub.SynthesizeChunks(pb.SynthesizeChunksRequest(text=unheard))]
        for failed in (whole, chunks):
            assert failed.value.code() is grpc.StatusCode.INVALID_ARGUMENT
            assert "at least one word" in (failed.value.details() or "")
