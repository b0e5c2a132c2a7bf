"""Designed and cloned voices: kept in memory, one file each on disk, written atomically, there again after a restart.

A file is a NumPy ``.npz`` without pickles: ``meta`` (UTF-8 JSON as uint8), ``speaker_embedding`` float32 [hidden] and
``ref_codes`` int64 [frames, groups] where the voice has them.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import logging
import os
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from qwentts_svc.errors import InputError, IoError, NotFoundError
from qwentts_svc.types import Voice, VoicePrompt

_LOG = logging.getLogger(__name__)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_SUFFIX = ".voice.npz"
_VERSION = 1


def open_directory(directory: Path) -> None:
    """Make the directory of voices if there is none. Raises InputError when it cannot be read and written."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        os.listdir(directory)
        tempfile.TemporaryFile(dir=directory).close()
    except OSError as error:
        raise InputError(
            f"{directory}: cannot be used for voices: {error.strerror}; choose another with server.voices.directory",
            field="server.voices.directory",
        ) from error


class VoiceRegistry:
    """``directory`` None keeps voices in memory only. ``model_key`` ties voices to the checkpoint that made them: files
    of another one are left alone and not listed. Used from one event loop."""

    def __init__(self, directory: Path | None, model_key: str, *, limit: int = 10_000) -> None:
        self._directory = directory
        self._model_key = model_key
        self._limit = limit
        self._voices: dict[str, Voice] = {}
        self._lock = asyncio.Lock()
        if directory is not None:
            open_directory(directory)
            self._load(directory)

    def list(self) -> Sequence[Voice]:
        """All voices by name."""
        return [self._voices[key] for key in sorted(self._voices)]

    def find(self, name: str) -> Voice | None:
        """Names are compared without regard to case."""
        return self._voices.get(name.lower())

    async def add(self, voice: Voice) -> Voice:
        """Keep a new voice. Raises InputError for a bad or taken name, IoError when it cannot be written."""
        # A caller that leaves must not leave a voice on disk that memory knows nothing of.
        await asyncio.shield(asyncio.ensure_future(self._add(voice)))
        return voice

    def check_new(self, name: str) -> None:
        """Raises InputError for a name that a new voice cannot have."""
        if not _NAME.fullmatch(name):
            raise InputError(
                "a voice name has 1 to 64 letters, digits, '-', '_' or '.' and starts with a letter or digit",
                field="name",
            )
        if name.lower() in self._voices:
            raise InputError(f"there is a voice {name!r} already", field="name", reason="NAME_TAKEN")
        if len(self._voices) >= self._limit:
            raise InputError(f"the registry holds its limit of {self._limit} voices", field="name", reason="FULL")

    async def _add(self, voice: Voice) -> None:
        async with self._lock:
            self.check_new(voice.name)
            if self._directory is not None:
                await asyncio.to_thread(_write, self._path(voice.name), _pack(voice, self._model_key))
            self._voices[voice.name.lower()] = voice

    async def remove(self, name: str) -> None:
        """Forget a voice. Raises NotFoundError; IoError when its file cannot be removed."""
        await asyncio.shield(asyncio.ensure_future(self._remove(name)))

    async def _remove(self, name: str) -> None:
        async with self._lock:
            voice = self.find(name)
            if voice is None:
                raise NotFoundError(f"there is no voice {name!r}", field="name", reason="VOICE_NOT_FOUND")
            if self._directory is not None:
                await asyncio.to_thread(_unlink, self._path(voice.name))
            del self._voices[name.lower()]

    def _path(self, name: str) -> Path:
        """The model is part of the file's name, so that voices of the same name made by different models can share a
        directory."""
        assert self._directory is not None
        model = hashlib.sha256(self._model_key.encode()).hexdigest()[:12]
        return self._directory / f"{name.lower()}.{model}{_SUFFIX}"

    def _load(self, directory: Path) -> None:
        for file in sorted(directory.glob("*" + _SUFFIX)):
            try:
                voice = _unpack(file, self._model_key)
            except Exception as error:  # whatever a damaged archive makes of the readers
                _LOG.error("%s: not a voice file, left alone (%s)", file.name, type(error).__name__)
                continue
            if voice is None:
                _LOG.info("%s was made by another model, left alone", file.name)
            elif self._path(voice.name) != file:
                _LOG.error("%s: holds the voice %r, left alone", file.name, voice.name)
            else:
                self._voices[voice.name.lower()] = voice


def _pack(voice: Voice, model_key: str) -> bytes:
    prompt = voice.prompt
    meta = {
        "version": _VERSION,
        "model": model_key,
        "name": voice.name,
        "kind": voice.kind,
        "language": voice.language,
        "instruct": voice.instruct,
        "key": prompt.key if prompt else None,
        "ref_text": prompt.ref_text if prompt else None,
    }
    arrays: dict[str, npt.NDArray[Any]] = {"meta": np.frombuffer(json.dumps(meta).encode(), np.uint8)}
    if prompt is not None:
        arrays["speaker_embedding"] = prompt.speaker_embedding
        if prompt.ref_codes is not None:
            arrays["ref_codes"] = prompt.ref_codes
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)  # type: ignore[arg-type]  # numpy types the keywords as its own flag
    return buffer.getvalue()


def _unpack(file: Path, model_key: str) -> Voice | None:
    """None for a voice of another model or of another version of this file. Raises anything for a bad file."""
    with file.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
        meta = json.loads(arrays["meta"].tobytes())
        if meta["version"] != _VERSION or meta["model"] != model_key:
            return None
        if not _NAME.fullmatch(meta["name"]):
            raise ValueError("not a voice name")
        prompt = None
        if "speaker_embedding" in arrays:
            codes = arrays["ref_codes"].astype(np.int64) if "ref_codes" in arrays else None
            prompt = VoicePrompt(
                meta["key"],
                arrays["speaker_embedding"].astype(np.float32),
                codes,
                meta["ref_text"] if codes is not None else None,
            )
        return Voice(meta["name"], meta["kind"], meta["language"], None, meta["instruct"], prompt)


def _write(path: Path, content: bytes) -> None:
    """Complete or not at all, also when the process is killed in between."""
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".tmp")
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(temporary, path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise IoError(f"the voice could not be written: {error.strerror}") from error


def _unlink(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise IoError(f"the voice's file could not be removed: {error.strerror}") from error
