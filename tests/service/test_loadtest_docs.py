"""The documents against the code: a reason, metric or alert that is not written down, or that no longer exists."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from loadtest.metrics import parse_metrics
from qwentts_svc.observability.prometheus import PrometheusObserver
from qwentts_svc.server.pb.qwentts.v1 import tts_pb2 as pb

ROOT = Path(__file__).parents[2]
REASON = re.compile(
    r'(?:reason(?:: str)? ?= ?|default_reason = |_refusal\([^\n]*, |return |live=reason == )"([A-Z][A-Z_]+)"'
)
OWN = {"RIFF", "HEAD", "GET"}


def doc(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def rows(text: str) -> set[str]:
    """Everything in backticks in the first cells of all tables."""
    cells = (line.split("|")[1] for line in text.splitlines() if line.startswith("|"))
    return {name for cell in cells for name in re.findall(r"`([^`]+)`", cell)}


def reasons_of_the_code() -> set[str]:
    found: set[str] = set()
    for path in (ROOT / "src" / "qwentts_svc").rglob("*.py"):
        if "pb" not in path.parts and "text" not in path.parts[-3:-1]:
            found |= set(REASON.findall(path.read_text(encoding="utf-8")))
    return found - OWN


def test_every_reason_is_documented() -> None:
    documented = rows(doc("errors.md").partition("## INVALID_ARGUMENT")[2])
    used = reasons_of_the_code()
    assert len(used) > 40
    assert used <= documented, used - documented


def test_every_documented_reason_is_in_the_code() -> None:
    documented = rows(doc("errors.md").partition("## INVALID_ARGUMENT")[2])
    code = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "src" / "qwentts_svc").rglob("*.py"))
    assert {reason for reason in documented if f'"{reason}"' not in code} == set()


def test_every_metric_is_documented_and_exists() -> None:
    page = PrometheusObserver().exposition()[0].decode()
    families = set(re.findall(r"^# TYPE (qwentts_\w+) ", page, re.MULTILINE))
    documented = {name.partition("{")[0] for name in rows(doc("operations.md")) if name.startswith("qwentts_")}
    assert {name.removesuffix("_total") for name in documented} == families
    assert parse_metrics(page).samples


def test_every_alert_is_documented() -> None:
    groups = yaml.safe_load((ROOT / "deploy" / "alerts.yml").read_text(encoding="utf-8"))["groups"]
    alerts = {rule["alert"] for group in groups for rule in group["rules"]}
    text = doc("operations.md")
    assert {alert for alert in alerts if f"`{alert}`" not in text} == set()
    assert set(re.findall(r"`(Qwentts\w+)`", text)) <= alerts


def test_every_message_of_a_stream_is_documented() -> None:
    text = rows(doc("api.md"))
    for message in (pb.SynthesizeStreamRequest, pb.SynthesizeStreamResponse):
        assert {field.name for field in message.DESCRIPTOR.fields} <= text
    reasons = {name.removeprefix("FINISH_REASON_") for name in pb.FinishReason.keys()}  # noqa: SIM118 (an enum wrapper)
    assert reasons - {"UNSPECIFIED"} <= text
    methods = {method.name for method in pb.DESCRIPTOR.services_by_name["TextToSpeech"].methods}
    assert methods <= text


def test_every_test_that_the_faults_name_exists() -> None:
    named = re.findall(r"`((?:tests/)?[\w/]+\.py)::(\w+)`", doc("reliability.md"))
    assert len(named) > 40
    for file, test in named:
        path = ROOT / file if file.startswith("tests/") else ROOT / "tests" / "service" / file
        assert f"def {test}(" in path.read_text(encoding="utf-8"), f"{file}::{test}"


def test_links_of_the_documents_lead_somewhere() -> None:
    for path in [
        ROOT / "loadtest" / "README.md",
        *(ROOT / "docs" / name for name in ("api.md", "errors.md", "operations.md", "reliability.md")),
    ]:
        for target in re.findall(r"\]\(([^)#:]+)\)", path.read_text(encoding="utf-8")):
            assert (path.parent / target).exists(), f"{path.name}: {target}"
