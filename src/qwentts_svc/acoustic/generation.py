"""How codes are chosen by default (generation_config.json), and what a request makes of it. No torch.

Precedence per setting: the request, the checkpoint's file, the model family's own default.
"""

from __future__ import annotations

import math
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from qwentts_svc.errors import InputError
from qwentts_svc.fields import Fields, read_json
from qwentts_svc.types import SEED_LIMIT, Sampling, SamplingOverrides, SamplingParams

T = TypeVar("T")

MIN_TEMPERATURE = 1e-6
"""Below this, scores divided by the temperature leave the range of float32; greedy choice is meant then."""

PENALTY_RANGE = (1e-3, 1e3)
TOP_K_LIMIT = 2**31 - 1


@dataclass(frozen=True, slots=True)
class GenerationDefaults:
    """Sampling of both stages and the longest utterance. N ``max_new_tokens`` give at most N-1 frames."""

    talker: SamplingParams = field(default_factory=lambda: SamplingParams(repetition_penalty=1.05))
    subtalker: SamplingParams = field(default_factory=SamplingParams)
    max_new_tokens: int = 2048


def load_generation_defaults(directory: Path) -> GenerationDefaults:
    """Read ``directory/generation_config.json``; without that file, the family's defaults. Raises ModelError."""
    file = directory / "generation_config.json"
    if not file.exists():
        return GenerationDefaults()
    fields = read_json(file)
    hard = GenerationDefaults()
    talker = _stage(fields, "", "do_sample", hard.talker)
    # The file spells this one key without the second underscore.
    subtalker = _stage(fields, "subtalker_", "subtalker_dosample", hard.subtalker)
    for prefix, params in (("", talker), ("subtalker_", subtalker)):
        problem = _problem(params)
        if problem:
            raise fields.fail(prefix + problem[0], problem[1])
    return GenerationDefaults(talker, subtalker, fields.integer("max_new_tokens", hard.max_new_tokens, low=2))


def resolve_sampling(overrides: SamplingOverrides, defaults: GenerationDefaults, seed: int | None) -> Sampling:
    """Fill in the defaults; a ``seed`` of None draws one. Raises InputError that names the field."""
    if seed is None:
        seed = secrets.randbelow(SEED_LIMIT)
    elif isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < SEED_LIMIT:
        raise InputError(f"seed must be an integer from 0 to {SEED_LIMIT - 1}", field="seed")
    talker = SamplingParams(
        do_sample=_or(overrides.do_sample, defaults.talker.do_sample),
        temperature=_or(overrides.temperature, defaults.talker.temperature),
        top_k=_or(overrides.top_k, defaults.talker.top_k),
        top_p=_or(overrides.top_p, defaults.talker.top_p),
        repetition_penalty=_or(overrides.repetition_penalty, defaults.talker.repetition_penalty),
    )
    subtalker = SamplingParams(
        do_sample=_or(overrides.subtalker_do_sample, defaults.subtalker.do_sample),
        temperature=_or(overrides.subtalker_temperature, defaults.subtalker.temperature),
        top_k=_or(overrides.subtalker_top_k, defaults.subtalker.top_k),
        top_p=_or(overrides.subtalker_top_p, defaults.subtalker.top_p),
    )
    for prefix, params in (("", talker), ("subtalker_", subtalker)):
        problem = _problem(params)
        if problem:
            raise InputError(f"{prefix}{problem[0]} {problem[1]}", field=prefix + problem[0])
    return Sampling(talker, subtalker, seed)


def _or(value: T | None, default: T) -> T:
    return default if value is None else value


def _stage(fields: Fields, prefix: str, do_sample: str, hard: SamplingParams) -> SamplingParams:
    penalty = hard.repetition_penalty
    return SamplingParams(
        do_sample=fields.flag(do_sample, hard.do_sample),
        temperature=fields.number(f"{prefix}temperature", hard.temperature, open_low=False),
        top_k=fields.integer(f"{prefix}top_k", hard.top_k, low=0),
        top_p=fields.number(f"{prefix}top_p", hard.top_p),
        repetition_penalty=penalty if prefix else fields.number("repetition_penalty", penalty),
    )


def _problem(params: SamplingParams) -> tuple[str, str] | None:
    """The first field out of range and what it must be; None when all is well. Comparisons are false for NaN."""
    low, high = PENALTY_RANGE
    if not (math.isfinite(params.temperature) and params.temperature >= 0):
        return "temperature", f"must be a finite number of at least 0, not {params.temperature}"
    if params.do_sample and params.temperature < MIN_TEMPERATURE:
        return "temperature", f"must be above 0 when sampling (at least {MIN_TEMPERATURE:g}); turn sampling off instead"
    if not 0 <= params.top_k <= TOP_K_LIMIT:
        return "top_k", f"must be from 0 (off) to {TOP_K_LIMIT}, not {params.top_k}"
    if not 0 < params.top_p <= 1:
        return "top_p", f"must be above 0 and at most 1, not {params.top_p}"
    if not low <= params.repetition_penalty <= high:
        return "repetition_penalty", f"must be above 0 (from {low:g} to {high:g}), not {params.repetition_penalty}"
    return None
