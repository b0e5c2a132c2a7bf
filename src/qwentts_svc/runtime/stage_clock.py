"""Adds up the time that stages of a step take. For a CPU without compilation: work there is done at return."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class StageClock:
    """``seconds`` by stage since the start. Written by the engine thread, read by anybody."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)

    def timed(self, stage: str, work: Callable[P, T]) -> Callable[P, T]:
        """``work`` with its time counted under ``stage``."""

        def run(*args: P.args, **kwargs: P.kwargs) -> T:
            started = time.perf_counter()
            try:
                return work(*args, **kwargs)
            finally:
                self.seconds[stage] += time.perf_counter() - started

        return run
