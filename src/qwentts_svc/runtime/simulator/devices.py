"""Step costs of devices, from tables. Values only."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from random import Random

from qwentts_svc.errors import InputError
from qwentts_svc.runtime.cost import StepCosts
from qwentts_svc.runtime.qos import LOW_LATENCY, LOW_LATENCY_CPU, Profile


@dataclass(frozen=True, slots=True)
class Device:
    """What calls cost on a device. ``steps``: (rows, seconds) of a frame step, ascending; between two entries and
    beyond the last the line through the nearest two holds."""

    name: str
    source: str
    steps: tuple[tuple[int, float], ...]
    max_rows: int
    slots: int
    prefill_base_s: float
    prefill_position_s: float
    codec_base_s: float
    codec_frame_s: float
    profile: Profile = LOW_LATENCY
    jitter: float = 0.0
    """Log-deviation of the time that a call takes."""
    spikes: float = 0.0
    """Share of calls that take ``SPIKE`` times as long."""

    def step_s(self, rows: int) -> float:
        """Seconds of a frame step of ``rows`` rows."""
        index = min(max(bisect_left([entry[0] for entry in self.steps], rows), 1), len(self.steps) - 1)
        (x0, y0), (x1, y1) = self.steps[index - 1], self.steps[index]
        return y0 + (y1 - y0) * (rows - x0) / (x1 - x0)

    def prefill_s(self, positions: int) -> float:
        return self.prefill_base_s + self.prefill_position_s * positions

    def codec_s(self, rows_frames: int) -> float:
        return self.codec_base_s + self.codec_frame_s * rows_frames

    def fitted(self) -> StepCosts:
        """The table as the linear costs with which an engine would start after its warm-up."""
        slope = (self.step_s(self.max_rows) - self.step_s(1)) / max(self.max_rows - 1, 1)
        base = self.step_s(1) - slope
        return StepCosts(
            base, slope, self.prefill_base_s, self.prefill_position_s, self.codec_base_s, self.codec_frame_s
        )


SPIKE = 3.0


class Jitter:
    """No device takes the same time twice: ``time`` gives what a call of so many seconds takes this time."""

    def __init__(self, device: Device, seed: int) -> None:
        self._device = device
        self._random = Random(seed)

    def time(self, seconds: float) -> float:
        taken_s = seconds * self._random.lognormvariate(0.0, self._device.jitter)
        return taken_s * (SPIKE if self._random.random() < self._device.spikes else 1.0)


DEVICES: dict[str, Device] = {
    device.name: device
    for device in (
        Device(
            name="cpu-2-cores",
            # 2026-11-22, Xeon with AMX, cores shared with other work: benchmarks/step_costs.py --threads 1 --cpu-time,
            # least of five runs per figure. To be measured again on a quiet machine with --quantile 0.5.
            source="measured: embedded voice on one of two CPU cores (the other serves), float32, invariant",
            steps=((1, 0.01353), (2, 0.01502), (4, 0.0167), (8, 0.01864), (16, 0.02344), (32, 0.0365)),
            max_rows=32,
            slots=64,
            prefill_base_s=0.00261,
            prefill_position_s=0.000121,
            codec_base_s=0.0036,
            codec_frame_s=0.00211,
            profile=LOW_LATENCY_CPU,
            jitter=0.25,
            spikes=0.02,
        ),
        Device(
            name="h100",
            source="public figures for a frame step on an H100: 6.1 / 9.1 ms at 1 / 12 rows; the rest is assumed",
            steps=((1, 0.0061), (12, 0.0091)),
            max_rows=32,
            slots=256,
            prefill_base_s=0.008,
            prefill_position_s=0.00001,
            codec_base_s=0.002,
            codec_frame_s=0.00005,
        ),
        Device(
            name="rtx-5090",
            source="public figures for a frame step on an RTX 5090: 12.7 / 36.8 / 67.5 ms at 1 / 64 / 128 rows; the "
            "rest is assumed",
            steps=((1, 0.0127), (64, 0.0368), (128, 0.0675)),
            max_rows=128,
            slots=256,
            prefill_base_s=0.012,
            prefill_position_s=0.00002,
            codec_base_s=0.002,
            codec_frame_s=0.00005,
        ),
    )
}


def device_named(name: str) -> Device:
    """Raises InputError for an unknown name."""
    try:
        return DEVICES[name]
    except KeyError:
        raise InputError(f"unknown device {name!r}; use one of {', '.join(DEVICES)}", field="device") from None
