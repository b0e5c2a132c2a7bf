"""What ships beside the code: container files, monitoring, and their agreement with the code."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from qwentts_svc.config import load
from qwentts_svc.observability.prometheus import PrometheusObserver

ROOT = Path(__file__).parents[2]


def compose() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
    return content


def known_metrics() -> set[str]:
    """Every series name of the service, with the suffixes of its type."""
    names = set()
    for family in PrometheusObserver().registry.collect():
        suffixes = {"counter": ["_total"], "histogram": ["_bucket", "_sum", "_count"]}.get(family.type, [""])
        names |= {family.name + suffix for suffix in suffixes}
    return names


def test_the_dockerfile_passes_its_linter() -> None:
    linter = shutil.which("hadolint", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    if linter is None:
        pytest.skip("hadolint has no build for this machine")
    result = subprocess.run([linter, str(ROOT / "Dockerfile")], capture_output=True, text=True, timeout=60)
    assert (result.returncode, result.stdout) == (0, "")


@pytest.mark.parametrize("target", ["cpu", "cuda"])
def test_the_images_run_as_nobody_special_and_probe_themselves(target: str) -> None:
    stages = re.split(r"^FROM ", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
    (stage,) = [text for text in stages if text.splitlines()[0].endswith(f" AS {target}")]
    assert re.search(r"^USER 10001:10001$", stage, re.MULTILINE)
    assert re.search(r'CMD \["qwentts", "health"', stage)
    assert 'ENTRYPOINT ["qwentts"]' in stage


def settings_in_files() -> set[str]:
    text = (ROOT / "Dockerfile").read_text() + (ROOT / "compose.yaml").read_text()
    return set(re.findall(r"QWENTTS_[A-Z]+__[A-Z_]+", text))


def test_every_variable_in_the_container_files_is_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    variables = settings_in_files()
    assert variables
    keys = {f"QWENTTS_{key.upper().replace('.', '__')}" for key in load().sources}
    assert variables - keys == set()


def test_compose_publishes_on_loopback_only_and_writes_nowhere_else() -> None:
    services = compose()["services"]
    assert {"qwentts", "prometheus", "grafana"} <= set(services)
    ports = [port for service in services.values() for port in service.get("ports", [])]
    assert [port for port in ports if not port.startswith("127.0.0.1:")] == []
    assert services["qwentts"]["read_only"] is True


def test_the_files_that_compose_mounts_exist() -> None:
    services = compose()["services"]
    mounts = [volume for service in services.values() for volume in service.get("volumes", [])]
    local = [mount.split(":")[0] for mount in mounts if mount.startswith("./")]
    assert local
    assert [path for path in local if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("file", ["deploy/alerts.yml", "deploy/grafana/dashboards/qwentts.json"])
def test_monitoring_asks_for_metrics_that_exist(file: str) -> None:
    text = (ROOT / file).read_text()
    content = json.loads(text) if file.endswith(".json") else yaml.safe_load(text)
    expressions: list[str] = []

    def walk(node: Any) -> None:
        if isinstance(node, dict):
            expressions.extend(value for key, value in node.items() if key == "expr")
            for value in node.values():
                walk(value)
        elif isinstance(node, list):
            for value in node:
                walk(value)

    walk(content)
    used = {name for expression in expressions for name in re.findall(r"\bqwentts_\w+", expression)}
    assert used
    assert used - known_metrics() == set()


def test_the_pinned_versions_carry_no_local_label_and_fit_the_project() -> None:
    lines = (ROOT / "constraints.txt").read_text().split()
    assert [line for line in lines if not re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][\w.]*", line)] == []
    pins = dict(line.split("==") for line in lines)
    assert pins["grpcio"] == pins["grpcio-tools"]
    assert pins["torch"] == "2.13.0"
