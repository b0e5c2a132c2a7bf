"""The three speech RPCs where nothing goes wrong."""

from __future__ import annotations

import io
import itertools

import numpy as np
import pytest
import soundfile
from support.fake_speech import FRAME, RATE, FakeSpeech, speech_of
from support.grpc_rig import Rig, audio_of, config, flush, kinds, running, talk, text

from qwentts_svc.audio.decode import decode_audio
from qwentts_svc.server.pb.qwentts.v1 import tts_pb2 as pb

BATCH = {"priority": pb.PRIORITY_BATCH}
F32 = pb.AudioOutput(format=pb.AUDIO_FORMAT_PCM_F32)


async def chunks(rig: Rig, value: str, **values: object) -> list[pb.SynthesizeChunksResponse]:
    request = pb.SynthesizeChunksRequest(text=value, config=pb.SynthesisConfig(**values))
    return [answer async for answer in rig.stub.SynthesizeChunks(request)]


async def test_stream_answers_started_audio_segment_end_finished(rig: Rig) -> None:
    answers = await talk(rig, config(), text("hel"), text("lo"))
    assert kinds(answers) == ["started", "audio", "segment_end", "finished"]
    assert answers[-1].finished.reason == pb.FINISH_REASON_COMPLETE
    assert answers[-1].finished.usage.characters == 5
    assert answers[-2].segment_end.audio_ms == 400


async def test_all_three_forms_give_the_same_samples(rig: Rig) -> None:
    stream = audio_of(await talk(rig, config(audio=F32, seed=3), text("hello")))
    server_stream = audio_of(await chunks(rig, "hello", audio=F32, seed=3))
    unary = await rig.stub.Synthesize(pb.SynthesizeRequest(text="hello", config=pb.SynthesisConfig(audio=F32, seed=3)))
    assert stream == server_stream == unary.audio == speech_of("hello", 3).tobytes()


