"""Start, readiness, drain, signals, TLS, the sidecar."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import grpc
import grpc.aio
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from support.fake_speech import FakeSpeech
from support.grpc_rig import FAST, Rig, config, kinds, reason_of, retry_ms, running, talk, text

from qwentts_svc.bridge.api import Readiness
from qwentts_svc.errors import InputError, IoError
from qwentts_svc.server.lifecycle import SpeechServer
from qwentts_svc.server.pb.qwentts.v1 import tts_pb2 as pb
from qwentts_svc.server.pb.qwentts.v1 import tts_pb2_grpc
from qwentts_svc.server.settings import TlsSettings
from qwentts_svc.server.tls import server_credentials

SERVING, NOT_SERVING = health_pb2.HealthCheckResponse.SERVING, health_pb2.HealthCheckResponse.NOT_SERVING
TESTS = Path(__file__).parent.parent
SPEECH_NAME = "qwentts.v1.TextToSpeech"


async def http(port: int, request: str) -> tuple[int, str, bytes]:
    """One HTTP exchange: status, head, body."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request.encode() + b"\r\nHost: x\r\n\r\n")
    await writer.drain()
    raw = await reader.read()
    writer.close()
    await writer.wait_closed()
    head, _, body = raw.partition(b"\r\n\r\n")
    return int(head.split(b" ")[1]), head.decode(), body


async def test_health_follows_the_readiness() -> None:
    speech = FakeSpeech(ready=Readiness(live=True, ready=False, reason="warming up"))
    async with running(speech=speech) as rig:
        health = health_pb2_grpc.HealthStub(rig.channel)
        for name in ("", SPEECH_NAME):
            assert (await health.Check(health_pb2.HealthCheckRequest(service=name))).status == NOT_SERVING
        watch = health.Watch(health_pb2.HealthCheckRequest(service=SPEECH_NAME))
        assert (await watch.read()).status == NOT_SERVING
        speech.ready = Readiness(live=True, ready=True)
        assert (await watch.read()).status == SERVING
        speech.ready = Readiness(live=False, ready=False, reason="engine dead")
        assert (await watch.read()).status == NOT_SERVING
        with pytest.raises(grpc.aio.AioRpcError) as unknown:
            await health.Check(health_pb2.HealthCheckRequest(service="nobody"))
        assert unknown.value.code() is grpc.StatusCode.NOT_FOUND
        watch.cancel()


async def test_a_drain_refuses_new_calls_and_lets_open_ones_end() -> None:
    speech = FakeSpeech()
    speech.knobs.frame_delay_s = 0.02
    async with running(speech=speech) as rig:
        health = health_pb2_grpc.HealthStub(rig.channel)
        open_calls = [asyncio.create_task(talk(rig, config(), text("still speaking"))) for _ in range(16)]
        await rig.settled_after(lambda: rig.server.admission.open_streams == 16)
        draining = asyncio.create_task(rig.server.drain())
        await rig.settled_after(lambda: rig.server.admission.draining)
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await rig.stub.Synthesize(pb.SynthesizeRequest(text="x"))
        assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
        assert reason_of(refused.value) == "DRAINING"
        assert retry_ms(refused.value) == 50
        assert (await health.Check(health_pb2.HealthCheckRequest())).status == NOT_SERVING
        assert await draining
        for answers in await asyncio.gather(*open_calls):
            assert kinds(answers) == ["started", "audio", "segment_end", "finished"]


@asynccontextmanager
async def process(frame_delay_s: float, grace_s: float) -> AsyncIterator[tuple[asyncio.subprocess.Process, int]]:
    """A server of its own process and its port; killed at the end if it still lives."""
    server = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "support.fake_server",
        str(frame_delay_s),
        str(grace_s),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), os.environ.get("PYTHONPATH", "")])},
    )
    try:
        assert server.stdout is not None
        async with asyncio.timeout(30):
            port = int((await server.stdout.readline()).split()[0])
        yield server, port
    finally:
        if server.returncode is None:
            server.kill()
        await server.wait()
        # The transport of a finished process is closed by the loop in its next turn.
        await asyncio.sleep(0)


async def speak(port: int, said: str) -> list[str]:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = tts_pb2_grpc.TextToSpeechStub(channel)
        return kinds([a async for a in stub.SynthesizeChunks(pb.SynthesizeChunksRequest(text=said))])


