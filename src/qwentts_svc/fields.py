"""Typed reading of a checkpoint's JSON files: every complaint is a ModelError that names the file and the field.

Knows nothing of what the fields mean; a leaf, without torch.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from qwentts_svc.errors import ModelError

T = TypeVar("T")

_MAX_JSON_BYTES = 64 * 1024 * 1024


class _Required:
    """Marks a field without a default."""


REQUIRED = _Required()


@dataclass(frozen=True, slots=True)
class Fields:
    """One JSON object of ``file``; ``path`` is where it hangs inside the file (``talker_config.``)."""

    file: Path
    data: Mapping[str, Any]
    path: str = ""

    def fail(self, name: str, problem: str) -> ModelError:
        """The error to raise for field ``name``."""
        return ModelError(f"{self.file}: {self.path}{name} {problem}")

    def has(self, name: str) -> bool:
        """True when the field is there and not null."""
        return self.data.get(name) is not None

    def integer(self, name: str, default: int | _Required = REQUIRED, *, low: int = 1, high: int = 2**31 - 1) -> int:
        """An integer in [low, high]; a null counts as missing."""
        value = self._get(name, default)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.fail(name, f"must be an integer, not {value!r}")
        if not low <= value <= high:
            raise self.fail(name, f"must be between {low} and {high}, not {value}")
        return value

    def number(
        self, name: str, default: float | _Required = REQUIRED, *, low: float = 0.0, open_low: bool = True
    ) -> float:
        """A finite number above ``low`` (at least ``low`` with ``open_low=False``)."""
        value = self._get(name, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise self.fail(name, f"must be a finite number, not {value!r}")
        if value < low or (open_low and value == low):
            raise self.fail(name, f"must be {'above' if open_low else 'at least'} {low:g}, not {value:g}")
        return float(value)

    def flag(self, name: str, default: bool | _Required = REQUIRED) -> bool:
        """A boolean."""
        value = self._get(name, default)
        if not isinstance(value, bool):
            raise self.fail(name, f"must be true or false, not {value!r}")
        return value

    def text(self, name: str, default: str | _Required = REQUIRED) -> str:
        """A string."""
        value = self._get(name, default)
        if not isinstance(value, str):
            raise self.fail(name, f"must be a string, not {value!r}")
        return value

    def integers(self, name: str, default: tuple[int, ...] | _Required = REQUIRED, *, low: int = 1) -> tuple[int, ...]:
        """A non-empty list of integers, each at least ``low``."""
        value = self._get(name, default)
        if not isinstance(value, list | tuple) or not value:
            raise self.fail(name, f"must be a non-empty list of integers, not {value!r}")
        for item in value:
            if isinstance(item, bool) or not isinstance(item, int) or item < low:
                raise self.fail(name, f"must hold integers of at least {low}, not {item!r}")
        return tuple(value)

    def section(self, name: str, *, optional: bool = False) -> Fields:
        """A nested object; an empty one where it is optional and missing."""
        value = self._get(name, {} if optional else REQUIRED)
        if not isinstance(value, dict):
            raise self.fail(name, f"must be an object, not {value!r}")
        return Fields(self.file, value, f"{self.path}{name}.")

    def items(self, read: Callable[[Fields, str], T]) -> Iterator[tuple[str, T]]:
        """Every field of this object through ``read``."""
        for name in self.data:
            yield name, read(self, name)

    def require(self, name: str, value: object, allowed: tuple[object, ...], why: str) -> None:
        """Refuse ``value`` of field ``name`` unless it is one of ``allowed``."""
        if value not in allowed:
            raise self.fail(name, f"is {value!r}; {why}")

    def _get(self, name: str, default: object) -> Any:
        value = self.data.get(name)
        if value is not None:
            return value
        if default is REQUIRED:
            raise self.fail(name, "is missing")
        return default


def read_json(file: Path) -> Fields:
    """The object in ``file``. Raises ModelError when it is missing, unreadable, not JSON or not an object."""
    try:
        if file.stat().st_size > _MAX_JSON_BYTES:
            raise ModelError(f"{file}: too large for a configuration file")
        data = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ModelError(f"{file}: missing") from None
    except OSError as error:
        raise ModelError(f"{file}: cannot be read ({error.strerror or error})") from error
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise ModelError(f"{file}: not valid JSON ({error})") from error
    if not isinstance(data, dict):
        raise ModelError(f"{file}: must hold a JSON object")
    return Fields(file, data)
