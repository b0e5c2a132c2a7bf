"""Connections of their own: channels of one process would share one otherwise."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import grpc.aio

CONNECT_S = 10.0
_OPTIONS = (("grpc.use_local_subchannel_pool", 1), ("grpc.max_receive_message_length", -1))


def open_channel(address: str) -> grpc.aio.Channel:
    """A channel with a connection of its own; close it."""
    return grpc.aio.insecure_channel(address, options=_OPTIONS)


@asynccontextmanager
async def open_channels(address: str, count: int) -> AsyncIterator[list[grpc.aio.Channel]]:
    """``count`` connected channels, closed at the end. Raises TimeoutError when nobody answers."""
    async with AsyncExitStack() as stack:
        channels = [await stack.enter_async_context(open_channel(address)) for _ in range(count)]
        for channel in channels:
            await wait_connected(channel)
        yield channels


async def wait_connected(channel: grpc.aio.Channel) -> None:
    """Return when the channel is connected. Raises TimeoutError after ``CONNECT_S``."""
    async with asyncio.timeout(CONNECT_S):
        await channel.channel_ready()
