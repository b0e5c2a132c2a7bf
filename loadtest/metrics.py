"""Reading the service's ``/metrics``."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from prometheus_client import Metric
from prometheus_client.openmetrics import parser

from qwentts_svc.errors import IoError

_parse: Callable[[str], Iterable[Metric]] = parser.text_string_to_metric_families
Labels = frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Metrics:
    """One scrape."""

    samples: Mapping[tuple[str, Labels], float]

    def total(self, name: str, **labels: str) -> float:
        """Sum over all series of ``name`` that carry these labels; 0 without any."""
        wanted = set(labels.items())
        return sum(value for (key, have), value in self.samples.items() if key == name and wanted <= have)

    def by(self, name: str, *labels: str) -> dict[tuple[str, ...], float]:
        """Sums by the values of ``labels``."""
        found: dict[tuple[str, ...], float] = {}
        for (key, have), value in self.samples.items():
            if key == name:
                names = dict(have)
                group = tuple(names.get(label, "") for label in labels)
                found[group] = found.get(group, 0.0) + value
        return found


Counts = Mapping[tuple[str, ...], float]


def grown(before: Counts, after: Counts) -> dict[tuple[str, ...], int]:
    """What counters have gained, without those that have not."""
    gains = {key: round(value - before.get(key, 0.0)) for key, value in after.items()}
    return {key: gain for key, gain in gains.items() if gain}


async def scrape(port: int, host: str = "127.0.0.1", timeout_s: float = 10.0) -> Metrics:
    """Raises IoError when the port does not answer with metrics."""
    try:
        async with asyncio.timeout(timeout_s):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                writer.write(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
                await writer.drain()
                raw = await reader.read()
            finally:
                writer.close()
                await writer.wait_closed()
    except (OSError, TimeoutError) as error:
        raise IoError(f"no metrics at {host}:{port}: {type(error).__name__}") from None
    head, _, body = raw.partition(b"\r\n\r\n")
    if b" 200 " not in head.split(b"\r\n", 1)[0]:
        raise IoError(f"{host}:{port} serves no metrics")
    return parse_metrics(body.decode())


def parse_metrics(text: str) -> Metrics:
    """All samples of an OpenMetrics page but the times of creation."""
    return Metrics(
        {
            (sample.name, frozenset(sample.labels.items())): float(sample.value)
            for family in _parse(text)
            for sample in family.samples
            if not sample.name.endswith("_created")
        }
    )
