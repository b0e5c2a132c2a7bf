"""A compiled pattern as the standard library's own parser sees it: what is read off patterns starts here."""

from __future__ import annotations

import importlib
import re
from functools import lru_cache
from typing import Any

__all__ = ["parsed"]

_parser: Any = importlib.import_module("re._parser")
"""It has no public name since ``sre_parse`` was retired."""


@lru_cache(maxsize=16)
def parsed(pattern: re.Pattern[str]) -> Any:
    """The items of ``pattern``: pairs of a code and its argument. Remembered, for several ask of it in a row."""
    return _parser.parse(pattern.pattern, pattern.flags)
