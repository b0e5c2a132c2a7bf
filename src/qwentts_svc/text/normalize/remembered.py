"""What is known of the tokens of a text, worked out at the first meeting: words come again and again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

__all__ = ["Remembered"]

T = TypeVar("T")
_TOKENS = 8192
_LONGEST = 40
"""Longer tokens are hardly met twice."""


class Remembered(dict[str, T], Generic[T]):
    """``look_at`` of a token, by subscription. Of bounded size; may be used by several threads at once."""

    def __init__(self, look_at: Callable[[str], T]) -> None:
        super().__init__()
        self._look_at = look_at

    def __missing__(self, token: str) -> T:
        value = self._look_at(token)
        if len(token) <= _LONGEST:
            if len(self) >= _TOKENS:
                self.clear()
            self[token] = value
        return value
