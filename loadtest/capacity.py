"""How much a running service can speak, found by asking it for more than that."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from loadtest.caller import Caller
from loadtest.channels import open_channels
from loadtest.corpus import Sentence
from loadtest.record import CallRecord
from loadtest.workload import PLAIN, Plan


@dataclass(frozen=True, slots=True)
class Capacity:
    """``audio_per_s``: seconds of speech made per second; ``call_audio_s``: speech per call."""

    audio_per_s: float
    call_audio_s: float

    @property
    def calls_per_s(self) -> float:
        """Calls that can be spoken per second."""
        return self.audio_per_s / self.call_audio_s if self.call_audio_s else 0.0


async def measure_capacity(
    address: str, corpus: Sequence[Sentence], seconds: float = 10.0, callers: int = 8
) -> Capacity:
    """``callers`` batch-class callers, each with one call after the other, for ``seconds``."""
    done: list[CallRecord] = []
    async with open_channels(address, callers) as channels:
        begun_s = time.monotonic()

        async def talk(number: int) -> None:
            turn = number
            while time.monotonic() - begun_s < seconds:
                sentence = corpus[turn % len(corpus)]
                plan = Plan(0.0, "SynthesizeChunks", "batch", PLAIN, sentence.text, seed=turn)
                done.append(await Caller(plan, channels[number], time.monotonic(), 0.1).run())
                turn += callers

        await asyncio.gather(*(talk(number) for number in range(callers)))
        wall_s = time.monotonic() - begun_s
    spoken = [record for record in done if record.code == "OK"]
    audio_s = sum(record.audio_s for record in spoken)
    return Capacity(audio_s / wall_s, audio_s / len(spoken) if spoken else 0.0)
