"""Registered voices: there again after a restart, whole or not at all, strangers left alone."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwentts_svc.errors import InputError, IoError, NotFoundError
from qwentts_svc.types import Voice, VoicePrompt
from qwentts_svc.voices import registry as module
from qwentts_svc.voices.registry import VoiceRegistry


def cloned(name: str, fill: float = 0.5, ref: bool = True) -> Voice:
    embedding = np.linspace(0, fill, 8, dtype=np.float32)
    codes = np.arange(32, dtype=np.int64).reshape(2, 16) if ref else None
    return Voice(name, "cloned", prompt=VoicePrompt(f"key-{name}", embedding, codes, "said é" if ref else None))


def save(path: Path, **arrays) -> None:
    with path.open("wb") as stream:
        np.savez(stream, **arrays)


def same(a: Voice, b: Voice) -> bool:
    if (a.name, a.kind, a.language, a.instruct) != (b.name, b.kind, b.language, b.instruct):
        return False
    if a.prompt is None or b.prompt is None:
        return a.prompt is b.prompt
    return (
        a.prompt.key == b.prompt.key
        and a.prompt.ref_text == b.prompt.ref_text
        and np.array_equal(a.prompt.speaker_embedding, b.prompt.speaker_embedding)
        and (a.prompt.ref_codes is None) == (b.prompt.ref_codes is None)
        and (a.prompt.ref_codes is None or np.array_equal(a.prompt.ref_codes, b.prompt.ref_codes))
    )


async def test_voices_are_there_again_after_a_restart(tmp_path: Path) -> None:
    voices = [
        cloned("Anna"),
        cloned("ben.2", ref=False),
        Voice("carl", "designed", language="english", instruct="a calm voice"),
    ]
    first = VoiceRegistry(tmp_path / "deep" / "er", "model")
    for voice in voices:
        await first.add(voice)
    await first.remove("BEN.2")
    again = VoiceRegistry(tmp_path / "deep" / "er", "model")
    assert [voice.name for voice in again.list()] == ["Anna", "carl"]
    assert all(same(again.find(voice.name), voice) for voice in (voices[0], voices[2]))
    assert again.find("anna") is again.find("ANNA") is not None


async def test_a_voice_of_the_same_name_of_another_model_is_left_alone(tmp_path: Path) -> None:
    """Once the second model's voice overwrote the first one's file."""
    mine, theirs = VoiceRegistry(tmp_path, "model-a"), VoiceRegistry(tmp_path, "model-b")
    await mine.add(cloned("anna", 0.1))
    await theirs.add(cloned("anna", 0.9))
    await theirs.add(cloned("bob"))
    await theirs.remove("anna")
    again = VoiceRegistry(tmp_path, "model-a")
    assert [voice.name for voice in again.list()] == ["anna"]
    assert same(again.find("anna"), cloned("anna", 0.1))


@pytest.mark.parametrize(
    "damage", ["empty", "text", "truncated", "pickle", "no meta", "odd meta", "renamed", "bad name"]
)
async def test_a_bad_file_is_logged_and_left_and_the_others_load(tmp_path, caplog, damage: str) -> None:
    registry = VoiceRegistry(tmp_path, "model")
    await registry.add(cloned("good"))
    await registry.add(cloned("bad"))
    bad = next(tmp_path.glob("bad.*"))
    content = bad.read_bytes()
    if damage == "empty":
        bad.write_bytes(b"")
    elif damage == "text":
        bad.write_bytes(b"PK not a zip")
    elif damage == "truncated":
        bad.write_bytes(content[: len(content) // 2])
    elif damage == "pickle":
        save(bad, meta=np.array([{"a": 1}], dtype=object))
    elif damage == "no meta":
        save(bad, other=np.zeros(3))
    elif damage == "odd meta":
        save(bad, meta=np.frombuffer(b"[1, 2]", np.uint8))
    elif damage == "renamed":
        bad = bad.rename(tmp_path / bad.name.replace("bad.", "other."))
    elif damage == "bad name":
        meta = b'{"version": 1, "model": "model", "name": "../up", "kind": "cloned"}'
        save(bad, meta=np.frombuffer(meta, np.uint8))
    left = bad.read_bytes()
    again = VoiceRegistry(tmp_path, "model")
    assert [voice.name for voice in again.list()] == ["good"]
    assert bad.read_bytes() == left
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert bad.name in caplog.text


async def test_a_write_that_fails_leaves_neither_file_nor_voice(tmp_path, monkeypatch) -> None:
    registry = VoiceRegistry(tmp_path, "model")
    await registry.add(cloned("anna"))
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module.os, "fsync", full)
    with pytest.raises(IoError, match="No space left"):
        await registry.add(cloned("bob"))
    assert registry.find("bob") is None
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    monkeypatch.undo()
    await registry.add(cloned("bob"))


def test_a_process_killed_while_it_writes_leaves_the_old_state(tmp_path: Path) -> None:
    script = """
