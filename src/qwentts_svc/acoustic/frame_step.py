"""One frame (80 ms) for a batch of rows, as one function over static buffers.

No value of a tensor is looked at on the host and no branch depends on one, so the function can be captured as a CUDA
graph per bucket of rows and compiled as a single graph.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from qwentts_svc.acoustic.model import AcousticModel
from qwentts_svc.acoustic.sampling import (
    SamplingTensors,
    StageFlags,
    code_terms,
    exponential_noise,
    group_terms,
    noise_keys,
    pick,
    process_talker,
    suppress_mask,
)
from qwentts_svc.nn.attention import AttentionBackend
from qwentts_svc.nn.kv import PagedKV
from qwentts_svc.types import Sampling


@dataclass(frozen=True, slots=True)
class SlotState:
    """What the device remembers of each row between frames; one entry per slot and a last one for padding rows.

    ``x`` [slots + 1, hidden]: the next input without its text (sum of the last frame's code embeddings; at first the
    last prompt embedding, text included). ``seen`` bool [slots + 1, vocab]: codes of codebook 0 so far. ``seed`` int64.
    """

    x: Tensor
    seen: Tensor
    seed: Tensor
    talker: SamplingTensors
    subtalker: SamplingTensors

    @classmethod
    def allocate(cls, model: AcousticModel, slots: int) -> SlotState:
        config, device = model.config.talker, model.device
        return cls(
            x=torch.zeros(slots + 1, config.transformer.hidden_size, dtype=model.dtype, device=device),
            seen=torch.zeros(slots + 1, config.vocab_size, dtype=torch.bool, device=device),
            seed=torch.zeros(slots + 1, dtype=torch.int64, device=device),
            talker=SamplingTensors.allocate(slots + 1, device),
            subtalker=SamplingTensors.allocate(slots + 1, device),
        )

    def reset(self, slot: int, sampling: Sampling, x: Tensor) -> None:
        """Begin a row: its settings, an empty history, and its first input [hidden]."""
        self.x[slot] = x
        self.seen[slot] = False
        self.seed[slot] = sampling.seed
        self.talker.write(slot, sampling.talker)
        self.subtalker.write(slot, sampling.subtalker)


@dataclass(frozen=True, slots=True)
class StepInputs:
    """Per row, int64 [rows] but for ``mask_eos`` (bool) and ``table`` (int64 [rows, pages]). ``text_ids`` below 0: no
    text is added (first step)."""

    slots: Tensor
    positions: Tensor
    text_ids: Tensor
    frame: Tensor
    mask_eos: Tensor
    table: Tensor

    COLUMNS = 5

    @classmethod
    def unpack(cls, packed: Tensor) -> StepInputs:
        """From one int64 matrix [rows, COLUMNS + pages], which goes to the device in one copy."""
        slots, positions, text_ids, frame, mask_eos = packed[:, : cls.COLUMNS].unbind(1)
        return cls(slots, positions, text_ids, frame, mask_eos != 0, packed[:, cls.COLUMNS :])


class FrameStep:
    """The model bound to its buffers. Calling it advances every row of the batch by one frame."""

    def __init__(self, model: AcousticModel, kv: PagedKV, attention: AttentionBackend, state: SlotState) -> None:
        talker = model.config.talker
        self.model, self.kv, self.attention, self.state = model, kv, attention, state
        self._eos_id = talker.codec_eos_id
        self._suppress = suppress_mask(talker.vocab_size, talker.codec_eos_id, model.device)
        self._group_terms = group_terms(1, 0, model.device)
        self._code_terms = code_terms(talker.vocab_size, model.device)
        self.talker_stage = self.hidden
        self.predictor_stage = model.predictor.generate
        """The two stages; they may be wrapped to be timed."""
        self._true = torch.ones((), dtype=torch.bool, device=model.device)

    def __call__(self, packed: Tensor, talker_flags: StageFlags, subtalker_flags: StageFlags) -> tuple[Tensor, Tensor]:
        """packed: see ``StepInputs.unpack``. Returns codes int64 [rows, groups] and the probability of each, float32.

        Writes the KV of each row's position, its next input and its history. Slots must differ, padding rows excepted.
        """
        inputs = StepInputs.unpack(packed)
        state, slots = self.state, inputs.slots
        hidden = self.talker_stage(inputs)
        params = state.talker.select(slots)
        seed = state.seed[slots]
        scores = process_talker(
            self.model.talker.logits(hidden),
            state.seen[slots],
            inputs.frame,
            inputs.mask_eos,
            params,
            self._suppress,
            self._eos_id,
        )
        noise = None
        if talker_flags.samples:
            keys = noise_keys(seed, inputs.frame, 1, 0, self._group_terms)[:, 0]
            noise = exponential_noise(keys, scores.shape[-1], self._code_terms)
        first, chance = pick(scores, noise, params, talker_flags)
        rest, chances = self.predictor_stage(
            hidden, first, seed, inputs.frame, state.subtalker.select(slots), subtalker_flags
        )
        codes = torch.stack((first, *rest), dim=1)
        state.x.index_copy_(0, slots, self.model.predictor.embed_frames(codes))
        state.seen.index_put_((slots, first), self._true)
        return codes, torch.stack((chance, *chances), dim=1)

    def hidden(self, inputs: StepInputs) -> Tensor:
        """The talker's part: final-normed hidden [rows, hidden] at each row's position."""
        x = self.state.x[inputs.slots]
        text = self.model.talker.text(inputs.text_ids.clamp(min=0))
        x = torch.where((inputs.text_ids < 0)[:, None], x, x + text)
        plan = self.attention.plan_decode(inputs.positions, inputs.table, self.kv)
        return self.model.talker.decode(x, inputs.positions, plan, self.kv, self.attention)
