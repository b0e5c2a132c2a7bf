"""Device manager: which device, how many threads, and how the memory is divided. Everything is decided once, from the
settings and the checkpoint, and returned as a value; nothing is written back into the configuration.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

import torch

from qwentts_svc.acoustic.config import ModelConfig
from qwentts_svc.errors import ModelError
from qwentts_svc.nn.attention import AttentionBackend
from qwentts_svc.nn.attention_choice import AttentionKind, choose_attention, default_block_size
from qwentts_svc.runtime.qos import Profile, profile_named

_DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
_SLOTS = {"low-latency": 64, "high-throughput": 128}
_CPU_ROWS = {"low-latency": 32, "high-throughput": 64}
_GPU_ROWS = {"low-latency": 64, "high-throughput": 128}

TYPICAL_POSITIONS = 1024
"""KV positions that a slot is expected to need: a prompt and about a minute of speech."""

CPU_KV_SHARE, GPU_KV_SHARE = 0.25, 0.8
"""Share of the free memory that KV may take; on a GPU, of what is left after the weights."""

CPU_KV_BYTES = 2**30
"""A CPU does not keep more streams in real time than this holds."""

SMALL_MODEL_WEIGHTS = 50_000_000
"""Below this the matrices are too small to share: on a CPU one thread is faster than two (docs/log.md)."""


@dataclass(frozen=True, slots=True)
class DeviceWish:
    """What the settings ask for; 0 and ``auto`` leave the choice to the device manager."""

    device: str = "auto"
    dtype: str = "auto"
    codec_dtype: str = "auto"
    attention: AttentionKind = "auto"
    profile: str = "low-latency"
    invariant: bool = True
    max_rows: int = 0
    max_slots: int = 0
    kv_blocks: int = 0
    kv_memory_mib: int = 0
    block_size: int = 0
    threads: int = 0


@dataclass(frozen=True, slots=True)
class DevicePlan:
    """What will be used. ``threads``: intra-op threads on a CPU. ``profile``: as it is on this device."""

    device: torch.device
    dtype: torch.dtype
    codec_dtype: torch.dtype
    attention: AttentionBackend
    block_size: int
    slots: int
    max_rows: int
    threads: int
    profile: Profile

    @property
    def dtype_name(self) -> str:
        """``float32``, ``bfloat16`` or ``float16``."""
        return str(self.dtype).removeprefix("torch.")


def plan_device(wish: DeviceWish, config: ModelConfig) -> DevicePlan:
    """Raises ModelError for what this machine cannot do."""
    stack = config.talker.transformer
    device = _device(wish.device)
    dtype = _dtype(wish.dtype, device, torch.bfloat16 if device.type == "cuda" else torch.float32)
    attention = choose_attention(wish.attention, device, dtype, stack.head_dim, invariant=wish.invariant)
    rows = _GPU_ROWS if device.type == "cuda" else _CPU_ROWS
    slots = wish.max_slots or _SLOTS[wish.profile]
    block_size = wish.block_size or default_block_size(attention)
    if block_size % attention.block_multiple:
        raise ModelError(
            f"runtime.block_size: this attention needs a multiple of {attention.block_multiple}, not {block_size}"
        )
    return DevicePlan(
        device=device,
        dtype=dtype,
        # A CPU decodes bfloat16 twice as fast, and a caller who asked for it has settled for its precision.
        codec_dtype=_dtype(wish.codec_dtype, device, dtype if device.type == "cpu" else torch.float32),
        attention=attention,
        block_size=block_size,
        slots=slots,
        max_rows=min(wish.max_rows or rows[wish.profile], slots),
        threads=wish.threads or default_threads(config),
        profile=profile_named(wish.profile, cpu=device.type == "cpu" and is_small(config)),
    )


def usable_cores() -> int:
    """Cores that this process may run on. More threads than these would wait for one another at every barrier, which
    makes a step about ten times slower."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def default_threads(config: ModelConfig) -> int:
    """Intra-op threads on a CPU: every usable core for a model of real size, one for a small one."""
    return 1 if is_small(config) else usable_cores()


def is_small(config: ModelConfig) -> bool:
    """A model that a CPU speaks in real time with one thread."""
    weights = sum(
        stack.num_layers
        * stack.hidden_size
        * (2 * stack.head_dim * (stack.num_heads + stack.num_kv_heads) + 3 * stack.intermediate_size)
        for stack in (config.talker.transformer, config.talker.predictor.transformer)
    )
    return weights < SMALL_MODEL_WEIGHTS


def kv_blocks(wish: DeviceWish, plan: DevicePlan, config: ModelConfig) -> int:
    """Blocks of the KV pool, from the settings or from the memory that is free now (call it after the weights are
    loaded). Raises ModelError when there is no room for a single row."""
    stack = config.talker.transformer
    block_bytes = 2 * stack.num_layers * plan.block_size * stack.num_kv_heads * stack.head_dim * plan.dtype.itemsize
    per_slot = -(-TYPICAL_POSITIONS // plan.block_size)
    if wish.kv_blocks:
        blocks = wish.kv_blocks
    elif wish.kv_memory_mib:
        blocks = wish.kv_memory_mib * 2**20 // block_bytes
    else:
        share = GPU_KV_SHARE if plan.device.type == "cuda" else CPU_KV_SHARE
        budget = int(free_bytes(plan.device) * share)
        if plan.device.type == "cpu":
            budget = min(budget, CPU_KV_BYTES)
        blocks = min(plan.slots * per_slot, budget // block_bytes)
    if blocks < per_slot:
        raise ModelError(
            f"{blocks} KV blocks of {plan.block_size} positions ({block_bytes} bytes each) do not hold one row "
            f"({per_slot} blocks): raise runtime.kv_memory_mib or free memory"
        )
    return blocks


def free_bytes(device: torch.device) -> int:
    """Memory that can be allocated now."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    try:
        with open("/proc/meminfo", encoding="ascii") as lines:
            for line in lines:
                if line.startswith("MemAvailable:"):
                    available = int(line.split()[1]) * 1024
                    return min(available, _cgroup_free() or available)
    except OSError:
        pass
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _cgroup_free() -> int | None:
    """What the container's own memory limit leaves; None without one."""
    try:
        with open("/sys/fs/cgroup/memory.max", encoding="ascii") as limit_file:
            limit = limit_file.read().strip()
        with open("/sys/fs/cgroup/memory.current", encoding="ascii") as used_file:
            used = int(used_file.read())
    except (OSError, ValueError):
        return None
    return None if limit == "max" else max(0, int(limit) - used)


def _device(name: str) -> torch.device:
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    device = torch.device(name)
    if device.type == "cuda" and not torch.cuda.is_available():
        raise ModelError(f"model.device is {name!r}, but no CUDA device is usable here: use 'cpu' or 'auto'")
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise ModelError(f"model.device is {name!r}, but there are {torch.cuda.device_count()} CUDA devices")
    return device


def _dtype(name: str, device: torch.device, default: torch.dtype) -> torch.dtype:
    if name == "auto":
        return default
    if name == "float16" and device.type == "cpu":
        raise ModelError("float16 runs on a GPU only: use float32 or bfloat16 on a CPU")
    return _DTYPES[name]
