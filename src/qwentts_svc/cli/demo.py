"""``qwentts demo``: a whole service, one sentence through a real gRPC client, a WAV file, and a clean stop."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import socket
import sys
import tempfile
import time
import wave
from typing import TYPE_CHECKING

from qwentts_svc.cli.output import check_writable
from qwentts_svc.cli.progress import Progress
from qwentts_svc.errors import InputError, IoError

if TYPE_CHECKING:
    from typing import BinaryIO

    from qwentts_svc.cli.client import Heard

HELP = "start the service, speak a sentence through gRPC, write a WAV file, stop the service"
SENTENCE = "The birch canoe slid on the smooth planks."
START_LIMIT_S = 120.0
STOP_LIMIT_S = 60.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--text", default=SENTENCE, help="what to say")
    parser.add_argument("--out", default="demo.wav", metavar="FILE", help="WAV file to write (demo.wav)")
    parser.add_argument("--model", metavar="DIR", help="checkpoint (default: the embedded voice)")


def run(args: argparse.Namespace) -> int:
    if not args.text.strip():
        raise InputError("--text is empty; give at least one word", field="text")
    check_writable(args.out, "out")
    return asyncio.run(_demo(args))


async def _demo(args: argparse.Namespace) -> int:
    port, sidecar_port = free_ports(2)
    address = f"127.0.0.1:{port}"
    command = [sys.executable, "-m", "qwentts_svc.cli", "serve", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--sidecar-port", str(sidecar_port), *(["--model", args.model] if args.model else [])]
    progress = Progress()
    with tempfile.TemporaryFile() as log:
        started_s = time.monotonic()
        service = await asyncio.create_subprocess_exec(
            *command, stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log
        )
        try:
            progress.show("starting the service ...")
            await _until_serving(service, address, log)
            ready_s = time.monotonic() - started_s
            progress.show("speaking ...")
            heard = await _speak(address, args.text)
        finally:
            progress.clear()
            code = await _stop(service)
        if code != 0:
            raise IoError(f"the service ended with code {code}: {_tail(log)}")
    _write_wav(args.out, heard)
    print(f"text:                {args.text}")
    print(f"service ready after: {ready_s:.2f} s")
    print(f"time to first audio: {heard.first_audio_s * 1000:.0f} ms")
    print(f"audio length:        {heard.audio_s:.2f} s at {heard.sample_rate} Hz ({heard.reason.lower()})")
    print(f"real-time factor:    {heard.total_s / heard.audio_s:.3f}")
    print(f"written:             {args.out}")
    return 0


async def _speak(address: str, text: str) -> Heard:
    from qwentts_svc.cli.client import say

    # The embedded voice is most intelligible when it reads the whole sentence first.
    heard = await say(address, text, full_layout=True)
    if not heard.pcm:
        raise IoError(f"the service sent no audio ({heard.reason or 'no reason'})")
    return heard


async def _until_serving(service: asyncio.subprocess.Process, address: str, log: BinaryIO) -> None:
    from qwentts_svc.cli.client import check_health

    limit_s = time.monotonic() + START_LIMIT_S
    while await check_health(address, timeout_s=2.0) != "SERVING":
        if service.returncode is not None:
            raise IoError(f"the service did not start: {_tail(log)}")
        if time.monotonic() > limit_s:
            raise IoError(f"the service was not ready after {START_LIMIT_S:.0f} s: {_tail(log)}")
        await asyncio.sleep(0.05)


async def _stop(service: asyncio.subprocess.Process) -> int:
    """SIGTERM, then patience, then SIGKILL; the exit code."""
    if service.returncode is None:
        service.send_signal(signal.SIGTERM)
    try:
        return await asyncio.wait_for(service.wait(), STOP_LIMIT_S)
    except TimeoutError:
        service.kill()
        return await service.wait()


def free_ports(count: int) -> list[int]:
    """Ports of the loopback interface that were free a moment ago."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for item in sockets:
            item.bind(("127.0.0.1", 0))
        return [int(item.getsockname()[1]) for item in sockets]
    finally:
        for item in sockets:
            item.close()


def _tail(log: BinaryIO, size: int = 2000) -> str:
    """The last lines that the service wrote."""
    length = log.seek(0, os.SEEK_END)
    log.seek(max(0, length - size))
    lines = log.read().decode("utf-8", "replace").strip().splitlines()
    return " | ".join(lines[-3:]) or "it said nothing"


def _write_wav(path: str, heard: Heard) -> None:
    try:
        with wave.open(path, "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(heard.sample_rate)
            file.writeframes(heard.pcm)
    except OSError as error:
        raise InputError(f"--out: cannot write {path}: {error.strerror}", field="out") from None
