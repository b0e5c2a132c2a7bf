"""Encodes reference audio on the engine thread, a few slices between two steps, so that nobody who speaks goes silent.

Owns the references that wait, one of them in work. Every ``EncodeVoice`` gets exactly one reply.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable

from qwentts_svc.codec.slices import Slices
from qwentts_svc.errors import DecodeError, InputError, QosError, TtsError, UnavailableError
from qwentts_svc.observability.observer import Observer
from qwentts_svc.runtime.messages import EncodeVoice
from qwentts_svc.runtime.runners import FatalDeviceError, VoiceEncoder
from qwentts_svc.types import VoicePrompt

_LOG = logging.getLogger(__name__)

SHARE = 0.25
"""Of the engine's time while rows speak. Admission plans for 0.7 of it (``AdmissionLimits.headroom``), so both fit."""

MOST_WAITING = 16
"""References in the queue; a minute of audio is 6 MB."""

RETRY_AFTER_S = 5.0


class VoiceDesk:
    """``encoder`` None: the model cannot clone. ``frame_s``: playing time of a frame; ``clock``: monotonic seconds.

    While rows speak, references get ``SHARE`` of the time: what the steps take earns credit, up to ``SHARE`` of a
    frame, and slices use it up. A slice that overdraws it is paid back before the next one.
    """

    def __init__(
        self, encoder: VoiceEncoder | None, frame_s: float, observer: Observer, clock: Callable[[], float]
    ) -> None:
        self._encoder, self._observer, self._clock = encoder, observer, clock
        self._most_s = self._credit_s = SHARE * frame_s
        self._left_s = clock()
        self._waiting: deque[EncodeVoice] = deque()
        self._slices: Slices[VoicePrompt] | None = None
        """Of the first one that waits, once it is begun."""

    @property
    def busy(self) -> bool:
        """Whether a reference waits or is in work."""
        return bool(self._waiting)

    def take(self, command: EncodeVoice) -> None:
        """Queue a reference, or answer it at once where it cannot be encoded."""
        if self._encoder is None:
            command.reply(InputError("this model cannot clone voices: load a base checkpoint", reason="NO_CLONING"))
            return
        self._forget_unwanted()
        if len(self._waiting) < MOST_WAITING:
            self._waiting.append(command)
        else:
            command.reply(QosError("too many references wait to be encoded; try later", retry_after_s=RETRY_AFTER_S))

    def work(self, free_s: float, newcomer: Callable[[], bool]) -> None:
        """Slices of one reference, as many as there is time for. ``free_s``: for how long no row has work for the
        engine; ``newcomer`` tells whether a row has come meanwhile, which goes first.

        Raises FatalDeviceError only, after having replied."""
        self._forget_unwanted()
        if not self._waiting:
            return
        started = now = self._clock()
        self._credit_s += (started - self._left_s) * SHARE / (1.0 - SHARE)
        if free_s > 0.0:  # time that nobody else needs is not owed to anybody
            self._credit_s = max(self._credit_s, free_s)
        self._credit_s = min(self._credit_s, self._most_s)
        try:
            unfinished = True
            while unfinished and now - started < self._credit_s and not newcomer():
                unfinished = self._advance(self._waiting[0])
                now = self._clock()
        finally:
            self._credit_s -= now - started
            self._left_s = now
        if now > started:
            self._observer.step("voice", now - started)

    def close(self, error: TtsError) -> None:
        """Answer everyone who still waits; for the end of the engine."""
        while self._waiting:
            self._answer(self._waiting[0], error)

    def _advance(self, command: EncodeVoice) -> bool:
        """One slice; False when the reference has been answered."""
        assert self._encoder is not None
        if self._slices is None:
            self._slices = self._encoder.slices(command.pcm, command.ref_text)
        try:
            next(self._slices)
            return True
        except StopIteration as end:
            self._answer(command, end.value)
        except TtsError as error:
            self._answer(command, error)
        except FatalDeviceError:
            self._answer(command, UnavailableError("the engine failed; try another replica", reason="ENGINE_DEAD"))
            raise
        except Exception:
            _LOG.exception("encoding reference audio failed")
            self._answer(command, DecodeError("the reference audio could not be encoded", reason="ENCODING_FAILED"))
        return False

    def _answer(self, command: EncodeVoice, result: VoicePrompt | TtsError) -> None:
        if command is self._waiting[0]:
            self._slices = None  # given up here unless it has come to its end
        self._waiting.remove(command)
        command.reply(result)

    def _forget_unwanted(self) -> None:
        for command in [command for command in self._waiting if not command.wanted()]:
            self._answer(command, UnavailableError("nobody waits for this voice any more"))
