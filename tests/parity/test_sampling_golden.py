"""The score processors against recorded ones: same order, same ties, same masks."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from qwentts_svc.acoustic.sampling import (
    SamplingTensors,
    StageFlags,
    process_talker,
    stage_flags,
    suppress_mask,
    warp,
)
from qwentts_svc.types import SamplingParams

torch.set_num_threads(1)

TOLERANCE = 1e-3
"""Of talker logits; masks must be equal."""

_HERE = Path(__file__).resolve().parent
_SHARED = Path(os.environ.get("QWENTTS_SHARED") or _HERE.parents[2] / "shared")


def _sets(name: str) -> list[Path]:
    """Golden folders that hold ``name``: the shared ones where they are, else the committed ones."""
    for root in (_SHARED / "golden", _HERE / "golden"):
        found = sorted(path.parent for path in root.glob(f"*/golden/{name}"))
        if found:
            return found
    return []


@pytest.fixture(params=_sets("sampling.safetensors") or [None], ids=lambda path: path.parent.name if path else "none")
def golden(request: pytest.FixtureRequest) -> tuple[dict[str, Any], dict[str, torch.Tensor]]:
    if request.param is None:
        pytest.skip("no golden values here: neither the shared folder nor a committed part")
    manifest = json.loads((request.param / "manifest.json").read_text(encoding="utf-8"))
    return manifest["files"]["sampling.safetensors"]["about"], load_file(request.param / "sampling.safetensors")


def _params(about: dict[str, Any]) -> list[SamplingParams]:
    names = ("do_sample", "temperature", "top_k", "top_p", "repetition_penalty")
    return [SamplingParams(**{name: setting[name] for name in names}) for setting in about["settings"]]


def _scores(
    about: dict[str, Any], tensors: dict[str, torch.Tensor], rows: list[int], flags: StageFlags
) -> torch.Tensor:
    params = _params(about)
    settings = SamplingTensors.of([params[row] for row in rows])
    logits = torch.stack([tensors[f"logits_{row}"] for row in rows])
    vocab = logits.shape[1]
    seen = torch.zeros(len(rows), vocab, dtype=torch.bool)
    for index, row in enumerate(rows):
        seen[index, tensors[f"history_{row}"]] = True
    frame = torch.tensor([len(tensors[f"history_{row}"]) for row in rows])
    mask_eos = torch.zeros(len(rows), dtype=torch.bool)
    eos = about["eos"]
    scores = process_talker(logits, seen, frame, mask_eos, settings, suppress_mask(vocab, eos), eos)
    return warp(scores, settings, flags)


def _assert_close(found: torch.Tensor, expected: torch.Tensor) -> None:
    assert torch.equal(torch.isinf(found), torch.isinf(expected))
    kept = ~torch.isinf(expected)
    assert (found[kept] - expected[kept]).abs().max() <= TOLERANCE


def test_every_setting_alone(golden: tuple[dict[str, Any], dict[str, torch.Tensor]]) -> None:
    about, tensors = golden
    for row, params in enumerate(_params(about)):
        found = _scores(about, tensors, [row], stage_flags([params]))
        _assert_close(found[0], tensors[f"scores_{row}"])


def test_all_settings_in_one_batch(golden: tuple[dict[str, Any], dict[str, torch.Tensor]]) -> None:
    about, tensors = golden
    params = _params(about)
    rows = list(range(len(params)))
    found = _scores(about, tensors, rows, stage_flags(params))
    for row in rows:
        _assert_close(found[row], tensors[f"scores_{row}"])
        alone = _scores(about, tensors, [row], stage_flags([params[row]]))
        assert torch.equal(found[row], alone[0])
