"""Lines of text, or JSON objects with a ``text``, one a line: what ``normalize`` and ``segment`` read."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from qwentts_svc.cli.text_source import STDIN, decode, whole_text
from qwentts_svc.errors import InputError
from qwentts_svc.text.tokenizer import check_encodable


@dataclass(frozen=True, slots=True)
class Item:
    """One text to work on. ``language`` empty: the one of the command line."""

    text: str
    language: str = ""


def items(argument: str, *, by_line: bool) -> Iterator[Item]:
    """Texts of stdin (as they come), of a file, or of the argument itself.

    A line that is a JSON object with a ``text`` (and perhaps a ``language`` or ``lang``) is one text. Other input is
    one text per line with ``by_line``, else one text in all. Raises InputError for invalid UTF-8, a wrong object or a
    lone surrogate in one.
    """
    if by_line:
        for line in _stdin_lines() if argument == STDIN else _lines(whole_text(argument)):
            yield _object(line) or Item(line)
        return
    text = decode(sys.stdin.buffer.read(), "stdin") if argument == STDIN else whole_text(argument)
    found = [_object(line) for line in _lines(text) if line.strip()]
    if found and all(found):
        yield from (item for item in found if item)
    else:
        yield Item(text)


def _stdin_lines() -> Iterator[str]:
    for number, raw in enumerate(sys.stdin.buffer, 1):
        yield decode(raw.rstrip(b"\r\n"), f"stdin, line {number}")


def _lines(text: str) -> Iterator[str]:
    """Lines as a file has them; the other line ends of Unicode are part of the text."""
    return (line.rstrip("\r") for line in text.removesuffix("\n").split("\n"))


def _object(line: str) -> Item | None:
    if not line.lstrip().startswith("{"):
        return None
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None  # Text that begins with a brace.
    if not isinstance(value, dict) or "text" not in value:
        return None
    text, language = value["text"], value.get("language", value.get("lang", ""))
    if not isinstance(text, str) or not isinstance(language, str):
        raise InputError('a JSON line is {"text": "...", "language": "..."} with strings', field="text")
    check_encodable(text)
    return Item(text, language)
