"""Voices and the model."""

from __future__ import annotations

import io
from typing import Any

import grpc
import grpc.aio
import numpy as np
import pytest
import soundfile
from support.fake_speech import REFERENCE_RATE
from support.grpc_rig import Rig, config, field_of, kinds, reason_of, running, talk, text, with_limits

from qwentts_svc.server.pb.qwentts.v1 import tts_pb2 as pb


def recording(seconds: float, rate: int = 16000, form: str = "WAV", channels: int = 2) -> bytes:
    """A tone in a file."""
    tone = 0.3 * np.sin(np.arange(int(seconds * rate)) * 0.05)
    buffer = io.BytesIO()
    soundfile.write(buffer, np.stack([tone] * channels, axis=1), rate, format=form)
    return buffer.getvalue()


def clone(name: str = "mine", **reference: Any) -> pb.CreateVoiceRequest:
    reference.setdefault("audio", recording(2.0))
    return pb.CreateVoiceRequest(name=name, reference=reference)


def design(name: str = "warm") -> pb.CreateVoiceRequest:
    return pb.CreateVoiceRequest(name=name, design={"instruct": "a warm voice", "language": "english"})


async def test_presets_come_first_and_kinds_can_be_chosen(rig: Rig) -> None:
    await rig.stub.CreateVoice(clone("zoe", transcript="hello"))
    await rig.stub.CreateVoice(design("ann"))
    everything = await rig.stub.ListVoices(pb.ListVoicesRequest())
    assert [voice.name for voice in everything.voices] == ["aria", "ann", "zoe"]
    cloned = await rig.stub.ListVoices(pb.ListVoicesRequest(kind=pb.VOICE_KIND_CLONED))
    assert [(voice.name, voice.in_context) for voice in cloned.voices] == [("zoe", True)]
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await rig.stub.ListVoices(pb.ListVoicesRequest(kind=9))
    assert field_of(failed.value) == "kind"


async def test_a_voice_lives_from_its_creation_to_its_deletion(rig: Rig) -> None:
    made = (await rig.stub.CreateVoice(design())).voice
    assert (made.kind, made.instruct, made.language) == (pb.VOICE_KIND_DESIGNED, "a warm voice", "english")
    assert (await rig.stub.GetVoice(pb.GetVoiceRequest(name="warm"))).voice == made
    assert (await talk(rig, config(voice="warm"), text("x")))[0].started.config.voice == "warm"
    await rig.stub.DeleteVoice(pb.DeleteVoiceRequest(name="warm"))
    for call in (
        rig.stub.GetVoice(pb.GetVoiceRequest(name="warm")),
        rig.stub.DeleteVoice(pb.DeleteVoiceRequest(name="warm")),
        talk(rig, config(voice="warm"), text("x")),
    ):
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await call
        assert failed.value.code() is grpc.StatusCode.NOT_FOUND


@pytest.mark.parametrize("form", ["WAV", "FLAC", "OGG", "MP3"])
async def test_reference_audio_of_every_kind_arrives_as_mono_at_the_encoders_rate(rig: Rig, form: str) -> None:
    """Once it came at the rate of the audio that the model makes, which need not be the same."""
    await rig.stub.CreateVoice(clone(audio=recording(2.0, 44100, form), transcript="hello"))
    pcm, transcript = rig.speech.created[0]
    assert transcript == "hello"
    assert pcm.dtype == np.float32
    assert abs(len(pcm) / REFERENCE_RATE - 2.5) < 0.1
    assert np.abs(pcm[-REFERENCE_RATE // 4 :]).max() < 1e-3


async def test_the_silence_after_a_reference_can_be_switched_off(rig: Rig) -> None:
    await rig.stub.CreateVoice(clone(append_silence=False))
    pcm, transcript = rig.speech.created[0]
    assert abs(len(pcm) / REFERENCE_RATE - 2.0) < 0.01
    assert transcript is None


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (pb.CreateVoiceRequest(name="x"), "source"),
        (clone(""), "name"),
        (clone("../etc"), "name"),
        (clone(".hidden"), "name"),
        (clone("a" * 65), "name"),
        (clone("a\nb"), "name"),
        (clone("aria"), "name"),
        (clone(audio=b""), "reference.audio"),
        (clone(audio=b"not audio at all"), "reference.audio"),
        (clone(audio=recording(2.0)[:50]), "reference.audio"),
        (clone(audio=recording(0.5)), "reference.audio"),
        (clone(audio=recording(61.0, 8000, channels=1)), "reference.audio"),
        (clone(transcript="x" * 4001), "reference.transcript"),
        (pb.CreateVoiceRequest(name="x", design={"instruct": " "}), "design.instruct"),
        (pb.CreateVoiceRequest(name="x", design={"instruct": "y" * 4001}), "design.instruct"),
    ],
)
async def test_voices_that_cannot_be_made_name_the_field(rig: Rig, request_: pb.CreateVoiceRequest, field: str) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await rig.stub.CreateVoice(request_)
    assert failed.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert field_of(failed.value) == field
    assert not rig.speech.registered


async def test_a_name_in_use_is_refused(rig: Rig) -> None:
    await rig.stub.CreateVoice(design())
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await rig.stub.CreateVoice(design())
    assert reason_of(failed.value) == "VOICE_EXISTS"


async def test_model_info_tells_the_tighter_limits() -> None:
    async with running(with_limits(max_text_chars=10, tenant_streams=4)) as rig:
        info = await rig.stub.GetModelInfo(pb.GetModelInfoRequest())
        assert (info.name, info.sample_rate_hz, info.samples_per_frame) == ("fake", 24000, 1920)
        assert (info.model_type, list(info.speakers)) == (pb.MODEL_TYPE_CUSTOM_VOICE, ["aria"])
        assert (info.limits.max_text_chars, info.limits.max_unary_text_chars) == (10, 10)
        assert info.limits.max_tenant_streams == 4
        assert len(info.audio_formats) == 7
        assert info.service_version


async def test_questions_are_answered_while_speech_goes_on(rig: Rig) -> None:
    rig.speech.knobs.frame_delay_s = 0.01
    call = rig.stub.SynthesizeChunks(pb.SynthesizeChunksRequest(text="x" * 20))
    await call.read()
    assert (await rig.stub.ListVoices(pb.ListVoicesRequest())).voices
    assert kinds([await call.read()]) == ["audio"]
    call.cancel()


async def test_names_are_found_whatever_their_case(rig: Rig) -> None:
    """Once GetVoice did not find a voice under the name with which it could be spoken."""
    await rig.stub.CreateVoice(design("Warm"))
    for name in ("warm", "WARM", "Warm"):
        assert (await rig.stub.GetVoice(pb.GetVoiceRequest(name=name))).voice.name == "Warm"
    assert (await rig.stub.GetVoice(pb.GetVoiceRequest(name="ARIA"))).voice.name == "aria"
