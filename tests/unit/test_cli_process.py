"""The command line as a process: signals, pipes, exit codes."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

_IN_THE_FOREGROUND = (
    "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL);"
    "os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
)
"""A shell starts background jobs with SIGINT ignored, and children inherit that: the tests may run in one. Set in a
process of its own: code between fork and exec makes Python fork as a whole, and gRPC, if an earlier test has threads
of it, then complains on the child's stderr."""
COMMAND = [sys.executable, "-c", _IN_THE_FOREGROUND, "-m", "qwentts_svc.cli"]


def start(*argv: str) -> subprocess.Popen[bytes]:
    pipe = subprocess.PIPE
    return subprocess.Popen([*COMMAND, *argv], stdin=pipe, stdout=pipe, stderr=pipe)


def test_a_reader_that_goes_away_ends_it_without_a_word() -> None:
    with start("normalize") as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"one line\n")
        process.stdin.flush()
        assert process.stdout.readline()
        process.stdout.close()
        process.stdin.write(b"nobody reads this\n")
        process.stdin.close()
        assert process.wait(timeout=20) == 141
        assert process.stderr is not None
        assert process.stderr.read() == b""


def test_an_interrupt_is_one_line() -> None:
    with start("normalize") as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"one line\n")
        process.stdin.flush()
        assert process.stdout.readline()
        time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 130
        assert process.stderr is not None
        assert process.stderr.read() == b"qwentts: error: interrupted\n"


def test_a_health_probe_without_a_service_says_so() -> None:
    with start("health", "--address", "127.0.0.1:1", "--timeout-s", "0.5") as process:
        out, err = process.communicate(timeout=30)
        assert (process.returncode, out, err) == (1, b"UNREACHABLE (UNAVAILABLE)\n", b"")


@pytest.mark.parametrize(
    "setting",
    ["auth.tokens_file", "tls.cert_file", "voices.directory", "text.lexicon_file"],
    ids=lambda name: str(name),
)
def test_a_file_that_cannot_be_used_is_told_before_the_model_is_looked_for(tmp_path: Path, setting: str) -> None:
    bad, settings = tmp_path / "bad", [f"server.{setting}={tmp_path / 'bad'}"]
    bad.write_text("neither a token, nor a certificate, nor a directory")
    if setting == "tls.cert_file":
        settings.append(f"server.tls.key_file={bad}")
    arguments = [part for each in settings for part in ("--set", each)]
    with start("serve", "--model", str(tmp_path / "none"), *arguments) as process:
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (2, b"")
    assert str(bad).encode() in err
