"""What callers must not send: each case its status, its field, and the service goes on."""

from __future__ import annotations

import asyncio
import math
import time
from typing import Any

import grpc
import grpc.aio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.fake_speech import FakeSpeech
from support.grpc_rig import (
    Rig,
    config,
    details_of,
    field_of,
    flush,
    kinds,
    reason_of,
    running,
    talk,
    text,
    with_limits,
)

from qwentts_svc.server.pb.qwentts.v1 import tts_pb2 as pb

INVALID = grpc.StatusCode.INVALID_ARGUMENT

BAD_CONFIGS: list[tuple[dict[str, Any], str]] = [
    ({"seed": -1}, "config.seed"),
    ({"max_frames": 0}, "config.max_frames"),
    ({"max_frames": -3}, "config.max_frames"),
    ({"layout": 99}, "config.layout"),
    ({"priority": 99}, "config.priority"),
    ({"max_latency_ms": 0}, "config.max_latency_ms"),
    ({"max_lead_ms": 0}, "config.max_lead_ms"),
    ({"max_lead_ms": 99}, "config.max_lead_ms"),
    ({"voice": "x" * 129}, "config.voice"),
    ({"voice": "a\nb"}, "config.voice"),
    ({"session_id": "a\x00"}, "config.session_id"),
    ({"client_request_id": "\x1b[1m"}, "config.client_request_id"),
    ({"language": "klingon"}, "config.language"),
    ({"instruct": "x" * 4001}, "config.instruct"),
    ({"audio": {"format": 77}}, "config.audio.format"),
    ({"audio": {"sample_rate_hz": 7999}}, "config.audio.sample_rate_hz"),
    ({"audio": {"sample_rate_hz": -1}}, "config.audio.sample_rate_hz"),
    ({"audio": {"sample_rate_hz": 96000}}, "config.audio.sample_rate_hz"),
    ({"audio": {"format": pb.AUDIO_FORMAT_OGG_OPUS, "sample_rate_hz": 44100}}, "config.audio.sample_rate_hz"),
    ({"audio": {"chunk_ms": 19}}, "config.audio.chunk_ms"),
    ({"audio": {"chunk_ms": 5001}}, "config.audio.chunk_ms"),
    ({"sampling": {"temperature": 0.0}}, "config.sampling.temperature"),
    ({"sampling": {"temperature": math.nan}}, "config.sampling.temperature"),
    ({"sampling": {"temperature": math.inf}}, "config.sampling.temperature"),
    ({"sampling": {"top_k": -1}}, "config.sampling.top_k"),
    ({"sampling": {"top_p": 0.0}}, "config.sampling.top_p"),
    ({"sampling": {"top_p": 1.01}}, "config.sampling.top_p"),
    ({"sampling": {"repetition_penalty": -1.0}}, "config.sampling.repetition_penalty"),
    ({"sampling": {"subtalker_temperature": -1.0}}, "config.sampling.subtalker_temperature"),
    ({"sampling": {"subtalker_top_k": -1}}, "config.sampling.subtalker_top_k"),
    ({"sampling": {"subtalker_top_p": 2.0}}, "config.sampling.subtalker_top_p"),
]


