"""What became of one call, as its caller saw it. All times in seconds from the *intended* send time."""

from __future__ import annotations

from dataclasses import dataclass, field

from loadtest.workload import PLAIN, Plan

REFUSALS = ("RESOURCE_EXHAUSTED", "UNAVAILABLE")
UNFINISHED = "UNFINISHED"
"""In place of a code: the run was over before the call was."""


@dataclass(slots=True)
class CallRecord:
    """Filled in by the caller while the call goes on."""

    plan: Plan
    sent_late_s: float = 0.0
    """How much later than intended the call was really sent: the generator's own delay."""
    first_chunk_s: float | None = None
    first_audible_s: float | None = None
    """When a listener that plays from the first chunk on hears the first sample above -60 dBFS."""
    chunks: int = 0
    audio_s: float = 0.0
    gaps_s: list[float] = field(default_factory=list)
    """Between two chunks of one segment."""
    underruns: int = 0
    code: str = UNFINISHED
    reason: str = ""
    """``ErrorInfo.reason`` of a failed call, else the finish reason."""
    retry_after_s: float | None = None
    """From RetryInfo."""
    pushback: bool = False
    """Whether ``grpc-retry-pushback-ms`` came with it."""
    ended_s: float | None = None
    left: bool = False
    """The caller went away on purpose."""

    @property
    def refused(self) -> bool:
        """Turned away for load or a drain before any audio."""
        return self.code in REFUSALS and self.chunks == 0

    @property
    def judged(self) -> bool:
        """Whether the call counts for goodput: its caller had good manners."""
        return self.plan.manner == PLAIN
