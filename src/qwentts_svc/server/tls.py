"""TLS and mTLS credentials that follow their files."""

from __future__ import annotations

import logging
import ssl
import time
from pathlib import Path

import grpc

from qwentts_svc.errors import InputError
from qwentts_svc.server.settings import TlsSettings

_log = logging.getLogger(__name__)


class Certificates:
    """The certificate files; asked by gRPC's own threads at every handshake, so a lookup costs a stat at most."""

    def __init__(self, settings: TlsSettings) -> None:
        self._settings = settings
        self._stamp = self._stamp_of()
        self._looked_s = time.monotonic()
        self.current = self._read()

    def refresh(self) -> grpc.ServerCertificateConfiguration:
        """The configuration in force. Files that cannot be used keep the last good one and log an error."""
        now_s = time.monotonic()
        if now_s - self._looked_s >= self._settings.reload_interval_s:
            self._looked_s = now_s
            try:
                stamp = self._stamp_of()
                if stamp != self._stamp:
                    self.current, self._stamp = self._read(), stamp
                    _log.info("certificates read again")
            except InputError:
                _log.error("the certificate files cannot be used; the ones read before stay in force")
        return self.current

    def _paths(self) -> list[tuple[str, Path]]:
        settings = self._settings
        paths = [("tls.cert_file", settings.cert_file), ("tls.key_file", settings.key_file)]
        if settings.client_ca_file is not None:
            paths.append(("tls.client_ca_file", settings.client_ca_file))
        return paths

    def _stamp_of(self) -> tuple[tuple[int, int, int], ...]:
        stamps = []
        for field, path in self._paths():
            try:
                stat = path.stat()
            except OSError as error:
                raise InputError(f"{field}: {path} cannot be read", field=field) from error
            stamps.append((stat.st_mtime_ns, stat.st_size, stat.st_ino))
        return tuple(stamps)

    def _read(self) -> grpc.ServerCertificateConfiguration:
        contents = []
        for field, path in self._paths():
            try:
                content = path.read_bytes()
            except OSError as error:
                raise InputError(f"{field}: {path} cannot be read", field=field) from error
            if b"-----BEGIN" not in content or b"-----END" not in content:
                raise InputError(f"{field}: {path} is not PEM", field=field)
            contents.append(content)
        self._check_pair()
        cert, key, *roots = contents
        return grpc.ssl_server_certificate_configuration([(key, cert)], roots[0] if roots else None)

    def _check_pair(self) -> None:
        """gRPC takes a key of another certificate without a word and then fails every handshake."""
        settings = self._settings
        try:
            # An encrypted key would ask for its password on the terminal.
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(settings.cert_file, settings.key_file, _no_password)
        except (ssl.SSLError, OSError) as error:
            message = f"tls.key_file: {settings.key_file} is not the plain private key of {settings.cert_file}"
            raise InputError(message, field="tls.key_file") from error


def _no_password() -> str:
    return ""


def server_credentials(settings: TlsSettings) -> grpc.ServerCredentials:
    """Credentials that read their files again when they change. Raises InputError for files that cannot be used."""
    certificates = Certificates(settings)
    return grpc.dynamic_ssl_server_credentials(
        certificates.current, certificates.refresh, require_client_authentication=settings.client_ca_file is not None
    )
