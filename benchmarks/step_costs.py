"""What the calls of an engine cost on this machine, as the table that the scheduler's simulator reads.

Builds the model and codec runners as a service would and times them warm, one call at a time: a frame step per number
of rows, a prefill per number of positions, a codec call per rows and frames. Prints a table; ``--out`` writes the JSON
object for ``python -m qwentts_svc.runtime.simulator --device cpu-2-cores --costs FILE``.

    python benchmarks/step_costs.py [--model CHECKPOINT] [--threads 1] [--numerics invariant] [--out FILE]
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from qwentts_svc.acoustic.config import load_model_config
from qwentts_svc.acoustic.generation import load_generation_defaults
from qwentts_svc.acoustic.hub import resolve_model
from qwentts_svc.acoustic.model import load_acoustic
from qwentts_svc.codec.load import load_codec_decoder
from qwentts_svc.runtime.codec_runner import TorchCodecRunner
from qwentts_svc.runtime.device import DevicePlan, DeviceWish, plan_device
from qwentts_svc.runtime.messages import PromptSpec
from qwentts_svc.runtime.model_runner import RunnerLimits, TorchModelRunner
from qwentts_svc.runtime.qos import LOW_LATENCY
from qwentts_svc.runtime.runners import NO_TEXT, PrefillItem, StepRow
from qwentts_svc.types import Layout, Sampling

FRAME = 30
"""Steps are timed at this frame of a row: the middle of a median utterance."""

TEXT_TOKENS = 14
SLOT_PAGES = 16


class Rig:
    """Runners with one prompt attached to each of ``slots`` slots."""

    def __init__(self, path: Path, plan: DevicePlan, *, invariant: bool) -> None:
        config = load_model_config(path)
        sampling = load_generation_defaults(path)
        model = load_acoustic(path, plan.dtype, plan.device, invariant=invariant)
        self.plan = plan
        self._sampling = Sampling(sampling.talker, sampling.subtalker)
        pages = plan.slots * SLOT_PAGES
        limits = RunnerLimits(plan.slots, pages, plan.block_size, plan.max_rows, SLOT_PAGES * plan.block_size)
        self.model = TorchModelRunner(model, plan.attention, limits)
        self.codec = TorchCodecRunner(
            load_codec_decoder(path / "speech_tokenizer", plan.codec_dtype, plan.device), plan.slots
        )
        self._speaker = next(iter(config.talker.speakers), "")
        self.positions = [self.attach(slot, TEXT_TOKENS) for slot in range(plan.slots)]
        for slot in range(plan.slots):
            self.codec.open(slot, None)

    def attach(self, slot: int, tokens: int) -> int:
        """A prompt of ``tokens`` text tokens in ``slot``; its positions."""
        prompt = PromptSpec(
            role_ids=(0, 0, 0), text_ids=tuple(range(tokens)), speaker=self._speaker, layout=Layout.FULL
        )
        return self.model.attach(slot, prompt, self._sampling, text_ended=True).positions

    def pages(self, slot: int) -> tuple[int, ...]:
        return tuple(range(slot * SLOT_PAGES, (slot + 1) * SLOT_PAGES))

    def step(self, rows: int) -> Callable[[], object]:
        """One frame of ``rows`` rows."""
        batch = [
            StepRow(slot, self.positions[slot] - 1 + FRAME, FRAME, NO_TEXT, True, self.pages(slot))
            for slot in range(rows)
        ]
        return lambda: self.model.step(batch)

    def prefill(self, tokens: int, prompts: int) -> tuple[int, Callable[[], object]]:
        """Positions of ``prompts`` prompts with ``tokens`` text tokens, and the call that fills them."""
        items = [PrefillItem(slot, 0, self.attach(slot, tokens) - 1, self.pages(slot)) for slot in range(prompts)]
        return sum(item.stop for item in items), lambda: self.model.prefill(items)

    def decode(self, rows: int, frames: int) -> Callable[[], object]:
        """A codec call of ``rows`` rows by ``frames`` frames."""
        codes = np.zeros((rows, frames, self.codec.info.groups), dtype=np.int64)
        slots = list(range(rows))
        return lambda: self.codec.decode(slots, codes)


@dataclass(frozen=True, slots=True)
class Stopwatch:
    """``clock``: wall time, or the thread's own CPU time where other work shares the cores."""

    clock: Callable[[], float]
    budget_s: float
    share: float

    def seconds(self, name: str, call: Callable[[], object]) -> float:
        """Seconds of ``call``, warm: the quantile ``share`` of as many runs as fit ``budget_s`` (7 at least)."""
        for _ in range(2):
            call()
        runs: list[float] = []
        end = time.perf_counter() + self.budget_s
        while len(runs) < 7 or time.perf_counter() < end:
            started = self.clock()
            call()
            runs.append(self.clock() - started)
        found = sorted(runs)[int(self.share * (len(runs) - 1))]
        print(f"{name:28s} {found * 1000:9.3f} ms  ({len(runs)} runs)", flush=True)
        return found


