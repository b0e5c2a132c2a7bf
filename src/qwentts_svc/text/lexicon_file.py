"""The server's lexicon as a TOML file: an array of tables ``entry``, each with the fields of ``LexiconEntry``."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from qwentts_svc.errors import InputError
from qwentts_svc.text.normalize import Lexicon, LexiconEntry

__all__ = ["load_lexicon"]


def load_lexicon(path: Path) -> Lexicon:
    """Raises InputError naming the file and what is wrong in it."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}", field="lexicon_file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not valid TOML: {error}", field="lexicon_file") from None
    entries = values.get("entry", [])
    if set(values) - {"entry"} or not isinstance(entries, list):
        raise InputError(f"{path}: a lexicon holds [[entry]] tables and nothing else", field="lexicon_file")
    return Lexicon([_entry(path, number, fields) for number, fields in enumerate(entries, 1)])


def _entry(path: Path, number: int, fields: Any) -> LexiconEntry:
    where = f"{path}: entry {number}"
    if not isinstance(fields, dict) or not {"word", "replacement"} <= set(fields):
        raise InputError(f"{where}: needs word and replacement", field="lexicon_file")
    kinds = {"word": str, "replacement": str, "pattern": bool, "match_case": bool}
    for name, value in fields.items():
        if name not in kinds:
            raise InputError(f"{where}: unknown key '{name}'; known are {', '.join(kinds)}", field="lexicon_file")
        if not isinstance(value, kinds[name]):
            raise InputError(f"{where}: {name} must be a {kinds[name].__name__}", field="lexicon_file")
    return LexiconEntry(**fields)
