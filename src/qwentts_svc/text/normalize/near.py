"""The parts of a text around its numbers: what patterns of digits and signs alone are looked for in."""

from __future__ import annotations

import re
from functools import lru_cache

__all__ = ["is_near", "near_digits"]

_STRETCH = re.compile("[0-9][0-9.,:/ –—-]*")
_NEAR = re.compile(
    r"\[0-9\](?:\[0-9\]|\[0-5\]|\[12\]|\(\?:19\|20\)|\{[0-9]+(?:,[0-9]*)?\}|\[[-–—/., ]+\]|\?|[ /,:-]|\\\.)*"
)


def is_near(pattern: re.Pattern[str]) -> bool:
    """Whether ``pattern``, as it is written, can only match within ``near_digits``."""
    return not pattern.flags & re.IGNORECASE and _NEAR.fullmatch(pattern.pattern) is not None


@lru_cache(maxsize=8)
def near_digits(text: str) -> str:
    """The numbers of ``text`` with the signs and blanks after them, apart from each other."""
    return "\n".join(_STRETCH.findall(text))