def line(points: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """(base, slope) of seconds over units by least squares of the relative error, both 0 or above."""
    x, y = np.array(points, dtype=np.float64).T
    base, slope = np.linalg.lstsq(np.stack((1 / y, x / y), axis=1), np.ones_like(y), rcond=None)[0]
    if base < 0:
        return 0.0, float(np.median(y / x))
    return float(base), max(float(slope), 0.0)


def measure(rig: Rig, watch: Stopwatch) -> dict[str, object]:
    """The fields of a simulator device."""
    sizes = [size for size in (1, 2, 4, 8, 16, 32, 64, 128) if size < rig.plan.max_rows] + [rig.plan.max_rows]
    steps = [(rows, watch.seconds(f"step {rows} rows", rig.step(rows))) for rows in sizes]
    prefills: list[tuple[float, float]] = []
    for tokens, prompts in ((4, 1), (14, 1), (40, 1), (100, 1), (14, 4)):
        positions, call = rig.prefill(tokens, prompts)
        prefills.append((positions, watch.seconds(f"prefill {positions} positions of {prompts}", call)))
    decodes: list[tuple[float, float]] = []
    for frames in LOW_LATENCY.ramp:
        for rows in (1, 4, 8):
            seconds = watch.seconds(f"codec {rows} x {frames} frames", rig.decode(rows, frames))
            decodes.append((rows * frames, seconds))
    prefill_base_s, prefill_position_s = line(prefills)
    codec_base_s, codec_frame_s = line(decodes)
    return {
        "steps": [[rows, round(seconds, 6)] for rows, seconds in steps],
        "max_rows": rig.plan.max_rows,
        "slots": rig.plan.slots,
        "prefill_base_s": round(prefill_base_s, 6),
        "prefill_position_s": round(prefill_position_s, 8),
        "codec_base_s": round(codec_base_s, 6),
        "codec_frame_s": round(codec_frame_s, 7),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="", help="checkpoint directory; default: the embedded voice")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--dtype", default="auto")
    parser.add_argument("--numerics", default="invariant", choices=["invariant", "fast"])
    parser.add_argument("--threads", type=int, default=0, help="intra-op threads on a CPU; 0: the service's choice")
    parser.add_argument("--max-rows", type=int, default=0, help="0: the service's choice")
    parser.add_argument("--seconds", type=float, default=1.0, help="time spent on each figure")
    parser.add_argument(
        "--quantile", type=float, default=0.5, help="0.1 or less beside other work; 0.5 on a quiet machine"
    )
    parser.add_argument("--cpu-time", action="store_true", help="beside other work, with one thread: its own CPU time")
    parser.add_argument("--out", type=Path, help="JSON file for the simulator's --costs")
    options = parser.parse_args()
    path = resolve_model(options.model, None)
    invariant = options.numerics == "invariant"
    wish = DeviceWish(
        device=options.device,
        dtype=options.dtype,
        invariant=invariant,
        max_rows=options.max_rows,
        threads=options.threads,
    )
    plan = plan_device(wish, load_model_config(path))
    if options.cpu_time and (plan.device.type != "cpu" or plan.threads != 1):
        parser.error("--cpu-time counts one thread of a CPU: add --threads 1")
    if plan.device.type == "cpu":
        torch.set_num_threads(plan.threads)
    source = f"measured {time.strftime('%Y-%m-%d')}: {path.name}, {plan.device}, {plan.dtype_name}, {options.numerics}"
    if plan.device.type == "cpu":
        source += f", intra-op threads: {plan.threads}"
    if options.cpu_time:
        source += ", CPU time"
    print(source, flush=True)
    watch = Stopwatch(time.thread_time if options.cpu_time else time.perf_counter, options.seconds, options.quantile)
    table = {"source": source, **measure(Rig(path, plan, invariant=invariant), watch)}
    print(json.dumps(table))
    if options.out is not None:
        options.out.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
