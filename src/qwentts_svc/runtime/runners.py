"""What the engine needs from the model: two interfaces, each with a real (torch) and a fake implementation.

Everything crossing them is host data (ints, numpy). Runners are called by the engine thread only and own the device.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from qwentts_svc.codec.slices import Slices
from qwentts_svc.runtime.messages import PromptSpec
from qwentts_svc.types import Codes, Pcm, Sampling, VoicePrompt


class FatalDeviceError(Exception):
    """The device is lost (a CUDA context in error): the engine fails every row and ends; only a restart helps."""


NO_TEXT = -1
"""``StepRow.text_id`` of a row's first step: its input is the last prompt embedding, nothing is added."""


@dataclass(frozen=True, slots=True)
class RunnerInfo:
    """Fixed facts of a model runner. ``blocks`` KV blocks of ``block_size`` positions; ``groups`` codes per frame."""

    slots: int
    blocks: int
    block_size: int
    groups: int
    max_rows: int
    """Rows one step may carry (the largest bucket)."""
    max_positions: int
    eos_id: int
    tts_pad_id: int
    tts_eos_id: int


@dataclass(frozen=True, slots=True)
class PreparedPrompt:
    """Facts of a prompt; its embeddings stay with the runner.

    ``positions``: P, prompt length. The runner prefills KV of positions 0..P-2; position P-1 is the input of the first
    step. ``prefix_positions``: leading positions that depend only on instruction, tags, speaker (and reference), which
    ``prefix_key`` identifies; 0 and "" when nothing can be shared. ``consumed_ids``: body tokens inside the prompt.
    In-context streaming with more reference text than reference audio: ``lead_ids`` is the reference text that is left
    over, fed before the body, and ``consumed_ids`` is then minus their number.
    """

    positions: int
    prefix_positions: int
    prefix_key: str
    consumed_ids: int
    lead_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class PrefillItem:
    """Compute KV of positions [start, stop) of the prompt attached to ``slot``; earlier ones are in the blocks."""

    slot: int
    start: int
    stop: int
    blocks: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ReplayItem:
    """Recompute KV of the frames already spoken (resume after preemption), with the shapes of decode steps.

    Inputs of positions P-1 .. P-1+frames-1 are rebuilt from ``codes`` [frames, groups] and ``text_ids`` (one id per
    frame after the first). Afterwards the slot is as if it had just emitted the last of ``codes``.
    """

    slot: int
    codes: Codes
    text_ids: tuple[int, ...]
    blocks: tuple[int, ...]


class StepRow(NamedTuple):
    """One row of a frame step: writes KV at ``position`` and yields frame ``frame`` of the row in ``slot``."""

    slot: int
    position: int
    frame: int
    text_id: int
    """Token id whose text embedding is added to the input (tts_eos / tts_pad after the text), or NO_TEXT."""
    mask_eos: bool
    blocks: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class StepResult:
    """``codes`` int64 [rows, groups] (codes[:, 0] == eos_id: the row ended, its other codes mean nothing);
    ``probabilities`` float32 [rows, groups] of the chosen codes."""

    codes: Codes
    probabilities: npt.NDArray[np.float32]


class ModelRunner(Protocol):
    """The acoustic model on its device. Any method may raise; the engine then fails the rows of that call."""

    @property
    def info(self) -> RunnerInfo: ...

    def attach(self, slot: int, prompt: PromptSpec, sampling: Sampling, *, text_ended: bool) -> PreparedPrompt:
        """Build the prompt in ``slot`` and reset its state (sampling parameters, history). ``text_ended`` False: the
        streaming layout of a text that goes on. Raises InputError for unknown speaker or language."""

    def prefill(self, items: Sequence[PrefillItem]) -> None: ...

    def replay(self, items: Sequence[ReplayItem]) -> None: ...

    def step(self, rows: Sequence[StepRow]) -> StepResult: ...

    def copy_block(self, source: int, target: int) -> None: ...

    def detach(self, slot: int) -> None:
        """Drop the prompt of ``slot``; harmless when nothing is attached."""


@dataclass(frozen=True, slots=True)
class CodecInfo:
    """Fixed facts of a codec runner."""

    slots: int
    sample_rate: int
    samples_per_frame: int
    groups: int


class CodecRunner(Protocol):
    """The streaming codec decoder on its device: one state per slot, advanced only for the rows of a call."""

    @property
    def info(self) -> CodecInfo: ...

    def open(self, slot: int, voice: VoicePrompt | None) -> None:
        """Reset the slot; with an in-context voice, prime it with the reference codes (cached per ``voice.key``)."""

    def decode(self, slots: Sequence[int], codes: Codes) -> Pcm:
        """Advance every slot by the same number of frames. codes int64 [rows, frames, groups] -> float32
        [rows, frames * samples_per_frame]."""

    def close(self, slot: int) -> None: ...


class VoiceEncoder(Protocol):
    """Reference audio to a voice prompt (base checkpoints only)."""

    sample_rate: int

    def slices(self, pcm: Pcm, ref_text: str | None) -> Slices[VoicePrompt]:
        """Encode in slices that are short beside a frame, whose result does not depend on when they are done. A slice
        raises InputError when the model cannot clone or the audio is of no use."""
