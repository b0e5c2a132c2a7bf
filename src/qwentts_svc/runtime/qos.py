"""Service classes and profiles: what a class is promised and how a profile trades delay for throughput. Values only."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

from qwentts_svc.errors import InputError
from qwentts_svc.types import Priority


@dataclass(frozen=True, slots=True)
class ClassDefaults:
    """Promises and limits of one service class."""

    first_audio_deadline_s: float
    """First audio is due this long after arrival unless the caller says otherwise."""
    window_s: float
    """Micro-window: how long an idle engine waits for companions of a first batch."""
    max_lead_s: float | None
    """How far generation may run ahead of the reader; None: no limit."""
    comfortable_lead_s: float
    """With this much audio in hand a row gives up its place to rows that have less."""
    queue_limit: int
    """Rows of the class that may wait for admission."""
    max_wait_s: float
    """Longest wait for admission; the first-audio deadline shortens it for classes with playout."""
    playout: bool
    """The class is promised gapless playout and is counted by admission."""
    capacity_share: float = 1.0
    """Admission stops taking rows of the class at this share of the capacity, so that a higher class finds room."""


CLASSES: dict[Priority, ClassDefaults] = {
    Priority.INTERACTIVE: ClassDefaults(
        first_audio_deadline_s=0.5,
        window_s=0.0,
        max_lead_s=5.0,
        comfortable_lead_s=1.5,
        queue_limit=64,
        max_wait_s=0.2,
        playout=True,
    ),
    Priority.STANDARD: ClassDefaults(
        first_audio_deadline_s=2.0,
        window_s=0.005,
        max_lead_s=15.0,
        comfortable_lead_s=1.5,
        queue_limit=256,
        max_wait_s=1.0,
        playout=True,
        capacity_share=0.9,
    ),
    Priority.BATCH: ClassDefaults(
        first_audio_deadline_s=60.0,
        window_s=0.02,
        max_lead_s=None,
        comfortable_lead_s=0.0,
        queue_limit=1024,
        max_wait_s=600.0,
        playout=False,
    ),
}


def class_defaults(priority: Priority) -> ClassDefaults:
    """The defaults of a class."""
    return CLASSES[priority]


@dataclass(frozen=True, slots=True)
class Profile:
    """How the engine batches. ``ramp``: frames per codec call by call number, the last value repeats."""

    name: str
    ramp: tuple[int, ...]
    prefill_positions: int
    """Prompt positions that one step may prefill while rows are speaking (one row always may)."""
    codec_budget_frames: int
    """Frames that the codec may decode per step while rows are speaking (one call's row always may)."""

    def __post_init__(self) -> None:
        if not self.ramp or min(self.ramp) < 1:
            raise InputError("a profile's ramp needs at least one value, each 1 or more", field="ramp")
        if self.prefill_positions < 1 or self.codec_budget_frames < 1:
            raise InputError("prefill_positions and codec_budget_frames must be 1 or more", field="profile")


LOW_LATENCY = Profile("low-latency", (1, 2, 4, 8), prefill_positions=512, codec_budget_frames=48)
LOW_LATENCY_CPU = replace(LOW_LATENCY, ramp=(1, 1, 1, 2, 2, 3, 4))
"""A codec call on a CPU takes as long as its frames are many: a longer one saves little, and everybody waits for it.
And while a row has little in hand, no call asks for more frames than can be spoken meanwhile (ADR 6)."""
HIGH_THROUGHPUT = Profile("high-throughput", (4, 4, 8, 16, 25), prefill_positions=2048, codec_budget_frames=200)

PROFILES: dict[str, Profile] = {profile.name: profile for profile in (LOW_LATENCY, HIGH_THROUGHPUT)}


def profile_named(name: str, *, cpu: bool = False) -> Profile:
    """The profile as it is on a GPU, or on a ``cpu`` that keeps up with speech. Raises InputError: unknown name."""
    try:
        profile = PROFILES[name]
    except KeyError:
        raise InputError(f"unknown profile {name!r}; use one of {', '.join(PROFILES)}", field="profile") from None
    return LOW_LATENCY_CPU if cpu and profile is LOW_LATENCY else profile


def ramp_size(ramp: tuple[int, ...], frames_decoded: int) -> int:
    """Frames of the codec call that starts at frame ``frames_decoded`` (a call boundary of the ramp).

    A function of the frame index alone, so the calls of a row, and with them its PCM, never depend on timing.
    """
    return ramp_starts(ramp).get(frames_decoded, ramp[-1])


@cache
def ramp_starts(ramp: tuple[int, ...]) -> dict[int, int]:
    """Call sizes by first frame, for the calls before the last value repeats."""
    starts, at = {}, 0
    for size in ramp:
        starts[at] = size
        at += size
    return starts
