"""The mutable record that the engine keeps of a row, through all its states (``row_states``).

Owned by the engine thread; the scheduler and the simulator only read it. Knows nothing of torch or of the pools'
insides: the leases it holds are given and taken by the engine.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from qwentts_svc.runtime.kv_pool import BlockLease
from qwentts_svc.runtime.messages import PromptSpec, Submit
from qwentts_svc.runtime.qos import class_defaults
from qwentts_svc.runtime.row_states import TRANSITIONS, IllegalTransitionError, RowState
from qwentts_svc.runtime.runners import NO_TEXT, PreparedPrompt
from qwentts_svc.runtime.slots import SlotLease
from qwentts_svc.types import Codes, FinishReason, Layout, Priority

__all__ = ["FRAME_S", "Row", "RowState", "eos_in_prompt"]

FRAME_S = 0.08
"""Of the 12.5 Hz models, seconds: what a simulation assumes. The engine gives its rows the codec's own."""


def eos_in_prompt(prompt: PromptSpec) -> bool:
    """True when tts_eos is already part of the prompt, so that every frame after the first adds tts_pad.

    Full layout: always. Streaming in-context layout: when reference text + body + tts_eos fit beside codec_bos +
    reference codes. ``prompt.text_ids`` must be the whole body for the in-context case.
    """
    if prompt.layout is Layout.FULL:
        return True
    if prompt.voice is None or prompt.voice.ref_codes is None:
        return False
    return len(prompt.ref_text_ids) + len(prompt.text_ids) <= len(prompt.voice.ref_codes)