@pytest.mark.parametrize(("values", "field"), BAD_CONFIGS)
async def test_bad_config_names_its_field_before_anything_is_opened(
    rig: Rig, values: dict[str, Any], field: str
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await talk(rig, config(**values), text("x"))
    assert failed.value.code() is INVALID
    assert field_of(failed.value) == field
    assert not rig.speech.sessions
    with pytest.raises(grpc.aio.AioRpcError) as unary:
        await rig.stub.Synthesize(pb.SynthesizeRequest(text="x", config=values))
    assert field_of(unary.value) == field


@pytest.mark.parametrize(
    ("requests", "reason"),
    [
        ([text("x")], "CONFIG_MISSING"),
        ([], "CONFIG_MISSING"),
        ([config(), config()], "CONFIG_REPEATED"),
        ([config(), pb.SynthesizeStreamRequest()], "EMPTY_MESSAGE"),
    ],
)
async def test_order_of_messages_is_checked(rig: Rig, requests: list[Any], reason: str) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await talk(rig, *requests)
    assert failed.value.code() is INVALID
    assert reason_of(failed.value) == reason
    await rig.settled()


@pytest.mark.parametrize("played", [math.nan, math.inf, -1.0])
async def test_impossible_playback_positions_are_refused(rig: Rig, played: float) -> None:
    for message in ({"playback": {"played_ms": played}}, {"interrupt": {"played_ms": played}}):
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await talk(rig, config(), pb.SynthesizeStreamRequest(**message))
        assert failed.value.code() is INVALID


@pytest.mark.parametrize("empty", ["", " ", "\n\t "])
async def test_empty_text_is_refused_where_it_is_all_there_is(rig: Rig, empty: str) -> None:
    for call in (
        rig.stub.Synthesize(pb.SynthesizeRequest(text=empty)),
        anext(aiter(rig.stub.SynthesizeChunks(pb.SynthesizeChunksRequest(text=empty)))),
    ):
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await call
        assert reason_of(failed.value) == "EMPTY_TEXT"


async def test_a_long_text_is_pointed_to_the_streaming_rpc(rig: Rig) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await rig.stub.Synthesize(pb.SynthesizeRequest(text="x" * 1001))
    assert failed.value.code() is INVALID
    assert "SynthesizeChunks" in (failed.value.details() or "")


@pytest.mark.parametrize("form", [pb.AUDIO_FORMAT_PCM_S16, pb.AUDIO_FORMAT_WAV])
async def test_a_long_audio_is_pointed_to_the_streaming_rpc(form: int) -> None:
    async with running(with_limits(max_unary_audio_bytes=20_000)) as rig:
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await rig.stub.Synthesize(pb.SynthesizeRequest(text="x" * 99, config={"audio": {"format": form}}))
        assert reason_of(failed.value) == "AUDIO_TOO_LONG"
        assert "SynthesizeChunks" in (failed.value.details() or "")


async def test_audio_that_grows_too_long_is_refused_before_all_of_it_is_made() -> None:
    """The answer is encoded at the end; its size was looked at no sooner, after minutes of speech for nobody."""
    speech = FakeSpeech()
    speech.knobs.frame_delay_s = 0.02
    async with running(with_limits(max_unary_audio_bytes=20_000), speech) as rig:
        began_s = time.monotonic()
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await rig.stub.Synthesize(pb.SynthesizeRequest(text="x" * 900))
        assert reason_of(failed.value) == "AUDIO_TOO_LONG"
        assert time.monotonic() - began_s < 0.02 * 900 / 2


async def test_a_megabyte_of_text_is_refused_and_the_next_call_works(rig: Rig) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await talk(rig, config(), text("x" * 1_000_000))
    assert reason_of(failed.value) == "TEXT_TOO_LONG"
    with pytest.raises(grpc.aio.AioRpcError) as summed:
        await talk(rig, config(), *[text("x" * 10_000)] * 6)
    assert reason_of(summed.value) == "TEXT_TOO_LONG"
    assert kinds(await talk(rig, config(), text("x")))[-1] == "finished"


async def test_too_many_segments_are_refused() -> None:
    async with running(with_limits(max_segments=3)) as rig:
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await talk(rig, config(), *[flush()] * 4)
        assert reason_of(failed.value) == "TOO_MANY_SEGMENTS"


@pytest.mark.parametrize("odd", ["\x00\x01\x7f", "‮abc", "\ufeff", "🙂" * 50, "a" + "\u0301" * 50])
async def test_odd_characters_in_text_are_spoken_or_skipped_and_never_break_the_stream(rig: Rig, odd: str) -> None:
    assert kinds(await talk(rig, config(), text(odd)))[-1] == "finished"


async def raw_stream(rig: Rig, *messages: bytes) -> list[bytes]:
    """Send bytes as they are."""
    call = rig.channel.stream_stream("/qwentts.v1.TextToSpeech/SynthesizeStream")(iter(messages))
    return [answer async for answer in call]


CONFIG = config().SerializeToString()
BAD_UTF8 = b"\x12\x02\xff\xfe"


async def test_invalid_utf8_is_the_callers_mistake(rig: Rig) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await raw_stream(rig, CONFIG, BAD_UTF8)
    assert failed.value.code() is INVALID
    assert reason_of(failed.value) == "MALFORMED_MESSAGE"
    assert "Error" not in (failed.value.details() or "")
    with pytest.raises(grpc.aio.AioRpcError) as unary:
        await rig.channel.unary_unary("/qwentts.v1.TextToSpeech/Synthesize")(b"\x0a\x02\xff\xfe")
    assert unary.value.code() is INVALID


async def test_a_mistake_right_behind_the_config_is_always_answered(rig: Rig) -> None:
    """Once, the first write was given up half-way when the reader failed; the status after it was refused by gRPC's
    core and the caller waited for ever."""
    for _ in range(60):
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            async with asyncio.timeout(5):
                await raw_stream(rig, CONFIG, BAD_UTF8)
        assert failed.value.code() is INVALID


async def test_unknown_fields_are_ignored(rig: Rig) -> None:
    unknown = b"\xfa\x3f\x03new"
    answers = await raw_stream(rig, CONFIG, text("hi").SerializeToString() + unknown)
    assert pb.SynthesizeStreamResponse.FromString(answers[-1]).HasField("finished")


@settings(max_examples=40, deadline=None)
@given(messages=st.lists(st.binary(max_size=40), max_size=3), lead=st.booleans())
def test_random_bytes_never_get_anything_but_a_typed_answer(messages: list[bytes], lead: bool) -> None:
    async def attempt() -> grpc.aio.AioRpcError | None:
        async with running() as rig:
            try:
                await raw_stream(rig, *([CONFIG] if lead else []), *messages)
            except grpc.aio.AioRpcError as error:
                return error
        return None

    error = asyncio.run(attempt())
    if error is not None:
        assert error.code() in (INVALID, grpc.StatusCode.NOT_FOUND), error
        assert details_of(error)["ErrorInfo"].domain == "qwentts"
