"""Weights: what is handed out, how little memory it takes, and what is refused."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from support.tiny_checkpoint import write_tiny_checkpoint

from qwentts_svc.acoustic.checkpoint import open_weights, weight_files
from qwentts_svc.acoustic.hub import embedded_model
from qwentts_svc.acoustic.model import load_acoustic
from qwentts_svc.errors import ModelError
from qwentts_svc.nn import weights as weights_module

torch.set_num_threads(1)


@pytest.fixture
def tensors() -> dict[str, torch.Tensor]:
    gen = torch.Generator().manual_seed(0)
    return {
        "a.weight": torch.randn(7, 5, generator=gen),
        "a.half": torch.randn(3, 4, generator=gen).bfloat16(),
        "b.flag": torch.tensor([True]),
        "b.ids": torch.arange(6),
        "b.empty": torch.zeros(0, 4),
        "c.scalar": torch.tensor(1.5),
    }


@pytest.fixture
def checkpoint(tmp_path: Path, tensors: dict[str, torch.Tensor]) -> Path:
    save_file(tensors, tmp_path / "model.safetensors")
    return tmp_path


def test_tensors_come_as_they_were_stored(checkpoint: Path, tensors: dict[str, torch.Tensor]) -> None:
    with open_weights(checkpoint) as weights:
        assert dict(weights.shapes) == {name: tuple(value.shape) for name, value in tensors.items()}
        for name, value in tensors.items():
            assert weights.dtype(name) == value.dtype
            assert torch.equal(weights.take(name, tuple(value.shape), value.dtype), value)
        weights.finish()


def test_tensors_come_in_the_dtype_asked_for(checkpoint: Path, tensors: dict[str, torch.Tensor]) -> None:
    with open_weights(checkpoint) as weights:
        for dtype in (torch.bfloat16, torch.float16, torch.float64):
            assert torch.equal(weights.take("a.weight", (7, 5), dtype), tensors["a.weight"].to(dtype))
        assert torch.equal(weights.take("a.half", (3, 4), torch.float32), tensors["a.half"].float())


def test_conversion_in_small_pieces_changes_nothing(
    checkpoint: Path, tensors: dict[str, torch.Tensor], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weights_module, "SCRATCH_BYTES", 12)
    with open_weights(checkpoint) as weights:
        assert torch.equal(weights.take("a.weight", (7, 5), torch.float64), tensors["a.weight"].double())


def test_a_view_of_a_larger_tensor_can_be_filled(checkpoint: Path, tensors: dict[str, torch.Tensor]) -> None:
    fused = torch.zeros(10, 5)
    transposed = torch.zeros(5, 7, dtype=torch.bfloat16)
    with open_weights(checkpoint) as weights:
        weights.take_into("a.weight", fused[2:9])
        weights.take_into("a.weight", transposed.T)
    assert torch.equal(fused[2:9], tensors["a.weight"])
    assert not fused[:2].any()
    assert not fused[9:].any()
    assert torch.equal(transposed.T, tensors["a.weight"].bfloat16())


def test_a_parameter_can_be_filled_in_place(checkpoint: Path, tensors: dict[str, torch.Tensor]) -> None:
    layer = torch.nn.Linear(5, 7, bias=False)
    with open_weights(checkpoint) as weights:
        weights.take_into("a.weight", layer.weight)
    assert torch.equal(layer.weight.detach(), tensors["a.weight"])


def test_a_mapped_tensor_outlives_the_weights_and_leaves_the_file_alone(
    checkpoint: Path, tensors: dict[str, torch.Tensor]
) -> None:
    before = (checkpoint / "model.safetensors").read_bytes()
    with open_weights(checkpoint) as weights:
        mapped = [weights.map(name, tuple(value.shape)) for name, value in tensors.items()]
        weights.finish()
    for value, expected in zip(mapped, tensors.values(), strict=True):
        assert torch.equal(value, expected)
    mapped[0].zero_()
    assert (checkpoint / "model.safetensors").read_bytes() == before


def test_missing_and_misshapen_tensors_are_named(checkpoint: Path) -> None:
    with open_weights(checkpoint) as weights:
        with pytest.raises(ModelError, match=r"model\.safetensors: tensor a\.bias is missing"):
            weights.take("a.bias", (7,), torch.float32)
        with pytest.raises(ModelError, match=r"tensor a\.weight has shape \[7, 5\].* asks for \[5, 7\]"):
            weights.take("a.weight", (5, 7), torch.float32)
        with pytest.raises(ModelError, match=r"a\.weight has shape"):
            weights.map("a.weight", (35,))
        with pytest.raises(ModelError, match=r"a\.weight has shape"):
            weights.take_into("a.weight", torch.zeros(7, 6))


def test_what_was_not_taken_is_named(checkpoint: Path) -> None:
    with open_weights(checkpoint) as weights:
        weights.take("a.weight", (7, 5), torch.float32)
        weights.skip(["b.flag", "not.there"])
        with pytest.raises(ModelError, match=r"does not have: a\.half$"):
            weights.finish(["a."])
        with pytest.raises(ModelError, match=r"a\.half, b\.empty, b\.ids, c\.scalar$"):
            weights.finish()
        weights.finish(["d."])


def shard(directory: Path, tensors: dict[str, torch.Tensor]) -> dict[str, str]:
    names = sorted(tensors)
    placed = {name: f"model-0000{index % 2 + 1}-of-00002.safetensors" for index, name in enumerate(names)}
    for file in set(placed.values()):
        save_file({name: tensors[name] for name in names if placed[name] == file}, directory / file)
    return placed


def write_index(directory: Path, placed: dict[str, str]) -> None:
    (directory / "model.safetensors.index.json").write_text(json.dumps({"weight_map": placed}))


def test_shards_read_as_one(tmp_path: Path, tensors: dict[str, torch.Tensor]) -> None:
    write_index(tmp_path, shard(tmp_path, tensors))
    assert [path.name for path in weight_files(tmp_path)] == [
        "model-00001-of-00002.safetensors",
        "model-00002-of-00002.safetensors",
    ]
    with open_weights(tmp_path) as weights:
        for name, value in tensors.items():
            assert torch.equal(weights.take(name, tuple(value.shape), value.dtype), value)
        weights.finish()


def test_an_index_that_does_not_fit_its_shards_is_refused(tmp_path: Path, tensors: dict[str, torch.Tensor]) -> None:
    placed = shard(tmp_path, tensors)
    cases = [
        ({**placed, "x": "model-00003-of-00002.safetensors"}, r"shards are missing: model-00003"),
        ({**placed, "x": "model-00001-of-00002.safetensors"}, r"tensor x is in none of the shards"),
        ({**placed, "x": "../model.safetensors"}, "is not the name of a safetensors file"),
        ({**placed, "x": "pytorch_model.bin"}, "is not the name of a safetensors file"),
        ({}, "weight_map is empty"),
    ]
    for index, says in cases:
        write_index(tmp_path, index)
        with pytest.raises(ModelError, match=says):
            open_weights(tmp_path)


def test_a_tensor_in_two_shards_is_refused(tmp_path: Path) -> None:
    for name in ("m1.safetensors", "m2.safetensors"):
        save_file({"x": torch.zeros(2)}, tmp_path / name)
    write_index(tmp_path, {"x": "m1.safetensors", "y": "m2.safetensors"})
    with pytest.raises(ModelError, match=r"m2\.safetensors: tensor x is also in m1"):
        open_weights(tmp_path)


def test_pickles_are_refused_and_never_opened(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[object, ...]:
            return (os.mkdir, (str(tmp_path / "sprung"),))

    (tmp_path / "pytorch_model.bin").write_bytes(pickle.dumps(Trap()))
    with pytest.raises(ModelError, match=r"pickles only \(pytorch_model\.bin\)"):
        open_weights(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(pickle.dumps(Trap()))
    with pytest.raises(ModelError, match="not a safetensors file"):
        open_weights(tmp_path)
    assert not (tmp_path / "sprung").exists()


def test_missing_directory_and_missing_weights_are_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no such directory"):
        open_weights(tmp_path / "nowhere")
    with pytest.raises(ModelError, match=r"model\.safetensors: missing"):
        open_weights(tmp_path)


@pytest.mark.parametrize("keep", [0, 4, 8, 9, 100, -1, -100])
def test_a_truncated_file_is_refused(checkpoint: Path, keep: int) -> None:
    path = checkpoint / "model.safetensors"
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(ModelError, match=r"model\.safetensors: (truncated|not a safetensors)"):
        open_weights(checkpoint)


def test_trailing_bytes_are_refused(checkpoint: Path) -> None:
    with (checkpoint / "model.safetensors").open("ab") as file:
        file.write(b"xx")
    with pytest.raises(ModelError, match="2 bytes follow the last tensor"):
        open_weights(checkpoint)


def raw_file(path: Path, header: object, data: bytes = b"") -> None:
    head = json.dumps(header).encode()
    path.write_bytes(len(head).to_bytes(8, "little") + head + data)


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ({"dtype": "F8_E4M3", "shape": [4], "data_offsets": [0, 4]}, "dtype 'F8_E4M3' is not supported"),
        ({"dtype": "F32", "shape": [2], "data_offsets": [0, 4]}, "4 bytes for a shape of 8 bytes"),
        ({"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}, "malformed shape"),
        ({"dtype": "F32", "shape": [1], "data_offsets": [0]}, "malformed shape"),
        ({"dtype": "F32", "shape": [1], "data_offsets": [4, 8]}, "overlaps another one or leaves a hole"),
        ({"dtype": "F32", "shape": [2**40, 2**40], "data_offsets": [0, 4]}, "4 bytes for a shape"),
        ("F32", "malformed header entry"),
    ],
)
def test_a_header_that_lies_is_refused(tmp_path: Path, entry: object, says: str) -> None:
    raw_file(tmp_path / "model.safetensors", {"x": entry}, bytes(8))
    with pytest.raises(ModelError, match=says) as caught:
        open_weights(tmp_path)
    assert "tensor x" in str(caught.value)


def test_overlapping_tensors_are_refused(tmp_path: Path) -> None:
    entry = {"dtype": "U8", "shape": [4], "data_offsets": [0, 4]}
    raw_file(tmp_path / "model.safetensors", {"x": entry, "y": entry}, bytes(4))
    with pytest.raises(ModelError, match="overlaps"):
        open_weights(tmp_path)


def test_a_file_that_shrinks_while_it_is_read_is_an_error_not_garbage(checkpoint: Path) -> None:
    with open_weights(checkpoint) as weights:
        os.truncate(checkpoint / "model.safetensors", 100)
        with pytest.raises(ModelError, match="shrank"):
            weights.take("a.weight", (7, 5), torch.float32)


def test_closing_leaves_no_descriptor_behind(tmp_path: Path, tensors: dict[str, torch.Tensor]) -> None:
    write_index(tmp_path, {**shard(tmp_path, tensors), "x": "model-00001-of-00002.safetensors"})
    before = len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").exists() else None
    for _ in range(5):
        with pytest.raises(ModelError):
            open_weights(tmp_path)
    if before is not None:
        assert len(os.listdir("/proc/self/fd")) == before


def test_the_embedded_voice_s_weights_are_whole() -> None:
    for folder in ("", "speech_tokenizer"):
        with open_weights(embedded_model() / folder) as weights:
            assert len(weights.shapes) > 50
            for name, shape in weights.shapes.items():
                assert torch.isfinite(weights.take(name, shape, torch.float32)).all()
            weights.finish()


_PROBE = """
import re, sys, torch
from pathlib import Path
from qwentts_svc.acoustic.checkpoint import open_weights

