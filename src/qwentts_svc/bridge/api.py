"""What the server (and the CLI) see of speech synthesis: asyncio only, no grpc, no torch."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from qwentts_svc.types import (
    AudioChunk,
    Codes,
    FinishReason,
    Layout,
    ModelType,
    Pcm,
    Priority,
    Sampling,
    SynthesisRequest,
    Usage,
    Voice,
)


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """The loaded checkpoint and the limits in force."""

    name: str
    model_type: ModelType
    size: str
    sha256: str
    sample_rate: int
    """Of the audio made, Hz."""
    reference_rate: int
    """Of the reference audio that voices are cloned from, Hz."""
    samples_per_frame: int
    languages: tuple[str, ...]
    speakers: tuple[str, ...]
    supports_instruct: bool
    supports_cloning: bool
    max_text_chars: int
    max_frames: int
    device: str
    dtype: str


@dataclass(frozen=True, slots=True)
class EffectiveConfig:
    """What a session will really do: defaults and the seed filled in."""

    request_id: str
    voice: str
    language: str
    layout: Layout
    sampling: Sampling
    priority: Priority
    sample_rate: int
    max_lead_ms: int | None
    max_latency_ms: int


@dataclass(frozen=True, slots=True)
class SegmentAudio:
    """Audio of the current segment. ``codes`` int64 [frames, groups] that it was made from (start of chunk on)."""

    chunk: AudioChunk
    codes: Codes


@dataclass(frozen=True, slots=True)
class SegmentEnd:
    """The end of a flushed segment; exactly one per flush (half-close included), even for an empty segment."""

    segment: int
    flush_id: str
    reason: FinishReason
    audio_ms: float


@dataclass(frozen=True, slots=True)
class Interrupted:
    """Answer to ``interrupt``: spoken + remaining = the text sent and not yet ended by an earlier segment_end."""

    text_spoken: str
    text_remaining: str
    discarded_ms: float


@dataclass(frozen=True, slots=True)
class SessionFinished:
    """Last event of a session."""

    usage: Usage


SpeechEvent: TypeAlias = SegmentAudio | SegmentEnd | Interrupted | SessionFinished


class SpeechSession(Protocol):
    """One conversation: text in, events out. Closing it (``aclose``) cancels whatever is still running."""

    @property
    def effective(self) -> EffectiveConfig: ...

    async def push(self, text: str) -> None:
        """Append text to the open segment, joined verbatim. Raises InputError beyond the limits."""

    async def flush(self, flush_id: str = "") -> None:
        """End the open segment."""

    async def end(self) -> None:
        """Half-close: end the open segment if it has text, then the session."""

    async def interrupt(self, played_ms: float | None = None) -> None:
        """Drop queued text and audio; an ``Interrupted`` event follows, the session stays open."""

    def playback(self, played_ms: float) -> None:
        """The listener has played this much of the session's audio (acknowledgement)."""

    def events(self) -> AsyncIterator[SpeechEvent]:
        """Events in order. Raises TtsError when synthesis fails. Taking the next event acknowledges the last one."""

    async def aclose(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Readiness:
    """``live``: the process is worth keeping. ``ready``: new requests are accepted; else ``reason`` says why not."""

    live: bool
    ready: bool
    reason: str = ""


class SpeechService(Protocol):
    """Everything behind the RPCs."""

    def readiness(self) -> Readiness: ...

    def model_info(self) -> ModelInfo: ...

    def voices(self) -> Sequence[Voice]: ...

    def open(self, request: SynthesisRequest) -> SpeechSession:
        """Admit a request. Raises InputError, NotFoundError, QosError, UnavailableError; nothing is queued then.
        Must be called on the event loop; the session must be closed with ``aclose``."""

    async def create_voice(self, name: str, pcm: Pcm, ref_text: str | None) -> Voice:
        """Clone a voice from float32 [samples] mono at ``ModelInfo.reference_rate``. Raises InputError."""

    async def design_voice(self, name: str, instruct: str, language: str) -> Voice: ...

    async def delete_voice(self, name: str) -> None: ...
