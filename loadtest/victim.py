"""A client process that is there to be killed: opens streams, listens, prints a line once all of them speak."""

from __future__ import annotations

import asyncio
import sys
import time

from loadtest.caller import Caller
from loadtest.channels import open_channels
from loadtest.corpus import load_corpus
from loadtest.loopback import check_address
from loadtest.workload import SLOW, Plan


async def _main(address: str, streams: int) -> None:
    text = " ".join(sentence.text for sentence in load_corpus()[30:50])
    async with open_channels(check_address(address), 2) as channels:
        callers = [
            Caller(
                Plan(0.0, "SynthesizeStream", "batch", SLOW, text, seed=number),
                channels[number % 2],
                time.monotonic(),
                0.1,
            )
            for number in range(streams)
        ]
        tasks = [asyncio.create_task(caller.run()) for caller in callers]
        await asyncio.gather(*(_heard(caller) for caller in callers))
        print("speaking", flush=True)
        await asyncio.gather(*tasks)


async def _heard(caller: Caller) -> None:
    """Return once the caller has heard something, or its call has ended."""
    while True:
        if caller.record.chunks or caller.record.ended_s is not None:
            return
        await asyncio.sleep(0.02)


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1], int(sys.argv[2])))
