"""What a test process holds: what a fault must give back."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import sys
import threading
from typing import Any

import grpc
import grpc.aio

from qwentts_svc.bridge.mailbox import Mailbox
from qwentts_svc.bridge.session import Session

_keepers: list[grpc.Channel] = []
"""gRPC makes its event engine for its first user and ends it with the last one: this one stays."""


async def warm_up() -> None:
    """Let gRPC make what it keeps for the life of the process (its poller, its descriptors)."""
    if _keepers:
        return
    _keepers.append(grpc.insecure_channel("127.0.0.1:1"))
    grpc.aio.init_grpc_aio()
    server = grpc.aio.server()
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        await channel.channel_ready()
    await server.stop(0)


def held() -> dict[str, int]:
    """Counts of descriptors, threads (not those of the loop's pool, nor those that are not of Python) and tasks."""
    return {
        "fds": len(_descriptors()),
        "threads": sum(not thread.name.startswith(("asyncio_", "Dummy-")) for thread in threading.enumerate()),
        "tasks": len(_tasks()),
    }


def held_objects() -> dict[str, int]:
    """The same, and mailboxes and sessions; takes a look at every object of the process."""
    gc.collect()
    kinds = [type(thing) for thing in gc.get_objects()]
    return {**held(), "mailboxes": kinds.count(Mailbox), "sessions": kinds.count(Session)}


async def nothing_left(before: dict[str, int], within_s: float = 5.0) -> None:
    """Return when nothing is held that was not held ``before``; fail after ``within_s``. A closed channel of grpc.aio
    gives its descriptors back when its calls, which are part of reference cycles, have been collected."""
    loop, look = asyncio.get_running_loop(), held_objects if "mailboxes" in before else held
    until_s = loop.time() + within_s
    while left := {name: count - before[name] for name, count in look().items() if count > before[name]}:
        if loop.time() > until_s:
            raise AssertionError(f"left behind: {left}; descriptors: {_descriptors()}")
        await asyncio.sleep(0.02)
        gc.collect()


def _descriptors() -> dict[str, str]:
    """What the descriptors lead to; not the files that a library keeps open of its own (fonts)."""
    found = {}
    for name in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):
            found[name] = os.readlink(f"/proc/self/fd/{name}")
    return {name: target for name, target in found.items() if not target.startswith(sys.prefix)}


def _tasks() -> set[asyncio.Task[Any]]:
    return {task for task in asyncio.all_tasks() if not task.done() and task is not asyncio.current_task()}
