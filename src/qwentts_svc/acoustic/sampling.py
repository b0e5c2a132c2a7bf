"""How a code is chosen from logits: score processors in a fixed order, then a draw that is a pure function.

Everything works on a batch of rows, each with its own settings, without a branch on a tensor's value and without
synchronising with the device. Each operation is elementwise or reduces within a row, so a row's codes do not depend on
who shares the batch. There is no generator: the noise of (seed, frame, codebook, code) is an integer hash of them.

The order of the talker's processors: repetition penalty, end of speech masked for the first two frames (and while text
is still arriving), suppression of control ids; then, when sampling, temperature, top-k and top-p. The predictor has the
last three only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from qwentts_svc.acoustic.config import SUPPRESSED_TAIL
from qwentts_svc.types import SamplingParams

MIN_NEW_FRAMES = 2
"""The talker cannot end before it has made two choices."""

_NEG_INF = float("-inf")

# The odd increment and the multipliers of the SplitMix64 generator (Steele, Lea, Flood 2014), as signed integers.
_GOLDEN = 0x9E3779B97F4A7C15 - 2**64
_MIX_A = 0xBF58476D1CE4E5B9 - 2**64
_MIX_B = 0x94D049BB133111EB - 2**64
_NOISE_BITS = 53


class StageFlags(NamedTuple):
    """What the host knows about a batch's settings; fixed when the step is captured. A flag may promise too much work
    but never too little: rows that need none of it come out the same, bit for bit."""

    top_k_cap: int
    """At least the largest top_k of the rows; 0: no row uses top-k."""
    needs_top_p: bool
    """Some row has top_p < 1."""
    samples: bool
    """Some row samples."""


@dataclass(frozen=True, slots=True)
class SamplingTensors:
    """Settings of one stage for a batch of rows, all of shape [rows] on one device.

    Greedy rows carry temperature 1, top_k 0 and tail_mass 0, which leave scores as they are.
    """

    do_sample: Tensor
    """bool"""
    temperature: Tensor
    """float32"""
    top_k: Tensor
    """int64; 0 is off"""
    tail_mass: Tensor
    """float32, 1 - top_p rounded once; 0 is off"""
    repetition_penalty: Tensor
    """float32"""

    @classmethod
    def allocate(cls, rows: int, device: torch.device | str = "cpu") -> SamplingTensors:
        """Settings of greedy rows without penalty."""
        return cls(
            do_sample=torch.zeros(rows, dtype=torch.bool, device=device),
            temperature=torch.ones(rows, dtype=torch.float32, device=device),
            top_k=torch.zeros(rows, dtype=torch.int64, device=device),
            tail_mass=torch.zeros(rows, dtype=torch.float32, device=device),
            repetition_penalty=torch.ones(rows, dtype=torch.float32, device=device),
        )

    @classmethod
    def of(cls, params: Sequence[SamplingParams], device: torch.device | str = "cpu") -> SamplingTensors:
        """Settings of one row per entry."""
        tensors = cls.allocate(len(params), device)
        for row, entry in enumerate(params):
            tensors.write(row, entry)
        return tensors

    def write(self, row: int, params: SamplingParams) -> None:
        """Set one row, in place."""
        sample = params.do_sample
        self.do_sample[row] = sample
        self.temperature[row] = params.temperature if sample else 1.0
        self.top_k[row] = params.top_k if sample else 0
        self.tail_mass[row] = 1.0 - params.top_p if sample else 0.0
        self.repetition_penalty[row] = params.repetition_penalty

    def select(self, index: Tensor) -> SamplingTensors:
        """The rows at ``index`` (int64 [n]), as new tensors."""
        return SamplingTensors(
            self.do_sample[index],
            self.temperature[index],
            self.top_k[index],
            self.tail_mass[index],
            self.repetition_penalty[index],
        )


def stage_flags(params: Sequence[SamplingParams]) -> StageFlags:
    """The tightest flags for rows with these settings."""
    sampled = [entry for entry in params if entry.do_sample]
    return StageFlags(
        top_k_cap=max((entry.top_k for entry in sampled), default=0),
        needs_top_p=any(entry.top_p < 1 for entry in sampled),
        samples=bool(sampled),
    )


def suppress_mask(vocab_size: int, eos_id: int, device: torch.device | str = "cpu") -> Tensor:
    """bool [vocab]: ids that the talker may never choose. EOS is not among them."""
    mask = torch.zeros(vocab_size, dtype=torch.bool, device=device)
    mask[max(0, vocab_size - SUPPRESSED_TAIL) :] = True
    mask[eos_id] = False
    return mask


def process_talker(
    logits: Tensor,
    seen: Tensor,
    frame: Tensor,
    mask_eos: Tensor,
    params: SamplingTensors,
    suppress: Tensor,
    eos_id: int,
) -> Tensor:
    """The talker's own processors. New float32 [rows, vocab]; changes no argument.

    logits [rows, vocab] float; seen [rows, vocab] bool, codebook-0 codes chosen so far in this row; frame [rows] int64,
    choices made so far; mask_eos [rows] bool; suppress [vocab] bool from ``suppress_mask``.
    """
    scores = logits.float()
    penalty = params.repetition_penalty[:, None]
    scores = torch.where(seen, torch.where(scores < 0, scores * penalty, scores / penalty), scores)
    scores = scores.masked_fill(suppress, _NEG_INF)
    no_eos = mask_eos | (frame < MIN_NEW_FRAMES)
    scores[:, eos_id] = scores[:, eos_id].masked_fill(no_eos, _NEG_INF)
    return scores


def warp(scores: Tensor, params: SamplingTensors, flags: StageFlags) -> Tensor:
    """Temperature, top-k, top-p of the rows that sample; greedy rows pass unchanged. float32 [rows, vocab], new.

    Values equal to the k-th largest all stay. Top-p drops, from the least likely up, while the sum is at most 1 - p,
    and always leaves the best.
    """
    scores = scores.float() / params.temperature[:, None]
    cap = min(flags.top_k_cap, scores.shape[-1])
    if cap > 0:
        best = torch.topk(scores, cap, dim=-1).values
        top_k = params.top_k[:, None]
        kth = best.gather(-1, (top_k - 1).clamp(0, cap - 1)).masked_fill(top_k == 0, _NEG_INF)
        scores = scores.masked_fill(scores < kth, _NEG_INF)
    if flags.needs_top_p:
        ordered, order = torch.sort(scores, dim=-1, stable=True)
        mass = torch.softmax(ordered, dim=-1).cumsum(dim=-1)
        tail = params.tail_mass[:, None]
        drop = (mass <= tail) & (tail > 0)
        drop[:, -1] = False
        scores = scores.masked_fill(torch.zeros_like(drop).scatter(-1, order, drop), _NEG_INF)
    return scores


def group_terms(groups: int, first_group: int = 0, device: torch.device | str = "cpu") -> Tensor:
    """int64 [groups]: what codebooks ``first_group``.. bring to their keys. Made once for a step that is compiled: a
    compiler may fold a range times a constant without wrapping at 64 bits."""
    return (torch.arange(first_group, first_group + groups, dtype=torch.int64, device=device) + 1) * _MIX_A


def code_terms(vocab_size: int, device: torch.device | str = "cpu") -> Tensor:
    """int64 [vocab]: what each code brings to its noise. Made once, like ``group_terms``."""
    return torch.arange(1, vocab_size + 1, dtype=torch.int64, device=device) * _GOLDEN


def noise_keys(seed: Tensor, frame: Tensor, groups: int, first_group: int = 0, terms: Tensor | None = None) -> Tensor:
    """int64 [rows, groups]: one key per row and codebook ``first_group``.. . seed and frame: int64 [rows]; ``terms``:
    ``group_terms`` of the same codebooks, if at hand."""
    if terms is None:
        terms = group_terms(groups, first_group, seed.device)
    row = _mix_(_mix_(seed + _GOLDEN) ^ (frame + 1) * _GOLDEN)
    return _mix_(row[:, None] ^ terms)


def exponential_noise(keys: Tensor, vocab_size: int, terms: Tensor | None = None) -> Tensor:
    """float32 [..., vocab] of independent exponential variates, positive and finite; keys: int64 [...]; ``terms``:
    ``code_terms`` of the vocabulary, if at hand.

    The smallest variates decide a draw, so it is they that keep full relative precision: u is near 0 there.
    """
    if terms is None:
        terms = code_terms(vocab_size, keys.device)
    bits = _mix_(keys[..., None] + terms).bitwise_right_shift_(64 - _NOISE_BITS)
    uniform = bits.bitwise_and_((1 << _NOISE_BITS) - 1).float().add_(0.5).mul_(2.0**-_NOISE_BITS)
    return uniform.clamp_(max=1 - 2.0**-24).neg_().log1p_().neg_()


def pick(scores: Tensor, noise: Tensor | None, params: SamplingTensors, flags: StageFlags) -> tuple[Tensor, Tensor]:
    """Choose with noise from ``exponential_noise`` ([rows, vocab]; may be None when ``flags.samples`` is false).

    Returns codes int64 [rows] and float32 [rows], the probability of each in the distribution it was chosen from
    (greedy: the softmax of the scores). It is NaN when a score is NaN or all are masked: the code means nothing then.
    """
    final = warp(scores, params, flags) if flags.samples else scores.float()
    probability = torch.softmax(final, dim=-1)
    contest = final
    if flags.samples:
        assert noise is not None
        # The least of the exponential variates scaled by 1/p wins with probability p (Gumbel-max, in another form).
        contest = torch.where(params.do_sample[:, None], probability / noise, final)
    codes = contest.argmax(dim=-1)
    return codes, probability.gather(-1, codes[:, None])[:, 0]


def choose(
    scores: Tensor, seed: Tensor, frame: Tensor, group: int, params: SamplingTensors, flags: StageFlags
) -> tuple[Tensor, Tensor]:
    """``pick`` with the noise of codebook ``group``. scores [rows, vocab]; seed, frame int64 [rows]."""
    noise = None
    if flags.samples:
        noise = exponential_noise(noise_keys(seed, frame, 1, group)[:, 0], scores.shape[-1])
    return pick(scores, noise, params, flags)


def _mix_(x: Tensor) -> Tensor:
    """The finalizer of SplitMix64, in place: a bijection of 64-bit integers that spreads every bit. Products wrap."""
    x.bitwise_xor_(_shift(x, 30)).mul_(_MIX_A)
    x.bitwise_xor_(_shift(x, 27)).mul_(_MIX_B)
    return x.bitwise_xor_(_shift(x, 31))


def _shift(x: Tensor, bits: int) -> Tensor:
    """Logical right shift of int64 (the operator is arithmetic)."""
    return (x >> bits).bitwise_and_((1 << (64 - bits)) - 1)
