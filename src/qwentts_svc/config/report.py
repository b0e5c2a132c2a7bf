"""Resolved settings as text or JSON, with their sources and without their secrets."""

from __future__ import annotations

import json
from typing import Any

from pydantic import SecretStr

from qwentts_svc.config.settings import Resolved, leaf_values

REDACTED = "[redacted]"


def rows(resolved: Resolved) -> list[tuple[str, Any, str]]:
    """``(dotted key, JSON-ready value, source)`` of every setting; set secrets are replaced."""
    return [(key, _plain(value), resolved.sources[key]) for key, value in leaf_values(resolved.settings).items()]


def as_text(resolved: Resolved) -> str:
    """One line per setting: ``key = value  # source``."""
    table = [(f"{key} = {json.dumps(value, ensure_ascii=False)}", source) for key, value, source in rows(resolved)]
    width = min(72, max(len(left) for left, _ in table))
    return "\n".join(f"{left:<{width}}  # {source}" for left, source in table)


def as_json(resolved: Resolved) -> str:
    """An object: dotted key -> ``{"value": ..., "source": ...}``."""
    return json.dumps(
        {key: {"value": value, "source": source} for key, value, source in rows(resolved)}, ensure_ascii=False, indent=2
    )


def _plain(value: Any) -> Any:
    if isinstance(value, SecretStr):
        return REDACTED if value.get_secret_value() else ""
    return list(value) if isinstance(value, tuple) else value
