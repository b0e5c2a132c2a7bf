"""A client of the last release's contract, built from its descriptor alone: it is refused nothing that it could do."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from support.fake_speech import speech_of
from support.grpc_rig import Rig

BASELINE = Path(__file__).parents[2] / "proto" / "baseline" / "qwentts-v1.binpb"
SERVICE = "qwentts.v1.TextToSpeech"
F32 = {"format": 2}


class OldClient:
    """Knows the service by the baseline only, in a descriptor pool of its own."""

    def __init__(self, channel: Any) -> None:
        pool = descriptor_pool.DescriptorPool()
        for file in descriptor_pb2.FileDescriptorSet.FromString(BASELINE.read_bytes()).file:
            pool.Add(file)
        self._channel = channel
        self.methods = pool.FindServiceByName(SERVICE).methods_by_name
        self.called: set[str] = set()

    def request(self, name: str, /, **fields: Any) -> Any:
        return message_factory.GetMessageClass(self.methods[name].input_type)(**fields)

    async def call(self, name: str, *requests: dict[str, Any]) -> list[Any]:
        """Send all requests; all answers."""
        self.called.add(name)
        method = self.methods[name]
        forms = {False: "unary", True: "stream"}
        form = f"{forms[method.client_streaming]}_{forms[method.server_streaming]}"
        invoke = getattr(self._channel, form)(
            f"/{SERVICE}/{name}",
            request_serializer=type(self.request(name)).SerializeToString,
            response_deserializer=message_factory.GetMessageClass(method.output_type).FromString,
        )
        messages = [self.request(name, **fields) for fields in requests]
        call = invoke(iter(messages) if method.client_streaming else messages[0])
        if method.server_streaming:
            return [answer async for answer in call]
        return [await call]

    async def ask(self, rpc: str, /, **fields: Any) -> Any:
        (answer,) = await self.call(rpc, fields)
        return answer


@pytest.fixture
def client(rig: Rig) -> OldClient:
    return OldClient(rig.channel)


def recording() -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, 0.3 * np.sin(np.arange(32000) * 0.05), 16000, format="WAV")
    return buffer.getvalue()


async def test_a_client_of_the_last_contract_can_call_everything(client: OldClient) -> None:
    info = await client.ask("GetModelInfo")
    assert (info.name, info.sample_rate_hz) == ("fake", 24000)
    cloned = await client.ask("CreateVoice", name="mine", reference={"audio": recording(), "transcript": "hello"})
    assert (cloned.voice.kind, cloned.voice.in_context) == (3, True)
    await client.ask("CreateVoice", name="warm", design={"instruct": "a warm voice"})
    assert (await client.ask("GetVoice", name="warm")).voice.instruct == "a warm voice"
    assert [voice.name for voice in (await client.ask("ListVoices")).voices] == ["aria", "warm", "mine"]
    await client.ask("DeleteVoice", name="mine")
    wanted = {"seed": 3, "audio": F32, "voice": "aria", "priority": 2, "normalize": False}
    said = await client.ask("Synthesize", text="hi", config=wanted)
    assert said.audio == speech_of("hi", 3).tobytes()
    answers = await client.call("SynthesizeChunks", {"text": "hello", "config": wanted})
    assert b"".join(answer.audio.data for answer in answers) == speech_of("hello", 3).tobytes()
    assert answers[-1].finished.reason == 1
    stream = [
        {"config": wanted}, {"text": "he"}, {"keep_alive": {}}, {"playback": {"played_ms": 0}}, {"text": "llo"},
        {"flush": {"flush_id": "a"}},
    ]  # fmt: skip
    answers = await client.call("SynthesizeStream", *stream)
    assert b"".join(answer.audio.data for answer in answers) == speech_of("hello", 3).tobytes()
    assert [answer.segment_end.flush_id for answer in answers if answer.HasField("segment_end")] == ["a"]
    assert client.called == set(client.methods)


async def test_an_interrupt_of_an_old_client_is_understood(client: OldClient) -> None:
    answers = await client.call(
        "SynthesizeStream", {"config": {}}, {"text": "unsaid"}, {"interrupt": {"played_ms": 0}}, {"text": "said"}
    )
    (event,) = [answer.interrupted for answer in answers if answer.HasField("interrupted")]
    assert event.text_spoken + event.text_remaining == "unsaid"
    assert answers[-1].HasField("finished")
