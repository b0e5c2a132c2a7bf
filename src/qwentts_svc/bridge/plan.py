"""What a session does with its request: everything resolved, nothing left to look up. Immutable."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

from qwentts_svc.bridge.pieces import CutBudgets, Feed, StreamingFeed, WholeFeed
from qwentts_svc.text.incremental import NormalizeText
from qwentts_svc.text.template import PromptTemplate
from qwentts_svc.types import Layout, Priority, Sampling, SynthesisRequest, VoicePrompt


@dataclass(frozen=True, slots=True)
class RunawayBudget:
    """Frames granted to a text of n tokens: ``base_frames + frames_per_token * n``."""

    enabled: bool = True
    base_frames: int = 75
    frames_per_token: float = 12.0

    def frames(self, tokens: int) -> int | None:
        """The budget, or None without a guard."""
        return self.base_frames + round(self.frames_per_token * tokens) if self.enabled else None


@dataclass(frozen=True, slots=True)
class SpeechTuning:
    """Settings of every session. ``lookahead``/``parallel``: pieces in work at a time with and without a listener."""

    budgets: CutBudgets = field(default_factory=CutBudgets)
    runaway: RunawayBudget = field(default_factory=RunawayBudget)
    lookahead: int = 2
    parallel: int = 16
    skip_plain: bool = True
    """False: a lexicon may change plain words, so the normalizer sees them all."""


@dataclass(frozen=True, slots=True)
class SpeechPlan:
    """A request with its defaults filled in. ``max_frames`` per segment; ``max_lead_frames`` None: no limit."""

    request: SynthesisRequest
    template: PromptTemplate
    normalize: NormalizeText | None
    layout: Layout
    language: str
    voice_name: str
    speaker: str
    voice: VoicePrompt | None
    instruct_ids: tuple[int, ...]
    ref_text_ids: tuple[int, ...]
    sampling: Sampling
    max_frames: int
    max_lead_frames: int | None
    max_latency_s: float
    sample_rate: int
    frame_s: float
    groups: int
    max_text_chars: int
    tuning: SpeechTuning

    @property
    def text_open(self) -> bool:
        """Rows start before their text is complete."""
        return self.request.incremental and self.layout is Layout.STREAMING

    @property
    def window(self) -> int:
        """Pieces in work at a time. A cap on frames is shared by the pieces, which then follow one another."""
        if self.request.max_frames is not None:
            return 1
        return self.tuning.parallel if self.request.priority is Priority.BATCH else self.tuning.lookahead

    def feed(self) -> Feed:
        """A feed for a new segment. In the streaming layout a text is cut in the same way whether it is sent at once or
        piece by piece, so that both sound the same."""
        kind = WholeFeed if self.layout is Layout.FULL else partial(StreamingFeed, early=self.text_open)
        return kind(
            self.template,
            self.normalize,
            self.tuning.budgets,
            language=self.language,
            raw=self.request.raw_text,
            skip_plain=self.tuning.skip_plain,
        )

    def sampling_of(self, segment: int, piece: int) -> Sampling:
        """Sampling of a piece: the first of all takes the request's seed, the others seeds derived from it."""
        if segment == 0 and piece == 0:
            return self.sampling
        mixed = (self.sampling.seed ^ (segment * 0x9E3779B97F4A7C15) ^ (piece * 0xBF58476D1CE4E5B9)) % 2**63
        return Sampling(self.sampling.talker, self.sampling.subtalker, mixed)