import asyncio, os, signal, sys
sys.path.insert(0, sys.argv[2])
from pathlib import Path
from test_voices_registry import cloned
from qwentts_svc.voices.registry import VoiceRegistry
registry = VoiceRegistry(Path(sys.argv[1]), "model")
asyncio.run(registry.add(cloned("anna")))
real, calls = os.fsync, []
os.fsync = lambda handle: os.kill(os.getpid(), signal.SIGKILL)
asyncio.run(registry.add(cloned("bob")))
"""
    argv = [sys.executable, "-c", script, str(tmp_path), str(Path(__file__).parent)]
    done = subprocess.run(argv, capture_output=True, check=False, env={**os.environ, "PYTHONWARNINGS": "ignore"})
    assert done.returncode == -9, done.stderr
    assert [voice.name for voice in VoiceRegistry(tmp_path, "model").list()] == ["anna"]


async def test_a_caller_that_leaves_while_the_file_is_written_leaves_disk_and_memory_agreed(tmp_path: Path) -> None:
    registry = VoiceRegistry(tmp_path, "model")
    task = asyncio.create_task(registry.add(cloned("anna")))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(5):
        while registry.find("anna") is None:  # noqa: ASYNC110 (nothing announces it)
            await asyncio.sleep(0.005)
    assert VoiceRegistry(tmp_path, "model").find("anna") is not None


@given(name=st.text(max_size=70).filter(lambda name: not module._NAME.fullmatch(name)))
def test_odd_names_are_refused(name: str) -> None:
    with pytest.raises(InputError, match="voice name"):
        VoiceRegistry(None, "model").check_new(name)


@pytest.mark.parametrize("name", ["../up", "a/b", ".hidden", "", "a" * 65, "a\n", "é"])
async def test_names_that_could_leave_the_directory_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError):
        await VoiceRegistry(tmp_path / "voices", "model").add(cloned(name))
    assert os.listdir(tmp_path) == ["voices"]
    assert not os.listdir(tmp_path / "voices")


async def test_a_name_is_taken_once_whatever_its_case_and_the_registry_has_an_end() -> None:
    registry = VoiceRegistry(None, "model", limit=2)
    await registry.add(cloned("anna"))
    with pytest.raises(InputError) as taken:
        await registry.add(cloned("ANNA"))
    assert taken.value.reason == "NAME_TAKEN"
    await registry.add(cloned("bob"))
    with pytest.raises(InputError) as full:
        await registry.add(cloned("carl"))
    assert full.value.reason == "FULL"
    with pytest.raises(NotFoundError):
        await registry.remove("carl")


async def test_the_same_name_added_twice_at_once_is_added_once(tmp_path: Path) -> None:
    registry = VoiceRegistry(tmp_path, "model")
    results = await asyncio.gather(*(registry.add(cloned("anna")) for _ in range(5)), return_exceptions=True)
    assert sum(isinstance(result, Voice) for result in results) == 1


def test_a_directory_that_cannot_be_used_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match=r"voices\.directory"):
        VoiceRegistry(tmp_path / "file", "model")
