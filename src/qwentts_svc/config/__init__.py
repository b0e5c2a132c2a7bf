"""Settings of the service: three frozen sections, found in arguments, environment, TOML files and defaults."""

from __future__ import annotations

from qwentts_svc.config.model import ModelSettings
from qwentts_svc.config.runtime import RuntimeSettings
from qwentts_svc.config.server import ServerSettings
from qwentts_svc.config.settings import CONFIG_DIR_VARIABLE, ENV_PREFIX, Resolved, Settings, load

__all__ = [
    "CONFIG_DIR_VARIABLE",
    "ENV_PREFIX",
    "ModelSettings",
    "Resolved",
    "RuntimeSettings",
    "ServerSettings",
    "Settings",
    "load",
]
