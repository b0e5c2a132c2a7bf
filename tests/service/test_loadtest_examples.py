"""The examples, against a real server over the fake speech: they must run as they are printed."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import wave
from pathlib import Path

import pytest
from support.grpc_rig import Rig

ROOT = Path(__file__).parents[2]
NODE = ROOT / "examples" / "node"
node = pytest.mark.skipif(
    shutil.which("node") is None or not (NODE / "node_modules" / "@grpc" / "grpc-js").is_dir(),
    reason="needs node, and 'npm install' in examples/node",
)


async def run(*command: str, stdin: bytes = b"", pause_s: float = 0.0) -> tuple[int, str]:
    """Exit code and stderr; ``stdin`` is written line by line with a pause between the lines."""
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert process.stdin is not None
    for line in stdin.splitlines(keepends=True):
        process.stdin.write(line)
        await process.stdin.drain()
        await asyncio.sleep(pause_s)
    process.stdin.close()
    assert process.stderr is not None
    async with asyncio.timeout(60):
        said = (await process.stderr.read()).decode()
        code = await process.wait()
    await asyncio.sleep(0)
    return code, said


def seconds(path: Path) -> float:
    with wave.open(str(path)) as file:
        return file.getnframes() / file.getframerate()


def python(rig: Rig, out: Path, *more: str) -> list[str]:
    return [sys.executable, "examples/python_stream.py", "--address", rig.address, "--out", str(out), *more]


async def test_python_speaks_lines_as_they_are_written(rig: Rig, tmp_path: Path) -> None:
    code, said = await run(*python(rig, tmp_path / "a.wav"), stdin=b"one\ntwo\n", pause_s=0.3)
    assert code == 0, said
    assert rig.speech.sessions[-1].texts == ["one\ntwo\n"]
    assert seconds(tmp_path / "a.wav") == pytest.approx(len("one\ntwo") * 0.08)
    assert "ms of speech" in said


async def test_python_comes_back_when_it_is_told_to(rig: Rig, tmp_path: Path) -> None:
    rig.speech.knobs.capacity = 0

    async def make_room() -> None:
        await rig.settled_after(lambda: rig.metric("qwentts_rejections_total", reason="overloaded") > 0, 30.0)
        rig.speech.knobs.capacity = 8

    room = asyncio.create_task(make_room())
    code, said = await run(*python(rig, tmp_path / "a.wav"), stdin=b"again\n")
    await room
    assert code == 0, said
    assert seconds(tmp_path / "a.wav") == pytest.approx(len("again") * 0.08)


async def test_python_gives_up_on_what_cannot_be_helped(rig: Rig, tmp_path: Path) -> None:
    code, said = await run(*python(rig, tmp_path / "a.wav", "--voice", "nobody"), stdin=b"x\n")
    assert code == 1
    assert "NOT_FOUND" in said


@node
async def test_node_speaks(rig: Rig, tmp_path: Path) -> None:
    out = tmp_path / "a.wav"
    code, said = await run(
        "node", "examples/node/stream.js", "--address", rig.address, "--out", str(out), "--text", "one two"
    )
    assert code == 0, said
    assert rig.speech.sessions[-1].texts == ["one two"]
    assert seconds(out) == pytest.approx(len("one two") * 0.08)


@node
async def test_node_names_the_error(rig: Rig, tmp_path: Path) -> None:
    out = tmp_path / "a.wav"
    code, said = await run(
        "node", "examples/node/stream.js", "--address", rig.address, "--out", str(out), "--voice", "nobody"
    )
    assert code == 1
    assert "NOT_FOUND" in said
    assert not out.exists()
