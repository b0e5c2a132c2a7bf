"""Long work in slices: a generator that pauses after every slice and returns the result. No torch."""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeAlias, TypeVar

__all__ = ["Slices", "finish"]

T = TypeVar("T")

Slices: TypeAlias = Generator[None, None, T]
"""``next`` does one slice; ``StopIteration.value`` is the result. Dropping or closing it gives the work up."""


def finish(slices: Slices[T]) -> T:
    """Run to the end and return the result; raises what a slice raises."""
    while True:
        try:
            next(slices)
        except StopIteration as end:
            result: T = end.value
            return result
