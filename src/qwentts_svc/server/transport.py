"""Reading and writing on a grpc.aio call, with its known traps taken out.

- a cancel that arrives while ``write`` is blocked surfaces as a ``grpc.aio.BaseError``, not as CancelledError;
- the iterator of requests ends normally also when the call was cancelled or a message was too large;
- a reader that takes nothing blocks ``write`` (and the status after it) for good.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TypeVar

import grpc.aio
from google.protobuf.message import Message

from qwentts_svc.errors import DeadlineError
from qwentts_svc.server.calls import Context
from qwentts_svc.server.convert import parse

MessageT = TypeVar("MessageT", bound=Message)


class ClientGone(Exception):
    """The caller went away in the middle of a write; nothing more can be said to it."""


async def write(context: Context, message: Message, stall_s: float) -> None:
    """Send one message. Raises ClientGone when the call is over, DeadlineError when the reader stalls."""
    try:
        async with asyncio.timeout(stall_s):
            await context.write(message)
    except TimeoutError:
        text = f"the reader took nothing for {stall_s:g} s"
        raise DeadlineError(text, reason="WRITE_STALLED") from None
    except grpc.aio.BaseError as error:
        if isinstance(error, grpc.aio.AbortError):
            raise
        raise ClientGone from error


async def messages(
    raw: AsyncIterator[bytes], kind: type[MessageT], context: Context, settle_s: float
) -> AsyncIterator[MessageT]:
    """The caller's messages. Ends only on a true half-close: after a false end the call's cancellation is awaited
    first, and reaches the task that serves the call. Raises InputError for bytes that are not a message."""
    async for item in raw:
        yield parse(kind, item)
    await asyncio.sleep(settle_s)
    if context.cancelled():
        raise ClientGone


def serialize(message: Message) -> bytes:
    """Response serializer of every RPC."""
    return message.SerializeToString()
