"""The command line: what it asks of the service, what it writes, how it fails. A fake service stands in."""

from __future__ import annotations

import asyncio
import io
import json
import os
import subprocess
import sys
import wave
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from qwentts_svc.bridge.api import (
    EffectiveConfig,
    ModelInfo,
    SegmentAudio,
    SegmentEnd,
    SessionFinished,
    SpeechEvent,
)
from qwentts_svc.cli import main
from qwentts_svc.config import Settings
from qwentts_svc.errors import DecodeError, InputError, ModelError
from qwentts_svc.types import (
    AudioChunk,
    FinishReason,
    Layout,
    ModelType,
    Priority,
    Sampling,
    SamplingParams,
    SynthesisRequest,
    TokenSeq,
    Usage,
    Voice,
    VoicePrompt,
)

RATE = 24000
FRAME = 1920


class FakeSession:
    """Speaks one frame per word."""

    def __init__(self, app: FakeApp, request: SynthesisRequest) -> None:
        self.app, self.request = app, request
        self.closed = False
        self.pushed: list[str] = []
        params = SamplingParams()
        self.effective = EffectiveConfig(
            request.request_id,
            "v",
            "auto",
            Layout.FULL,
            Sampling(params, params, seed=5),
            Priority.INTERACTIVE,
            RATE,
            None,
            500,
        )
        self._ended = asyncio.Event()

    async def push(self, text: str) -> None:
        self.pushed.append(text)
        self.app.pushed = self.pushed

    async def end(self) -> None:
        self._ended.set()

    async def events(self) -> AsyncIterator[SpeechEvent]:
        await self._ended.wait()
        if self.app.error is not None:
            raise self.app.error
        words = "".join(self.pushed).split()[: self.request.max_frames]
        for index in range(len(words)):
            codes = np.full((1, 16), index, dtype=np.int64)
            pcm = np.full(FRAME if self.request.decode else 0, 0.25 * (index % 2), dtype=np.float32)
            yield SegmentAudio(AudioChunk(pcm, RATE, 80.0 * index, 80.0 * index + 80, index), codes)
        yield SegmentEnd(0, "", self.app.reason if words else FinishReason.EMPTY_TEXT, 80.0 * len(words))
        yield SessionFinished(Usage(frames=len(words), audio_ms=80.0 * len(words)))

    async def aclose(self) -> None:
        self.closed = True


class FakeApp:
    """The application and its service in one."""

    def __init__(self) -> None:
        self.settings: Settings | None = None
        self.requests: list[SynthesisRequest] = []
        self.sessions: list[FakeSession] = []
        self.pushed: list[str] = []
        self.references: list[tuple[Path, str | None]] = []
        self.reason = FinishReason.COMPLETE
        self.error: Exception | None = None
        self.load_error: Exception | None = None

    @asynccontextmanager
    async def open(self, settings: Settings) -> AsyncIterator[Any]:
        if self.load_error is not None:
            raise self.load_error
        self.settings = settings
        yield self

    @property
    def service(self) -> FakeApp:
        return self

    def model_info(self) -> ModelInfo:
        return ModelInfo(
            "fake",
            ModelType.CUSTOM_VOICE,
            "0b6",
            "",
            RATE,
            RATE,
            FRAME,
            ("english",),
            ("v",),
            True,
            True,
            100,
            100,
            "cpu",
            "float32",
        )

    def voices(self) -> Sequence[Voice]:
        return [Voice("v", "preset", language="english")]

    def open_session(self, request: SynthesisRequest) -> FakeSession:
        self.requests.append(request)
        self.sessions.append(FakeSession(self, request))
        return self.sessions[-1]

    async def encode_reference(self, path: Path, ref_text: str | None) -> VoicePrompt:
        self.references.append((path, ref_text))
        return VoicePrompt("k", np.zeros(4, dtype=np.float32), None, ref_text)

    def tokenize(self, text: str) -> TokenSeq:
        return TokenSeq(tuple(len(word) for word in text.split()), ())

    def stage_seconds(self) -> Mapping[str, float]:
        return {"talker": 0.001 * len(self.requests)}


class _Service:
    def __init__(self, app: FakeApp) -> None:
        self.open = app.open_session
        self.voices = app.voices
        self.model_info = app.model_info


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeApp:
    for name in list(os.environ):
        if name.startswith("QWENTTS_") and name != "QWENTTS_SHARED":
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    fake = FakeApp()
    monkeypatch.setattr(FakeApp, "service", property(_Service))
    return fake


