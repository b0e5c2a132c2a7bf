"""What a service has loaded when it is ready is kept off the garbage collector; over the real process."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

PROGRAM = """
import gc, sys
from qwentts_svc.cli import main
code = main(sys.argv[1:])
print(gc.get_freeze_count())
sys.exit(code)
"""
SERVE = "serve --host 127.0.0.1 --port 0 --sidecar-port 0 --set runtime.intra_op_threads=1"


@pytest.mark.timeout(120)
def test_the_heap_is_settled_once_the_service_is_ready() -> None:
    command = [sys.executable, "-c", PROGRAM, *SERVE.split()]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            assert any('"message": "ready"' in line for line in process.stderr), "it ended before it was ready"
            process.send_signal(signal.SIGTERM)
            frozen, _ = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 0
    assert int(frozen) > 50_000
