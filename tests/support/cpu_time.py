"""Processor time of a piece of work, without what the rest of the test process adds to it."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable


def cpu_s(work: Callable[[], object]) -> float:
    """Seconds of processor time. A collection over everything that the process holds by now (hundreds of MiB after some
    hundred tests) would count for the work during which it happens to fall due, so there is none meanwhile."""
    gc.collect()
    gc.disable()
    try:
        start = time.process_time()
        work()
        return time.process_time() - start
    finally:
        gc.enable()
