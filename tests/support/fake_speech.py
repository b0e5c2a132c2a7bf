"""A deterministic SpeechService: a sine of one frame per character, with delays and failures on demand."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from qwentts_svc.bridge.api import (
    EffectiveConfig,
    Interrupted,
    ModelInfo,
    Readiness,
    SegmentAudio,
    SegmentEnd,
    SessionFinished,
    SpeechEvent,
)
from qwentts_svc.errors import InputError, NotFoundError, QosError, UnavailableError
from qwentts_svc.types import (
    AudioChunk,
    FinishReason,
    Layout,
    ModelType,
    Pcm,
    Priority,
    Sampling,
    SamplingParams,
    SynthesisRequest,
    Usage,
    Voice,
    VoicePrompt,
)

RATE = 24000
FRAME = 1920
FRAME_MS = 80.0
REFERENCE_RATE = 16000

INFO = ModelInfo(
    name="fake",
    model_type=ModelType.CUSTOM_VOICE,
    size="0b6",
    sha256="ab" * 32,
    sample_rate=RATE,
    reference_rate=REFERENCE_RATE,
    samples_per_frame=FRAME,
    languages=("english", "russian"),
    speakers=("aria",),
    supports_instruct=True,
    supports_cloning=True,
    max_text_chars=50_000,
    max_frames=8191,
    device="cpu",
    dtype="float32",
)


def frame_of(char: str, seed: int) -> Pcm:
    """One frame of audio, a pure function of the character and the seed."""
    pitch = 200.0 + (ord(char) * 7 + seed) % 400
    return (0.5 * np.sin(2 * np.pi * pitch * np.arange(FRAME) / RATE)).astype(np.float32)


def speech_of(text: str, seed: int = 0) -> Pcm:
    """What the fake says for ``text``."""
    frames = [frame_of(char, seed) for char in text.strip()]
    return np.concatenate(frames) if frames else np.zeros(0, np.float32)


@dataclass
class Knobs:
    """What the fake does on purpose; may be changed while it runs."""

    frame_delay_s: float = 0.0
    capacity: int = 10_000
    fail_after_frames: int | None = None
    failure: Exception | None = None
    open_failure: Exception | None = None
    close_delay_s: float = 0.0


@dataclass
class FakeSpeech:
    """Implements ``SpeechService``."""

    knobs: Knobs = field(default_factory=Knobs)
    ready: Readiness = field(default_factory=lambda: Readiness(live=True, ready=True))
    info: ModelInfo = INFO
    sessions: list[FakeSession] = field(default_factory=list)
    closed: int = 0
    registered: dict[str, Voice] = field(default_factory=dict)
    created: list[tuple[Pcm, str | None]] = field(default_factory=list)

    @property
    def live_sessions(self) -> int:
        """Sessions opened and not closed."""
        return len(self.sessions) - self.closed

    def readiness(self) -> Readiness:
        return self.ready

    def model_info(self) -> ModelInfo:
        return self.info

    def voices(self) -> Sequence[Voice]:
        presets = [Voice(name, "preset", language="english", speaker=name) for name in self.info.speakers]
        return [*presets, *self.registered.values()]

    def open(self, request: SynthesisRequest) -> FakeSession:
        if self.knobs.open_failure is not None:
            raise self.knobs.open_failure
        if not self.ready.ready:
            raise UnavailableError("the engine is not ready", retry_after_s=1.0, reason="NOT_READY")
        if request.voice and request.voice not in {voice.name for voice in self.voices()}:
            raise NotFoundError("no such voice", field="config.voice", reason="VOICE_NOT_FOUND")
        if request.language not in {"auto", *self.info.languages}:
            raise InputError("no such language", field="config.language")
        if self.live_sessions >= self.knobs.capacity:
            raise QosError("the service is full", retry_after_s=0.25)
        session = FakeSession(self, request)
        self.sessions.append(session)
        return session

    async def create_voice(self, name: str, pcm: Pcm, ref_text: str | None) -> Voice:
        self.created.append((pcm, ref_text))
        codes = np.zeros((4, 16), np.int64) if ref_text else None
        prompt = VoicePrompt(name, np.zeros(8, np.float32), codes, ref_text)
        return self._register(Voice(name, "cloned", prompt=prompt))

    async def design_voice(self, name: str, instruct: str, language: str) -> Voice:
        return self._register(Voice(name, "designed", language=language or None, instruct=instruct))

    def _register(self, voice: Voice) -> Voice:
        if voice.name in {known.name for known in self.voices()}:
            raise InputError("this name is in use", field="name", reason="VOICE_EXISTS")
        self.registered[voice.name] = voice
        return voice

    async def delete_voice(self, name: str) -> None:
        if name not in self.registered:
            raise NotFoundError("no such voice", field="name", reason="VOICE_NOT_FOUND")
        del self.registered[name]


@dataclass(frozen=True)
class _Segment:
    index: int
    text: str
    flush_id: str


class FakeSession:
    """Implements ``SpeechSession``: speaks flushed segments, one frame per character."""

    def __init__(self, service: FakeSpeech, request: SynthesisRequest) -> None:
        self.service, self.request = service, request
        self.seed = request.seed if request.seed is not None else 7
        self.text = ""
        self.segment = 0
        self.played: list[float] = []
        self.interrupts: list[float | None] = []
        self.texts: list[str] = []
        """Text of each flushed segment."""
        self.closed = self.closed_fully = self.ended = False
        self._queue: asyncio.Queue[_Segment | Interrupted | None] = asyncio.Queue()
        self._epoch = 0
        self._speaking: tuple[_Segment, int] | None = None
        self._usage = Usage()
        self._started_s = time.monotonic()

    @property
    def effective(self) -> EffectiveConfig:
        asked = self.request
        layout = Layout.FULL if asked.layout is Layout.AUTO else asked.layout
        talker = SamplingParams(do_sample=asked.sampling.do_sample is not False, repetition_penalty=1.05)
        lead = asked.max_lead_ms if asked.max_lead_ms or asked.priority is Priority.BATCH else 10_000
        return EffectiveConfig(
            request_id=asked.request_id,
            voice=asked.voice or "aria",
            language=asked.language,
            layout=layout,
            sampling=Sampling(talker, SamplingParams(), self.seed),
            priority=asked.priority,
            sample_rate=RATE,
            max_lead_ms=lead,
            max_latency_ms=asked.max_latency_ms or 1000,
        )

    async def push(self, text: str) -> None:
        self.text += text
        self._usage = replace(self._usage, characters=self._usage.characters + len(text))
        if self._usage.characters > self.service.info.max_text_chars:
            raise InputError("the text is too long", field="text", reason="TEXT_TOO_LONG")

    async def flush(self, flush_id: str = "") -> None:
        self._queue.put_nowait(_Segment(self.segment, self.text, flush_id))
        self.texts.append(self.text)
        self.segment += 1
        self.text = ""

    async def end(self) -> None:
        self.ended = True
        if self.text:
            await self.flush()
        self._queue.put_nowait(None)

    async def interrupt(self, played_ms: float | None = None) -> None:
        self._epoch += 1
        self.interrupts.append(played_ms)
        spoken, remaining, dropped = "", "", []
        if self._speaking is not None:
            segment, done = self._speaking
            spoken, remaining = segment.text[:done], segment.text[done:]
            dropped.append(segment)
        while not self._queue.empty():
            item = self._queue.get_nowait()
            assert isinstance(item, _Segment)
            remaining += item.text
            dropped.append(item)
        remaining += self.text
        if self.text:
            dropped.append(_Segment(self.segment, self.text, ""))
            self.segment += 1
            self.text = ""
        self._ended = [SegmentEnd(item.index, item.flush_id, FinishReason.INTERRUPTED, 0.0) for item in dropped]
        self._queue.put_nowait(Interrupted(spoken, remaining, 0.0))

    def playback(self, played_ms: float) -> None:
        self.played.append(played_ms)

    async def events(self) -> AsyncIterator[SpeechEvent]:
        frames = 0
        while (item := await self._queue.get()) is not None:
            if isinstance(item, Interrupted):
                for end in self._ended:
                    yield end
                yield item
                continue
            epoch, audio_ms = self._epoch, 0.0
            reason = FinishReason.COMPLETE if item.text.strip() else FinishReason.EMPTY_TEXT
            limit = self.request.max_frames
            for index, char in enumerate(item.text.strip()):
                if limit is not None and index >= limit:
                    reason = FinishReason.LENGTH_LIMIT
                    break
                self._speaking = (item, index)
                await asyncio.sleep(self.service.knobs.frame_delay_s)
                if epoch != self._epoch:
                    break
                if self.service.knobs.fail_after_frames is not None and frames >= self.service.knobs.fail_after_frames:
                    raise self.service.knobs.failure or RuntimeError("boom " + item.text)
                chunk = AudioChunk(frame_of(char, self.seed), RATE, audio_ms, audio_ms + FRAME_MS, index, item.index)
                yield SegmentAudio(chunk, np.zeros((1, 16), np.int64))
                if epoch != self._epoch:
                    break
                frames, audio_ms = frames + 1, audio_ms + FRAME_MS
            self._speaking = None
            if epoch == self._epoch:
                yield SegmentEnd(item.index, item.flush_id, reason, audio_ms)
        elapsed_ms = (time.monotonic() - self._started_s) * 1000
        yield SessionFinished(self._total(frames, elapsed_ms))

    def _total(self, frames: int, synth_ms: float) -> Usage:
        audio_ms, work_ms = frames * FRAME_MS, synth_ms / 4
        return replace(
            self._usage, frames=frames, audio_ms=audio_ms, synth_ms=synth_ms, prefill_ms=work_ms, codec_ms=work_ms
        )

    async def aclose(self) -> None:
        if not self.closed:
            self.closed = True
            self.service.closed += 1
            await asyncio.sleep(self.service.knobs.close_delay_s)
            self.closed_fully = True
