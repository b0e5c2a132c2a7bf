"""Commands into the engine thread and events out of it: immutable values, no torch, no asyncio.

A *row* is one acoustic generation (one segment of text, spoken once). The event loop owns row ids and never reuses one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from qwentts_svc.errors import TtsError
from qwentts_svc.types import Codes, FinishReason, Layout, Pcm, Priority, Sampling, Usage, VoicePrompt


@dataclass(frozen=True, slots=True)
class PromptSpec:
    """What the prompt of a row is made of: token ids and names, no embeddings (SPEC section 5).

    ``text_ids``: the body B = T[3:-5], as far as it is known at submission. ``instruct_ids``: the whole user template
    or empty. ``ref_text_ids``: R[3:-2] for in-context cloning. ``language``: ``auto`` or a key of codec_language_id.
    ``speaker``: lower-case key of spk_id or empty. ``layout`` is resolved (never AUTO).
    """

    role_ids: tuple[int, ...]
    text_ids: tuple[int, ...]
    instruct_ids: tuple[int, ...] = ()
    ref_text_ids: tuple[int, ...] = ()
    language: str = "auto"
    speaker: str = ""
    voice: VoicePrompt | None = None
    layout: Layout = Layout.FULL

    @property
    def in_context(self) -> bool:
        """True for in-context cloning: reference text and codes lead the prompt."""
        return self.voice is not None and self.voice.ref_codes is not None

    @property
    def tokens_to_start(self) -> int | None:
        """Body tokens needed before the prompt can be built while text is still open; None: all of them."""
        if self.layout is Layout.FULL:
            return None
        if not self.in_context:
            return 1
        assert self.voice is not None
        assert self.voice.ref_codes is not None
        return max(1, 1 + len(self.voice.ref_codes) - len(self.ref_text_ids))


class RowMailbox(Protocol):
    """The asyncio side of a row, as far as the engine may touch it."""

    produced_frames: int
    """Written by the engine only."""
    consumed_frames: int
    """Written by the event loop only; frames whose audio the reader has taken."""
    parked: bool
    """Set by the engine when it waits for this reader; the loop then sends ``Wake`` after it has consumed."""


@dataclass(frozen=True, slots=True)
class Submit:
    """Start a row. Times are absolute ``time.monotonic()`` seconds."""

    row_id: int
    prompt: PromptSpec
    sampling: Sampling
    mailbox: RowMailbox
    submitted_s: float
    text_open: bool = False
    """True: AppendText / EndText follow; the model's EOS is masked until the text is consumed."""
    max_frames: int = 8191
    """Hard limit: the row ends with LENGTH_LIMIT after this many frames."""
    budget_frames: int | None = None
    """Runaway budget in proportion to the text: RUNAWAY_STOPPED beyond it; None: no guard. AppendText raises it."""
    priority: Priority = Priority.INTERACTIVE
    first_audio_deadline_s: float = float("inf")
    deadline_s: float = float("inf")
    max_lead_frames: int | None = None
    """Gives up its place when this far ahead of its reader; None: never."""
    session_id: str = ""
    tenant: str = ""
    continuation: bool = False
    """True: goes on with a text whose beginning was admitted; it is never queued or refused for load."""
    decode: bool = True
    """False: codes only, no PCM (dry run)."""
    trim_leading_silence: bool = False
    tail_fade: bool = False
    """True: fade out the last milliseconds (segments that are not joined to a next one)."""


@dataclass(frozen=True, slots=True)
class AppendText:
    """More body tokens for a row whose text is open. ``budget_frames`` is the new runaway budget."""

    row_id: int
    ids: tuple[int, ...]
    budget_frames: int | None = None


@dataclass(frozen=True, slots=True)
class EndText:
    """No more text for this row."""

    row_id: int


@dataclass(frozen=True, slots=True)
class Cancel:
    """Stop a row in any state; everything it holds is free at the next step boundary. Unknown rows are ignored."""

    row_id: int
    reason: FinishReason = FinishReason.CANCELLED


@dataclass(frozen=True, slots=True)
class Wake:
    """A parked reader has consumed; look again."""


class Reply(Protocol):
    """Where the result of an ``EncodeVoice`` goes; called on the engine thread, must not block or raise."""

    def __call__(self, result: VoicePrompt | TtsError) -> None: ...


@dataclass(frozen=True, slots=True, eq=False)
class EncodeVoice:
    """Encode reference audio (float32 mono at the codec encoder's rate), in slices between the steps. Compared by
    identity."""

    pcm: Pcm
    ref_text: str | None
    """None: x-vector only."""
    reply: Reply
    wanted: Callable[[], bool] = lambda: True
    """False once nobody waits for the reply; asked on the engine thread before every slice."""


@dataclass(frozen=True, slots=True)
class Drain:
    """Take no new rows, finish the present ones."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Fail what is left with UnavailableError and end the thread."""


Command: TypeAlias = Submit | AppendText | EndText | Cancel | Wake | EncodeVoice | Drain | Stop


@dataclass(frozen=True, slots=True)
class FramesOut:
    """New frames of a row. ``pcm`` is empty for dry runs; ``codes`` int64 [frames, groups]; ``start_frame`` counts the
    row's frames from 0; ``probability`` is the mean probability of the chosen codes."""

    row_id: int
    start_frame: int
    codes: Codes
    pcm: Pcm
    probability: float = 1.0
    prefill_s: float = 0.0
    """Time of the prefill that the row took part in since its last event."""
    codec_s: float = 0.0
    """Time of the codec calls that it took part in since then."""


@dataclass(frozen=True, slots=True)
class Finished:
    """Terminal: the row ended by itself, by a limit or by Cancel."""

    row_id: int
    reason: FinishReason
    usage: Usage = field(default_factory=Usage)


@dataclass(frozen=True, slots=True)
class Failed:
    """Terminal: the row could not go on."""

    row_id: int
    error: TtsError


RowEvent: TypeAlias = FramesOut | Finished | Failed
StepEvents: TypeAlias = tuple[tuple[RowMailbox, RowEvent], ...]
"""All events of one engine step, delivered to the loop in one call, in order."""
