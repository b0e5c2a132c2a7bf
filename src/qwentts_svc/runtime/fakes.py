"""Runners without a model: deterministic codes and PCM, chosen lengths, failures on demand, an optional virtual cost.

They check what the engine promises a runner (shapes, positions, blocks, attach before use) and raise
``FakeRunnerError`` when it is broken, so every test over them is also a test of those promises.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from qwentts_svc.codec.slices import Slices
from qwentts_svc.errors import InputError
from qwentts_svc.runtime.messages import PromptSpec
from qwentts_svc.runtime.rows import eos_in_prompt
from qwentts_svc.runtime.runners import (
    NO_TEXT,
    CodecInfo,
    PrefillItem,
    PreparedPrompt,
    ReplayItem,
    RunnerInfo,
    StepResult,
    StepRow,
)
from qwentts_svc.types import Codes, Layout, Pcm, Sampling, VoicePrompt

EOS_ID = 2150
TTS_PAD_ID = 151671
TTS_EOS_ID = 151673
SAMPLES_PER_FRAME = 1920
SAMPLE_RATE = 24000
_MIX = 0x9E3779B97F4A7C15
_MASK = 2**64 - 1


FAKE_INFO = RunnerInfo(
    slots=8,
    blocks=64,
    block_size=16,
    groups=16,
    max_rows=4,
    max_positions=1024,
    eos_id=EOS_ID,
    tts_pad_id=TTS_PAD_ID,
    tts_eos_id=TTS_EOS_ID,
)
FAKE_CODEC_INFO = CodecInfo(slots=8, sample_rate=SAMPLE_RATE, samples_per_frame=SAMPLES_PER_FRAME, groups=16)


class FakeRunnerError(Exception):
    """The engine broke a promise to its runner."""


class InjectedError(Exception):
    """A failure that a test asked for."""


def mix(*values: int) -> int:
    """A 64-bit hash of integers, the same on every machine."""
    state = 0
    for value in values:
        state = ((state ^ (value & _MASK)) * _MIX + 0x632BE59BD9B4E019) & _MASK
        state ^= state >> 29
    return state


def fake_codes(seed: int, frame: int, history: int, groups: int) -> Codes:
    """Codes of one frame, int64 [groups] below 2048: a function of seed, frame and the text heard so far."""
    base = mix(seed, frame, history)
    return np.array([(base * (2 * group + 1) >> 17) % 2048 for group in range(groups)], dtype=np.int64)


def seeded_length(spec: PromptSpec, sampling: Sampling) -> int:
    """4 to 19 frames, by the seed alone (the text may still be arriving)."""
    return 4 + mix(sampling.seed) % 16


@dataclass
class Faults:
    """Failures on demand. Each counter is the number of coming calls that raise ``InjectedError``."""

    attach: int = 0
    prefill: int = 0
    replay: int = 0
    step: int = 0
    codec_open: int = 0
    codec_decode: int = 0

    def check(self, call: str) -> None:
        left: int = getattr(self, call)
        if left > 0:
            setattr(self, call, left - 1)
            raise InjectedError(f"injected failure of {call}")


@dataclass
class _Slot:
    seed: int
    length: int
    prompt: PreparedPrompt
    prompt_history: int
    history: int = 0
    frame: int = 0
    kv_positions: int = 0
    """Leading positions whose KV this tenancy has computed or taken over."""


@dataclass
class FakeModelRunner:
    """``ModelRunner`` without torch. A row says EOS at frame ``length_of(spec, sampling)`` unless EOS is masked.

    ``on_work(kind, units)`` is called once per device call (``step`` rows, ``prefill`` positions, ``replay``
    positions), so a virtual clock can charge for it.
    """

    info: RunnerInfo = FAKE_INFO
    length_of: Callable[[PromptSpec, Sampling], int] = seeded_length
    faults: Faults = field(default_factory=Faults)
    on_work: Callable[[str, int], None] | None = None
    prefix: bool = True
    """Offer the leading role + instruct + tag positions for sharing."""

    def __post_init__(self) -> None:
        self.slots: dict[int, _Slot] = {}
        self.step_sizes: list[int] = []
        self.copies: list[tuple[int, int]] = []

    def attach(self, slot: int, prompt: PromptSpec, sampling: Sampling, *, text_ended: bool) -> PreparedPrompt:
        self.faults.check("attach")
        if not 0 <= slot < self.info.slots:
            raise FakeRunnerError(f"slot {slot} does not exist")
        if prompt.speaker == "unknown":
            raise InputError("unknown speaker 'unknown'", field="voice")
        needed = prompt.tokens_to_start
        if not text_ended and (needed is None or len(prompt.text_ids) < needed):
            raise FakeRunnerError("attached before enough text was known")
        head = len(prompt.role_ids) + len(prompt.instruct_ids) + 6
        if prompt.layout is Layout.FULL:
            consumed, tail = len(prompt.text_ids), len(prompt.text_ids) + 2
        elif prompt.in_context:
            frames = 0 if prompt.voice is None or prompt.voice.ref_codes is None else len(prompt.voice.ref_codes)
            tail = frames + 1
            consumed = min(len(prompt.text_ids), max(0, tail - len(prompt.ref_text_ids)))
        else:
            consumed, tail = min(1, len(prompt.text_ids)), 1
        key = f"{mix(*prompt.role_ids, *prompt.instruct_ids):x}/{prompt.language}/{prompt.speaker}"
        prepared = PreparedPrompt(
            positions=head + tail,
            prefix_positions=head if self.prefix else 0,
            prefix_key=key if self.prefix else "",
            consumed_ids=consumed,
        )
        history = mix(*prompt.text_ids[:consumed], int(eos_in_prompt(prompt) and text_ended))
        self.slots[slot] = _Slot(sampling.seed, self.length_of(prompt, sampling), prepared, history, history)
        return prepared

    def prefill(self, items: Sequence[PrefillItem]) -> None:
        self.faults.check("prefill")
        for item in items:
            state = self._state(item.slot)
            if not 0 <= item.start <= item.stop <= state.prompt.positions - 1:
                raise FakeRunnerError(f"prefill of [{item.start}, {item.stop}) of {state.prompt.positions} positions")
            self._check_blocks(item.blocks, item.stop)
            if item.start > 0 and not self.prefix:
                raise FakeRunnerError("a prefill starts behind a prefix that nobody shares")
            state.kv_positions = item.stop  # those before start are in the blocks
        self._work("prefill", sum(item.stop - item.start for item in items))

    def replay(self, items: Sequence[ReplayItem]) -> None:
        self.faults.check("replay")
        for item in items:
            state = self._state(item.slot)
            if len(item.text_ids) != max(0, len(item.codes) - 1):
                raise FakeRunnerError("a replay needs one text id per frame after the first")
            start = state.prompt.positions - 1
            self._check_prefilled(state, start)
            self._check_blocks(item.blocks, start + len(item.codes))
            state.kv_positions = start + len(item.codes)
            state.frame = len(item.codes)
            state.history = state.prompt_history
            for frame, text_id in enumerate(item.text_ids, start=1):
                state.history = self._hear(state.history, frame, text_id)
        self._work("replay", sum(len(item.codes) for item in items))

    def step(self, rows: Sequence[StepRow]) -> StepResult:
        self.faults.check("step")
        if not 0 < len(rows) <= self.info.max_rows:
            raise FakeRunnerError(f"a step of {len(rows)} rows; 1 to {self.info.max_rows} fit")
        if len({row.slot for row in rows}) != len(rows):
            raise FakeRunnerError("a slot appears twice in one step")
        for row in rows:
            self._check_blocks(row.blocks, row.position + 1)
        readers = Counter(block for row in rows for block in row.blocks)
        if any(readers[row.blocks[row.position // self.info.block_size]] > 1 for row in rows):
            raise FakeRunnerError("a row writes a block that another row reads")
        codes = np.zeros((len(rows), self.info.groups), dtype=np.int64)
        for index, row in enumerate(rows):
            codes[index] = self._speak(row)
        self.step_sizes.append(len(rows))
        self._work("step", len(rows))
        return StepResult(codes, np.full(codes.shape, 0.5, dtype=np.float32))

    def copy_block(self, source: int, target: int) -> None:
        if source == target or not (0 <= source < self.info.blocks and 0 <= target < self.info.blocks):
            raise FakeRunnerError(f"copy of block {source} to {target}")
        self.copies.append((source, target))

    def detach(self, slot: int) -> None:
        self.slots.pop(slot, None)

    def _speak(self, row: StepRow) -> Codes:
        state = self._state(row.slot)
        if row.frame != state.frame or row.position != state.prompt.positions - 1 + row.frame:
            raise FakeRunnerError(f"slot {row.slot}: frame {row.frame} at {row.position}, expected {state.frame}")
        if (row.text_id == NO_TEXT) != (row.frame == 0):
            raise FakeRunnerError(f"slot {row.slot}: text id {row.text_id} at frame {row.frame}")
        self._check_prefilled(state, row.position)
        state.kv_positions = row.position + 1
        state.history = self._hear(state.history, row.frame, row.text_id)
        codes = fake_codes(state.seed, row.frame, state.history, self.info.groups)
        if row.frame >= state.length and not row.mask_eos:
            codes[0] = EOS_ID
        state.frame += 1
        return codes

    def _hear(self, history: int, frame: int, text_id: int) -> int:
        return history if text_id in (NO_TEXT, TTS_PAD_ID) else mix(history, frame, text_id)

    def _state(self, slot: int) -> _Slot:
        if slot not in self.slots:
            raise FakeRunnerError(f"nothing is attached to slot {slot}")
        return self.slots[slot]

    def _check_prefilled(self, state: _Slot, stop: int) -> None:
        # A prompt that is all shared prefix needs no prefill of its own.
        if state.kv_positions != stop and stop != state.prompt.prefix_positions:
            raise FakeRunnerError(f"KV of {stop} positions is needed, {state.kv_positions} are there")

    def _check_blocks(self, blocks: tuple[int, ...], positions: int) -> None:
        if len(blocks) * self.info.block_size < positions:
            raise FakeRunnerError(f"{len(blocks)} blocks for {positions} positions")
        if len(set(blocks)) != len(blocks) or any(not 0 <= block < self.info.blocks for block in blocks):
            raise FakeRunnerError("a block appears twice or does not exist")

    def _work(self, kind: str, units: int) -> None:
        if self.on_work is not None and units:
            self.on_work(kind, units)


@dataclass
class FakeCodecRunner:
    """``CodecRunner`` without torch. Every sample is a function of all codes decoded so far in the slot, so a frame
    that is lost, doubled or given to the wrong slot changes the PCM of everything after it."""

    info: CodecInfo = FAKE_CODEC_INFO
    faults: Faults = field(default_factory=Faults)
    on_work: Callable[[str, int], None] | None = None
    silent_frames: int = 0
    """Leading frames of every row that are digital silence."""

    def __post_init__(self) -> None:
        self.history: dict[int, int] = {}
        self.frames: dict[int, int] = {}
        self.call_sizes: list[tuple[int, int]] = []
        """(rows, frames) of every call."""

    def open(self, slot: int, voice: VoicePrompt | None) -> None:
        self.faults.check("codec_open")
        if not 0 <= slot < self.info.slots:
            raise FakeRunnerError(f"codec slot {slot} does not exist")
        self.history[slot] = 0 if voice is None else mix(*voice.key.encode())
        self.frames[slot] = 0

    def decode(self, slots: Sequence[int], codes: Codes) -> Pcm:
        self.faults.check("codec_decode")
        rows, frames, groups = codes.shape
        if rows != len(slots) or len(set(slots)) != rows or frames == 0 or groups != self.info.groups:
            raise FakeRunnerError(f"codec call of {codes.shape} for slots {list(slots)}")
        pcm = np.empty((rows, frames * self.info.samples_per_frame), dtype=np.float32)
        for row, slot in enumerate(slots):
            pcm[row] = self._decode_row(slot, codes[row])
        self.call_sizes.append((rows, frames))
        if self.on_work is not None:
            self.on_work("codec", rows * frames)
        return pcm

    def close(self, slot: int) -> None:
        self.history.pop(slot, None)
        self.frames.pop(slot, None)

    def _decode_row(self, slot: int, codes: Codes) -> Pcm:
        if slot not in self.history:
            raise FakeRunnerError(f"codec slot {slot} is not open")
        levels = np.empty(len(codes), dtype=np.float32)
        for index, frame in enumerate(codes.tolist()):
            if max(frame) >= 2048 or min(frame) < 0:
                raise FakeRunnerError(f"codes out of range: {frame}")
            self.history[slot] = mix(self.history[slot], *frame)
            silent = self.frames[slot] < self.silent_frames
            self.frames[slot] += 1
            levels[index] = 0.0 if silent else 0.1 + 0.8 * (self.history[slot] % 4096) / 4096
        wave = np.resize(np.array([1.0, -1.0], dtype=np.float32), self.info.samples_per_frame)
        return (levels[:, None] * wave).reshape(-1)


@dataclass
class FakeVoiceEncoder:
    """``VoiceEncoder`` without torch: the key is a hash of the samples. ``on_slice`` is called in each of ``count``
    slices, so a virtual clock can charge for it."""

    sample_rate: int = SAMPLE_RATE
    groups: int = 16
    count: int = 1
    on_slice: Callable[[], None] | None = None

    def slices(self, pcm: Pcm, ref_text: str | None) -> Slices[VoicePrompt]:
        for index in range(self.count):
            if self.on_slice is not None:
                self.on_slice()
            if index + 1 < self.count:
                yield
        return self.encode(pcm, ref_text)

    def encode(self, pcm: Pcm, ref_text: str | None) -> VoicePrompt:
        if len(pcm) < 1280:
            raise InputError("the reference audio is too short; give at least 1 second", field="audio")
        digest = mix(*np.frombuffer(pcm.astype(np.float32).tobytes()[:4096], dtype=np.uint32).tolist(), len(pcm))
        frames = -(-len(pcm) // SAMPLES_PER_FRAME)
        codes = np.stack([fake_codes(digest, frame, 0, self.groups) for frame in range(frames)])
        embedding = np.full(8, digest % 1000 / 1000, dtype=np.float32)
        if ref_text is None:
            return VoicePrompt(f"{digest:x}", embedding)
        return VoicePrompt(f"{digest:x}", embedding, codes, ref_text)
