"""What can be found wrong before a model is loaded: seconds or minutes later it would cost somebody a restart."""

from __future__ import annotations

from qwentts_svc.server.auth import Authenticator
from qwentts_svc.server.settings import ServerSettings
from qwentts_svc.server.tls import Certificates

__all__ = ["check_start"]


def check_start(settings: ServerSettings) -> None:
    """Raises InputError for settings that must not start, and for token and certificate files that cannot be used."""
    settings.check()
    Authenticator(settings.auth)
    if settings.tls is not None:
        Certificates(settings.tls)
