"""Checksums of a checkpoint's files: checking a manifest that came with it, and naming the weights by their content.

Hashing reads every byte (about 1 GB/s): it belongs in the start-up or on a worker thread, never on the event loop.
Results are remembered per file for as long as its size and time of change stay the same.
"""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from pathlib import Path

from qwentts_svc.acoustic.checkpoint import weight_files
from qwentts_svc.errors import ModelError
from qwentts_svc.fields import read_json

JSON_MANIFEST = "sha256.json"
TEXT_MANIFEST = "SHA256SUMS"

_DIGEST = re.compile(r"[0-9a-f]{64}")
_LINE = re.compile(r"(\S+) [ *](.+)")


def verify_manifest(directory: Path) -> tuple[str, ...]:
    """Check ``sha256.json`` ({name: digest}) and ``SHA256SUMS`` (as sha256sum writes it) of ``directory``.

    Returns the names that were checked; empty when there is no manifest. Raises ModelError for a file that differs or
    is missing, for a malformed manifest, and for weights in the directory that a manifest does not list.
    """
    checked: set[str] = set()
    for manifest in (directory / JSON_MANIFEST, directory / TEXT_MANIFEST):
        if not manifest.is_file():
            continue
        wanted = _read_json(manifest) if manifest.name == JSON_MANIFEST else _read_lines(manifest)
        for name, digest in wanted.items():
            if Path(name).is_absolute() or ".." in Path(name).parts:
                raise ModelError(f"{manifest}: {name!r} is outside the model directory")
            if not _DIGEST.fullmatch(digest):
                raise ModelError(f"{manifest}: {name}: {digest!r} is not a SHA-256 digest")
            found = file_sha256(directory / name)
            if found != digest:
                raise ModelError(f"{directory / name}: SHA-256 is {found}, {manifest.name} says {digest}")
        unlisted = sorted(path.name for path in directory.glob("*.safetensors") if path.name not in wanted)
        if unlisted:
            raise ModelError(f"{manifest}: does not list {', '.join(unlisted)}")
        checked.update(wanted)
    return tuple(sorted(checked))


def weights_sha256(directory: Path) -> str:
    """What identifies the weights of ``directory``: the SHA-256 of ``model.safetensors`` itself, the value that
    ``sha256sum`` prints; for shards the SHA-256 of what ``sha256sum`` prints for them in order of name.

    The speech tokenizer, which all checkpoints of the family share, is not part of it. Raises ModelError.
    """
    files = weight_files(directory)
    if len(files) == 1:
        return file_sha256(files[0])
    listing = "".join(f"{file_sha256(file)}  {file.name}\n" for file in files)
    return hashlib.sha256(listing.encode()).hexdigest()


def file_sha256(path: Path) -> str:
    """Hexadecimal SHA-256 of a file, read in blocks. Raises ModelError when it is missing or unreadable."""
    try:
        stat = path.stat()
        return _digest(path, stat.st_size, stat.st_mtime_ns)
    except FileNotFoundError:
        raise ModelError(f"{path}: missing") from None
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror or error})") from error


@lru_cache(maxsize=256)
def _digest(path: Path, size: int, mtime_ns: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read_json(manifest: Path) -> dict[str, str]:
    fields = read_json(manifest)
    return {name: digest.lower() for name, digest in fields.items(lambda holder, key: holder.text(key))}


def _read_lines(manifest: Path) -> dict[str, str]:
    try:
        lines = manifest.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"{manifest}: cannot be read ({error})") from error
    wanted: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            raise ModelError(f"{manifest}:{number}: must read 'digest  name'")
        wanted[match[2].removeprefix("./")] = match[1].lower()
    return wanted
