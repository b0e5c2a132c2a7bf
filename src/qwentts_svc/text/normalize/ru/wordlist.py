"""Word tables written as running text."""

from __future__ import annotations


def words(text: str) -> tuple[str, ...]:
    """The blank-separated words of ``text``."""
    return tuple(text.split())
