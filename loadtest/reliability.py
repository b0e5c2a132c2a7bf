"""All endurance tests in a row against services of their own, and the table of the last run in a document."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loadtest.faults import client_killed, drained, killed_and_restarted
from loadtest.flood import flood
from loadtest.idle import crowd
from loadtest.service import running_service
from loadtest.soak import soak
from loadtest.table import table_of
from qwentts_svc.errors import InputError

BEGIN, END = "<!-- last run -->", "<!-- end of last run -->"


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much of each. ``rate``: of the soak, calls per second; None: by the measured capacity."""

    minutes: float = 30.0
    flood_s: float = 60.0
    idle: int = 1000
    speaking: int = 64
    probe_s: float = 10.0
    rate: float | None = None


async def reliability(
    sizes: Sizes, settings: Sequence[str], model: str | None, tell: Callable[[str], None]
) -> dict[str, Any]:
    """Crowd of idle streams, flood, killed client, soak and drain on one service; then a killed and restarted one."""
    found: dict[str, Any] = {}
    async with running_service(settings, model=model) as service:
        found["ready_s"] = round(service.ready_s, 2)
        tell(f"service ready after {service.ready_s:.1f} s; {sizes.idle} idle streams")
        # First, while the allocator holds nothing yet that idle streams could be put into.
        found["idle"] = await crowd(service, sizes.idle, sizes.speaking)
        tell(f"flood for {sizes.flood_s:g} s")
        found["flood"] = await flood(service, sizes.flood_s, probe_s=sizes.probe_s)
        tell("killed client")
        found["client_killed"] = await client_killed(service)
        tell(f"soak for {sizes.minutes:g} min")
        found["soak"] = await soak(service, sizes.minutes, rate=sizes.rate, probe_s=sizes.probe_s)
        tell("drain")
        found["drain"] = await drained(service)
    tell("kill and restart")
    found["restart"] = await killed_and_restarted(settings, model)
    return found


def write_table(path: Path, result: dict[str, Any]) -> None:
    """Replace what stands between the marks. Raises InputError when the document has none."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"--docs: cannot read {path}: {error.strerror}", field="docs") from None
    head, begin, rest = text.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise InputError(f"--docs: {path} has no lines '{BEGIN}' and '{END}'", field="docs")
    path.write_text(f"{head}{BEGIN}\n\n{table_of(result)}\n{END}{tail}", encoding="utf-8")
