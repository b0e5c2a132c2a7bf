"""The contract of the last release binds this version: what breaks an older client is found before it ships."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from google.protobuf import descriptor_pb2

from qwentts_svc.server.pb.qwentts.v1 import tts_pb2 as pb

ROOT = Path(__file__).parents[2]
BASELINE = ROOT / "proto" / "baseline" / "qwentts-v1.binpb"
SCHEMA = Path("proto/qwentts/v1/tts.proto")
BUF = shutil.which("buf", path=str(Path(sys.executable).parent)) or shutil.which("buf")
needs_buf = pytest.mark.skipif(BUF is None, reason="buf is not installed (pip install .[dev])")


def buf(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    assert BUF is not None
    return subprocess.run([BUF, *arguments], cwd=folder, capture_output=True, text=True, timeout=60)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The schema, buf's settings and the baseline, to be changed."""
    shutil.copytree(ROOT / "proto", tmp_path / "proto", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "buf.yaml", tmp_path)
    return tmp_path


def compared(folder: Path) -> subprocess.CompletedProcess[str]:
    return buf(folder, "breaking", "--against", str(BASELINE.relative_to(ROOT)))


@needs_buf
def test_the_schema_is_clean_and_breaks_nothing(copy: Path) -> None:
    for result in (buf(copy, "lint"), compared(copy)):
        assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


@needs_buf
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("optional int64 seed = 7;", "optional int64 seed = 77;"),
        ("optional int64 seed = 7;", "optional string seed = 7;"),
        ("optional int64 seed = 7;", "optional int64 chance = 7;"),
        ("PRIORITY_BATCH = 3;", "PRIORITY_FILE = 3;"),
        ("rpc DeleteVoice(", "rpc RemoveVoice("),
        ("returns (stream SynthesizeChunksResponse)", "returns (SynthesizeChunksResponse)"),
    ],
)
def test_a_change_that_breaks_older_clients_is_found(copy: Path, old: str, new: str) -> None:
    schema = copy / SCHEMA
    text = schema.read_text(encoding="utf-8")
    assert text.count(old) == 1
    schema.write_text(text.replace(old, new), encoding="utf-8")
    result = compared(copy)
    assert result.returncode == 100
    assert "tts.proto" in result.stdout


@needs_buf
def test_an_addition_breaks_nothing(copy: Path) -> None:
    schema = copy / SCHEMA
    text = schema.read_text(encoding="utf-8")
    schema.write_text(
        text.replace("optional int64 seed = 7;", "optional int64 seed = 7;\n  // New.\n  string mood = 900;"),
        encoding="utf-8",
    )
    assert compared(copy).returncode == 0


def test_the_baseline_is_a_contract_of_the_service() -> None:
    files = descriptor_pb2.FileDescriptorSet.FromString(BASELINE.read_bytes()).file
    assert [file.package for file in files] == ["qwentts.v1"]
    old = {method.name for method in files[0].service[0].method}
    assert old
    assert old <= {method.name for method in pb.DESCRIPTOR.services_by_name["TextToSpeech"].methods}


def test_the_generated_code_runs_on_the_least_versions_that_the_project_admits() -> None:
    """Generated code refuses older libraries than those it was made for, at import."""
    folder = ROOT / "src/qwentts_svc/server/pb/qwentts/v1"
    protobuf = re.search(r"^# Protobuf Python Version: (\S+)$", (folder / "tts_pb2.py").read_text(), re.MULTILINE)
    grpcio = re.search(r"^GRPC_GENERATED_VERSION = '(\S+)'$", (folder / "tts_pb2_grpc.py").read_text(), re.MULTILINE)
    assert protobuf is not None
    assert grpcio is not None
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    floors = dict(
        match.groups() for line in project["dependencies"] if (match := re.match(r"([\w-]+)>=([\d.]+)", line))
    )
    pins = dict(line.split("==") for line in (ROOT / "constraints.txt").read_text().split())
    for name, needed in (("protobuf", protobuf[1]), ("grpcio", grpcio[1])):
        assert _version(floors[name]) >= _version(needed), name
        assert _version(pins[name]) >= _version(needed), name


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))
