"""Who may call, how much, and that probes are always answered."""

from __future__ import annotations

import asyncio
import hashlib
import time
from dataclasses import replace
from pathlib import Path

import grpc
import grpc.aio
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from support.fake_speech import FakeSpeech
from support.grpc_rig import (
    FAST,
    Rig,
    config,
    details_of,
    kinds,
    reason_of,
    retry_ms,
    running,
    talk,
    text,
    with_limits,
)

from qwentts_svc.errors import InputError
from qwentts_svc.server.lifecycle import SpeechServer
from qwentts_svc.server.pb.qwentts.v1 import tts_pb2 as pb
from qwentts_svc.server.settings import AuthSettings, ServerSettings

INFO = pb.GetModelInfoRequest()


def bearer(token: str) -> tuple[tuple[str, str], ...]:
    return (("authorization", f"Bearer {token}"),)


def entry(token: str, tenant: str) -> str:
    return f"{hashlib.sha256(token.encode()).hexdigest()} {tenant}\n"


def guarded(tmp_path: Path, *tokens: tuple[str, str], **limits: int) -> ServerSettings:
    path = tmp_path / "tokens"
    path.write_text("# tenants\n\n" + "".join(entry(token, tenant) for token, tenant in tokens))
    auth = AuthSettings(tokens_file=path, reload_interval_s=0.0)
    return replace(FAST, auth=auth, limits=replace(FAST.limits, **limits))


async def refused(rig: Rig, metadata: tuple[tuple[str, str], ...] = ()) -> grpc.aio.AioRpcError:
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await rig.stub.GetModelInfo(INFO, metadata=metadata)
    return failed.value


async def test_only_known_tokens_pass(tmp_path: Path) -> None:
    async with running(guarded(tmp_path, ("t-one", "one"), ("t-two", "two"))) as rig:
        for metadata in (
            (),
            bearer("wrong"),
            bearer(""),
            (("authorization", "t-one"),),
            (("authorization", "Basic t-one"),),
            bearer("t-one") + bearer("t-two"),
        ):
            error = await refused(rig, metadata)
            assert error.code() is grpc.StatusCode.UNAUTHENTICATED
            assert reason_of(error) == "UNAUTHENTICATED"
        for metadata in (bearer("t-one"), bearer("t-two"), bearer("t-one") * 2, (("authorization", "bearer t-one"),)):
            assert (await rig.stub.GetModelInfo(INFO, metadata=metadata)).name == "fake"
        health = health_pb2_grpc.HealthStub(rig.channel)
        assert (await health.Check(health_pb2.HealthCheckRequest())).status == 1


async def test_the_tenant_of_the_token_is_the_tenant_of_the_request(tmp_path: Path) -> None:
    async with running(guarded(tmp_path, ("t-one", "one"))) as rig:
        await talk(rig, config(), text("x"), metadata=bearer("t-one"))
        assert rig.speech.sessions[0].request.tenant == "one"


async def test_the_token_file_is_read_again_and_a_broken_one_changes_nothing(tmp_path: Path) -> None:
    settings = guarded(tmp_path, ("old", "one"))
    path = settings.auth.tokens_file
    assert path is not None
    async with running(settings) as rig:
        await rig.stub.GetModelInfo(INFO, metadata=bearer("old"))
        path.write_text(entry("new", "one") + entry("other", "two"))
        await rig.stub.GetModelInfo(INFO, metadata=bearer("new"))
        assert (await refused(rig, bearer("old"))).code() is grpc.StatusCode.UNAUTHENTICATED
        path.write_text("nonsense\n")
        await rig.stub.GetModelInfo(INFO, metadata=bearer("new"))
        path.unlink()
        await rig.stub.GetModelInfo(INFO, metadata=bearer("new"))


@pytest.mark.parametrize("content", ["", "# nothing\n", "abc tenant\n", "f" * 64 + "\n", "\xff"])
async def test_an_unusable_token_file_stops_the_start(tmp_path: Path, content: str) -> None:
    path = tmp_path / "tokens"
    path.write_bytes(content.encode("latin-1"))
    with pytest.raises(InputError):
        SpeechServer(FakeSpeech(), replace(FAST, auth=AuthSettings(tokens_file=path)))


@pytest.mark.parametrize("host", ["0.0.0.0", "[::]", "192.0.2.1", "example.org"])
async def test_a_public_address_without_authentication_is_refused(host: str) -> None:
    with pytest.raises(InputError, match="authentication"):
        SpeechServer(FakeSpeech(), replace(FAST, host=host))


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "localhost", "unix:/tmp/socket", "127.8.8.8"])
def test_loopback_needs_no_authentication(host: str) -> None:
    replace(FAST, host=host).check()


