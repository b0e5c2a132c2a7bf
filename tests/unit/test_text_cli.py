"""``qwentts normalize`` and ``qwentts segment`` on what a pipe may hold: broken, odd, hostile and very long text."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, TypeAlias

import pytest

from qwentts_svc.cli.main import main

Pipe: TypeAlias = Callable[[str, bytes], tuple[int, list[dict[str, Any]], str]]
COMMANDS = ("normalize", "segment")
HOSTILE = {
    "digits": "7" * 300_000,
    "marks": "a" + "\u0301\u0323" * 150_000,
    "quotes": '"«(' * 100_000,
    "emoji": "😀" * 100_000,
    "braces": "{" * 300_000,
    "json without end": '{"text":' * 40_000,
    "nested json": '{"a":' + "[" * 300_000,
    "addresses": "a@b." * 75_000,
    "slashes": "1/" * 150_000,
}


@pytest.fixture
def pipe(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Pipe:
    """Runs a command on the bytes: its exit code, the objects that it wrote, and what it complained of."""

    def run(command: str, data: bytes) -> tuple[int, list[dict[str, Any]], str]:
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(data)))
        code = main([command, "-"])
        captured = capsys.readouterr()
        return code, [json.loads(line) for line in captured.out.split("\n") if line], captured.err

    return run


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("command", COMMANDS)
def test_hostile_text_gives_json_lines_in_time(pipe: Pipe, command: str, name: str) -> None:
    code, answers, _ = pipe(command, HOSTILE[name].encode())
    assert code == 0
    assert answers
    assert all(answer["text"] for answer in answers)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_lone_surrogate_in_an_object_is_refused_by_name(pipe: Pipe, command: str) -> None:
    code, answers, error = pipe(command, b'{"text": "a\\ud800b"}\n')
    assert (code, answers) == (2, [])
    assert "surrogate" in error


@pytest.mark.parametrize("command", COMMANDS)
def test_other_line_ends_of_unicode_do_not_break_an_object(pipe: Pipe, command: str) -> None:
    code, answers, _ = pipe(command, '{"text": "One line\u2028and more."}\n{"text": "Another."}\n'.encode())
    assert code == 0
    assert len(answers) == 2


@pytest.mark.parametrize("command", COMMANDS)
def test_nothing_gives_nothing(pipe: Pipe, command: str) -> None:
    assert pipe(command, b"") == (0, [], "")


def test_segments_of_a_megabyte_cover_it(pipe: Pipe) -> None:
    text = ("The boats lay at odd angles among the weed, and in 1998 nobody had slept much before 7:30. " * 11_000)[
        : 10**6
    ]
    code, answers, _ = pipe("segment", text.encode())
    assert code == 0
    said = "".join(text[part["start"] : part["end"]] for part in answers)
    assert "".join(said.split()) == "".join(text.split())
