"""The device manager: what a machine, a model and the settings come to."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

import qwentts_svc
from qwentts_svc.acoustic.config import ModelConfig, load_model_config
from qwentts_svc.errors import ModelError
from qwentts_svc.runtime.device import DeviceWish, kv_blocks, plan_device, usable_cores
from qwentts_svc.runtime.qos import HIGH_THROUGHPUT, LOW_LATENCY, LOW_LATENCY_CPU

CPU = DeviceWish(device="cpu")


def embedded() -> ModelConfig:
    return load_model_config(Path(qwentts_svc.__file__).parent / "data" / "aria")


def of_real_size() -> ModelConfig:
    config = embedded()
    stack = replace(config.talker.transformer, hidden_size=1024, intermediate_size=3072, num_layers=28)
    return replace(config, talker=replace(config.talker, transformer=stack))


def test_a_small_model_on_a_cpu_gets_one_thread_and_short_codec_calls() -> None:
    plan = plan_device(CPU, embedded())
    assert (plan.device.type, plan.dtype, plan.codec_dtype) == ("cpu", torch.float32, torch.float32)
    assert (plan.threads, plan.profile) == (1, LOW_LATENCY_CPU)


def test_a_model_of_real_size_gets_every_core_and_the_longer_calls() -> None:
    plan = plan_device(CPU, of_real_size())
    assert (plan.threads, plan.profile) == (usable_cores(), LOW_LATENCY)


def test_the_settings_have_the_last_word() -> None:
    wish = replace(CPU, dtype="bfloat16", profile="high-throughput", threads=3, max_rows=5, max_slots=7, block_size=8)
    plan = plan_device(wish, embedded())
    assert (plan.dtype_name, plan.codec_dtype, plan.profile) == ("bfloat16", torch.bfloat16, HIGH_THROUGHPUT)
    assert (plan.threads, plan.max_rows, plan.slots, plan.block_size) == (3, 5, 7, 8)
    assert plan_device(replace(wish, codec_dtype="float32"), embedded()).codec_dtype is torch.float32
    assert plan_device(replace(wish, max_rows=9), embedded()).max_rows == 7  # no more rows than slots


def test_memory_becomes_blocks() -> None:
    config = embedded()
    plan = plan_device(CPU, config)
    stack = config.talker.transformer
    block_bytes = 2 * stack.num_layers * plan.block_size * stack.num_kv_heads * stack.head_dim * 4
    assert kv_blocks(replace(CPU, kv_memory_mib=64), plan, config) == 64 * 2**20 // block_bytes
    assert kv_blocks(replace(CPU, kv_blocks=1234), plan, config) == 1234
    found = kv_blocks(CPU, plan, config)
    assert 0 < found * block_bytes <= 2**30


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"dtype": "float16"}, "float16"),
        ({"attention": "flash"}, "flash"),
    ],
)
def test_what_the_machine_cannot_do_is_refused_by_name(change: dict[str, str], what: str) -> None:
    with pytest.raises(ModelError, match=what):
        plan_device(replace(CPU, **change), embedded())


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without a GPU")
def test_a_gpu_that_is_not_there_is_refused() -> None:
    with pytest.raises(ModelError, match="cuda"):
        plan_device(DeviceWish(device="cuda"), embedded())


def test_no_room_for_a_single_row_is_an_error() -> None:
    config = embedded()
    with pytest.raises(ModelError):
        kv_blocks(replace(CPU, kv_memory_mib=0, kv_blocks=1), plan_device(CPU, config), config)
