"""Load sweeps: offered load from a tenth to three times the capacity, every policy with the same callers. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qwentts_svc.runtime.admission import Admission, capacity
from qwentts_svc.runtime.scheduler import Tuning, make_policy
from qwentts_svc.runtime.simulator.devices import Device
from qwentts_svc.runtime.simulator.engine import Outcome, SimEngine
from qwentts_svc.runtime.simulator.workload import Workload
from qwentts_svc.types import Priority

LOADS = (0.1, 0.25, 0.5, 0.6, 0.75, 1.0, 1.25, 1.5, 2.0, 3.0)
GOOD_FIRST_AUDIO_S = 0.5


@dataclass(frozen=True, slots=True)
class Point:
    """One load and policy, counted over callers with playout who came after the warm-up. Times in seconds."""

    policy: str
    load: float
    offered: int
    served: int
    clean: int
    """Streams without a gap."""
    underruns: int
    """Streams with at least one gap."""
    refused: int
    ttfa_p50_s: float
    ttfa_p95_s: float
    refusal_p95_s: float
    goodput: float
    """Share of the offered callers who were heard within ``GOOD_FIRST_AUDIO_S`` and without a gap."""
    mean_rows: float
    """Rows per step."""


def quantile(values: Sequence[float], share: float) -> float:
    """Nearest-rank quantile; 0 for no values."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def device_capacity(device: Device) -> int:
    """Streams that the device carries in real time with nothing to spare."""
    return capacity(device.fitted(), device.max_rows, device.profile.ramp[-1], 0.08, 0.0, device.slots)


def full_rate(device: Device) -> float:
    """Callers per second of load 1.0."""
    return device_capacity(device) / Workload(rate=1.0, duration_s=1.0).mean_s


def simulate(device: Device, policy: str, workload: Workload) -> Outcome:
    """One run."""
    admission = Admission(device.slots, device.profile.ramp)
    engine = SimEngine(device, make_policy(policy, Tuning(profile=device.profile)), admission, seed=workload.seed)
    return engine.run(workload.arrivals())


def measure(policy: str, load: float, outcome: Outcome, warm_up_s: float) -> Point:
    """Figures of a run."""
    heard = [entry for entry in outcome.ended if entry[0].arrival_s >= warm_up_s]
    ended = [(row, listener) for row, listener in heard if row.priority is not Priority.BATCH]
    refused = [(row, s) for row, s in outcome.refused if row.arrival_s >= warm_up_s]
    offered = len(ended) + len(refused)
    first = [row.first_audio_s - row.arrival_s for row, _ in ended if row.first_audio_s is not None]
    clean = [row for row, listener in ended if listener.gaps == 0 and row.first_audio_s is not None]
    good = [row for row in clean if (row.first_audio_s or 0.0) - row.arrival_s <= GOOD_FIRST_AUDIO_S]
    return Point(
        policy=policy,
        load=load,
        offered=offered,
        served=len(ended),
        clean=len(clean),
        underruns=len(ended) - len(clean),
        refused=len(refused),
        ttfa_p50_s=quantile(first, 0.5),
        ttfa_p95_s=quantile(first, 0.95),
        refusal_p95_s=quantile([seconds for _, seconds in refused], 0.95),
        goodput=len(good) / offered if offered else 0.0,
        mean_rows=outcome.row_steps / outcome.steps if outcome.steps else 0.0,
    )


def sweep(
    device: Device,
    policies: Sequence[str],
    *,
    loads: Sequence[float] = LOADS,
    duration_s: float = 60.0,
    seeds: Sequence[int] = (0,),
) -> list[Point]:
    """Every policy at every load, counted over one run per seed. Load 1.0 offers as much speech per second as the
    device can just speak. Every policy has the same callers: arrivals and lengths depend on load and seed alone."""
    rate = full_rate(device)
    points = []
    for load in loads:
        workloads = [Workload(rate=load * rate, duration_s=duration_s, seed=seed) for seed in seeds]
        for policy in policies:
            runs = [simulate(device, policy, workload) for workload in workloads]
            points.append(measure(policy, load, pooled(runs), warm_up_s=duration_s / 6))
    return points


def pooled(runs: Sequence[Outcome]) -> Outcome:
    """Several runs as one."""
    return Outcome(
        ended=[entry for run in runs for entry in run.ended],
        refused=[entry for run in runs for entry in run.refused],
        steps=sum(run.steps for run in runs),
        row_steps=sum(run.row_steps for run in runs),
        end_s=max((run.end_s for run in runs), default=0.0),
    )
