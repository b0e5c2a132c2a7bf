"""Domain values shared by every layer: no torch, no grpc, no asyncio.

Units are in the names: ``_s`` seconds, ``_ms`` milliseconds, ``_frames`` codec frames (80 ms at 12.5 Hz),
``_samples`` PCM samples at the model's native rate.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Codes: TypeAlias = npt.NDArray[np.int64]
"""Codec codes, int64 [frames, groups]."""

Pcm: TypeAlias = npt.NDArray[np.float32]
"""Mono PCM, float32 [samples] in [-1, 1] at the codec's output rate."""

SEED_LIMIT = 2**63
"""Seeds are integers in [0, SEED_LIMIT)."""


class Priority(IntEnum):
    """Service class of a request; a lower value goes first."""

    INTERACTIVE = 0
    STANDARD = 1
    BATCH = 2


class Layout(StrEnum):
    """How text enters the prompt (SPEC: streaming / non-streaming text)."""

    AUTO = "auto"
    STREAMING = "streaming"
    FULL = "full"


class FinishReason(StrEnum):
    """Why a segment ended. Anything but COMPLETE means that not all of the text was spoken."""

    COMPLETE = "complete"
    INTERRUPTED = "interrupted"
    EMPTY_TEXT = "empty_text"
    LENGTH_LIMIT = "length_limit"
    RUNAWAY_STOPPED = "runaway_stopped"
    CANCELLED = "cancelled"


class ModelType(StrEnum):
    """``tts_model_type`` of a checkpoint."""

    BASE = "base"
    CUSTOM_VOICE = "custom_voice"
    VOICE_DESIGN = "voice_design"


@dataclass(frozen=True, slots=True)
class SamplingParams:
    """How one of the two stages chooses a code. ``do_sample=False`` is greedy and ignores the last three."""

    do_sample: bool = True
    temperature: float = 0.9
    top_k: int = 50
    """0 switches top-k off."""
    top_p: float = 1.0
    repetition_penalty: float = 1.0
    """Applied by the talker only."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """Sampling of both stages and the seed of the counter-based noise."""

    talker: SamplingParams
    subtalker: SamplingParams
    seed: int = 0


@dataclass(frozen=True, slots=True)
class SamplingOverrides:
    """What a caller asked for; ``None`` keeps the checkpoint's generation_config (then the hard default)."""

    do_sample: bool | None = None
    temperature: float | None = None
    top_k: int | None = None
    top_p: float | None = None
    repetition_penalty: float | None = None
    subtalker_do_sample: bool | None = None
    subtalker_temperature: float | None = None
    subtalker_top_k: int | None = None
    subtalker_top_p: float | None = None


@dataclass(frozen=True, slots=True)
class TokenSeq:
    """Token ids with the half-open character span of the source text that each one covers."""

    ids: tuple[int, ...]
    offsets: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class VoicePrompt:
    """A cloned voice as the acoustic model sees it.

    ``speaker_embedding``: float32 [talker hidden]. ``ref_codes``: int64 [frames, groups] and ``ref_text`` are set for
    in-context cloning and None for x-vector-only cloning. ``key`` identifies the content (hash) for caches.
    """

    key: str
    speaker_embedding: npt.NDArray[np.float32]
    ref_codes: Codes | None = None
    ref_text: str | None = None


@dataclass(frozen=True, slots=True)
class Voice:
    """A voice as callers see it: preset speaker of the checkpoint, designed (an instruction) or cloned."""

    name: str
    kind: str
    """``preset`` | ``designed`` | ``cloned``."""
    language: str | None = None
    speaker: str | None = None
    instruct: str | None = None
    prompt: VoicePrompt | None = None


@dataclass(frozen=True, slots=True)
class SynthesisRequest:
    """One request as the service understands it, validated; the text itself may still be arriving."""

    request_id: str
    voice: str = ""
    """Preset speaker, registered voice, or empty: the only speaker of a checkpoint that has one, else none."""
    language: str = "auto"
    instruct: str = ""
    layout: Layout = Layout.AUTO
    incremental: bool = False
    """The text arrives while it is being spoken: AUTO means STREAMING, and speech cannot end before the text."""
    seed: int | None = None
    """None draws one; the effective seed is reported."""
    sampling: SamplingOverrides = field(default_factory=SamplingOverrides)
    max_frames: int | None = None
    """At most this many frames per segment; None: the model's own limit and the runaway budget."""
    priority: Priority = Priority.INTERACTIVE
    max_latency_ms: int | None = None
    """First-audio deadline; None: the class's default."""
    max_lead_ms: int | None = None
    """How far generation may run ahead of the reader; None: the class's default."""
    session_id: str = ""
    normalize: bool = True
    raw_text: bool = False
    """Hand the text to the tokenizer exactly as it is: no normalization, no segmentation, no stripping."""
    trim_leading_silence: bool = True
    decode: bool = True
    """False: codes only, no audio (dry run)."""
    tenant: str = ""
    voice_prompt: VoicePrompt | None = None
    """A voice given with the request itself (cloning without registration); wins over ``voice``."""
    deadline_s: float | None = None
    """Absolute ``time.monotonic()`` after which the work is dropped."""


@dataclass(frozen=True, slots=True)
class AcousticStep:
    """One frame of a row. ``codes``: int64 [groups]; ``probabilities``: float32 [groups] of the chosen codes."""

    codes: Codes
    probabilities: npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class AudioChunk:
    """A piece of speech. ``pcm`` float32 [samples] mono; times are within the segment."""

    pcm: Pcm
    sample_rate: int
    start_ms: float
    end_ms: float
    seq: int
    segment: int = 0
    text_end: int | None = None
    """Offset in the source text (characters) spoken by the end of this chunk, where known."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What a segment or a request cost. Times are monotonic durations in milliseconds."""

    characters: int = 0
    text_tokens: int = 0
    frames: int = 0
    audio_ms: float = 0.0
    queue_ms: float = 0.0
    first_audio_ms: float = 0.0
    synth_ms: float = 0.0
    prefill_ms: float = 0.0
    """Computing the first prompt."""
    codec_ms: float = 0.0
    """All codec calls that took part in it."""

    @property
    def rtf(self) -> float:
        """Real-time factor: synthesis time over audio time; 0 when no audio was made."""
        return self.synth_ms / self.audio_ms if self.audio_ms > 0 else 0.0