@pytest.fixture
def call(app: FakeApp) -> Callable[..., int]:
    """Runs one command; argparse's own exits become codes."""

    def run(*argv: str) -> int:
        try:
            return main(argv, app_factory=app.open)
        except SystemExit as stop:
            return int(stop.code or 0)

    return run


@pytest.fixture
def stdin(monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes], None]:
    def put(data: bytes) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))

    return put


Call = Callable[..., int]


def test_every_option_of_the_contract_is_there(capsys: pytest.CaptureFixture[str], call: Call) -> None:
    assert call("synth", "--help") == 0
    text = capsys.readouterr().out
    names = "model language speaker instruct ref-audio ref-text x-vector-only layout seed temperature top-k top-p "
    names += (
        "repetition-penalty subtalker-temperature subtalker-top-k subtalker-top-p greedy max-frames chunk-ms device "
    )
    names += "dtype format raw-text codes-out out dry-run"
    assert [name for name in names.split() if f"--{name}" not in text] == []


def test_options_arrive_in_the_request(app: FakeApp, call: Call) -> None:
    options = "--language english --speaker v --instruct softly --layout streaming --seed 7 --temperature 0.5 --top-k 3"
    options += (
        " --top-p 0.9 --repetition-penalty 1.1 --subtalker-temperature 0.6 --subtalker-top-k 4 --subtalker-top-p 0.8"
    )
    assert call("synth", "a b", *options.split(), "--max-frames", "9", "--raw-text", "--dtype", "bfloat16") == 0
    (request,) = app.requests
    assert (request.language, request.voice, request.instruct, request.seed) == ("english", "v", "softly", 7)
    assert (request.layout, request.max_frames, request.raw_text) == (Layout.STREAMING, 9, True)
    chosen = request.sampling
    assert (chosen.temperature, chosen.top_k, chosen.top_p, chosen.repetition_penalty) == (0.5, 3, 0.9, 1.1)
    assert (chosen.subtalker_temperature, chosen.subtalker_top_k, chosen.subtalker_top_p) == (0.6, 4, 0.8)
    assert (chosen.do_sample, chosen.subtalker_do_sample) == (None, None)
    assert app.settings is not None
    assert app.settings.model.dtype == "bfloat16"


def test_greedy_and_sample_hold_for_both_stages(app: FakeApp, call: Call) -> None:
    assert call("synth", "a", "--greedy") == 0
    assert call("synth", "a", "--sample") == 0
    chosen = [(item.sampling.do_sample, item.sampling.subtalker_do_sample) for item in app.requests]
    assert chosen == [(False, False), (True, True)]


def test_wav_suffix_gives_a_wav_file(call: Call, tmp_path: Path) -> None:
    assert call("synth", "one two three", "--out", "x.wav") == 0
    with wave.open(str(tmp_path / "x.wav")) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth(), file.getnframes()) == (
            RATE,
            1,
            2,
            3 * FRAME,
        )


@pytest.mark.parametrize(("form", "dtype", "loud"), [("s16", "<i2", 8192), ("f32", "<f4", 0.25)])
def test_other_names_get_raw_pcm(call: Call, tmp_path: Path, form: str, dtype: str, loud: float) -> None:
    assert call("synth", "one two", "--out", "x.pcm", "--format", form) == 0
    pcm = np.frombuffer((tmp_path / "x.pcm").read_bytes(), dtype=dtype)
    assert (len(pcm), pcm[0], pcm[FRAME]) == (2 * FRAME, 0, loud)


@pytest.mark.parametrize("chunk_ms", ["20", "33", "500"])
def test_stdout_gets_the_bytes_of_the_file_for_any_chunk(
    call: Call, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes], chunk_ms: str
) -> None:
    assert call("synth", "one two three", "--out", "x.pcm") == 0
    assert call("synth", "one two three", "--out", "-", "--chunk-ms", chunk_ms) == 0
    assert capfdbinary.readouterr().out == (tmp_path / "x.pcm").read_bytes()


def test_codes_are_written_under_exactly_that_name(call: Call, tmp_path: Path) -> None:
    assert call("synth", "one two three", "--codes-out", "c.bin") == 0
    codes = np.load(tmp_path / "c.bin")
    assert (codes.dtype, codes.shape, codes[2, 0]) == (np.int64, (3, 16), 2)
    assert not (tmp_path / "speech.wav").exists()


