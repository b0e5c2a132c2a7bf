"""A text of ten minutes: does it play without a gap, does memory stay flat, what do parallel rows save?"""

from __future__ import annotations

import time
from collections.abc import Sequence
from itertools import cycle
from typing import Any

from loadtest.caller import Caller
from loadtest.channels import open_channels
from loadtest.corpus import load_corpus
from loadtest.record import CallRecord
from loadtest.service import ServiceProcess, running_service
from loadtest.watch import watched
from loadtest.workload import PLAIN, Plan

CHARACTERS_PER_S = 16.0
"""Of English speech, about."""
PARALLEL_TIMES = 3.0
RSS_GROWTH_MIB = 30.0
"""Memory counts as flat up to this between the first fifth of the text and its end."""


def long_text(seconds: float) -> str:
    """Sentences of the corpus, in paragraphs, for about so many seconds of speech."""
    paragraphs: list[str] = []
    lines: list[str] = []
    length = 0
    for sentence in cycle(load_corpus()):
        lines.append(sentence.text)
        length += len(sentence.text) + 1
        if len(lines) == 8:
            paragraphs.append(" ".join(lines))
            lines = []
        if length >= seconds * CHARACTERS_PER_S:
            return "\n\n".join([*paragraphs, " ".join(lines)] if lines else paragraphs)
    raise AssertionError("a cycle does not end")


async def long_texts(minutes: float, settings: Sequence[str], model: str | None) -> dict[str, Any]:
    """``SynthesizeChunks`` of a text of ``minutes``: listened to in real time (class standard), as a file (class
    batch), and as a file with one segment after another."""
    text = long_text(minutes * 60)
    found: dict[str, Any] = {"minutes": minutes, "characters": len(text)}
    async with running_service(settings, model=model) as service:
        found["file"] = await _file(service, text)
        async with watched(service, 1.0) as watch:
            record = await _say(service, text, "standard")
    sizes = [sample.rss_mib for sample in watch.samples]
    found["listened"] = {
        **_told(record),
        "underruns": record.underruns,
        "rss_mib_start": round(max(sizes[: max(1, len(sizes) // 5)]), 1),
        "rss_mib_end": round(sizes[-1], 1),
    }
    async with running_service([*settings, "runtime.segments.parallel=1"], model=model) as service:
        found["file_one_by_one"] = await _file(service, text)
    found["times_faster"] = round(found["file_one_by_one"]["seconds"] / found["file"]["seconds"], 2)
    listened = found["listened"]
    found["holds"] = (
        all(found[name]["code"] == "OK" for name in ("file", "file_one_by_one", "listened"))
        and listened["underruns"] == 0
        and listened["rss_mib_end"] - listened["rss_mib_start"] <= RSS_GROWTH_MIB
        and found["times_faster"] >= PARALLEL_TIMES
    )
    return found


async def _file(service: ServiceProcess, text: str) -> dict[str, Any]:
    await _say(service, "Good morning.", "batch")
    return _told(await _say(service, text, "batch"))


async def _say(service: ServiceProcess, text: str, priority: str) -> CallRecord:
    async with open_channels(service.address, 1) as channels:
        plan = Plan(0.0, "SynthesizeChunks", priority, PLAIN, text, seed=1)
        return await Caller(plan, channels[0], time.monotonic(), 0.1).run()


def _told(record: CallRecord) -> dict[str, Any]:
    return {
        "code": record.code,
        "reason": record.reason,
        "audio_s": round(record.audio_s, 1),
        "seconds": round(record.ended_s or 0.0, 1),
        "first_chunk_ms": None if record.first_chunk_s is None else round(record.first_chunk_s * 1000, 1),
    }
