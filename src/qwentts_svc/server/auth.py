"""Who calls: bearer tokens against SHA-256 hashes in a file that may change while the service runs."""

from __future__ import annotations

import hashlib
import hmac
import logging
import time
from pathlib import Path
from typing import Final

from qwentts_svc.errors import AuthError, InputError
from qwentts_svc.server.calls import ANONYMOUS
from qwentts_svc.server.settings import AuthSettings

_log = logging.getLogger(__name__)
_HEX: Final = frozenset("0123456789abcdef")


class TokenFile:
    """The live tokens. A file that cannot be read any more keeps the last good set and logs an error."""

    def __init__(self, path: Path, reload_interval_s: float) -> None:
        self._path, self._interval_s = path, reload_interval_s
        self._stamp: tuple[int, int, int] | None = None
        self._looked_s = time.monotonic()
        self._tokens: tuple[tuple[bytes, str], ...] = ()
        self._load()

    def tenant_of(self, token: str) -> str | None:
        """The tenant of ``token``, or None. Compares with every live token, in constant time each."""
        self._refresh()
        digest = hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest().encode()
        found: str | None = None
        for known, tenant in self._tokens:
            if hmac.compare_digest(known, digest):
                found = tenant
        return found

    def _refresh(self) -> None:
        now_s = time.monotonic()
        if now_s - self._looked_s < self._interval_s:
            return
        self._looked_s = now_s
        try:
            if self._stamp_of() != self._stamp:
                self._load()
                _log.info("tokens read again", extra={"fields": {"tokens": len(self._tokens)}})
        except (OSError, InputError):
            _log.error("the token file cannot be used; the tokens read before stay in force")

    def _stamp_of(self) -> tuple[int, int, int]:
        stat = self._path.stat()
        return stat.st_mtime_ns, stat.st_size, stat.st_ino

    def _load(self) -> None:
        try:
            stamp, text = self._stamp_of(), self._path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            message = f"the token file {self._path} cannot be read"
            raise InputError(message, field="auth.tokens_file") from error
        self._tokens = tuple(_lines(text, self._path))
        self._stamp = stamp


def _lines(text: str, path: Path) -> list[tuple[bytes, str]]:
    tokens = []
    for number, line in enumerate(text.splitlines(), 1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        if len(words) != 2 or len(words[0]) != 64 or not set(words[0].lower()) <= _HEX:
            message = f"{path}:{number}: expected 'sha256-hex tenant'"
            raise InputError(message, field="auth.tokens_file")
        tokens.append((words[0].lower().encode(), words[1]))
    if not tokens:
        raise InputError(f"{path} holds no token", field="auth.tokens_file")
    return tokens


class Authenticator:
    """Finds the tenant of a call from its metadata."""

    def __init__(self, settings: AuthSettings) -> None:
        path = settings.tokens_file
        self._tokens = TokenFile(path, settings.reload_interval_s) if path is not None else None

    def tenant_of(self, metadata: dict[str, list[str]]) -> str:
        """The tenant, ANONYMOUS when authentication is off. Raises AuthError.

        Identical duplicates of the header are accepted (some clients send it twice over TLS), different ones refused.
        """
        if self._tokens is None:
            return ANONYMOUS
        values = set(metadata.get("authorization", ()))
        if len(values) != 1:
            message = "send one 'authorization: Bearer TOKEN'" if not values else "contradicting authorization headers"
            raise AuthError(message)
        scheme, _, token = values.pop().partition(" ")
        tenant = self._tokens.tenant_of(token.strip()) if scheme.lower() == "bearer" else None
        if tenant is None:
            raise AuthError("the token is not valid")
        return tenant
