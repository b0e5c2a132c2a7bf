"""How the engine schedules, batches and guards (section ``runtime``)."""

from __future__ import annotations

from typing import Final, Literal, Self

from pydantic import Field

from qwentts_svc.config.base import Section

STATED_FRAME_S: Final = 0.08
"""Length of the frames that settings count."""


class ClassSettings(Section):
    """Defaults of one service class; a request may ask for other values."""

    max_latency_ms: int = Field(ge=1, description="First-audio deadline of a request that names none, milliseconds.")
    max_lead_ms: int = Field(
        ge=0, description="How far generation may run ahead of the listener, milliseconds of audio. 0: without limit."
    )
    micro_window_ms: int = Field(
        ge=0, le=20, description="How long the engine may wait to gather a first batch of this class, milliseconds."
    )
    queue_limit: int = Field(ge=0, description="Requests of this class that may wait for a place.")


class ClassesSettings(Section):
    """The three service classes, most urgent first."""

    interactive: ClassSettings = Field(
        default=ClassSettings(max_latency_ms=500, max_lead_ms=5000, micro_window_ms=0, queue_limit=64),
        description="Somebody is listening and waiting.",
    )
    standard: ClassSettings = Field(
        default=ClassSettings(max_latency_ms=2000, max_lead_ms=15000, micro_window_ms=5, queue_limit=256),
        description="Somebody is listening, a short wait does no harm.",
    )
    batch: ClassSettings = Field(
        default=ClassSettings(max_latency_ms=60000, max_lead_ms=0, micro_window_ms=20, queue_limit=1024),
        description="Files; takes what the others leave.",
    )


class RunawaySettings(Section):
    """The guard against speech that does not end by itself. Frames are those of a 12.5 Hz codec (80 ms)."""

    enabled: bool = Field(default=True, description="Stop rows whose speech is out of proportion to their text.")
    base_frames: int = Field(default=75, ge=1, description="Frames granted to any text, however short.")
    frames_per_token: float = Field(
        default=12.0, gt=0, description="Frames granted per text token on top of base_frames; speech takes about 3-5."
    )
    loop_frames: int = Field(
        default=100, ge=0, description="Stop after this many frames of a repeated pattern. 0: no loop detection."
    )
    silence_frames: int = Field(
        default=100, ge=0, description="Stop after this many near-silent frames in a row. 0: no silence detection."
    )
    retries: int = Field(
        default=1, ge=0, le=5, description="Fresh attempts with another seed, only while no audio has left the service."
    )

    def at(self, frame_rate: float) -> Self:
        """The same guard for a codec of ``frame_rate`` frames per second: as much time with shorter frames, and more
        of it with longer ones (rather too late than in the middle of speech)."""
        times = max(1.0, frame_rate * STATED_FRAME_S)
        return self.model_copy(
            update={
                "base_frames": round(self.base_frames * times),
                "frames_per_token": self.frames_per_token * times,
                "loop_frames": round(self.loop_frames * times),
                "silence_frames": round(self.silence_frames * times),
            }
        )


class SegmentSettings(Section):
    """How long texts are cut into rows and joined again."""

    first_s: float = Field(
        default=4.0, gt=0, description="Speech budget of the first segment of an interactive text, seconds."
    )
    max_s: float = Field(default=12.0, gt=0, description="Speech budget of any other segment, seconds.")
    lookahead: int = Field(default=2, ge=1, description="Segments in work at a time for a text with a listener.")
    parallel: int = Field(default=16, ge=1, description="Segments in work at a time for a batch-class text.")


class RuntimeSettings(Section):
    """The engine: capacity, memory, numerics, policy."""

    profile: Literal["low-latency", "high-throughput"] = Field(
        default="low-latency",
        description="Sets ramps, windows and batch limits left at 'auto': low-latency | high-throughput.",
    )
    max_rows: int = Field(default=0, ge=0, description="Rows in one step at most. 0: what profile and device allow.")
    max_slots: int = Field(
        default=0, ge=0, description="Requests in work at a time (running or parked) at most. 0: chosen by profile."
    )
    kv_memory_mib: int = Field(default=0, ge=0, description="Memory for KV pages, MiB. 0: computed at start.")
    kv_blocks: int = Field(
        default=0, ge=0, description="Number of KV pages, in place of kv_memory_mib. 0: computed from memory."
    )
    block_size: int = Field(
        default=0, ge=0, description="Positions per KV page. 0: what the attention backend wants (sdpa 16, flash 256)."
    )
    prefix_cache: bool = Field(
        default=True, description="Share the KV of prompts that begin alike (instruction, language, speaker)."
    )
    numerics: Literal["fast", "invariant"] = Field(
        default="invariant",
        description="invariant: same request and seed, same codes, alone or in any batch | fast: gives that up.",
    )
    policy: Literal["playout", "fifo", "round-robin"] = Field(
        default="playout", description="Order of rows: playout (least slack first) | fifo | round-robin (comparison)."
    )
    compile: Literal["off", "on"] = Field(
        default="off", description="torch.compile of the frame step; the first start takes minutes, later steps less."
    )
    intra_op_threads: int = Field(
        default=0,
        ge=0,
        description="CPU threads of one operation. 0: the cores that this process may use. Never set more than those: "
        "an oversubscribed CPU is about ten times slower.",
    )
    warm_up: bool = Field(default=True, description="Speak once before the service reports ready.")
    step_hang_s: float = Field(
        default=30.0, gt=0, description="An engine step longer than this turns readiness off, seconds."
    )
    codec_budget_frames: int = Field(
        default=0, ge=0, description="Frames that the codec decodes per engine step at most. 0: set by profile."
    )
    classes: ClassesSettings = Field(default=ClassesSettings(), description="Defaults of the service classes.")
    runaway: RunawaySettings = Field(
        default=RunawaySettings(), description="Guard against endless speech; it counts frames of 80 ms."
    )
    segments: SegmentSettings = Field(default=SegmentSettings(), description="Segmentation of long texts.")
