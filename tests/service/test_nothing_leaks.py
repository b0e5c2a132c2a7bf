"""A canary in everything a caller can send: it must come out as speech only, never in a log, metric, span or error."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import grpc.aio
import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from support.fake_speech import FakeSpeech
from support.grpc_rig import FAST, Rig, config, flush, running, talk, text

from qwentts_svc.errors import DecodeError
from qwentts_svc.observability.logs import setup_logging
from qwentts_svc.observability.tracing import make_provider, tracer_of
from qwentts_svc.server.pb.qwentts.v1 import tts_pb2 as pb
from qwentts_svc.server.settings import AuthSettings

CANARY = "canary-7f3a-bird"
TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Everything that is logged, down to debug."""
    stream = io.StringIO()
    handler = setup_logging("debug", stream=stream)
    yield stream
    logging.getLogger().removeHandler(handler)
    logging.getLogger().setLevel("WARNING")


async def paths(rig: Rig, speech: FakeSpeech) -> list[str]:
    """Walk good and bad paths with the canary in every field; the errors as callers see them."""
    errors: list[str] = []
    metadata = (
        ("authorization", f"Bearer {CANARY}"),
        ("x-custom", CANARY),
        ("traceparent", f"00-{TRACE}-b7ad6b7169203331-01"),
        ("tracestate", f"vendor={CANARY}"),
        ("baggage", f"key={CANARY}"),
    )

    async def attempt(*calls: object) -> None:
        for call in calls:
            try:
                await call  # type: ignore[misc]
            except grpc.aio.AioRpcError as error:
                trailing = repr(
                    [
                        (key, bytes(value) if isinstance(value, bytes) else value)
                        for key, value in error.trailing_metadata()
                    ]
                )
                errors.append(str(error) + trailing)

    options = {"metadata": metadata}
    said = {"text": CANARY, "config": {"instruct": CANARY}}
    bad_utf8 = b"\x0a\x20" + CANARY.encode() + b"\xff" * 16
    raw = rig.channel.unary_unary("/qwentts.v1.TextToSpeech/Synthesize")
    reference = {"audio": CANARY.encode(), "transcript": CANARY}
    await attempt(
        rig.stub.Synthesize(pb.SynthesizeRequest(**said), **options),
        talk(rig, config(instruct=CANARY), text(CANARY), flush(CANARY), **options),
        rig.stub.Synthesize(pb.SynthesizeRequest(text=CANARY * 100), **options),
        rig.stub.Synthesize(pb.SynthesizeRequest(text=CANARY, config={"voice": CANARY}), **options),
        rig.stub.Synthesize(pb.SynthesizeRequest(text=CANARY, config={"language": CANARY}), **options),
        rig.stub.Synthesize(pb.SynthesizeRequest(text=CANARY, config={"instruct": CANARY * 999}), **options),
        rig.stub.Synthesize(pb.SynthesizeRequest(text=CANARY), metadata=(("authorization", f"Bearer {CANARY}x"),)),
        raw(bad_utf8, **options),
        rig.stub.CreateVoice(pb.CreateVoiceRequest(name="x", reference=reference), **options),
        rig.stub.CreateVoice(pb.CreateVoiceRequest(name="x", design={"instruct": CANARY}), **options),
        rig.stub.GetVoice(pb.GetVoiceRequest(name=CANARY), **options),
        rig.stub.DeleteVoice(pb.DeleteVoiceRequest(name=CANARY), **options),
        talk(rig, text(CANARY), **options),
    )
    for failure in (RuntimeError(CANARY), DecodeError(CANARY), ValueError(CANARY)):
        speech.knobs.fail_after_frames, speech.knobs.failure = 1, failure
        await attempt(talk(rig, config(), text(CANARY), **options))
    speech.knobs.fail_after_frames = None
    speech.knobs.frame_delay_s = 0.05
    late = {"timeout": 0.1, **options}
    await attempt(rig.stub.Synthesize(pb.SynthesizeRequest(text=CANARY), **late))
    call = rig.stub.SynthesizeChunks(pb.SynthesizeChunksRequest(text=CANARY), **options)
    await call.read()
    call.cancel()
    await rig.settled()
    await asyncio.sleep(0.05)
    return errors


async def test_what_callers_say_is_seen_by_nobody(tmp_path: Path, log: io.StringIO) -> None:
    tokens = tmp_path / "tokens"
    tokens.write_text(f"{hashlib.sha256(CANARY.encode()).hexdigest()} tenant\n")
    exporter = InMemorySpanExporter()
    provider = make_provider(processor=SimpleSpanProcessor(exporter))
    assert provider is not None
    speech = FakeSpeech()
    settings = replace(FAST, auth=AuthSettings(tokens_file=tokens))
    async with running(settings, speech, tracer=tracer_of(provider)) as rig:
        errors = await paths(rig, speech)
        metrics = rig.observer.exposition()[0].decode()
    provider.shutdown()
    spans = "\n".join(span.to_json() for span in exporter.get_finished_spans())
    assert len(errors) >= 14
    assert len(exporter.get_finished_spans()) >= 16
    for place, seen in {"log": log.getvalue(), "metrics": metrics, "spans": spans, "errors": "\n".join(errors)}.items():
        assert CANARY not in seen, place
        assert seen
    assert TRACE in spans


async def test_log_lines_carry_the_fields_of_a_call(log: io.StringIO) -> None:
    exporter = InMemorySpanExporter()
    provider = make_provider(processor=SimpleSpanProcessor(exporter))
    async with running(tracer=tracer_of(provider)) as rig:
        metadata = (("traceparent", f"00-{TRACE}-b7ad6b7169203331-01"),)
        asked = config(session_id="s-1", client_request_id="c-1")
        answers = await talk(rig, asked, text("hello"), metadata=metadata)
        await rig.settled()
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    line = next(line for line in lines if line["message"] == "call")
    assert (line["trace_id"], line["session_id"], line["client_request_id"]) == (TRACE, "s-1", "c-1")
    assert line["req_id"] == answers[0].started.request_id
    assert (line["stage"], line["method"], line["code"]) == ("rpc", "SynthesizeStream", "OK")
    assert (line["chars"], line["chunk_idx"], line["audio_ms"], line["segments"]) == (5, 5, 400, 1)
    assert line["latency_ms"] >= line["first_audio_ms"] >= 0
    assert len(line["text_hash"]) == 16
    spans = {span.name: span for span in exporter.get_finished_spans()}
    span = spans.pop("qwentts.v1.TextToSpeech/SynthesizeStream")
    assert set(spans) == {"queue", "prefill", "first_frame", "codec", "stream"}
    assert all(stage.parent is not None and stage.parent.span_id == span.context.span_id for stage in spans.values())
    assert all(format(one.context.trace_id, "032x") == TRACE for one in [span, *spans.values()])
    assert span.attributes is not None
    assert span.attributes["qwentts.code"] == "OK"
    assert span.parent is not None
