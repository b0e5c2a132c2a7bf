"""``python -m qwentts_svc.runtime.simulator --out docs`` makes the tables and plots of ``docs/scheduling.md``."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import fields, replace
from pathlib import Path

from qwentts_svc.errors import InputError, TtsError
from qwentts_svc.runtime.scheduler import POLICIES
from qwentts_svc.runtime.simulator.devices import DEVICES, Device, device_named
from qwentts_svc.runtime.simulator.report import draw, section, table, write_json, write_page
from qwentts_svc.runtime.simulator.sweep import LOADS, device_capacity, full_rate, sweep


def device_from_json(device: Device, path: Path) -> Device:
    """``device`` with the fields of a JSON object put in (``steps`` as [[rows, seconds], ...]). Raises InputError."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: not a readable JSON file", field="costs") from error
    known = {entry.name for entry in fields(Device)} - {"profile"}
    if not isinstance(values, dict) or not set(values) <= known:
        raise InputError(f"{path}: expected an object with some of {', '.join(sorted(known))}", field="costs")
    if "steps" in values:
        values["steps"] = tuple((int(rows), float(seconds)) for rows, seconds in values["steps"])
    return replace(device, **values)


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0, or 2 for wrong arguments."""
    parser = argparse.ArgumentParser(prog="python -m qwentts_svc.runtime.simulator", description=__doc__)
    parser.add_argument("--out", type=Path, help="folder of scheduling.md; without it the tables go to the output")
    parser.add_argument("--device", action="append", help=f"one of {', '.join(DEVICES)}; default: all")
    parser.add_argument("--policy", action="append", choices=POLICIES, help="default: all")
    parser.add_argument("--load", action="append", type=float, help="offered load / capacity; default: 0.1 to 3")
    parser.add_argument("--callers", type=int, default=700, help="of a run at load 1 (at others in proportion)")
    parser.add_argument("--seed", type=int, default=0, help="of the first run")
    parser.add_argument("--seeds", type=int, default=1, help="runs per point, each with other callers; counts are sums")
    parser.add_argument("--costs", type=Path, help="JSON with measured step costs for the (one) device")
    options = parser.parse_args(arguments)
    try:
        if options.seeds < 1 or options.callers < 1:
            raise InputError("--seeds and --callers must be 1 or more", field="seeds")
        devices = [device_named(name) for name in options.device or DEVICES]
        if options.costs is not None:
            if len(devices) != 1:
                raise InputError("--costs needs exactly one --device", field="costs")
            devices = [device_from_json(devices[0], options.costs)]
        sections = [_run(device, options) for device in devices]
        if options.out is not None:
            write_page(options.out / "scheduling.md", "\n".join(sections))
    except TtsError as error:
        sys.stderr.write(f"{error.public_message}\n")
        return 2
    return 0


def _run(device: Device, options: argparse.Namespace) -> str:
    policies, loads = options.policy or POLICIES, options.load or LOADS
    seeds = range(options.seed, options.seed + options.seeds)
    points = sweep(device, policies, loads=loads, duration_s=options.callers / full_rate(device), seeds=seeds)
    sys.stdout.write(f"{device.name}\n{table(points)}\n")
    sys.stdout.flush()
    plot = f"scheduling-{device.name}.svg"
    if options.out is not None:
        options.out.mkdir(parents=True, exist_ok=True)
        draw(options.out / plot, device, points)
        write_json(options.out / f"scheduling-{device.name}.json", device, points)
    return section(device, device_capacity(device), points, plot)


if __name__ == "__main__":
    sys.exit(main())