def test_max_frames_is_kept_and_said(app: FakeApp, call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    app.reason = FinishReason.LENGTH_LIMIT
    assert call("synth", "one two three", "--max-frames", "2", "--codes-out", "c.npy") == 0
    assert np.load("c.npy").shape == (2, 16)
    assert "stopped at --max-frames" in capsys.readouterr().err


def test_a_runaway_is_no_success(app: FakeApp, call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    app.reason = FinishReason.RUNAWAY_STOPPED
    assert call("synth", "one") == 1
    assert "did not end by itself" in capsys.readouterr().err


def test_dry_run_prints_tokens_and_codes_and_makes_no_audio(
    app: FakeApp, call: Call, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert call("synth", "one three", "--dry-run") == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["tokens"], answer["frames"], answer["codes"][1][0]) == ([3, 5], 2, 1)
    assert app.requests[0].decode is False
    assert list(tmp_path.iterdir()) == []


def test_the_name_of_an_existing_file_is_read(app: FakeApp, call: Call, tmp_path: Path) -> None:
    (tmp_path / "story.txt").write_text("from the file", encoding="utf-8")
    assert call("synth", "story.txt") == 0
    assert app.pushed == ["from the file"]


def test_stdin_is_pushed_as_it_comes(app: FakeApp, call: Call, stdin: Callable[[bytes], None]) -> None:
    text = "при" * 30000
    stdin(text.encode())
    assert call("synth", "-", "--raw-text") == 0
    assert "".join(app.pushed) == text
    assert len(app.pushed) > 1


@pytest.mark.parametrize("data", [b"ab\xff", b"ab\xd0"])
def test_stdin_that_is_not_utf8_is_an_error(
    app: FakeApp, call: Call, stdin: Callable[[bytes], None], capsys: pytest.CaptureFixture[str], data: bytes
) -> None:
    stdin(data)
    assert call("synth", "-") == 2
    assert "not valid UTF-8 at byte 2" in capsys.readouterr().err
    assert app.sessions[0].closed


def test_a_file_that_is_not_utf8_is_an_error(call: Call, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bad.txt").write_bytes(b"ok \xff")
    assert call("synth", "bad.txt") == 2
    assert "not valid UTF-8 at byte 3" in capsys.readouterr().err


BAD = [
    (["synth", ""], "empty"),
    (["synth", " \n"], "empty"),
    (["synth", "a", "--max-frames", "0"], "--max-frames"),
    (["synth", "a", "--seed", "-1"], "--seed"),
    (["synth", "a", "--seed", str(2**63)], "--seed"),
    (["synth", "a", "--seed", "x"], "--seed"),
    (["synth", "a", "--temperature", "0"], "--greedy"),
    (["synth", "a", "--greedy", "--sample"], "--sample"),
    (["synth", "a", "--temperature", "nan"], "--temperature"),
    (["synth", "a", "--top-p", "1.5"], "--top-p"),
    (["synth", "a", "--top-k", "-1"], "--top-k"),
    (["synth", "a", "--subtalker-top-p", "0"], "--subtalker-top-p"),
    (["synth", "a", "--chunk-ms", "1"], "--chunk-ms"),
    (["synth", "a", "--layout", "diagonal"], "--layout"),
    (["synth", "a", "--out", "no/such/dir/x.wav"], "does not exist"),
    (["synth", "a", "--codes-out", "no/such/dir/x.npy"], "does not exist"),
    (["synth", "a", "--dry-run", "--out", "x.wav"], "--dry-run"),
    (["synth", "nosuch.txt"], "no such file"),
    (["synth", "a", "--ref-text", "b"], "--ref-audio"),
    (["synth", "a", "--x-vector-only"], "--ref-audio"),
    (["synth", "a", "--ref-audio", "none.wav"], "no such file"),
    (["synth", "a", "--set", "server"], "KEY=VALUE"),
    (["synth", "a", "--set", "server.prt=1"], "did you mean 'port'"),
    (["synth", "a", "--model", ""], "--model"),
    (["synth"], "TEXT"),
    (["sing"], "sing"),
    (["normalize", "--disable", "zzz", "a"], "zzz"),
    (["bench", "--concurrency", "many"], "--concurrency"),
    (["bench", "--concurrency", "0"], "--concurrency"),
]


@pytest.mark.parametrize(("argv", "word"), BAD, ids=[" ".join(argv)[:40] for argv, _ in BAD])
def test_bad_input_is_one_line_and_code_2(
    app: FakeApp, call: Call, capsys: pytest.CaptureFixture[str], argv: list[str], word: str
) -> None:
    assert call(*argv) == 2
    output = capsys.readouterr()
    assert output.out == ""
    (line,) = output.err.splitlines()
    assert line.startswith("qwentts: error: ")
    assert word in line
    assert app.requests == []


def test_cloning_hands_over_reference_and_transcript(app: FakeApp, call: Call, tmp_path: Path) -> None:
    (tmp_path / "r.wav").write_bytes(b"x")
    assert call("synth", "a", "--ref-audio", "r.wav", "--ref-text", "hello") == 0
    assert call("synth", "a", "--ref-audio", "r.wav", "--x-vector-only") == 0
    assert app.references == [(Path("r.wav"), "hello"), (Path("r.wav"), None)]
    assert app.requests[0].voice_prompt is not None
    assert call("synth", "a", "--ref-audio", "r.wav") == 2
    assert call("synth", "a", "--ref-audio", "r.wav", "--ref-text", "b", "--speaker", "v") == 2


@pytest.mark.parametrize(
    ("error", "code"), [(InputError("no such voice"), 2), (DecodeError("it broke"), 1), (ValueError("a bug"), 1)]
)
def test_failures_of_the_service_end_in_one_line(
    app: FakeApp, call: Call, capsys: pytest.CaptureFixture[str], error: Exception, code: int
) -> None:
    app.error = error
    assert call("synth", "a", "--out", "x.wav") == code
    (line,) = capsys.readouterr().err.splitlines()
    assert str(error) in line
    assert app.sessions[0].closed
    assert not Path("x.wav").exists()


def test_a_model_that_cannot_be_used_is_code_2(app: FakeApp, call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    app.load_error = ModelError("tensor\nx is missing")
    assert call("synth", "a") == 2
    assert capsys.readouterr().err == "qwentts: error: tensor x is missing\n"


def test_verbose_shows_where(app: FakeApp, call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    app.error = ValueError("a bug")
    assert call("synth", "a", "--verbose") == 1
    assert "Traceback" in capsys.readouterr().err


def test_voices_lists_names_and_languages(call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("voices", "--json") == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["voices"][0]["name"], answer["languages"]) == ("v", ["english"])


def test_bench_reports_all_figures(call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("bench", "--json", "--concurrency", "3", "--repeat", "1") == 0
    report = json.loads(capsys.readouterr().out)
    first, crowd = report["concurrency"]
    assert (first["streams"], crowd["streams"]) == (1, 3)
    for name in ("codes_frames_per_s", "audio_frames_per_s"):
        assert first[f"times_{name}"] == 1.0
        assert crowd[f"times_{name}"] == pytest.approx(crowd[name] / first[name])
    assert set(report["by_length"]) == {"short", "medium", "long"}
    assert report["by_length"]["long"]["rtf"] > 0
    assert report["peak_memory_mib"] > 1
    assert report["stage_ms_per_frame"]["talker"] > 0
    assert call("bench", "--repeat", "1") == 0
    assert "1 streams" in capsys.readouterr().out


def test_normalize_takes_lines_and_json_objects(
    call: Call, capsys: pytest.CaptureFixture[str], stdin: Callable[[bytes], None]
) -> None:
    stdin('Hello there.\r\n{"text": "Привет.", "language": "russian"}\n{not json\n'.encode())
    assert call("normalize") == 0
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [answer["source"] for answer in answers] == ["Hello there.", "Привет.", "{not json"]
    assert (answers[0]["text"], answers[1]["lang"]) == ("Hello there.", "ru")


def test_check_config_shows_values_and_sources(call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("check-config", "--set", "runtime.policy=fifo", "--device", "cpu", "--json") == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["runtime.policy"] == {"value": "fifo", "source": "init"}
    assert answer["model.device"]["value"] == "cpu"
    assert answer["server.port"]["source"] == "default"


def test_help_and_settings_load_no_model_code() -> None:
    heavy = "{'torch', 'pydantic', 'grpc', 'soundfile'}"
    code = (
        f"import sys; from qwentts_svc.cli.main import build_parser; build_parser(); print({heavy} & set(sys.modules))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert found.strip() == "set()"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--out", ""], "is not a file name"),
        (["--codes-out", ""], "is not a file name"),
        (["--codes-out", "-"], "not '-'"),
        (["--out", "one.wav", "--codes-out", "./one.wav"], "the same file"),
    ],
)
def test_outputs_that_cannot_be_are_refused_and_nothing_is_written(
    call: Call, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], says: str
) -> None:
    assert call("synth", "one", *options) == 2
    assert says in capsys.readouterr().err
    assert not list(tmp_path.glob("*.wav"))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_one_line_that_says_so(call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("synth", "one", "--out", "/dev/full") == 1
    assert capsys.readouterr().err.strip().endswith("cannot write /dev/full: No space left on device")
