"""All settings together, and how they are found: arguments, then environment, then TOML files, then defaults."""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from qwentts_svc.config.model import ModelSettings
from qwentts_svc.config.runtime import RuntimeSettings
from qwentts_svc.config.server import ServerSettings
from qwentts_svc.errors import InputError

ENV_PREFIX = "QWENTTS_"
CONFIG_DIR_VARIABLE = "QWENTTS_CONFIG_DIR"
SECTIONS = ("model", "runtime", "server")


class Settings(BaseSettings):
    """Frozen; unknown keys are refused. Build it with ``load`` to read the environment and files with good errors."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True, protected_namespaces=()
    )

    model: ModelSettings = Field(default=ModelSettings(), description="The checkpoint.")
    runtime: RuntimeSettings = Field(default=RuntimeSettings(), description="The engine.")
    server: ServerSettings = Field(default=ServerSettings(), description="The service.")


@dataclass(frozen=True, slots=True)
class Resolved:
    """Settings and where each leaf came from.

    ``sources`` maps dotted keys to ``init``, ``env NAME``, ``file PATH`` or ``default``.
    """

    settings: Settings
    sources: dict[str, str]


def load(overrides: Mapping[str, Any] | None = None, *, config_dir: str | Path | None = None) -> Resolved:
    """Read all sources. ``overrides`` is nested (``{"server": {"port": 0}}``) and wins over everything.

    ``config_dir`` (else variable ``QWENTTS_CONFIG_DIR``) may hold ``model.toml``, ``runtime.toml``, ``server.toml``;
    without either no file is read. Raises InputError that names source and key of whatever is wrong.
    """
    init = dict(overrides or {})
    directory = config_dir if config_dir is not None else os.environ.get(CONFIG_DIR_VARIABLE)
    files = _read_files(Path(directory)) if directory else {}
    _refuse_unknown_sections()

    class Bound(Settings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            toml = InitSettingsSource(settings_cls, {name: values for name, (_, values) in files.items()})
            return init_settings, env_settings, toml

    try:
        env = EnvSettingsSource(Bound)()
    except SettingsError as error:
        raise InputError(f"environment: {error}; lists and tables are written as JSON", field="environment") from None
    origins: dict[str, str] = {}
    for name, (path, values) in files.items():
        origins.update(dict.fromkeys(_leaves({name: values}), f"file {path}"))
    origins.update({key: f"env {ENV_PREFIX}{key.upper().replace('.', '__')}" for key in _leaves(env)})
    origins.update(dict.fromkeys(_leaves(init), "init"))
    try:
        settings = Bound(**init)
    except ValidationError as error:
        raise _explain(error, origins) from None
    # The plain class: equal settings compare equal wherever they came from.
    plain = Settings.model_construct(model=settings.model, runtime=settings.runtime, server=settings.server)
    return Resolved(plain, {key: origins.get(key, "default") for key in leaf_values(plain)})


def leaf_values(model: BaseModel, prefix: str = "") -> dict[str, Any]:
    """Dotted key -> value of every leaf, in the order of declaration."""
    found: dict[str, Any] = {}
    for name in type(model).model_fields:
        value = getattr(model, name)
        if isinstance(value, BaseModel):
            found.update(leaf_values(value, f"{prefix}{name}."))
        else:
            found[prefix + name] = value
    return found


def _read_files(directory: Path) -> dict[str, tuple[Path, dict[str, Any]]]:
    if not directory.is_dir():
        raise InputError(f"configuration directory '{directory}' does not exist", field="config-dir")
    files: dict[str, tuple[Path, dict[str, Any]]] = {}
    for name in SECTIONS:
        path = directory / f"{name}.toml"
        if not path.is_file():
            continue
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise InputError(f"{path}: not valid TOML: {error}", field=name) from None
        except OSError as error:
            raise InputError(f"{path}: cannot be read: {error.strerror}", field=name) from None
        files[name] = (path, values)
    return files


def _refuse_unknown_sections() -> None:
    """``QWENTTS_SERVR__PORT`` would otherwise be ignored in silence."""
    for variable in sorted(os.environ):
        upper = variable.upper()
        if not upper.startswith(ENV_PREFIX) or "__" not in upper:
            continue
        section = upper.removeprefix(ENV_PREFIX).split("__")[0].lower()
        if section not in SECTIONS:
            raise InputError(
                f"environment variable {variable}: unknown section '{section}'; known are {', '.join(SECTIONS)}",
                field=variable,
            )


def _leaves(values: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    for name, value in values.items():
        if isinstance(value, Mapping) and not _is_table_leaf(prefix + name):
            yield from _leaves(value, f"{prefix}{name}.")
        else:
            yield prefix + name


def _model_at(key: str) -> type[BaseModel] | None:
    """The settings class behind a dotted key; None when the key is a leaf or unknown."""
    current: type[BaseModel] = Settings
    for part in filter(None, key.split(".")):
        info = current.model_fields.get(part)
        if info is None or not isinstance(info.annotation, type) or not issubclass(info.annotation, BaseModel):
            return None
        current = info.annotation
    return current


def _is_table_leaf(key: str) -> bool:
    """True for a dict-valued setting (such as aliases), whose keys are data."""
    parent, _, name = key.rpartition(".")
    model = _model_at(parent)
    return model is not None and name in model.model_fields and _model_at(key) is None


def _explain(error: ValidationError, origins: Mapping[str, str]) -> InputError:
    """The first complaint in the caller's words: where, which key, what instead."""
    first = error.errors(include_url=False, include_input=False)[0]
    parts = [str(part) for part in first["loc"]]
    key = ".".join(parts)
    origin = next((origins[k] for k in _ancestors(parts) if k in origins), None)
    if origin is None:
        origin = next((value for k, value in origins.items() if k.startswith(key + ".")), "settings")
    where = "arguments" if origin == "init" else origin.removeprefix("file ")
    if first["type"] == "extra_forbidden":
        model = _model_at(".".join(parts[:-1]))
        known = sorted(model.model_fields) if model is not None else []
        close = difflib.get_close_matches(parts[-1], known, n=1)
        hint = f"did you mean '{close[0]}'?" if close else f"known here are: {', '.join(known)}"
        return InputError(f"{where}: unknown key '{key}'; {hint}", field=key)
    return InputError(f"{where}: '{key}': {_lower_first(first['msg'])}", field=key)


def _ancestors(parts: list[str]) -> Iterator[str]:
    for end in range(len(parts), 0, -1):
        yield ".".join(parts[:end])


def _lower_first(message: str) -> str:
    message = message.removeprefix("Value error, ")
    return message[:1].lower() + message[1:]
