"""Many streams that say nothing, some that speak among them: what a silent one costs, what stays when all have left."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import grpc.aio

from loadtest.caller import Caller
from loadtest.channels import open_channels
from loadtest.corpus import load_corpus
from loadtest.record import CallRecord
from loadtest.service import ServiceProcess
from loadtest.watch import left_behind, recovered, settled
from loadtest.workload import PLAIN, Plan
from qwentts_svc.server.pb.qwentts.v1 import tts_pb2 as pb
from qwentts_svc.server.pb.qwentts.v1 import tts_pb2_grpc as pb_grpc

STREAMS_PER_CONNECTION = 50


async def crowd(service: ServiceProcess, idle: int = 1000, speaking: int = 64, rounds: int = 3) -> dict[str, Any]:
    """``rounds`` times: open ``idle`` streams, let ``speaking`` others speak a short sentence, close everything. The
    first round fills the allocator's arenas; what the last one still adds is leaked."""
    await _speak(service, speaking)
    before = await settled(service)
    found = [await _round(service, idle, speaking, number) for number in range(rounds)]
    after = await recovered(service, before)
    return {
        "idle": idle,
        "speaking": speaking,
        "rounds": found,
        "kib_per_idle_stream": max(one["kib_per_idle_stream"] for one in found),
        "rss_mib_before": round(before.rss_mib, 1),
        "rss_mib_after": round(after.rss_mib, 1),
        "left_behind": left_behind(before, after),
    }


async def _round(service: ServiceProcess, idle: int, speaking: int, number: int) -> dict[str, Any]:
    start = await settled(service)
    async with open_channels(service.address, max(1, idle // STREAMS_PER_CONNECTION)) as channels:
        calls = [await _open(channels[index % len(channels)]) for index in range(idle)]
        silent_mib = service.system.memory_info().rss / 2**20
        records = await _speak(service, speaking)
        with_all = await settled(service, within_s=0.0)
        for call in calls:
            call.cancel()
    end = await settled(service)
    return {
        "round": number + 1,
        "kib_per_idle_stream": round((silent_mib - start.rss_mib) * 1024 / idle, 1),
        "streams_open": with_all.streams,
        "spoken_to_the_end": sum(record.code == "OK" and record.reason == "COMPLETE" for record in records),
        "rss_mib_grown": round(end.rss_mib - start.rss_mib, 1),
    }


async def _open(channel: grpc.aio.Channel) -> Any:
    call: Any = pb_grpc.TextToSpeechStub(channel).SynthesizeStream()
    await call.write(pb.SynthesizeStreamRequest(config=pb.SynthesisConfig()))
    await call.read()
    return call


async def _speak(service: ServiceProcess, count: int) -> list[CallRecord]:
    sentences = load_corpus(max_chars=40)
    async with open_channels(service.address, 4) as channels:
        callers = [
            Caller(
                Plan(0.0, "SynthesizeStream", "batch", PLAIN, sentences[number % len(sentences)].text, seed=number),
                channels[number % len(channels)],
                time.monotonic(),
                0.1,
            )
            for number in range(count)
        ]
        return list(await asyncio.gather(*(caller.run() for caller in callers)))