@pytest.mark.parametrize("chunk_ms", [20, 50, 80, 100, 333, 5000])
async def test_chunk_ms_changes_the_packets_and_not_the_samples(rig: Rig, chunk_ms: int) -> None:
    output = pb.AudioOutput(format=pb.AUDIO_FORMAT_PCM_F32, chunk_ms=chunk_ms)
    answers = await chunks(rig, "some words", audio=output)
    packets = [answer.audio for answer in answers if answer.HasField("audio")]
    assert b"".join(packet.data for packet in packets) == speech_of("some words", 7).tobytes()
    assert [packet.sequence for packet in packets] == list(range(len(packets)))
    assert all(after.start_ms == before.end_ms for before, after in itertools.pairwise(packets))
    assert packets[-1].end_ms == 800
    assert all(len(packet.data) // 4 <= chunk_ms * RATE // 1000 for packet in packets)


async def test_the_first_audio_leaves_while_the_rest_is_being_made() -> None:
    speech = FakeSpeech()
    speech.knobs.frame_delay_s = 0.05
    async with running(speech=speech) as rig:
        call = rig.stub.SynthesizeChunks(
            pb.SynthesizeChunksRequest(text="0123456789", config=pb.SynthesisConfig(audio={"chunk_ms": 400}))
        )
        answers = aiter(call)
        assert (await anext(answers)).HasField("started")
        first = await anext(answers)
        assert len(first.audio.data) == FRAME * 2
        made = speech.sessions[0]._speaking
        assert made is not None
        assert made[1] <= 2
        assert len([answer async for answer in answers]) >= 2


async def test_segments_end_once_each_with_their_flush_ids_even_empty_ones(rig: Rig) -> None:
    answers = await talk(rig, config(), text("ab"), flush("one"), flush("two"), text("c"), flush("three"))
    ends = [answer.segment_end for answer in answers if answer.HasField("segment_end")]
    assert [(end.segment_id, end.flush_id, end.reason) for end in ends] == [
        (0, "one", pb.FINISH_REASON_COMPLETE),
        (1, "two", pb.FINISH_REASON_EMPTY_TEXT),
        (2, "three", pb.FINISH_REASON_COMPLETE),
    ]
    assert answers[-1].finished.reason == pb.FINISH_REASON_EMPTY_TEXT
    segments = [answer.audio.segment_id for answer in answers if answer.HasField("audio")]
    assert segments == sorted(segments)
    assert set(segments) == {0, 2}


async def test_a_stream_without_text_finishes_without_audio(rig: Rig) -> None:
    assert kinds(await talk(rig, config())) == ["started", "finished"]


async def test_length_limit_is_told_apart_from_success(rig: Rig) -> None:
    answers = await chunks(rig, "too long", max_frames=3)
    assert answers[-1].finished.reason == pb.FINISH_REASON_LENGTH_LIMIT
    assert answers[-1].finished.usage.frames == 3
    unary = await rig.stub.Synthesize(pb.SynthesizeRequest(text="too long", config={"max_frames": 3}))
    assert unary.reason == pb.FINISH_REASON_LENGTH_LIMIT


async def test_started_tells_what_is_in_force(rig: Rig) -> None:
    asked = {
        "client_request_id": "mine",
        "seed": 11,
        "normalize": False,
        "max_frames": 5,
        "layout": pb.LAYOUT_STREAMING,
    }
    answers = await talk(rig, config(**asked), text("x"))
    started = answers[0].started
    assert started.client_request_id == "mine"
    assert len(started.request_id) == 32
    effective = started.config
    assert (effective.seed, effective.max_frames, effective.layout) == (11, 5, pb.LAYOUT_STREAMING)
    assert not effective.normalize
    assert effective.trim_leading_silence
    assert (effective.audio.format, effective.audio.sample_rate_hz) == (pb.AUDIO_FORMAT_PCM_S16, RATE)
    assert effective.max_lead_ms == 10_000
    assert started.limits.max_text_chars == 50_000


async def test_batch_class_is_not_paced_unless_asked(rig: Rig) -> None:
    plain = (await talk(rig, config(**BATCH)))[0].started.config
    asked = (await talk(rig, config(**BATCH, max_lead_ms=500)))[0].started.config
    assert not plain.HasField("max_lead_ms")
    assert asked.max_lead_ms == 500


async def test_every_field_of_the_config_reaches_the_session(rig: Rig) -> None:
    sampling = pb.Sampling(
        do_sample=False, temperature=0.5, top_k=3, top_p=0.25, repetition_penalty=1.5,
        subtalker_do_sample=False, subtalker_temperature=2.0, subtalker_top_k=0, subtalker_top_p=1.0,
    )  # fmt: skip
    await talk(
        rig,
        config(
            voice="aria", language="russian", instruct="slowly", layout=pb.LAYOUT_FULL, sampling=sampling,
            seed=2**63 - 1, max_frames=9, priority=pb.PRIORITY_STANDARD, max_latency_ms=700, max_lead_ms=2000,
            session_id="s1", normalize=False, raw_text=True, trim_leading_silence=False,
        ),
        timeout=9.0,
    )  # fmt: skip
    request = rig.speech.sessions[0].request
    overrides = request.sampling
    assert (request.voice, request.language, request.instruct, request.layout) == ("aria", "russian", "slowly", "full")
    assert (request.seed, request.max_frames, request.max_latency_ms, request.max_lead_ms) == (2**63 - 1, 9, 700, 2000)
    assert (request.normalize, request.raw_text, request.trim_leading_silence) == (False, True, False)
    assert (request.session_id, request.tenant) == ("s1", "anonymous")
    assert request.deadline_s is not None
    assert (overrides.do_sample, overrides.temperature, overrides.top_k, overrides.top_p) == (False, 0.5, 3, 0.25)
    assert overrides.repetition_penalty == 1.5
    assert (overrides.subtalker_do_sample, overrides.subtalker_temperature) == (False, 2.0)
    assert (overrides.subtalker_top_k, overrides.subtalker_top_p) == (0, 1.0)


async def test_text_is_joined_verbatim(rig: Rig) -> None:
    pieces = [" a", "b  ", "\n", "é", "е́", "", "🙂"]
    await talk(rig, config(), *(text(piece) for piece in pieces), flush())
    assert rig.speech.sessions[0].texts == ["".join(pieces)]


@pytest.mark.parametrize("rate", [8000, 16000, 48000, 0])
@pytest.mark.parametrize("form", [pb.AUDIO_FORMAT_WAV, pb.AUDIO_FORMAT_FLAC, pb.AUDIO_FORMAT_OGG_OPUS])
async def test_each_segment_is_a_complete_file_in_container_formats(rig: Rig, form: int, rate: int) -> None:
    output = pb.AudioOutput(format=form, sample_rate_hz=rate)
    answers = await talk(rig, config(audio=output), text("hello"), flush(), text("again"))
    for segment in (0, 1):
        data = b"".join(
            answer.audio.data for answer in answers if answer.HasField("audio") and answer.audio.segment_id == segment
        )
        with soundfile.SoundFile(io.BytesIO(data)) as file:
            assert file.samplerate == (rate or RATE)
        pcm = decode_audio(data, RATE)
        assert abs(len(pcm) / RATE - 0.4) < 0.03


async def test_unary_answers_a_complete_wav_by_default(rig: Rig) -> None:
    answer = await rig.stub.Synthesize(pb.SynthesizeRequest(text="hello"))
    pcm, rate = soundfile.read(io.BytesIO(answer.audio))
    assert rate == RATE
    assert np.allclose(pcm, speech_of("hello", 7), atol=1e-4)
    assert answer.usage.frames == 5
    assert answer.reason == pb.FINISH_REASON_COMPLETE


async def test_metrics_agree_with_what_was_heard(rig: Rig) -> None:
    await talk(rig, config(), text("hello"))
    await chunks(rig, "hi")
    await rig.settled()
    assert rig.metric("qwentts_audio_seconds_total") == pytest.approx(7 * 0.08)
    assert rig.metric("qwentts_finished_total", reason="complete") == 2
    assert rig.metric("qwentts_time_to_first_audio_seconds_count", priority="interactive") == 2
    assert rig.metric("qwentts_requests", state="streams") == 0
    assert rig.metric("qwentts_rpc_seconds_count", method="SynthesizeStream", code="OK") == 1
