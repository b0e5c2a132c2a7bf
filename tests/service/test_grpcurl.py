"""A stranger's tool: the packaged grpcurl lists, describes and calls every RPC through reflection."""

from __future__ import annotations

import asyncio
import base64
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from grpc_reflection.v1alpha import reflection_pb2
from support.fake_speech import speech_of
from support.grpc_rig import Rig

from qwentts_svc.server.pb.qwentts.v1 import tts_pb2 as pb

SERVICE = "qwentts.v1.TextToSpeech"
GRPCURL = shutil.which("grpcurl", path=str(Path(sys.executable).parent)) or shutil.which("grpcurl")
needs_grpcurl = pytest.mark.skipif(GRPCURL is None, reason="grpcurl is not installed (pip install .[dev])")


async def grpcurl(rig: Rig, *arguments: str, stdin: str = "") -> str:
    """Standard output of a run that must succeed."""
    assert GRPCURL is not None
    head = ["-plaintext", *(["-d", "@"] if stdin else [])]
    process = await asyncio.create_subprocess_exec(
        GRPCURL,
        *head,
        rig.address,
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(20):
        out, err = await process.communicate(stdin.encode())
    assert process.returncode == 0, err.decode()
    return out.decode()


def objects(output: str) -> list[dict[str, Any]]:
    """JSON objects, one after the other."""
    decoder, found, at = json.JSONDecoder(), [], 0
    while at < len(output.rstrip()):
        value, at = decoder.raw_decode(output, at)
        found.append(value)
        at += len(output[at:]) - len(output[at:].lstrip())
    return found


@needs_grpcurl
async def test_list_and_describe(rig: Rig) -> None:
    listed = (await grpcurl(rig, "list")).split()
    assert set(listed) == {
        SERVICE,
        "grpc.health.v1.Health",
        "grpc.reflection.v1alpha.ServerReflection",
        "grpc.reflection.v1.ServerReflection",
    }
    for name in listed:
        assert "rpc" in await grpcurl(rig, "describe", name)
    methods = (await grpcurl(rig, "list", SERVICE)).split()
    assert methods == sorted(
        f"{SERVICE}.{method.name}" for method in pb.DESCRIPTOR.services_by_name["TextToSpeech"].methods
    )
    assert "max_lead_ms" in await grpcurl(rig, "describe", "qwentts.v1.SynthesisConfig")


@needs_grpcurl
async def test_every_unary_rpc_can_be_called(rig: Rig) -> None:
    async def call(method: str, body: dict[str, Any]) -> dict[str, Any]:
        return objects(await grpcurl(rig, f"{SERVICE}/{method}", stdin=json.dumps(body)))[0]

    assert (await call("GetModelInfo", {}))["name"] == "fake"
    made = {"name": "warm", "design": {"instruct": "a warm voice"}}
    assert (await call("CreateVoice", made))["voice"]["kind"] == "VOICE_KIND_DESIGNED"
    assert (await call("GetVoice", {"name": "warm"}))["voice"]["name"] == "warm"
    assert len((await call("ListVoices", {}))["voices"]) == 2
    assert await call("DeleteVoice", {"name": "warm"}) == {}
    said = await call("Synthesize", {"text": "hi", "config": {"audio": {"format": "AUDIO_FORMAT_PCM_F32"}}})
    assert base64.b64decode(said["audio"]) == speech_of("hi", 7).tobytes()
    health = objects(await grpcurl(rig, "grpc.health.v1.Health/Check", stdin="{}"))
    assert health == [{"status": "SERVING"}]


@needs_grpcurl
async def test_streams_can_be_called_bidi_from_stdin_included(rig: Rig) -> None:
    answers = objects(await grpcurl(rig, f"{SERVICE}/SynthesizeChunks", stdin='{"text": "hello"}'))
    assert [next(iter(answer)) for answer in answers] == ["started", *["audio"] * 5, "finished"]
    script = '{"config": {"seed": 3}} {"text": "he"} {"text": "llo"} {"flush": {"flushId": "a"}} {"keepAlive": {}}'
    answers = objects(await grpcurl(rig, f"{SERVICE}/SynthesizeStream", stdin=script))
    assert [next(iter(answer)) for answer in answers] == ["started", *["audio"] * 5, "segment_end", "finished"]
    assert answers[-2]["segment_end"]["flush_id"] == "a"
    assert answers[0]["started"]["config"]["seed"] == "3"


@pytest.mark.parametrize("version", ["v1", "v1alpha"])
async def test_reflection_answers_under_both_names(rig: Rig, version: str) -> None:
    ask = rig.channel.stream_stream(
        f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo",
        request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
        response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
    )
    requests = [
        reflection_pb2.ServerReflectionRequest(list_services=""),
        reflection_pb2.ServerReflectionRequest(file_containing_symbol=f"grpc.reflection.{version}.ServerReflection"),
        reflection_pb2.ServerReflectionRequest(file_containing_symbol=SERVICE),
    ]
    answers = [answer async for answer in ask(iter(requests))]
    assert SERVICE in {service.name for service in answers[0].list_services_response.service}
    assert all(answer.HasField("file_descriptor_response") for answer in answers[1:])
