from __future__ import annotations

from dataclasses import replace

import pytest
from support.rows import SAMPLING

from qwentts_svc.runtime.cost import COLD_COSTS, CostModel
from qwentts_svc.runtime.fakes import FAKE_INFO, FakeCodecRunner, FakeModelRunner
from qwentts_svc.runtime.messages import PromptSpec
from qwentts_svc.runtime.rehearsal import rehearse

BASES = {"step": 0.006, "prefill": 0.004, "codec": 0.002}
SLOPES = {"step": 0.0005, "prefill": 0.0001, "codec": 0.0003}


PROMPT = PromptSpec(role_ids=(1, 2, 3), text_ids=(1,) * 14)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def charge(self, kind: str, units: int) -> None:
        self.now += BASES[kind] + SLOPES[kind] * units

    def __call__(self) -> float:
        return self.now


def runners(clock: Clock, **info) -> tuple[FakeModelRunner, FakeCodecRunner]:
    model = FakeModelRunner(replace(FAKE_INFO, **info), length_of=lambda spec, sampling: 100, on_work=clock.charge)
    return model, FakeCodecRunner(on_work=clock.charge)


@pytest.mark.parametrize("info", [{}, {"max_rows": 8}, {"blocks": 8}, {"block_size": 256, "blocks": 3}])
def test_the_costs_of_a_device_are_known_before_its_first_caller(info) -> None:
    clock = Clock()
    model, codec = runners(clock, **info)
    costs = rehearse(model, codec, PROMPT, SAMPLING, 12, clock=clock)
    assert (costs.step_base_s, costs.step_row_s) == pytest.approx((0.006, 0.0005))
    assert (costs.prefill_base_s, costs.prefill_position_s) == pytest.approx((0.004, 0.0001))
    assert (costs.codec_base_s, costs.codec_frame_s) == pytest.approx((0.002, 0.0003))
    assert CostModel(costs).costs == costs


def test_nothing_is_left_behind() -> None:
    clock = Clock()
    model, codec = runners(clock)
    rehearse(model, codec, PROMPT, SAMPLING, 12, clock=clock)
    assert model.slots == codec.history == {}


def test_with_memory_for_one_row_only_the_cold_estimate_stays() -> None:
    clock = Clock()
    model, codec = runners(clock, block_size=256, blocks=1)
    assert rehearse(model, codec, PROMPT, SAMPLING, 12, clock=clock) == COLD_COSTS
