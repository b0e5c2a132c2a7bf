"""The ``server`` section of the configuration as the server's own frozen values."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from qwentts_svc.server.settings import (
    AuthSettings,
    DrainSettings,
    KeepaliveSettings,
    LimitSettings,
    PacingSettings,
    ServerSettings,
    SidecarSettings,
    TimeoutSettings,
    TlsSettings,
    TracingSettings,
)

if TYPE_CHECKING:
    from pydantic import BaseModel

    from qwentts_svc import config

T = TypeVar("T")


def server_settings(section: config.ServerSettings) -> ServerSettings:
    """Map and check. Raises InputError for a combination that must not start (see ``ServerSettings.check``)."""
    auth = section.auth
    settings = ServerSettings(
        host=section.host,
        port=section.port,
        tls=_tls(section),
        auth=AuthSettings(
            tokens_file=Path(auth.tokens_file) if auth.tokens_file else None,
            reload_interval_s=auth.reload_interval_s,
            allow_anonymous_network=auth.allow_anonymous_network,
        ),
        limits=_same(LimitSettings, section.limits),
        timeouts=_same(TimeoutSettings, section.timeouts),
        pacing=_same(PacingSettings, section.pacing),
        sidecar=_same(SidecarSettings, section.sidecar),
        drain=_same(DrainSettings, section.drain),
        keepalive=_same(KeepaliveSettings, section.keepalive),
        tracing=_same(TracingSettings, section.tracing),
        reflection=section.reflection,
        text_hash_key=section.log.text_hash_key.get_secret_value().encode(),
    )
    settings.check()
    return settings


def _tls(section: config.ServerSettings) -> TlsSettings | None:
    tls = section.tls
    if not tls.cert_file:
        return None
    return TlsSettings(
        cert_file=Path(tls.cert_file),
        key_file=Path(tls.key_file),
        client_ca_file=Path(tls.client_ca_file) if tls.client_ca_file else None,
        reload_interval_s=tls.reload_interval_s,
    )


def _same(kind: type[T], section: BaseModel) -> T:
    """Groups whose fields have the same names on both sides; a field that only one side knows fails at once."""
    values: dict[str, Any] = {name: getattr(section, name) for name in type(section).model_fields}
    return kind(**values)
