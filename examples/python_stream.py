"""Text in as it is written, speech out as it is made: SynthesizeStream from asyncio.

    qwentts serve &
    echo "The birch canoe slid on the smooth planks." | python examples/python_stream.py --out canoe.wav

Reads standard input line by line, so it also follows a program that is still writing. Needs grpcio and the generated
code (``qwentts_svc.server.pb``; for a client without this package, generate it from proto/qwentts/v1/tts.proto).
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import threading
import wave
from collections.abc import AsyncIterator
from typing import Any

import grpc
import grpc.aio

from qwentts_svc.server.pb.qwentts.v1 import tts_pb2 as pb
from qwentts_svc.server.pb.qwentts.v1 import tts_pb2_grpc as rpc

ATTEMPTS = 5
MAX_WAIT_S = 10.0


class Script:
    """The lines of standard input, kept so that a refused call can start over. Must be made in a running loop."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._ended = False
        self._news = asyncio.Event()
        # A thread of its own: input may never end, and must not keep the program alive.
        threading.Thread(target=self._read, args=(asyncio.get_running_loop(),), daemon=True).start()

    async def lines(self) -> AsyncIterator[str]:
        """Every line from the first one on, as soon as it is there."""
        index = 0
        while True:
            while index < len(self._lines):
                yield self._lines[index]
                index += 1
            if self._ended:
                return
            self._news.clear()
            await self._news.wait()

    def _read(self, loop: asyncio.AbstractEventLoop) -> None:
        for line in sys.stdin:
            loop.call_soon_threadsafe(self._add, line)
        loop.call_soon_threadsafe(self._add, "")

    def _add(self, line: str) -> None:
        if line:
            self._lines.append(line)
        else:
            self._ended = True
        self._news.set()


async def messages(script: Script, voice: str, seed: int) -> AsyncIterator[pb.SynthesizeStreamRequest]:
    """The config, then the text; the end of the input is the half-close."""
    yield pb.SynthesizeStreamRequest(config=pb.SynthesisConfig(voice=voice, seed=seed))
    async for line in script.lines():
        yield pb.SynthesizeStreamRequest(text=line)


async def speak(stub: rpc.TextToSpeechStub, script: Script, args: argparse.Namespace) -> None:
    """One call; writes the WAV file while audio comes in."""
    with wave.open(args.out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(24_000)
        async for answer in stub.SynthesizeStream(messages(script, args.voice, args.seed)):
            kind = answer.WhichOneof("message")
            if kind == "started":
                file.setframerate(answer.started.config.audio.sample_rate_hz)
            elif kind == "audio":
                file.writeframes(answer.audio.data)
            elif kind == "segment_end" and answer.segment_end.reason != pb.FINISH_REASON_COMPLETE:
                # Anything else means that not all of the text was spoken.
                sys.stderr.write(f"segment ended early: {pb.FinishReason.Name(answer.segment_end.reason)}\n")
            elif kind == "finished":
                usage = answer.finished.usage
                sys.stderr.write(f"{usage.audio_ms:.0f} ms of speech, first after {usage.first_audio_ms:.0f} ms\n")


async def main() -> int:
    parser = argparse.ArgumentParser(description="Speak standard input into a WAV file.")
    parser.add_argument("--address", default="127.0.0.1:50051")
    parser.add_argument("--voice", default="", help="empty: the model's default")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--out", default="speech.wav")
    args = parser.parse_args()
    script = Script()
    async with grpc.aio.insecure_channel(args.address) as channel:
        stub = rpc.TextToSpeechStub(channel)
        for attempt in range(ATTEMPTS):
            try:
                await speak(stub, script, args)
                return 0
            except grpc.aio.AioRpcError as error:
                wait_s = retry_after_s(error)
                if wait_s is None or attempt == ATTEMPTS - 1:
                    sys.stderr.write(f"{error.code().name}: {error.details()}\n")
                    return 1
                await asyncio.sleep(min(wait_s, MAX_WAIT_S))
    return 1


def retry_after_s(error: grpc.aio.AioRpcError) -> float | None:
    """When the service said to come back; None when trying again does not help."""
    if error.code() not in (grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.UNAVAILABLE):
        return None
    metadata: Any = error.trailing_metadata() or ()
    pushback = dict(metadata).get("grpc-retry-pushback-ms")
    return None if pushback is None else int(pushback) / 1000


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
