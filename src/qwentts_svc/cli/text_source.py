"""The text to be spoken: an argument, a file, or stdin as it arrives."""

from __future__ import annotations

import asyncio
import codecs
import os
import re
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from qwentts_svc.errors import InputError

STDIN = "-"
_READ_BYTES = 65536
_TEXT_FILE = re.compile(r"\S+\.(?:txt|md)", re.IGNORECASE)


def whole_text(argument: str) -> str:
    """The text of an argument that is not ``-``: the contents of the file of that name, else the argument itself."""
    if is_file(argument):
        return decode(_read(Path(argument)), argument)
    return check_text(argument)


def refuse_missing_file(argument: str) -> None:
    """Raises InputError for the name of a text file that is not there: whoever mistyped it would hear the name."""
    if _TEXT_FILE.fullmatch(argument) and not is_file(argument):
        raise InputError(f"{argument}: no such file; to have the name itself spoken, send it to stdin", field="text")


def is_file(argument: str) -> bool:
    """True when the argument names an existing file; a text that cannot be a file name is none."""
    try:
        return Path(argument).is_file()
    except (OSError, ValueError):
        return False


def decode(data: bytes, name: str) -> str:
    """Strict UTF-8. Raises InputError with the place of the first bad byte."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{name}: not valid UTF-8 at byte {error.start}; save the text as UTF-8", field="text"
        ) from None


def check_text(text: str) -> str:
    """Refuse an argument with bytes that are not UTF-8 (Python carries them as lone surrogates)."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise InputError("the text is not valid UTF-8; check the encoding of the terminal", field="text") from None
    return text


async def stdin_pieces() -> AsyncIterator[str]:
    """Text from stdin as soon as it is there, cut at character boundaries. Raises InputError for invalid UTF-8.

    A thread reads, because a regular file cannot be awaited; it is a daemon, so that an interrupt never waits for it.
    """
    loop = asyncio.get_running_loop()
    pieces: asyncio.Queue[bytes | Exception] = asyncio.Queue()
    blocks = _blocks(sys.stdin.buffer)

    def read() -> None:
        with suppress(RuntimeError):  # the loop has gone: nobody listens any more
            try:
                for block in blocks:
                    loop.call_soon_threadsafe(pieces.put_nowait, block)
            except (OSError, ValueError) as error:  # ValueError: stdin was closed
                loop.call_soon_threadsafe(pieces.put_nowait, error)

    threading.Thread(target=read, name="stdin", daemon=True).start()
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    taken = 0
    while True:
        block = await pieces.get()
        if isinstance(block, Exception):
            raise InputError(f"stdin cannot be read: {block}", field="text")
        try:
            text = decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            # The decoder may hold the beginning of a character from the block before.
            at = taken - len(error.object) + len(block) + error.start
            raise InputError(f"stdin: not valid UTF-8 at byte {at}; send the text as UTF-8", field="text") from None
        taken += len(block)
        if text:
            yield text
        if not block:
            return


def _blocks(stream: BinaryIO) -> Iterator[bytes]:
    """Whatever is there, at once, and an empty block at the end."""
    try:
        number: int | None = stream.fileno()
    except OSError:
        number = None  # bytes in memory
    block = b"start"
    while block:
        block = os.read(number, _READ_BYTES) if number is not None else stream.read(_READ_BYTES)
        yield block


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}", field="text") from None
