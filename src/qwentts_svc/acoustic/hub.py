"""From what a user calls a model to a directory: the embedded voice, a directory, or a Hugging Face id.

``huggingface_hub`` is optional and imported only when an id must be fetched; it shows its own progress bar.
"""

from __future__ import annotations

import importlib
import re
from importlib import resources
from pathlib import Path

from qwentts_svc.errors import ModelError

EMBEDDED_VOICE = "aria"

ALLOWED_FILES = ("*.safetensors", "*.json", "*.txt", "*.model", "SHA256SUMS")
"""All that a checkpoint needs (``*.model``: SentencePiece vocabularies); pickles are not even downloaded."""

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", re.ASCII)


def resolve_model(path_or_id: str, revision: str | None = None) -> Path:
    """The checkpoint's directory. "" is the voice that ships with the package; ``revision`` applies to ids only.

    May download, so not for the event loop. Raises ModelError that says what was tried.
    """
    if not path_or_id:
        return embedded_model()
    path = Path(path_or_id).expanduser()
    if path.is_dir():
        return path
    if path.exists():
        raise ModelError(f"{path}: is a file; give the model's directory")
    if not _HUB_ID.fullmatch(path_or_id):
        raise ModelError(f"{path}: no such model directory")
    return _download(path_or_id, revision)


def embedded_model() -> Path:
    """The directory of the voice inside the package. Raises ModelError when the installation lacks it."""
    path = Path(str(resources.files("qwentts_svc"))) / "data" / EMBEDDED_VOICE
    if not path.is_dir():
        raise ModelError(f"{path}: the embedded voice is not part of this installation; name a model")
    return path


def _download(repo_id: str, revision: str | None) -> Path:
    try:
        hub = importlib.import_module("huggingface_hub")
    except ImportError as error:
        raise ModelError(
            f"{repo_id}: no such directory; to fetch it as a Hugging Face id, install the extra: "
            "pip install 'qwentts-svc[hub]'"
        ) from error
    try:
        return Path(hub.snapshot_download(repo_id=repo_id, revision=revision, allow_patterns=list(ALLOWED_FILES)))
    # The library raises errors of its own, of its HTTP client and of the file system; none must pass as a crash.
    except Exception as error:
        raise ModelError(f"{repo_id}: is no directory here and cannot be fetched ({error})") from error
