"""The engine thread: drains commands, steps the engine, hands events to the loop in one call per step.

Owns the command queue and the thread's life; knows nothing of scheduling. It blocks on the queue when the engine has
nothing to do and never polls.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from typing import Protocol

from qwentts_svc.errors import TtsError, UnavailableError
from qwentts_svc.runtime.door import Door
from qwentts_svc.runtime.messages import Command, EncodeVoice, StepEvents, Stop, Submit

_LOG = logging.getLogger(__name__)

Emit = Callable[[StepEvents], None]


class Steppable(Protocol):
    """What the thread drives (``runtime.engine.Engine``)."""

    @property
    def door(self) -> Door:
        """Whether a new row could be let in; replaced as a whole, so that any thread may read it."""

    def handle(self, command: Command) -> None: ...

    def step(self, now: float, newcomer: Callable[[], bool]) -> StepEvents:
        """``newcomer`` tells at any time whether a row has been submitted since the step began."""

    def wait_s(self, now: float) -> float | None:
        """0: step at once; a number: sleep at most that long; None: sleep until a command comes."""

    def encode_references(self, newcomer: Callable[[], bool]) -> None:
        """A short part of what has to be encoded, between two steps."""

    def fail_all(self, error: TtsError) -> StepEvents: ...


class EngineThread:
    """Runs one engine. ``send`` is callable from any thread; ``emit`` is called on the engine thread.

    ``build`` makes the engine on the thread itself, so that models and device contexts belong to it; ``start`` returns
    at once, ``wait_ready`` blocks until the engine is built and raises what ``build`` raised.
    """

    def __init__(
        self, build: Callable[[], Steppable], emit: Emit, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._build = build
        self._emit = emit
        self._clock = clock
        self._commands: queue.SimpleQueue[Command] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="qwentts-engine", daemon=True)
        self._ready = threading.Event()
        self._gate = threading.Lock()
        self._submitted = self._taken = 0
        """Rows sent (guarded by the gate), rows handled (engine thread): they differ while one waits in the queue."""
        self.engine: Steppable | None = None
        self.failure: BaseException | None = None
        self.step_started_s: float | None = None
        """Start of the step or command in progress, for the watchdog; None while waiting."""
        self.closed = False
        """True once the thread takes no more commands; a command sent later is answered by nobody."""

    def start(self) -> None:
        self._thread.start()

    def wait_ready(self, timeout_s: float | None = None) -> None:
        if not self._ready.wait(timeout_s):
            raise UnavailableError("the engine did not start in time", reason="ENGINE_START_TIMEOUT")
        if self.failure is not None:
            raise self.failure

    def send(self, command: Command) -> None:
        """Raises UnavailableError when the thread has ended, so that no command is ever lost in silence."""
        with self._gate:
            if self.closed:
                raise UnavailableError("the engine has stopped", reason="ENGINE_STOPPED")
            self._submitted += isinstance(command, Submit)
            self._commands.put(command)

    def alive(self) -> bool:
        return self._thread.is_alive() and self.failure is None

    def join(self, timeout_s: float | None = None) -> bool:
        """True when the thread has ended."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            engine = self.engine = self._build()
        except BaseException as failure:
            self.failure = failure
            self._close()
            self._ready.set()
            return
        self._ready.set()
        try:
            stopped = False
            while not stopped:
                stopped = self._drain(engine)
                if not stopped:
                    self.step_started_s = self._clock()
                    events = engine.step(self.step_started_s, self._newcomer)
                    self.step_started_s = None
                    if events:
                        self._emit(events)
                    self.step_started_s = self._clock()  # slices of references are work on the device, too
                    engine.encode_references(self._newcomer)
                    self.step_started_s = None
            error: TtsError = UnavailableError("the service is stopping", reason="STOPPING")
        except BaseException as failure:
            _LOG.critical("engine thread died", exc_info=failure)
            self.failure = failure
            error = UnavailableError("the engine failed; the service must be restarted", reason="ENGINE_DEAD")
        try:
            self._end(engine, error)
        except Exception:  # the watchdog on the other side tells the rows when this thread is gone
            _LOG.critical("the engine's rows could not be failed", exc_info=True)

    def _newcomer(self) -> bool:
        """Whether a row waits in the queue."""
        return self._submitted != self._taken

    def _drain(self, engine: Steppable) -> bool:
        """Apply the waiting commands; block first if the engine is idle. True when told to stop."""
        wait_s = engine.wait_s(self._clock())
        try:
            if wait_s is None:
                command = self._commands.get()
            elif wait_s > 0:
                command = self._commands.get(timeout=wait_s)
            else:
                command = self._commands.get_nowait()
            while True:
                if isinstance(command, Stop):
                    return True
                self.step_started_s = self._clock()
                engine.handle(command)
                self._taken += isinstance(command, Submit)
                self.step_started_s = None
                command = self._commands.get_nowait()
        except queue.Empty:
            return False

    def _end(self, engine: Steppable, error: TtsError) -> None:
        """Close the gate first, then fail every row, those still in the queue included. No device work any more."""
        self._close()
        self.step_started_s = None
        while not self._commands.empty():
            command = self._commands.get_nowait()
            if isinstance(command, EncodeVoice):
                command.reply(error)
            elif not isinstance(command, Stop):
                engine.handle(command)
        events = engine.fail_all(error)
        if events:
            self._emit(events)

    def _close(self) -> None:
        with self._gate:
            self.closed = True
