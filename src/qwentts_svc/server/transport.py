"""Reading and writing on a grpc.aio call, with its known traps taken out.

- a write given up half-way leaves its operation in the core, and the status after it is then refused: the caller
  would wait for ever; so a write under way is always waited for;
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
from qwentts_svc.server.settings import TimeoutSettings

MessageT = TypeVar("MessageT", bound=Message)


class ClientGone(Exception):
    """The caller went away in the middle of a write; nothing more can be said to it."""


async def write(context: Context, message: Message, timeouts: TimeoutSettings) -> None:
    """Send one message. Raises ClientGone when the call is over, DeadlineError when the reader stalls."""
    writing = asyncio.ensure_future(context.write(message))
    try:
        done, _ = await asyncio.wait([writing], timeout=timeouts.write_stall_s)
    except asyncio.CancelledError:
        await _give_up(writing, timeouts.close_s)
        raise
    if not done:
        await _give_up(writing, 0.0)
        text = f"the reader took nothing for {timeouts.write_stall_s:g} s"
        raise DeadlineError(text, reason="WRITE_STALLED")
    try:
        writing.result()
    except grpc.aio.BaseError as error:
        if isinstance(error, grpc.aio.AbortError):
            raise
        raise ClientGone from error


async def _give_up(writing: asyncio.Future[None], wait_s: float) -> None:
    """Let a write end by itself for a while, then drop it; its outcome no longer matters."""
    done, _ = await asyncio.wait([writing], timeout=wait_s)
    if not done:
        writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)


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