def test_a_public_address_may_be_forced() -> None:
    replace(FAST, host="0.0.0.0", auth=AuthSettings(allow_anonymous_network=True)).check()


async def hold(rig: Rig, **options: object) -> grpc.aio.StreamStreamCall:
    """An open, idle stream."""
    call = rig.stub.SynthesizeStream(**options)
    await call.write(config())
    await call.read()
    return call


async def test_open_calls_are_bounded_and_health_is_not() -> None:
    async with running(with_limits(max_streams=3)) as rig:
        held = [await hold(rig) for _ in range(3)]
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await hold(rig)
        assert failed.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert reason_of(failed.value) == "TOO_MANY_STREAMS"
        assert retry_ms(failed.value) == 50
        health = health_pb2_grpc.HealthStub(rig.channel)
        assert (await health.Check(health_pb2.HealthCheckRequest())).status == 1
        held.pop().cancel()
        await rig.settled_after(lambda: rig.server.admission.open_streams == 2)
        held.append(await hold(rig))
        for call in held:
            call.cancel()


async def test_a_tenant_has_its_own_bound_on_streams(tmp_path: Path) -> None:
    async with running(guarded(tmp_path, ("t-one", "one"), ("t-two", "two"), tenant_streams=2)) as rig:
        held = [await hold(rig, metadata=bearer("t-one")) for _ in range(2)]
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await hold(rig, metadata=bearer("t-one"))
        assert reason_of(failed.value) == "TENANT_STREAMS"
        assert details_of(failed.value)["QuotaFailure"].violations[0].subject == "tenant_streams"
        held.append(await hold(rig, metadata=bearer("t-two")))
        for call in held:
            call.cancel()


async def test_a_tenant_has_its_own_characters_per_minute(tmp_path: Path) -> None:
    async with running(guarded(tmp_path, ("t-one", "one"), ("t-two", "two"), tenant_chars_per_minute=100)) as rig:
        spoken = pb.SynthesizeRequest(text="x" * 80, config={"audio": {"format": pb.AUDIO_FORMAT_MULAW}})
        await rig.stub.Synthesize(spoken, metadata=bearer("t-one"))
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await rig.stub.Synthesize(spoken, metadata=bearer("t-one"))
        assert reason_of(failed.value) == "TENANT_CHARACTERS"
        wait_ms = retry_ms(failed.value)
        assert wait_ms is not None
        assert 30_000 < wait_ms <= 36_100
        with pytest.raises(grpc.aio.AioRpcError) as streamed:
            await talk(rig, config(), text("x" * 80), metadata=bearer("t-one"))
        assert reason_of(streamed.value) == "TENANT_CHARACTERS"
        await rig.stub.Synthesize(spoken, metadata=bearer("t-two"))


async def test_a_flood_is_refused_quickly_while_accepted_calls_and_probes_are_served() -> None:
    speech = FakeSpeech()
    speech.knobs.frame_delay_s, speech.knobs.capacity = 0.01, 4
    async with running(speech=speech) as rig:
        health = health_pb2_grpc.HealthStub(rig.channel)
        outcomes = {"accepted": 0, "refused": 0, "probed": 0}
        until_s = time.monotonic() + 1.5

        async def caller() -> None:
            while time.monotonic() < until_s:
                try:
                    answers = await talk(rig, config(), text("flood"))
                    assert kinds(answers)[-1] == "finished"
                    outcomes["accepted"] += 1
                except grpc.aio.AioRpcError as error:
                    wait_ms = retry_ms(error)
                    outcomes["refused"] += 1
                    if error.code() is not grpc.StatusCode.RESOURCE_EXHAUSTED or wait_ms is None:
                        raise
                    await asyncio.sleep(0.05)

        async def prober() -> None:
            while time.monotonic() < until_s:
                answer = await health.Check(health_pb2.HealthCheckRequest(), timeout=0.5)
                assert answer.status == 1
                outcomes["probed"] += 1
                await asyncio.sleep(0.02)

        async with asyncio.TaskGroup() as group:
            group.create_task(prober())
            for _ in range(40):
                group.create_task(caller())
        await rig.settled()
        assert outcomes["accepted"] > 10
        assert outcomes["refused"] > 40
        assert outcomes["probed"] > 10
        labels = {"method": "SynthesizeStream", "code": "RESOURCE_EXHAUSTED"}
        quick = rig.metric("qwentts_rpc_seconds_bucket", le="0.05", **labels)
        assert quick >= 0.9 * rig.metric("qwentts_rpc_seconds_count", **labels)
        assert rig.metric("qwentts_rejections_total", reason="overloaded") == outcomes["refused"]
        assert rig.metric("qwentts_finished_total", reason="complete") == outcomes["accepted"]