@dataclass(slots=True, eq=False)
class Row:
    """One acoustic generation in flight. ``groups``: codes per frame; times are absolute monotonic seconds."""

    submit: Submit
    groups: int = 16
    frame_s: float = FRAME_S
    state: RowState = RowState.WAITING

    row_id: int = field(init=False)
    priority: Priority = field(init=False)
    session: str = field(init=False)
    """Key of fairness: the session, else the row itself."""
    arrival_s: float = field(init=False)
    first_audio_deadline_s: float = field(init=False)
    max_lead_frames: int | None = field(init=False)

    slot: SlotLease | None = None
    kv: list[BlockLease] = field(default_factory=list)
    """In position order. Change it through ``add_blocks`` / ``take_blocks`` so that ``blocks`` stays in step."""
    blocks: tuple[int, ...] = ()
    prompt: PreparedPrompt | None = None
    base: int = 0
    """KV position of frame 0, P - 1; 0 before ``attached``."""
    consumed_ids: int = 0
    """Body tokens inside the prompt."""
    prefilled: int = 0
    """Leading prompt positions whose KV is in the blocks."""
    shared_blocks: int = 0
    """Leading blocks shared with the prefix cache; never written."""

    text_ids: list[int] = field(init=False)
    text_ended: bool = field(init=False)
    budget_frames: int | None = field(init=False)
    _eos_in_prompt: bool = False
    _codes: npt.NDArray[np.int64] = field(init=False)

    frames_done: int = 0
    """Frames spoken by the acoustic model."""
    frames_decoded: int = 0
    """Frames given to the codec."""
    frames_held: int = 0
    """Frames given to the codec that were silent and trimmed; they leave with the first audio."""
    prefill_s: float = 0.0
    codec_s: float = 0.0
    """Durations of the prefills and codec calls that the row took part in and has not reported yet."""
    audio_emitted_s: float = 0.0
    first_audio_s: float | None = None
    playout_start_s: float = math.inf
    """When the listener's clock started; moves later with every gap."""
    underruns: int = 0
    waited_for_caller: bool = False
    """Since its last audio the row waited for text or for its reader: a gap is the caller's, not ours."""
    last_step_s: float = -math.inf
    """When the row last had a place in a step (or arrived)."""
    started_s: float | None = None
    """When prefill began; queue time ends here."""
    preemptions: int = 0
    probability: float = 1.0
    """Mean probability of the codes chosen in the last frame."""
    retries: int = 0
    """Earlier attempts with another seed, of which nothing was heard."""
    heard_s: float | None = None
    """When the first audible audio left; leading near-silence does not count."""
    cancelled: FinishReason | None = None
    finish_reason: FinishReason | None = None
    """Set when the row enters FLUSHING; reported when it is DONE."""

    def __post_init__(self) -> None:
        submit = self.submit
        self.row_id = submit.row_id
        self.priority = submit.priority
        self.session = submit.session_id or f"#{submit.row_id}"
        self.arrival_s = self.last_step_s = submit.submitted_s
        asked_s = submit.first_audio_deadline_s
        default_s = submit.submitted_s + class_defaults(submit.priority).first_audio_deadline_s
        self.first_audio_deadline_s = default_s if math.isinf(asked_s) else asked_s
        self.max_lead_frames = submit.max_lead_frames
        self.text_ids = list(submit.prompt.text_ids)
        self.text_ended = not submit.text_open
        self.budget_frames = submit.budget_frames
        self._codes = np.empty((32, self.groups), dtype=np.int64)

    # -- state -------------------------------------------------------------------------------------------------------

    def move(self, state: RowState) -> None:
        """Change state. Raises IllegalTransitionError for an edge that is not in ``TRANSITIONS``."""
        if state not in TRANSITIONS[self.state]:
            raise IllegalTransitionError(f"row {self.row_id}: {self.state.name} -> {state.name} is not a legal move")
        if state is RowState.WAIT_TEXT or self.state is RowState.WAIT_READER:
            self.waited_for_caller = True
        if state is RowState.PREEMPTED:
            self.preemptions += 1
        self.state = state

    # -- text --------------------------------------------------------------------------------------------------------

    def append_text(self, ids: tuple[int, ...], budget_frames: int | None) -> None:
        """More body tokens; ``budget_frames`` replaces the runaway budget when given."""
        self.text_ids.extend(ids)
        if budget_frames is not None:
            self.budget_frames = budget_frames

    def end_text(self) -> None:
        self.text_ended = True

    @property
    def can_start(self) -> bool:
        """Enough text is known to build the prompt."""
        if self.text_ended:
            return True
        needed = self.submit.prompt.tokens_to_start
        return needed is not None and len(self.text_ids) >= needed

    def attached(self, prompt: PreparedPrompt, spec: PromptSpec) -> None:
        """Take over the facts of the prompt that the runner built from ``spec`` (text known at that moment)."""
        self.prompt = prompt
        self.base = prompt.positions - 1
        self.consumed_ids = prompt.consumed_ids
        self._eos_in_prompt = eos_in_prompt(spec) and self.text_ended

    def text_id_for(self, frame: int, tts_eos: int, tts_pad: int) -> int | None:
        """Text id added to the input of ``frame``; NO_TEXT for frame 0; None: it has not arrived yet."""
        if frame == 0:
            return NO_TEXT
        index = frame - 1 + self.consumed_ids
        known = len(self.text_ids)
        if index < 0 and self.prompt is not None:
            return self.prompt.lead_ids[index]
        if index < known:
            return self.text_ids[index]
        if not self.text_ended:
            return None
        return tts_eos if index == known and not self._eos_in_prompt else tts_pad

    def replay_text_ids(self, tts_eos: int, tts_pad: int) -> tuple[int, ...]:
        """Text ids of frames 1 .. frames_done-1, for a ``ReplayItem``."""
        ids = (self.text_id_for(frame, tts_eos, tts_pad) for frame in range(1, self.frames_done))
        return tuple(tts_pad if text_id is None else text_id for text_id in ids)

    @property
    def needs_text(self) -> bool:
        """The next frame needs a text id that has not arrived."""
        if self.text_ended or self.frames_done == 0:
            return False
        return self.frames_done - 1 + self.consumed_ids >= len(self.text_ids)

    @property
    def mask_eos(self) -> bool:
        """The next frame may not be EOS: text was open at submission and tts_eos has not been fed yet.

        Depends on the text alone, not on when it arrived, so any chunking gives the same codes.
        """
        if not self.submit.text_open or self._eos_in_prompt:
            return False
        return not self.text_ended or self.frames_done - 1 + self.consumed_ids < len(self.text_ids)

    # -- codes and KV ------------------------------------------------------------------------------------------------

    @property
    def codes(self) -> Codes:
        """All codes so far, int64 [frames_done, groups]; a view, valid until the next ``append_frame``."""
        return self._codes[: self.frames_done]

    def append_frame(self, codes: Codes) -> None:
        """Add one frame, int64 [groups]."""
        if self.frames_done == len(self._codes):
            self._codes = np.concatenate([self._codes, np.empty_like(self._codes)])
        self._codes[self.frames_done] = codes
        self.frames_done += 1

    @property
    def position(self) -> int:
        """KV position that the next step writes: P - 1 + frames_done. 0 before ``attached``."""
        return self.base + self.frames_done

    def add_blocks(self, leases: list[BlockLease]) -> None:
        self.kv.extend(leases)
        self.blocks = tuple(lease.block for lease in self.kv)

    def take_blocks(self) -> list[BlockLease]:
        """Hand all block leases back to the caller, who releases them."""
        leases, self.kv, self.blocks = self.kv, [], ()
        self.prefilled = self.shared_blocks = 0
        return leases

    def missing_blocks(self, block_size: int) -> int:
        """Blocks to lease before the next step (after prefill and replay, for a row that holds none)."""
        positions = self.position + 1 if self.prompt is not None else self.prefill_positions + 1
        return max(0, -(-positions // block_size) - len(self.blocks))

    @property
    def prefill_positions(self) -> int:
        """Prompt positions still to compute, estimated from the ids before the prompt is built."""
        if self.prompt is not None:
            return max(0, self.prompt.positions - 1 - self.prefilled)
        spec = self.submit.prompt
        reference = 0 if spec.voice is None or spec.voice.ref_codes is None else len(spec.voice.ref_codes) + 1
        text = len(self.text_ids) + 1 if spec.layout is Layout.FULL else 1
        return len(spec.role_ids) + len(spec.instruct_ids) + len(spec.ref_text_ids) + text + reference + 8

    # -- time --------------------------------------------------------------------------------------------------------

    @property
    def playout_deadline_s(self) -> float:
        """When the listener runs dry: start of playout + audio emitted; inf before the first audio."""
        return self.playout_start_s + self.audio_emitted_s

    @property
    def due_s(self) -> float:
        """The deadline that counts now: first audio while silent, playout afterwards."""
        if self.first_audio_s is None:
            return self.first_audio_deadline_s
        return self.playout_start_s + self.audio_emitted_s

    def slack(self, now: float) -> float:
        """Seconds until ``due_s``; negative when late."""
        return self.due_s - now

    def emit_audio(self, seconds: float, now: float) -> None:
        """Audio left for the mailbox at ``now``. A late piece counts as an underrun (unless the caller was late) and
        moves the listener's clock, as a player does that stops and starts again."""
        if seconds <= 0:
            return
        if self.first_audio_s is None:
            self.first_audio_s = self.playout_start_s = now
        else:
            late_s = now - self.playout_deadline_s
            if late_s > 0:
                self.playout_start_s += late_s
                self.underruns += 0 if self.waited_for_caller else 1
        self.audio_emitted_s += seconds
        self.waited_for_caller = False

    @property
    def too_far_ahead(self) -> bool:
        """The reader is ``max_lead_frames`` or more behind. A reader who has taken all that was sent is never behind,
        however many frames wait for the codec or were silent: else a small limit and a long codec call would block
        each other."""
        limit = self.max_lead_frames
        if limit is None:
            return False
        consumed = self.submit.mailbox.consumed_frames
        return self.frames_done - consumed >= limit and consumed < self.frames_sent

    @property
    def may_wake(self) -> bool:
        """A parked row goes on once its lead has fallen to three quarters of the limit (no flutter at the limit)."""
        limit = self.max_lead_frames
        consumed = self.submit.mailbox.consumed_frames
        return limit is None or self.frames_done - consumed <= limit * 3 // 4 or consumed >= self.frames_sent

    @property
    def frames_sent(self) -> int:
        """Frames that left for the mailbox."""
        return self.frames_decoded - self.frames_held

    @property
    def pending_frames(self) -> int:
        """Frames spoken and not yet given to the codec."""
        return self.frames_done - self.frames_decoded
