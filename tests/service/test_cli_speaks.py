"""The command line with the embedded voice: what it writes is what the model says, and what the service sends."""

from __future__ import annotations

import asyncio
import io
import json
import os
import re
import subprocess
import sys
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from qwentts_svc import app
from qwentts_svc.cli import main
from qwentts_svc.cli.client import say
from qwentts_svc.cli.demo import free_ports
from qwentts_svc.config import load
from qwentts_svc.server.configure import server_settings
from qwentts_svc.server.lifecycle import SpeechServer

TEXT = "Help the woman get back to her feet."
FRAME = 1920
ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """One thread, because the voice is small; no warm-up, because each test is a cold start."""
    monkeypatch.setenv("QWENTTS_RUNTIME__INTRA_OP_THREADS", "1")
    monkeypatch.setenv("QWENTTS_RUNTIME__WARM_UP", "false")
    monkeypatch.chdir(tmp_path)


def synth(*argv: str) -> None:
    assert main(["synth", *argv]) == 0


def samples(path: str) -> int:
    with wave.open(path) as file:
        return file.getnframes()


def test_audio_codes_and_dry_run_tell_the_same_story(capsys: pytest.CaptureFixture[str]) -> None:
    synth(TEXT, "--greedy", "--out", "a.wav", "--codes-out", "a.npy", "--keep-silence")
    synth(TEXT, "--greedy", "--codes-out", "b.npy")
    capsys.readouterr()
    synth(TEXT, "--greedy", "--dry-run")
    dry = json.loads(capsys.readouterr().out)
    codes = np.load("a.npy")
    assert codes.dtype == np.int64
    assert codes.shape[1] == 16
    assert len(codes) > 10
    assert samples("a.wav") == len(codes) * FRAME
    assert np.array_equal(np.load("b.npy"), codes)
    assert np.array_equal(dry["codes"], codes)
    assert len(dry["tokens"]) > 5


def test_a_seed_repeats_and_another_does_not() -> None:
    for name, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        synth(
            TEXT, "--seed", seed, "--sample", "--temperature", "1.5", "--max-frames", "12", "--codes-out", f"{name}.npy"
        )
    assert np.array_equal(np.load("a.npy"), np.load("b.npy"))
    assert not np.array_equal(np.load("a.npy"), np.load("c.npy"))


def test_sampling_options_without_effect_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    synth(TEXT, "--top-k", "5", "--subtalker-top-p", "0.9", "--max-frames", "1", "--codes-out", "a.npy")
    assert "--top-k, --subtalker-top-p: no effect" in capsys.readouterr().err


@pytest.mark.parametrize("frames", [1, 7])
def test_max_frames_is_the_number_of_frames(frames: int) -> None:
    synth(TEXT, "--greedy", "--max-frames", str(frames), "--out", "a.wav", "--codes-out", "a.npy", "--keep-silence")
    assert len(np.load("a.npy")) == frames
    assert samples("a.wav") == frames * FRAME


def test_samples_do_not_depend_on_format_or_chunk() -> None:
    for name, options in (("a", []), ("b", ["--chunk-ms", "500"]), ("c", ["--format", "f32"])):
        synth(TEXT, "--greedy", "--max-frames", "10", "--out", f"{name}.pcm", *options)
    wide = np.fromfile("c.pcm", dtype="<f4")
    assert Path("a.pcm").read_bytes() == Path("b.pcm").read_bytes()
    assert np.array_equal(np.clip(np.rint(wide * 32768), -32768, 32767), np.fromfile("a.pcm", dtype="<i2"))


def test_text_from_stdin_gives_the_codes_of_the_streaming_layout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(TEXT.encode())))
    synth("-", "--greedy", "--max-frames", "12", "--codes-out", "a.npy")
    synth(TEXT, "--layout", "streaming", "--greedy", "--max-frames", "12", "--codes-out", "b.npy")
    assert np.array_equal(np.load("a.npy"), np.load("b.npy"))


@pytest.mark.parametrize("full_layout", [True, False])
async def test_the_service_sends_the_bytes_that_synth_writes(full_layout: bool) -> None:
    settings = load({"server": {"port": 0, "sidecar": {"enabled": False}}}).settings
    async with app.build(settings) as running:
        server = SpeechServer(running.service, server_settings(settings.server))
        await server.start()
        try:
            heard = await say(f"127.0.0.1:{server.port}", TEXT, full_layout=full_layout, seed=11)
        finally:
            await server.stop()
    layout = "full" if full_layout else "streaming"
    await asyncio.to_thread(synth, TEXT, "--seed", "11", "--layout", layout, "--out", "a.pcm")
    assert heard.reason == "COMPLETE"
    assert heard.pcm == await asyncio.to_thread(Path("a.pcm").read_bytes)


def no_config(model: Path) -> None:
    (model / "config.json").unlink()


def cut_weights(model: Path) -> None:
    weights = (model / "model.safetensors").read_bytes()
    (model / "model.safetensors").unlink()
    (model / "model.safetensors").write_bytes(weights[: len(weights) // 2])


def no_codec(model: Path) -> None:
    (model / "speech_tokenizer" / "model.safetensors").unlink()


def other_kind(model: Path) -> None:
    config = json.loads((model / "config.json").read_text())
    (model / "config.json").unlink()
    (model / "config.json").write_text(json.dumps(config | {"model_type": "llama", "tts_model_type": "singer"}))


@pytest.mark.parametrize("spoil", [no_config, cut_weights, no_codec, other_kind])
def test_a_spoilt_checkpoint_is_one_line_and_code_2(
    spoil: Callable[[Path], None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = ROOT / "src" / "qwentts_svc" / "data" / "aria"
    model = tmp_path / "model"
    for path in source.rglob("*"):
        if path.is_file() and "samples" not in path.parts:
            target = model / path.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.symlink_to(path)
    spoil(model)
    assert main(["synth", "Hello.", "--model", str(model), "--out", "a.wav"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("qwentts: error: ")
    assert not Path("a.wav").exists()


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (["--speaker", "nobody"], "nobody"),
        (["--language", "klingon"], "klingon"),
        (["--instruct", "slowly"], "instruct"),
        (["--device", "tpu"], "device"),
        (["--model", "nowhere/at/all"], "nowhere"),
    ],
)
def test_what_the_model_cannot_do_is_one_line_and_code_2(
    options: list[str], word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["synth", "Hello.", *options]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert word in line


def test_the_demo_speaks_through_a_real_service_and_stops_it() -> None:
    command = [sys.executable, "-m", "qwentts_svc.cli", "demo", "--out", "demo.wav"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=110, env=os.environ)
    assert (result.returncode, result.stderr) == (0, "")
    for label in ("time to first audio: ", "real-time factor: ", "audio length: "):
        assert re.search(rf"{label}\s*[\d.]+", result.stdout)
    assert 1.0 < samples("demo.wav") / 24000 < 6.0


def test_free_ports_are_different() -> None:
    assert len(set(free_ports(4))) == 4