def peak():
    # Not ru_maxrss: a new process inherits its parent's.
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024

# The first conversion and the first large block load code and arenas of their own.
torch.ones(4 << 20, dtype=torch.float32).to(torch.bfloat16)
before = peak()
with open_weights(Path(sys.argv[1])) as weights:
    kept = [weights.take(name, shape, torch.bfloat16) for name, shape in weights.shapes.items()]
print(peak() - before, sum(value.nbytes for value in kept) / 2**20)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from Linux's /proc")
@pytest.mark.parametrize("stored", [torch.bfloat16, torch.float32])
def test_loading_needs_the_memory_of_the_result_and_little_more(tmp_path: Path, stored: torch.dtype) -> None:
    count = 24 << 20
    save_file({f"t{i}": torch.zeros(count, dtype=stored) for i in range(4)}, tmp_path / "model.safetensors")
    out = subprocess.run(
        [sys.executable, "-c", _PROBE, str(tmp_path)], check=True, capture_output=True, text=True, timeout=90
    ).stdout
    grown, result = map(float, out.split())
    assert result == 4 * count * 2 / 2**20
    assert result / 2 < grown < result + 48


@pytest.mark.parametrize("name", ["b.flag", "b.ids"])
def test_integers_where_weights_are_meant_are_refused_by_name(checkpoint: Path, name: str) -> None:
    with open_weights(checkpoint) as weights:
        shape = weights.shapes[name]
        with pytest.raises(ModelError, match=f"{name} is stored as (bool|int64)"):
            weights.take(name, shape, torch.float32)
        with pytest.raises(ModelError, match=f"{name} is stored as"):
            weights.map(name, shape, floating=True)


@pytest.mark.parametrize("field", ["intermediate_size", "num_attention_heads"])
def test_a_configuration_of_absurd_size_is_refused_before_memory_is_asked_for(tmp_path: Path, field: str) -> None:
    folder = write_tiny_checkpoint(tmp_path / "absurd")
    config = json.loads((folder / "config.json").read_text())
    config["talker_config"][field] = 2**31 - 2
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError, match="the configuration asks for"):
        load_acoustic(folder)
