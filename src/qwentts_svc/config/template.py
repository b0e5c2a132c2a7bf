"""A commented TOML file per section, made from the settings classes, so that the shipped files cannot drift."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, SecretStr

from qwentts_svc.config.settings import SECTIONS, Settings
from qwentts_svc.errors import InputError

WIDTH = 100


def render(section: str) -> str:
    """The text of ``configs/<section>.toml``: every setting with its description and default."""
    if section not in SECTIONS:
        raise InputError(f"unknown section '{section}'; known are {', '.join(SECTIONS)}", field="section")
    info = Settings.model_fields[section]
    upper = section.upper()
    head = (
        f"Section '{section}' of the settings of qwentts. {info.description} Every value below is the default. "
        f"A value is taken from the command line, else from a variable QWENTTS_{upper}__KEY (tables: "
        f"QWENTTS_{upper}__TABLE__KEY), else from this file."
    )
    return "\n".join([*_comment(head), "", *_body(info.get_default(call_default_factory=True), "")]) + "\n"


def _body(model: BaseModel, prefix: str) -> Iterator[str]:
    tables: list[tuple[str, str, Any]] = []
    for name, info in type(model).model_fields.items():
        value = getattr(model, name)
        if isinstance(value, BaseModel | dict):
            tables.append((name, info.description or "", value))
            continue
        yield from _comment(info.description or "")
        yield f"{name} = {_literal(value)}"
    for name, description, value in tables:
        yield ""
        yield from _comment(description)
        yield f"[{prefix}{name}]"
        if isinstance(value, BaseModel):
            yield from _body(value, f"{prefix}{name}.")


def _comment(text: str) -> list[str]:
    return [f"# {line}" for line in textwrap.wrap(text, WIDTH)]


def _literal(value: Any) -> str:
    """TOML and JSON agree on strings, numbers, booleans and flat lists."""
    if isinstance(value, SecretStr):
        return '""'
    return json.dumps(list(value) if isinstance(value, tuple) else value)
