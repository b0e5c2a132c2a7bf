"""Choosing codes: the right distribution, a pure function of its arguments, the same alone and in a crowd."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from qwentts_svc.acoustic.sampling import (
    SamplingTensors,
    StageFlags,
    choose,
    exponential_noise,
    noise_keys,
    pick,
    process_talker,
    stage_flags,
    suppress_mask,
    warp,
)
from qwentts_svc.types import SEED_LIMIT, SamplingParams

torch.set_num_threads(1)

NEG_INF = float("-inf")
GREEDY = SamplingParams(do_sample=False)
PLAIN = SamplingParams(temperature=1.0, top_k=0)

EXPECTED_KEYS = [
    [-3238483949242698701, 2596786759165026316, 5351272281259046962],
    [4111645673737469488, -1982340857575596828, 4476793618203295157],
    [-6124519918929957122, -1513274084325276977, 5012884159568726227],
]
EXPECTED_NOISE = [
    [0.6155478, 0.5942088, 1.701559],
    [0.004884295, 0.1125845, 1.499698],
    [0.4204684, 0.9032704, 1.159419],
]


def normal(rows: int, vocab: int, seed: int = 0, scale: float = 3.0) -> torch.Tensor:
    return torch.randn(rows, vocab, generator=torch.Generator().manual_seed(seed)) * scale


def ints(*values: int) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.int64)


def warped(scores: torch.Tensor, *params: SamplingParams) -> torch.Tensor:
    return warp(scores, SamplingTensors.of(params), stage_flags(params))


def chi_square_limit(degrees: int, sigmas: float = 5.0) -> float:
    """The Wilson-Hilferty approximation of a far quantile."""
    spread = 2 / (9 * degrees)
    return degrees * (1 - spread + sigmas * math.sqrt(spread)) ** 3


def draws(probability: torch.Tensor, seeds: torch.Tensor, frames: torch.Tensor, group: int) -> torch.Tensor:
    """One code per (seed, frame) from one distribution."""
    rows = len(seeds)
    params = [PLAIN] * rows
    scores = probability.log().expand(rows, -1)
    return choose(scores, seeds, frames, group, SamplingTensors.of(params), stage_flags(params))[0]


PROBABILITY = torch.tensor([0.35, 0.0, 0.2, 0.15, 0.1, 0.1, 0.05, 0.03, 0.015, 0.005])


@pytest.mark.parametrize(
    ("name", "seeds", "frames", "group"),
    [
        ("seeds", torch.arange(20000), torch.zeros(20000, dtype=torch.int64), 0),
        ("frames", torch.full((20000,), 1234), torch.arange(20000), 7),
        ("large seeds", SEED_LIMIT - 1 - torch.arange(20000), torch.full((20000,), 9), 15),
        ("multiples", torch.arange(20000) << 40, torch.arange(20000), 3),
    ],
)
def test_codes_follow_the_distribution(name: str, seeds: torch.Tensor, frames: torch.Tensor, group: int) -> None:
    counts = torch.bincount(draws(PROBABILITY, seeds, frames, group), minlength=len(PROBABILITY)).double()
    assert counts[1] == 0
    expected = PROBABILITY.double() * len(seeds)
    kept = expected > 0
    chi = ((counts - expected)[kept] ** 2 / expected[kept]).sum().item()
    assert chi < chi_square_limit(int(kept.sum()) - 1)


@pytest.mark.parametrize("other", ["group", "frame", "seed"])
def test_draws_of_neighbours_are_independent(other: str) -> None:
    count, base = 20000, torch.arange(20000)
    zero = torch.zeros(count, dtype=torch.int64)
    third = torch.full((4,), 0.25)
    first = draws(third, base, zero, 0)
    second = {
        "group": lambda: draws(third, base, zero, 1),
        "frame": lambda: draws(third, base, zero + 1, 0),
        "seed": lambda: draws(third, base + 1, zero, 0),
    }[other]()
    table = torch.bincount(first * 4 + second, minlength=16).double()
    chi = ((table - count / 16) ** 2 / (count / 16)).sum().item()
    assert chi < chi_square_limit(15)


def test_noise_is_exponential_and_uncorrelated_between_codes() -> None:
    noise = exponential_noise(noise_keys(torch.arange(300), torch.arange(300), 2), 400).double()
    assert noise.min() > 0
    assert torch.isfinite(noise).all()
    assert noise.mean().item() == pytest.approx(1.0, abs=0.01)
    assert noise.var().item() == pytest.approx(1.0, abs=0.03)
    uniform = torch.exp(-noise).flatten()
    bins = torch.histc(uniform, bins=50, min=0, max=1)
    assert ((bins - len(uniform) / 50) ** 2 / (len(uniform) / 50)).sum() < chi_square_limit(49)
    correlation = torch.corrcoef(noise.reshape(600, 400)[:, :20].T)
    assert (correlation - torch.eye(20, dtype=torch.float64)).abs().max() < 0.25


def test_noise_never_changes_between_versions() -> None:
    """Seeds are promises to callers: these numbers may only change with a major version."""
    keys = noise_keys(ints(0, 42, SEED_LIMIT - 1), ints(0, 7, 100000), 3)
    assert keys.tolist() == EXPECTED_KEYS
    assert torch.allclose(exponential_noise(keys[:, 0], 3), torch.tensor(EXPECTED_NOISE), rtol=1e-6)


def reference_mix(x: int) -> int:
    x &= 2**64 - 1
    x = ((x ^ x >> 30) * 0xBF58476D1CE4E5B9) & (2**64 - 1)
    x = ((x ^ x >> 27) * 0x94D049BB133111EB) & (2**64 - 1)
    return x ^ x >> 31


@given(st.integers(0, SEED_LIMIT - 1), st.integers(0, 10**6), st.integers(0, 31), st.integers(0, 4000))
@settings(max_examples=200, deadline=None)
def test_integer_tensors_hash_as_unsigned_arithmetic_does(seed: int, frame: int, group: int, code: int) -> None:
    golden = 0x9E3779B97F4A7C15
    row = reference_mix(reference_mix(seed + golden) ^ (frame + 1) * golden & (2**64 - 1))
    key = reference_mix(row ^ (group + 1) * 0xBF58476D1CE4E5B9 & (2**64 - 1))
    bits = reference_mix(key + (code + 1) * golden) >> 11
    keys = noise_keys(ints(seed), ints(frame), 1, group)
    assert keys.item() % 2**64 == key
    expected = -math.log1p(-(bits + 0.5) / 2**53) if bits < 2**53 - 2**29 else None
    if expected is not None:
        assert exponential_noise(keys[0], code + 1)[0, code].item() == pytest.approx(expected, rel=1e-4)


def test_all_groups_at_once_give_the_keys_of_each() -> None:
    seed, frame = torch.arange(5), torch.arange(5) * 3
    together = noise_keys(seed, frame, 16)
    for group in range(16):
        assert torch.equal(together[:, group : group + 1], noise_keys(seed, frame, 1, group))


def test_choose_is_pick_with_the_noise_of_its_codebook() -> None:
    params = [SamplingParams(), GREEDY, SamplingParams(top_p=0.7)]
    scores, seed, frame = normal(3, 50), ints(3, 4, 5), ints(0, 1, 2)
    tensors, flags = SamplingTensors.of(params), stage_flags(params)
    noise = exponential_noise(noise_keys(seed, frame, 16)[:, 9], 50)
    for left, right in zip(
        choose(scores, seed, frame, 9, tensors, flags), pick(scores, noise, tensors, flags), strict=True
    ):
        assert torch.equal(left, right)


settings_of_a_row = st.builds(
    SamplingParams,
    do_sample=st.booleans(),
    temperature=st.floats(0.05, 3.0),
    top_k=st.integers(0, 80),
    top_p=st.one_of(st.just(1.0), st.floats(0.05, 1.0)),
    repetition_penalty=st.floats(0.5, 2.0),
)


@given(st.lists(settings_of_a_row, min_size=1, max_size=9), st.integers(0, 2**31), st.randoms())
@settings(max_examples=60, deadline=None)
def test_a_row_is_the_same_alone_in_a_crowd_and_in_any_order(params: list[SamplingParams], seed: int, random) -> None:  # type: ignore[no-untyped-def]
    rows, vocab, eos = len(params), 1100, 1090
    gen = torch.Generator().manual_seed(seed)
    # Coarse values as bfloat16 makes them: ties are common.
    logits = (torch.randn(rows, vocab, generator=gen) * 4).bfloat16()
    seen = torch.rand(rows, vocab, generator=gen) < 0.05
    seeds = torch.randint(0, 2**62, (rows,), generator=gen)
    frames = torch.randint(0, 50, (rows,), generator=gen)
    mask_eos = torch.rand(rows, generator=gen) < 0.5
    suppress = suppress_mask(vocab, eos)

    def run(index: list[int], flags: StageFlags) -> tuple[torch.Tensor, torch.Tensor]:
        tensors = SamplingTensors.of(params).select(torch.tensor(index))
        scores = process_talker(logits[index], seen[index], frames[index], mask_eos[index], tensors, suppress, eos)
        return choose(scores, seeds[index], frames[index], 0, tensors, flags)

    order = list(range(rows))
    random.shuffle(order)
    codes, probability = run(order, stage_flags(params))
    generous = run(order, StageFlags(vocab * 2, True, True))
    assert torch.equal(codes, generous[0])
    assert torch.equal(probability, generous[1])
    for place, row in enumerate(order):
        code, chance = run([row], stage_flags([params[row]]))
        assert torch.equal(codes[place], code[0])
        assert torch.equal(probability[place], chance[0])
        assert code.item() < vocab - 1024 or code.item() == eos


@given(settings_of_a_row, st.integers(0, 10**6))
@settings(max_examples=60, deadline=None)
def test_the_probability_is_that_of_the_final_distribution(params: SamplingParams, seed: int) -> None:
    scores = normal(1, 90, seed)
    code, probability = choose(scores, ints(seed), ints(3), 2, SamplingTensors.of([params]), stage_flags([params]))
    final = warped(scores, params)
    assert not torch.isinf(final[0, code])
    assert probability.item() == torch.softmax(final, -1)[0, code].item()


def test_greedy_takes_the_best_and_ignores_the_other_settings() -> None:
    params = [SamplingParams(False, 0.01, 1, 0.01), SamplingParams(False, 5.0, 3, 0.5)]
    scores = normal(2, 300)
    code, probability = choose(scores, ints(1, 2), ints(0, 0), 0, SamplingTensors.of(params), StageFlags(9, True, True))
    assert torch.equal(code, scores.argmax(-1))
    assert torch.equal(probability, torch.softmax(scores, -1).gather(-1, code[:, None])[:, 0])


def test_top_k_keeps_ties_and_zero_switches_it_off() -> None:
    scores = torch.tensor([[1.0, 3.0, 2.0, 2.0, 0.0]])
    kept = warped(scores, SamplingParams(temperature=1.0, top_k=2))
    assert torch.isinf(kept).tolist() == [[True, False, False, False, True]]
    assert torch.equal(warped(scores, PLAIN), scores)
    assert torch.equal(warped(scores, SamplingParams(temperature=1.0, top_k=1000)), scores)


def test_each_row_has_its_own_top_k() -> None:
    scores = normal(4, 100)
    params = [SamplingParams(temperature=1.0, top_k=k) for k in (1, 7, 100, 0)]
    assert (~torch.isinf(warped(scores, *params))).sum(-1).tolist() == [1, 7, 100, 100]


def test_top_p_drops_the_unlikely_and_always_leaves_the_best() -> None:
    scores = torch.tensor([[0.5, 0.25, 0.15, 0.1]]).log()
    kept = warped(scores, SamplingParams(temperature=1.0, top_k=0, top_p=0.7))
    assert torch.isinf(kept).tolist() == [[False, False, True, True]]
    kept = warped(scores, SamplingParams(temperature=1.0, top_k=0, top_p=1e-9))
    assert torch.isinf(kept).tolist() == [[False, True, True, True]]


def test_top_p_drops_up_to_and_including_its_share() -> None:
    scores = torch.tensor([[0.4, 0.3, 0.2, 0.1]]).log()
    share = torch.softmax(scores.flip(-1), -1).cumsum(-1)[0, 1].item()
    dropped = warped(scores, SamplingParams(temperature=1.0, top_k=0, top_p=1 - share))
    assert torch.isinf(dropped).tolist() == [[False, False, True, True]]
    kept = warped(scores, SamplingParams(temperature=1.0, top_k=0, top_p=1 - share * 0.999))
    assert torch.isinf(kept).tolist() == [[False, False, False, True]]


def talker(logits: torch.Tensor, *, penalty: float = 1.0, seen: list[int] | None = None, **kwargs: int) -> torch.Tensor:
    vocab, eos = logits.shape[1], 1100
    marks = torch.zeros(1, vocab, dtype=torch.bool)
    marks[0, seen or []] = True
    params = SamplingTensors.of([SamplingParams(False, repetition_penalty=penalty)])
    mask = torch.tensor([bool(kwargs.get("mask_eos", 0))])
    frame = ints(kwargs.get("frame", 5))
    return process_talker(logits, marks, frame, mask, params, suppress_mask(vocab, eos), eos)


def test_the_penalty_moves_seen_codes_towards_less_likely() -> None:
    logits = torch.zeros(1, 1124)
    logits[0, :4] = torch.tensor([2.0, -2.0, 2.0, -2.0])
    scores = talker(logits, penalty=1.25, seen=[0, 1])
    assert scores[0, :4].tolist() == pytest.approx([1.6, -2.5, 2.0, -2.0])
    assert logits[0, 0] == 2.0


def test_control_ids_are_never_chosen_and_the_end_only_when_allowed() -> None:
    logits = normal(1, 1124)
    free = talker(logits, frame=2)
    assert torch.equal(free[0, :100], logits[0, :100])
    assert not torch.isinf(free[0, 1100])
    assert int((~torch.isinf(free)).sum()) == 101
    for kwargs in ({"frame": 0}, {"frame": 1}, {"frame": 9, "mask_eos": 1}):
        assert talker(logits, **kwargs)[0, 1100] == NEG_INF


def test_logits_that_are_not_numbers_show_in_the_probability() -> None:
    for bad in (float("nan"), float("inf")):
        scores = normal(2, 20)
        scores[1, 4] = bad
        for params in (PLAIN, GREEDY):
            both = [params, params]
            _, probability = choose(scores, ints(1, 2), ints(0, 0), 0, SamplingTensors.of(both), stage_flags(both))
            assert torch.isfinite(probability).tolist() == [True, False]


def test_flags_follow_the_rows_that_sample() -> None:
    assert stage_flags([]) == StageFlags(0, False, False)
    assert stage_flags([SamplingParams(False, top_k=9, top_p=0.5)]) == StageFlags(0, False, False)
    assert stage_flags([SamplingParams(top_k=9), SamplingParams(top_k=0, top_p=0.5)]) == StageFlags(9, True, True)


def test_very_low_temperatures_stay_finite() -> None:
    params = [SamplingParams(temperature=1e-6, top_k=0)]
    scores = normal(1, 200, scale=30.0)
    code, probability = choose(scores, ints(0), ints(0), 0, SamplingTensors.of(params), stage_flags(params))
    assert code.item() == scores.argmax().item()
    assert probability.item() == 1.0


@pytest.mark.parametrize("flags", [StageFlags(50, True, True), StageFlags(0, False, False)])
def test_the_whole_choice_compiles_as_one_graph(flags: StageFlags) -> None:
    graphs: list[torch.fx.GraphModule] = []

    def backend(graph: torch.fx.GraphModule, _: object) -> object:
        graphs.append(graph)
        return graph.forward

    params = [SamplingParams(), GREEDY] if flags.samples else [GREEDY, GREEDY]
    tensors, eos = SamplingTensors.of(params), 1095
    suppress = suppress_mask(1100, eos)

    def step(logits: torch.Tensor, seen: torch.Tensor, seed: torch.Tensor, frame: torch.Tensor) -> torch.Tensor:
        scores = process_talker(logits, seen, frame, frame > 100, tensors, suppress, eos)
        first, chance = choose(scores, seed, frame, 0, tensors, flags)
        second, _ = choose(logits[:, :70], seed, frame, 1, tensors, flags)
        return torch.stack([first.float(), second.float(), chance])

    arguments = (normal(2, 1100), torch.zeros(2, 1100, dtype=torch.bool), ints(3, 4), ints(5, 6))
    expected = step(*arguments)
    compiled = torch.compile(step, fullgraph=True, backend=backend)
    assert torch.equal(compiled(*arguments), expected)
    assert len(graphs) == 1
