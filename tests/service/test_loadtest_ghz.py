"""The ghz configurations against the contract: a renamed field or method must not be found by whoever runs them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import json_format

from loadtest.loopback import check_address
from qwentts_svc.server.pb.qwentts.v1 import tts_pb2 as pb

FOLDER = Path(__file__).parents[2] / "loadtest" / "ghz"
FILES = sorted(FOLDER.glob("*.json"))
KNOWN = {
    "call", "host", "insecure", "connections", "concurrency", "rps", "total", "timeout", "stream-interval", "data",
}  # fmt: skip


def load(path: Path) -> dict[str, Any]:
    config: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return config


def messages(config: dict[str, Any]) -> tuple[Any, list[Any]]:
    """The method that a configuration calls, and its messages, parsed strictly."""
    service, _, name = config["call"].rpartition(".")
    assert service == "qwentts.v1.TextToSpeech"
    method = pb.DESCRIPTOR.services_by_name["TextToSpeech"].methods_by_name[name]
    kind = getattr(pb, method.input_type.name)
    data = config["data"] if isinstance(config["data"], list) else [config["data"]]
    return method, [json_format.ParseDict(item, kind()) for item in data]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_configuration_calls_what_the_contract_has(path: Path) -> None:
    config = load(path)
    assert set(config) <= KNOWN
    check_address(config["host"])
    method, parsed = messages(config)
    assert isinstance(config["data"], list) == method.client_streaming
    assert all(message.ByteSize() for message in parsed)


def test_each_speech_call_has_one() -> None:
    assert {load(path)["call"].rpartition(".")[2] for path in FILES} == {
        "Synthesize",
        "SynthesizeChunks",
        "SynthesizeStream",
    }


def test_the_stream_sends_its_config_once_and_first() -> None:
    config = load(FOLDER / "synthesize_stream.json")
    _, parsed = messages(config)
    kinds = [message.WhichOneof("message") for message in parsed]
    assert kinds.count("config") == 1
    assert kinds[0] == "config"
    assert "stream-call-count" not in config


def test_every_configuration_has_its_shell_line() -> None:
    lines = (FOLDER.parent / "README.md").read_text(encoding="utf-8").splitlines()
    for path in FILES:
        assert f"ghz --config loadtest/ghz/{path.name}" in lines
