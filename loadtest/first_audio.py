"""Time to first audio of interactive calls: on an idle service, among busy streams, beside a long job, beside both."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from loadtest.caller import Caller
from loadtest.channels import open_channels
from loadtest.corpus import Sentence, load_corpus
from loadtest.long_text import long_text
from loadtest.numbers import spread_ms
from loadtest.record import CallRecord
from loadtest.service import ServiceProcess
from loadtest.workload import PLAIN, Plan

BUSY_TIMES, JOB_TIMES = 3.0, 1.5
"""Limits: p95 among busy streams against idle, and with the job against without it."""
SETTLE_S = 1.0


async def first_audio(
    service: ServiceProcess, calls: int = 100, busy: int = 15, job_minutes: float = 10.0, seed: int = 1
) -> dict[str, Any]:
    """The same ``calls`` one after another in each of four situations. Busy streams are batch-class ones, which speak
    as fast as the engine lets them, each with its next sentence at once; the job is one batch-class text of
    ``job_minutes`` of speech."""
    sentences = load_corpus(max_chars=60)
    job = long_text(job_minutes * 60)
    found: dict[str, Any] = {"calls": calls, "busy_streams": busy, "job_minutes": job_minutes}
    await _probe(service, sentences, 5, seed)
    for name, streams, jobs in (("idle", 0, 0), ("job", 0, 1), ("busy", busy, 0), ("busy_and_job", busy, 1)):
        texts = [[sentence.text for sentence in sentences]] * streams + [[job]] * jobs
        async with _talking(service, texts):
            await asyncio.sleep(SETTLE_S)
            records = await _probe(service, sentences, calls, seed)
        heard = [record.first_chunk_s for record in records if record.first_chunk_s is not None]
        audible = [record.first_audible_s for record in records if record.first_audible_s is not None]
        found[name] = {
            "first_chunk_ms": spread_ms(heard),
            "first_audible_ms": spread_ms(audible),
            "spoken": sum(record.code == "OK" for record in records),
            "failed": dict(Counter(f"{record.code}/{record.reason}" for record in records if record.code != "OK")),
            "underruns": sum(record.underruns for record in records),
        }
    p95 = {name: found[name]["first_chunk_ms"]["p95"] for name in ("idle", "job", "busy", "busy_and_job")}
    found["times_idle_among_busy"] = _ratio(p95["busy"], p95["idle"])
    found["times_with_job"] = _ratio(p95["busy_and_job"], p95["busy"])
    found["holds"] = (
        all(found[name]["spoken"] == calls for name in p95)
        and found["times_idle_among_busy"] <= BUSY_TIMES
        and found["times_with_job"] < JOB_TIMES
    )
    return found


def _ratio(value: float | None, base: float | None) -> float:
    return round(value / base, 2) if value and base else float("inf")


async def _probe(service: ServiceProcess, sentences: Sequence[Sentence], calls: int, seed: int) -> list[CallRecord]:
    """Interactive calls, one after another with random pauses, so that they meet the engine at any point of a step."""
    rng = random.Random(seed)
    records = []
    async with open_channels(service.address, 1) as channels:
        for number in range(calls):
            text = sentences[number % len(sentences)].text
            plan = Plan(0.0, "SynthesizeStream", "interactive", PLAIN, text, seed=number)
            records.append(await Caller(plan, channels[0], time.monotonic(), 0.1).run())
            await asyncio.sleep(rng.uniform(0.0, 0.1))
    return records


@asynccontextmanager
async def _talking(service: ServiceProcess, texts: Sequence[Sequence[str]]) -> AsyncIterator[None]:
    """One batch-class caller for each list of texts, with one call after the other for the length of the block."""
    async with open_channels(service.address, max(1, len(texts))) as channels:

        async def talk(number: int) -> None:
            turn = number
            while True:
                text = texts[number][turn % len(texts[number])]
                plan = Plan(0.0, "SynthesizeStream", "batch", PLAIN, text, seed=turn)
                await Caller(plan, channels[number], time.monotonic(), 0.1).run()
                turn += len(texts)

        tasks = [asyncio.create_task(talk(number)) for number in range(len(texts))]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            for task in tasks:
                with contextlib.suppress(asyncio.CancelledError):
                    await task
