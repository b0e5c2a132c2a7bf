"""What callers are told when something fails: a typed status, and nothing of the inside."""

from __future__ import annotations

import grpc
import grpc.aio
import pytest
from support.fake_speech import FakeSpeech
from support.grpc_rig import Rig, config, details_of, kinds, reason_of, retry_ms, running, talk, text

from qwentts_svc.bridge.api import Readiness
from qwentts_svc.errors import DecodeError, IoError, ModelError, QosError, TtsError, UnavailableError
from qwentts_svc.server.pb.qwentts.v1 import tts_pb2 as pb

SECRET = "secret-detail-of-the-inside"


@pytest.mark.parametrize("failure", [RuntimeError(SECRET), ValueError(SECRET), DecodeError(SECRET), IoError(SECRET)])
async def test_failures_of_the_inside_are_masked_and_carry_the_request_id(failure: Exception) -> None:
    speech = FakeSpeech()
    speech.knobs.fail_after_frames, speech.knobs.failure = 2, failure
    async with running(speech=speech) as rig:
        for call in (
            talk(rig, config(), text("hello")),
            rig.stub.Synthesize(pb.SynthesizeRequest(text="hello")),
        ):
            with pytest.raises(grpc.aio.AioRpcError) as failed:
                await call
            error = failed.value
            assert error.code() is grpc.StatusCode.INTERNAL
            assert SECRET not in str(error)
            request_id = dict(error.trailing_metadata())["x-request-id"]
            assert request_id in (error.details() or "")
            assert details_of(error)["ErrorInfo"].metadata["request_id"] == request_id
        await rig.settled()


async def test_a_failed_call_leaves_the_others_alone() -> None:
    speech = FakeSpeech()
    speech.knobs.frame_delay_s = 0.01
    async with running(speech=speech) as rig:
        call = rig.stub.SynthesizeChunks(pb.SynthesizeChunksRequest(text="long enough"))
        await call.read()
        speech.knobs.open_failure = ModelError(SECRET)
        with pytest.raises(grpc.aio.AioRpcError):
            await rig.stub.Synthesize(pb.SynthesizeRequest(text="x"))
        answer = await call.read()
        while not answer.HasField("finished"):
            answer = await call.read()
        assert answer.finished.reason == pb.FINISH_REASON_COMPLETE


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (QosError("full", retry_after_s=0.25), grpc.StatusCode.RESOURCE_EXHAUSTED),
        (UnavailableError("starting", retry_after_s=0.25), grpc.StatusCode.UNAVAILABLE),
    ],
)
async def test_refusals_say_when_to_come_back(failure: TtsError, code: grpc.StatusCode) -> None:
    speech = FakeSpeech()
    speech.knobs.open_failure = failure
    async with running(speech=speech) as rig:
        for call in (
            talk(rig, config(), text("hello")),
            rig.stub.Synthesize(pb.SynthesizeRequest(text="hello")),
        ):
            with pytest.raises(grpc.aio.AioRpcError) as failed:
                await call
            assert failed.value.code() is code
            assert retry_ms(failed.value) == 250
            assert details_of(failed.value)["RetryInfo"].retry_delay.ToMilliseconds() == 250
        assert rig.metric("qwentts_rejections_total", reason=failure.reason.lower()) == 2


async def test_unknown_voices_are_not_found(rig: Rig) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await talk(rig, config(voice="nobody"), text("x"))
    assert failed.value.code() is grpc.StatusCode.NOT_FOUND
    assert reason_of(failed.value) == "VOICE_NOT_FOUND"


async def test_a_server_that_is_not_ready_refuses_speech_and_answers_questions() -> None:
    speech = FakeSpeech(ready=Readiness(live=True, ready=False, reason="warming up"))
    async with running(speech=speech) as rig:
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await rig.stub.Synthesize(pb.SynthesizeRequest(text="x"))
        assert failed.value.code() is grpc.StatusCode.UNAVAILABLE
        assert reason_of(failed.value) == "NOT_READY"
        assert retry_ms(failed.value) is not None
        assert (await rig.stub.GetModelInfo(pb.GetModelInfoRequest())).name == "fake"
        speech.ready = Readiness(live=True, ready=True)
        assert kinds(await talk(rig, config(), text("x")))[-1] == "finished"


async def test_an_unknown_method_is_unimplemented(rig: Rig) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await rig.channel.unary_unary("/qwentts.v1.TextToSpeech/Sing")(b"")
    assert failed.value.code() is grpc.StatusCode.UNIMPLEMENTED


async def test_a_good_answer_carries_its_request_id(rig: Rig) -> None:
    call = rig.stub.Synthesize(pb.SynthesizeRequest(text="x"))
    answer = await call
    assert dict(await call.trailing_metadata())["x-request-id"] == answer.request_id
