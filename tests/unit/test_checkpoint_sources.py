"""Where a checkpoint comes from (directory, package, hub) and whether it is the one that its manifest names."""

from __future__ import annotations

import hashlib
import json
import sys
import types
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from qwentts_svc.acoustic.hub import embedded_model, resolve_model
from qwentts_svc.acoustic.manifest import file_sha256, verify_manifest, weights_sha256
from qwentts_svc.errors import ModelError


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def model(tmp_path: Path) -> Path:
    save_file({"x": torch.ones(3)}, tmp_path / "model.safetensors")
    (tmp_path / "config.json").write_bytes(b"{}")
    return tmp_path


def manifest_of(model: Path) -> dict[str, str]:
    return {name: digest((model / name).read_bytes()) for name in ("model.safetensors", "config.json")}


def write_manifest(model: Path, kind: str, entries: dict[str, str]) -> None:
    if kind == "sha256.json":
        (model / kind).write_text(json.dumps(entries))
    else:
        lines = [f"{value} {'*' if index else ' '}{name}\n" for index, (name, value) in enumerate(entries.items())]
        (model / kind).write_text("# weights\n\n" + "".join(lines))


KINDS = ["sha256.json", "SHA256SUMS"]


def test_without_a_manifest_nothing_is_checked(model: Path) -> None:
    assert verify_manifest(model) == ()


@pytest.mark.parametrize("kind", KINDS)
def test_a_true_manifest_is_accepted(model: Path, kind: str) -> None:
    write_manifest(model, kind, {name: value.upper() for name, value in manifest_of(model).items()})
    assert verify_manifest(model) == ("config.json", "model.safetensors")


@pytest.mark.parametrize("kind", KINDS)
def test_one_changed_byte_is_found(model: Path, kind: str) -> None:
    write_manifest(model, kind, manifest_of(model))
    data = bytearray((model / "model.safetensors").read_bytes())
    data[-1] ^= 1
    (model / "model.safetensors").write_bytes(data)
    with pytest.raises(ModelError, match=rf"model\.safetensors: SHA-256 is .*, {kind} says"):
        verify_manifest(model)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"missing.json": "0" * 64}, r"missing\.json: missing"),
        ({"../outside": "0" * 64}, "outside the model directory"),
        ({"/outside": "0" * 64}, "outside the model directory"),
        ({"config.json": "abc"}, "'abc' is not a SHA-256 digest"),
    ],
)
def test_a_manifest_that_cannot_hold_is_refused(model: Path, kind: str, change: dict[str, str], says: str) -> None:
    write_manifest(model, kind, {**manifest_of(model), **change})
    with pytest.raises(ModelError, match=says):
        verify_manifest(model)


@pytest.mark.parametrize("kind", KINDS)
def test_weights_that_the_manifest_does_not_list_are_refused(model: Path, kind: str) -> None:
    write_manifest(model, kind, {"config.json": digest(b"{}")})
    with pytest.raises(ModelError, match=r"does not list model\.safetensors"):
        verify_manifest(model)


def test_malformed_lines_and_values_are_refused(model: Path) -> None:
    (model / "SHA256SUMS").write_text("what is this\nabc")
    with pytest.raises(ModelError, match="SHA256SUMS:1"):
        verify_manifest(model)
    (model / "SHA256SUMS").unlink()
    (model / "sha256.json").write_text('{"config.json": 5}')
    with pytest.raises(ModelError, match=r"config\.json must be a string"):
        verify_manifest(model)


def test_the_weights_are_named_by_the_digest_of_their_file(model: Path) -> None:
    assert weights_sha256(model) == digest((model / "model.safetensors").read_bytes())


def test_shards_are_named_by_the_digest_of_their_listing(tmp_path: Path) -> None:
    placed = {"y": "b.safetensors", "x": "a.safetensors"}
    for name, file in placed.items():
        save_file({name: torch.ones(2)}, tmp_path / file)
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps({"weight_map": placed}))
    lines = [f"{digest((tmp_path / file).read_bytes())}  {file}\n" for file in ("a.safetensors", "b.safetensors")]
    assert weights_sha256(tmp_path) == digest("".join(lines).encode())


def test_a_changed_file_is_hashed_again(tmp_path: Path) -> None:
    path = tmp_path / "f"
    for data in (b"one", b"three"):
        path.write_bytes(data)
        assert file_sha256(path) == digest(data)


def test_the_default_is_the_voice_in_the_package() -> None:
    assert resolve_model("") == embedded_model()
    assert (resolve_model("") / "model.safetensors").is_file()


def test_a_directory_is_taken_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert resolve_model(str(tmp_path)) == tmp_path
    (tmp_path / "owner" / "name").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    assert resolve_model("owner/name") == Path("owner/name")


@pytest.mark.parametrize("name", ["nowhere", "./no/where", "a/b/c", "/no/such", "~/no-such-model", "a/../b", "a b/c"])
def test_what_is_neither_directory_nor_id_is_not_looked_up(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = types.ModuleType("huggingface_hub")
    monkeypatch.setitem(sys.modules, "huggingface_hub", hub)
    with pytest.raises(ModelError, match="no such model directory"):
        resolve_model(name)


def test_a_file_is_not_a_model(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"x")
    with pytest.raises(ModelError, match="is a file"):
        resolve_model(str(tmp_path / "model.safetensors"))


def test_an_id_without_the_hub_library_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(ModelError, match=r"qwentts-svc\[hub\]"):
        resolve_model("owner/name")


def test_an_id_is_fetched_at_its_revision_and_without_pickles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[dict[str, object]] = []

    def snapshot_download(**arguments: object) -> str:
        calls.append(arguments)
        return str(tmp_path)

    hub = types.ModuleType("huggingface_hub")
    hub.snapshot_download = snapshot_download  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "huggingface_hub", hub)
    assert resolve_model("owner/name", "v1") == tmp_path
    (call,) = calls
    assert call["repo_id"] == "owner/name"
    assert call["revision"] == "v1"
    patterns = call["allow_patterns"]
    assert isinstance(patterns, list)
    assert {"*.safetensors", "*.json", "*.txt"} <= set(patterns)
    assert not any(pattern.endswith((".bin", ".pt", ".py", "*")) for pattern in patterns)


def test_a_failed_download_is_a_model_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def snapshot_download(**arguments: object) -> str:
        raise ConnectionError("no route")

    hub = types.ModuleType("huggingface_hub")
    hub.snapshot_download = snapshot_download  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "huggingface_hub", hub)
    with pytest.raises(ModelError, match=r"owner/name: .*no route"):
        resolve_model("owner/name")
