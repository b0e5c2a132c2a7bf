"""Options that several commands share, and the settings that they make."""

from __future__ import annotations

import argparse
import tomllib
from typing import TYPE_CHECKING, Any

from qwentts_svc.errors import InputError

if TYPE_CHECKING:
    from qwentts_svc.config import Resolved

DTYPES = ("auto", "float32", "bfloat16", "float16")


def add_settings_options(parser: argparse.ArgumentParser) -> None:
    """``--config-dir`` and ``--set``."""
    group = parser.add_argument_group("settings")
    group.add_argument("--config-dir", metavar="DIR", help="directory with model.toml, runtime.toml, server.toml")
    group.add_argument(
        "--set", metavar="KEY=VALUE", action="append", default=[], help="one setting, e.g. runtime.policy=fifo"
    )


def add_model_options(parser: argparse.ArgumentParser) -> None:
    """``--model``, ``--device``, ``--dtype``."""
    group = parser.add_argument_group("model")
    group.add_argument(
        "--model", metavar="DIR", help="checkpoint directory or Hugging Face id (default: embedded voice)"
    )
    group.add_argument("--device", help="auto, cpu, cuda or cuda:N")
    group.add_argument("--dtype", choices=DTYPES, help="number format of the acoustic model")


def resolve(args: argparse.Namespace, extra: dict[str, Any] | None = None) -> Resolved:
    """Settings of this run. Named options win over ``--set``; ``extra`` maps dotted keys to values, None left out."""
    from qwentts_svc.config import load

    overrides: dict[str, Any] = {}
    for item in args.set:
        key, equals, value = item.partition("=")
        if not equals or not key:
            raise InputError(f"--set takes KEY=VALUE, not '{item}'", field="set")
        put(overrides, key.strip(), toml_value(value.strip()))
    named = {"model.path": "model", "model.device": "device", "model.dtype": "dtype"}
    for key, option in named.items():
        value = getattr(args, option, None)
        if option == "model" and value == "":
            raise InputError("--model is empty; name a directory, or leave the option out", field="model")
        if value is not None:
            put(overrides, key, value)
    for key, value in (extra or {}).items():
        if value is not None:
            put(overrides, key, value)
    return load(overrides, config_dir=args.config_dir)


def put(tree: dict[str, Any], dotted: str, value: Any) -> None:
    """Set a leaf in a nested dictionary."""
    *parents, leaf = dotted.split(".")
    for name in parents:
        node = tree.setdefault(name, {})
        if not isinstance(node, dict):
            raise InputError(f"--set {dotted}: '{name}' is not a table", field="set")
        tree = node
    tree[leaf] = value


def toml_value(text: str) -> Any:
    """A TOML literal; anything else is taken as a string."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
