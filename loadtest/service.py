"""A service process of one's own: started on free loopback ports, watched, stopped or killed."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import BinaryIO

import psutil

from qwentts_svc.errors import IoError

START_LIMIT_S = 180.0


class ServiceProcess:
    """``qwentts serve`` as a child. ``port`` and ``sidecar_port`` are known once it is ready."""

    def __init__(self, process: asyncio.subprocess.Process, log: BinaryIO, begun_s: float) -> None:
        self._process, self._log, self._begun_s = process, log, begun_s
        self.port = self.sidecar_port = 0
        self.ready_s = 0.0
        """From the start of the process to its readiness."""
        self.system = psutil.Process(process.pid)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        return self._process.pid

    async def until_ready(self) -> None:
        """Raises IoError when the process ends, or takes too long."""
        while not (lines := self._lines("ready")):
            if self._process.returncode is not None or time.monotonic() > self._begun_s + START_LIMIT_S:
                raise IoError(f"the service did not start: {self.tail()}")
            await asyncio.sleep(0.02)
        self.ready_s = time.monotonic() - self._begun_s
        self.port = int(lines[0]["port"])
        self.sidecar_port = int(self._lines("serving")[0]["sidecar"])

    def signal(self, number: signal.Signals) -> None:
        """Send a signal, unless the process has ended."""
        if self._process.returncode is None:
            self._process.send_signal(number)

    async def wait(self, timeout_s: float) -> int | None:
        """The exit code; None when the process still runs after ``timeout_s``."""
        try:
            return await asyncio.wait_for(self._process.wait(), timeout_s)
        except TimeoutError:
            return None

    async def stop(self, timeout_s: float = 60.0) -> int | None:
        """SIGTERM, then patience, then SIGKILL; the exit code, None when it had to be killed."""
        self.signal(signal.SIGTERM)
        code = await self.wait(timeout_s)
        if code is None:
            await self.kill()
        return code

    async def kill(self) -> None:
        """SIGKILL."""
        self.signal(signal.SIGKILL)
        await self._process.wait()

    def errors(self) -> int:
        """Lines of level error or above in the log."""
        return sum(line.get("level") in ("error", "critical") for line in self._read())

    def tail(self) -> str:
        """The last lines of the log."""
        self._log.seek(0)
        return " | ".join(self._log.read().decode("utf-8", "replace").splitlines()[-3:]) or "it said nothing"

    def _lines(self, message: str) -> list[dict[str, str]]:
        return [line for line in self._read() if line.get("message") == message]

    def _read(self) -> list[dict[str, str]]:
        self._log.seek(0)
        found = []
        for line in self._log.read().decode("utf-8", "replace").splitlines():
            try:
                value = json.loads(line)
            except ValueError:
                continue
            if isinstance(value, dict):
                found.append(value)
        return found


@asynccontextmanager
async def running_service(
    settings: Sequence[str] = (), *, port: int = 0, model: str | None = None
) -> AsyncIterator[ServiceProcess]:
    """A ready service for the length of the block; killed at its end if it still runs. ``settings``: KEY=VALUE."""
    command = [sys.executable, "-m", "qwentts_svc.cli", "serve", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--sidecar-port", "0", *(["--model", model] if model else [])]
    for setting in settings:
        command += ["--set", setting]
    with tempfile.TemporaryFile() as log:
        begun_s = time.monotonic()
        process = await asyncio.create_subprocess_exec(
            *command, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=_append(log)
        )
        service = ServiceProcess(process, log, begun_s)
        try:
            await service.until_ready()
            yield service
        finally:
            await service.kill()
            # The transport of a process that has ended is closed in the loop's next turn.
            await asyncio.sleep(0)


def _append(log: BinaryIO) -> int:
    """The descriptor for the child: reading here must not move where it writes."""
    import fcntl
    import os

    descriptor = log.fileno()
    fcntl.fcntl(descriptor, fcntl.F_SETFL, fcntl.fcntl(descriptor, fcntl.F_GETFL) | os.O_APPEND)
    return descriptor
