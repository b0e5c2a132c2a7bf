"""What a result was measured on: commit, processor, versions, and how busy the machine was already."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import grpc
import psutil

from qwentts_svc import __version__

ROOT = Path(__file__).resolve().parent.parent


def describe_machine() -> dict[str, Any]:
    """A JSON object; no host name, no path, no user."""
    return {
        "commit": _git("rev-parse", "--short=12", "HEAD") or "unknown",
        "changed_files": len((_git("status", "--porcelain", "--untracked-files=no") or "").splitlines()),
        "version": __version__,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "load_before": round(os.getloadavg()[0], 2),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "grpc": grpc.__version__,
        "command": " ".join(["python -m loadtest", *sys.argv[1:]]),
    }


def _git(*words: str) -> str | None:
    try:
        done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())