async def test_sigterm_under_load_cuts_nothing_and_exits_with_zero() -> None:
    async with process(0.02, 10.0) as (server, port):
        calls = [asyncio.create_task(speak(port, "x" * 80)) for _ in range(16)]
        await asyncio.sleep(0.3)
        server.send_signal(signal.SIGTERM)
        for got in await asyncio.gather(*calls):
            assert got == ["started", "audio", "finished"]
        async with asyncio.timeout(10):
            assert await server.wait() == 0


async def test_a_second_signal_ends_at_once_with_another_code() -> None:
    async with process(0.05, 30.0) as (server, port):
        call = asyncio.create_task(speak(port, "x" * 500))
        await asyncio.sleep(0.3)
        server.send_signal(signal.SIGTERM)
        await asyncio.sleep(0.2)
        assert server.returncode is None
        server.send_signal(signal.SIGTERM)
        async with asyncio.timeout(5):
            assert await server.wait() == 1
        with pytest.raises(grpc.aio.AioRpcError):
            await call


async def test_the_end_of_the_grace_ends_what_is_still_open() -> None:
    async with process(0.05, 0.3) as (server, port):
        call = asyncio.create_task(speak(port, "x" * 500))
        await asyncio.sleep(0.3)
        server.send_signal(signal.SIGTERM)
        async with asyncio.timeout(5):
            assert await server.wait() == 0
        with pytest.raises(grpc.aio.AioRpcError):
            await call


async def test_a_taken_port_is_an_error_of_its_own(rig: Rig) -> None:
    second = SpeechServer(FakeSpeech(), replace(FAST, port=rig.server.port))
    with pytest.raises(IoError, match="choose another with server"):
        await second.start()
    await second.stop(0)


async def test_health_over_http_tells_live_and_ready() -> None:
    speech = FakeSpeech(ready=Readiness(live=True, ready=False, reason="warming up"))
    async with running(speech=speech) as rig:
        port = rig.server.sidecar.port
        status, _, body = await http(port, "GET /health HTTP/1.1")
        assert (status, json.loads(body)) == (503, {"live": True, "ready": False, "reason": "warming up"})
        assert (await http(port, "GET /health?live HTTP/1.1"))[0] == 200
        speech.ready = Readiness(live=True, ready=True)
        status, head, body = await http(port, "GET /health HTTP/1.1")
        assert (status, json.loads(body)) == (200, {"live": True, "ready": True, "reason": ""})
        assert "application/json" in head
        speech.ready = Readiness(live=False, ready=False, reason="engine dead")
        assert (await http(port, "GET /health?live HTTP/1.1"))[0] == 503
        speech.ready = Readiness(live=True, ready=True)
        rig.server.admission.drain()
        status, _, body = await http(port, "GET /health HTTP/1.1")
        assert (status, json.loads(body)["reason"]) == (503, "draining")


async def test_metrics_over_http_are_openmetrics(rig: Rig) -> None:
    await talk(rig, config(), text("x"))
    status, head, body = await http(rig.server.sidecar.port, "GET /metrics HTTP/1.1")
    assert status == 200
    assert "application/openmetrics-text" in head
    assert body.endswith(b"# EOF\n")
    assert b"qwentts_audio_seconds_total 0.08" in body


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("GET / HTTP/1.1", 404),
        ("GET /health/../etc/passwd HTTP/1.1", 404),
        ("POST /health HTTP/1.1", 405),
        ("nonsense", 400),
        ("GET /metrics SMTP/1.0", 400),
    ],
)
async def test_the_sidecar_serves_nothing_else(rig: Rig, line: str, status: int) -> None:
    assert (await http(rig.server.sidecar.port, line))[0] == status


async def test_the_sidecar_survives_silent_and_endless_callers(rig: Rig) -> None:
    port = rig.server.sidecar.port
    silent = [await asyncio.open_connection("127.0.0.1", port) for _ in range(5)]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /" + b"x" * 100_000)
    await writer.drain()
    assert await reader.read() == b""
    assert (await http(port, "HEAD /health HTTP/1.1"))[2] == b""
    for _, open_writer in [*silent, (reader, writer)]:
        open_writer.close()
        with contextlib.suppress(OSError):
            await open_writer.wait_closed()


def make_certificate(folder: Path, name: str, signer: str | None = None) -> None:
    """``name``.crt and ``name``.key, self-signed or signed by ``signer``."""
    key, crt = folder / f"{name}.key", folder / f"{name}.crt"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-keyout", str(key), "-out", str(crt), "-days", "2", "-subj", f"/CN={name}"]
    command += ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    if signer is not None:
        command += ["-CA", str(folder / f"{signer}.crt"), "-CAkey", str(folder / f"{signer}.key")]
    subprocess.run(command, check=True, capture_output=True)


