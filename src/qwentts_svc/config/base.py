"""What every settings section has in common. Knows nothing of files or the environment."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A frozen group of settings that refuses unknown keys.

    Every field has a default and a description: ``configs/*.toml`` and ``qwentts check-config`` are kept in step with
    them by tests.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, protected_namespaces=())
