"""Where the golden values are: a small part is committed beside the tests, the whole set lies in a shared folder.

A variant folder holds ``checkpoint/`` (a model in the real layout) and ``golden/`` (``manifest.json`` and tensors).
A test gets one golden file per run by naming an argument ``golden_case``, ``golden_batch``, ``golden_codec``,
``golden_encoder``, ``golden_speaker``, ``golden_sampling`` or ``golden_tokens_checkpoint`` (files starting with the
part after ``golden_``), or one variant folder by naming it ``golden_variant``.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch

_HERE = Path(__file__).resolve().parent
_KINDS = ("case", "batch", "codec", "encoder", "speaker", "sampling", "tokens_checkpoint")


@dataclass(frozen=True)
class GoldenFile:
    """One file of a variant. ``about``: its entry in the manifest (request, how it ended, figures)."""

    variant: Path
    path: Path
    about: dict[str, Any]

    def tensors(self) -> dict[str, torch.Tensor]:
        from safetensors.torch import load_file

        return load_file(self.path)


def shared_root() -> Path:
    """The shared folder: ``QWENTTS_SHARED`` or ``../shared`` beside the repository; it may not exist."""
    return Path(os.environ.get("QWENTTS_SHARED") or _HERE.parents[2] / "shared")


def golden_variants() -> list[Path]:
    """Variant folders: all of the shared set when it is there, else the committed part."""
    for root in (shared_root() / "golden", _HERE / "golden"):
        found = sorted(path.parent.parent for path in root.glob("*/golden/manifest.json"))
        if found:
            return found
    return []


def golden_files(prefix: str) -> list[GoldenFile]:
    """Every golden file whose name starts with ``prefix``."""
    found = []
    for variant in golden_variants():
        manifest = json.loads((variant / "golden" / "manifest.json").read_text(encoding="utf-8"))
        for name, entry in sorted(manifest["files"].items()):
            path = variant / "golden" / name
            if name.startswith(prefix) and path.is_file():
                found.append(GoldenFile(variant, path, entry.get("about", {})))
    return found


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    for kind in _KINDS:
        if f"golden_{kind}" in metafunc.fixturenames:
            files = golden_files(kind)
            ids = [f"{file.variant.name}-{file.path.stem}" for file in files]
            metafunc.parametrize(f"golden_{kind}", files, ids=ids)
    if "golden_variant" in metafunc.fixturenames:
        variants = golden_variants()
        metafunc.parametrize("golden_variant", variants, ids=[variant.name for variant in variants])


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)