async def ask_secure(port: int, credentials: grpc.ChannelCredentials) -> str:
    async with grpc.aio.secure_channel(f"localhost:{port}", credentials) as channel:
        stub = tts_pb2_grpc.TextToSpeechStub(channel)
        return str((await stub.GetModelInfo(pb.GetModelInfoRequest(), timeout=5)).name)


def trust(folder: Path, root: str, client: str | None = None) -> grpc.ChannelCredentials:
    chain = [(folder / f"{client}.{end}").read_bytes() for end in ("key", "crt")] if client else [None, None]
    return grpc.ssl_channel_credentials((folder / f"{root}.crt").read_bytes(), *chain)


async def test_tls_follows_its_files(tmp_path: Path) -> None:
    for name in ("first", "second"):
        make_certificate(tmp_path, name)
    cert, key = tmp_path / "live.crt", tmp_path / "live.key"
    cert.write_bytes((tmp_path / "first.crt").read_bytes())
    key.write_bytes((tmp_path / "first.key").read_bytes())
    async with running(replace(FAST, tls=TlsSettings(cert, key, reload_interval_s=0.0))) as rig:
        port = rig.server.port
        assert await ask_secure(port, trust(tmp_path, "first")) == "fake"
        with pytest.raises(grpc.aio.AioRpcError):
            await ask_secure(port, trust(tmp_path, "second"))
        key.write_bytes((tmp_path / "second.key").read_bytes())
        cert.write_bytes((tmp_path / "second.crt").read_bytes())
        assert await ask_secure(port, trust(tmp_path, "second")) == "fake"
        cert.write_text("broken")
        assert await ask_secure(port, trust(tmp_path, "second")) == "fake"


async def test_mtls_wants_a_certificate_of_the_right_authority(tmp_path: Path) -> None:
    make_certificate(tmp_path, "ca")
    make_certificate(tmp_path, "server", "ca")
    make_certificate(tmp_path, "client", "ca")
    make_certificate(tmp_path, "stranger")
    tls = TlsSettings(tmp_path / "server.crt", tmp_path / "server.key", tmp_path / "ca.crt")
    async with running(replace(FAST, tls=tls)) as rig:
        port = rig.server.port
        assert await ask_secure(port, trust(tmp_path, "ca", "client")) == "fake"
        for client in (None, "stranger"):
            with pytest.raises(grpc.aio.AioRpcError):
                await ask_secure(port, trust(tmp_path, "ca", client))


@pytest.mark.parametrize("content", [None, "not a certificate"])
async def test_unusable_certificates_stop_the_start(tmp_path: Path, content: str | None) -> None:
    cert = tmp_path / "live.crt"
    if content is not None:
        cert.write_text(content)
    server = SpeechServer(FakeSpeech(), replace(FAST, tls=TlsSettings(cert, cert)))
    with pytest.raises(InputError, match=r"live\.crt"):
        await server.start()
    await server.stop(0)


async def test_a_key_of_another_certificate_stops_the_start_and_is_not_taken_up_later(tmp_path: Path) -> None:
    for name in ("first", "second"):
        make_certificate(tmp_path, name)
    cert, key = tmp_path / "first.crt", tmp_path / "first.key"
    with pytest.raises(InputError, match=r"second\.key"):
        server_credentials(TlsSettings(cert, tmp_path / "second.key"))
    async with running(replace(FAST, tls=TlsSettings(cert, key, reload_interval_s=0.0))) as rig:
        trusted = trust(tmp_path, "first")
        key.write_bytes((tmp_path / "second.key").read_bytes())
        assert await ask_secure(rig.server.port, trusted) == "fake"


async def test_clients_may_ping_as_often_as_documented() -> None:
    keepalive = replace(FAST.keepalive, min_client_ping_s=0.5)
    async with running(replace(FAST, keepalive=keepalive)) as rig:
        options = [
            ("grpc.keepalive_time_ms", 1000),
            ("grpc.keepalive_permit_without_calls", 1),
            ("grpc.http2.max_pings_without_data", 0),
        ]
        async with grpc.aio.insecure_channel(rig.address, options=options) as channel:
            stub = tts_pb2_grpc.TextToSpeechStub(channel)
            call = stub.SynthesizeStream()
            await call.write(config())
            await call.read()
            # Without the setting, the third ping in a row ends the connection after three seconds.
            await asyncio.sleep(3.5)
            await call.write(text("still here"))
            await call.done_writing()
            assert (await call.read()).HasField("audio")
            call.cancel()
