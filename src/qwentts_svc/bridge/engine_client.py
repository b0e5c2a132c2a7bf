"""The loop's handle on the engine thread: row ids, mailboxes, delivery, the watchdog.

Every row submitted gets exactly one terminal event, also when the engine dies, stops, or hangs.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import time
from collections import Counter
from collections.abc import Callable

from qwentts_svc.bridge.mailbox import Mailbox
from qwentts_svc.errors import TtsError, UnavailableError
from qwentts_svc.runtime.messages import (
    AppendText,
    Cancel,
    Command,
    Drain,
    EncodeVoice,
    EndText,
    Failed,
    StepEvents,
    Stop,
    Submit,
    Wake,
)
from qwentts_svc.runtime.thread import EngineThread, Steppable
from qwentts_svc.types import FinishReason, Pcm, Priority, VoicePrompt

_LOG = logging.getLogger(__name__)


class EngineClient:
    """Owns the engine thread for one event loop. All methods but ``_emit`` are called on that loop."""

    def __init__(self, build: Callable[[], Steppable], *, watchdog_s: float = 60.0) -> None:
        self._thread = EngineThread(build, self._emit)
        self._watchdog_s = watchdog_s
        self._row_ids = itertools.count(1)
        self._open: dict[int, Mailbox] = {}
        self._answers: set[asyncio.Future[VoicePrompt]] = set()
        """Encodings asked for and not answered yet."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._watchdog: asyncio.Task[None] | None = None
        self._hung = False
        self._sent: Counter[Priority] = Counter()
        """Rows handed in that are no continuation, by class."""

    async def start(self) -> None:
        """Build the engine on its thread; raises what building raises."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()
        await asyncio.to_thread(self._thread.wait_ready)
        self._watchdog = asyncio.create_task(self._watch(), name="engine-watchdog")

    @property
    def engine(self) -> Steppable | None:
        """The engine object, for read-only statistics."""
        return self._thread.engine

    @property
    def open_rows(self) -> int:
        """Rows whose terminal event has not been delivered yet."""
        return len(self._open)

    def failure(self) -> str:
        """Why the engine cannot serve; empty when it can."""
        if self._hung:
            return "ENGINE_HUNG"
        if self._thread.failure is not None:
            return "ENGINE_DEAD"
        return "" if self._thread.alive() else "ENGINE_STOPPED"

    def new_mailbox(self, notify: Callable[[], None]) -> Mailbox:
        """A mailbox with a fresh row id; ``notify`` is called after every event put into it."""
        return Mailbox(next(self._row_ids), notify)

    def submit(self, command: Submit) -> None:
        """Raises UnavailableError when the engine cannot take it, QosError when it would refuse it; nothing is left
        behind then."""
        reason = self.failure()
        if reason:
            raise UnavailableError("the engine is not serving; try another replica", reason=reason)
        if not command.continuation:
            self.check_door(command.priority, command.first_audio_deadline_s - command.submitted_s)
        mailbox = command.mailbox
        assert isinstance(mailbox, Mailbox)
        self._thread.send(command)
        self._open[command.row_id] = mailbox
        if not command.continuation:
            self._sent[command.priority] += 1

    def check_door(self, priority: Priority, patience_s: float) -> None:
        """Raises QosError for a call that the engine would refuse; it would say so after its present step only."""
        if self._thread.engine is not None:
            self._thread.engine.door.check(priority, patience_s, self._sent, time.monotonic())

    def append(self, row_id: int, ids: tuple[int, ...], budget_frames: int | None = None) -> None:
        """More text for a row; ignored once the row has ended."""
        if row_id in self._open:
            self._thread.send(AppendText(row_id, ids, budget_frames))

    def end_text(self, row_id: int) -> None:
        """No more text for a row; ignored once the row has ended."""
        if row_id in self._open:
            self._thread.send(EndText(row_id))

    def cancel(self, row_id: int, reason: FinishReason = FinishReason.CANCELLED) -> None:
        """Idempotent; the row's terminal event follows. Never raises: it is called from ``finally`` blocks."""
        if row_id in self._open:
            self._send_if_open(Cancel(row_id, reason))

    def consume(self, mailbox: Mailbox, frames: int) -> None:
        """The reader has taken ``frames`` frames; wakes the engine if it waits for this reader."""
        mailbox.consumed_frames += frames
        if mailbox.parked:
            mailbox.parked = False
            self._send_if_open(Wake())

    async def encode_voice(self, pcm: Pcm, ref_text: str | None) -> VoicePrompt:
        """Encode reference audio on the engine thread, which gives it up when this call is cancelled. Raises
        TtsError."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[VoicePrompt] = loop.create_future()

        def settle(result: VoicePrompt | TtsError) -> None:
            if answer.done():
                return
            if isinstance(result, TtsError):
                answer.set_exception(result)
            else:
                answer.set_result(result)

        def reply(result: VoicePrompt | TtsError) -> None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is left to hear
                loop.call_soon_threadsafe(settle, result)

        self._answers.add(answer)
        try:
            self._thread.send(EncodeVoice(pcm, ref_text, reply, wanted=lambda: not answer.done()))
            return await answer
        finally:
            self._answers.discard(answer)

    def drain(self) -> None:
        """Refuse new rows in the engine; present ones finish."""
        self._send_if_open(Drain())

    async def stop(self, timeout_s: float = 30.0) -> bool:
        """Fail what is left and end the thread. False when the thread did not end in time (a hung step)."""
        if self._watchdog is not None:
            self._watchdog.cancel()
            await asyncio.gather(self._watchdog, return_exceptions=True)
        self._send_if_open(Stop())
        ended = await asyncio.to_thread(self._thread.join, timeout_s)
        await asyncio.sleep(0)  # let the last delivery run
        self._fail_open(UnavailableError("the service is stopping", reason="STOPPING"))
        return ended

    def _send_if_open(self, command: Command) -> None:
        """A command that means nothing to an engine that has ended (which has failed every row)."""
        with contextlib.suppress(UnavailableError):
            self._thread.send(command)

    def _emit(self, events: StepEvents) -> None:
        """Engine thread: one hop to the loop per step."""
        assert self._loop is not None
        try:
            self._loop.call_soon_threadsafe(self._deliver, events)
        except RuntimeError:  # the loop is closed: nobody is left to hear
            _LOG.warning("dropped %d events: the event loop is closed", len(events))

    def _deliver(self, events: StepEvents) -> None:
        for mailbox, event in events:
            assert isinstance(mailbox, Mailbox)
            mailbox.put(event)
            if mailbox.terminal:
                self._open.pop(mailbox.row_id, None)

    def _fail_open(self, error: TtsError) -> None:
        for mailbox in list(self._open.values()):
            mailbox.put(Failed(mailbox.row_id, error))
        self._open.clear()
        for answer in self._answers:
            if not answer.done():
                answer.set_exception(error)

    async def _watch(self) -> None:
        """A step that never returns must not mean silence: after ``watchdog_s`` every stream gets an error, and should
        the step return after all, its rows are cancelled. The same for a thread that died without a word."""
        while True:
            await asyncio.sleep(min(1.0, self._watchdog_s / 4))
            started = self._thread.step_started_s
            hung = started is not None and time.monotonic() - started > self._watchdog_s
            if hung and not self._hung:
                _LOG.critical("an engine step has been running for more than %.0f s", self._watchdog_s)
            self._hung = hung
            if hung:
                for row_id in list(self._open):
                    self.cancel(row_id)
                self._fail_open(UnavailableError("the engine hangs; try another replica", reason="ENGINE_HUNG"))
            elif not self._thread.alive():
                self._fail_open(UnavailableError("the engine has ended; try another replica", reason="ENGINE_DEAD"))
