"""From frames to the readers: the codec calls that are due, what they yield, the end of rows that are through."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from qwentts_svc.observability.observer import Observer
from qwentts_svc.runtime.codec_stage import CodecStage
from qwentts_svc.runtime.cost import CostModel
from qwentts_svc.runtime.exits import Exits
from qwentts_svc.runtime.guard import GuardLimits
from qwentts_svc.runtime.messages import FramesOut
from qwentts_svc.runtime.qos import LOW_LATENCY, Profile, ramp_size
from qwentts_svc.runtime.rows import Row, RowState
from qwentts_svc.runtime.runners import CodecInfo, FatalDeviceError
from qwentts_svc.runtime.scheduler.codec import plan_codec
from qwentts_svc.types import FinishReason


@dataclasses.dataclass(frozen=True, slots=True)
class EngineLimits:
    """``profile`` gives the codec's ramp; the policy should be made with the same one."""

    guard: GuardLimits = dataclasses.field(default_factory=GuardLimits)
    profile: Profile = LOW_LATENCY


class Delivery:
    """One per engine, called on the engine thread; ``exits`` takes the events."""

    def __init__(
        self,
        codec: CodecStage,
        info: CodecInfo,
        limits: EngineLimits,
        costs: CostModel,
        exits: Exits,
        observer: Observer,
        clock: Callable[[], float],
    ) -> None:
        self._codec, self._limits, self._costs = codec, limits, costs
        self._exits, self._observer, self._clock = exits, observer, clock
        self._rows = exits.intake.rows
        self._sample_rate = info.sample_rate
        self._frame_s = info.samples_per_frame / info.sample_rate

    def decode(self, budget: int, newcomer: Callable[[], bool]) -> bool:
        """Carry out the codec calls that are due, of ``budget`` frames together; True when there were any. Those that
        can wait are given up once there is a ``newcomer``."""
        ramp = self._limits.profile.ramp
        calls = plan_codec(self._rows.values(), self._clock(), ramp, budget, self._costs.costs)
        for call in calls:
            if not call.pressing and newcomer():
                break
            rows = [self._rows[row_id] for row_id in call.row_ids if row_id in self._rows]
            started = self._clock()
            try:
                outputs = self._codec.decode(rows, call.frames)
            except FatalDeviceError:
                raise
            except Exception as error:
                self._exits.fail_batch(rows, error, "a step of the codec failed")
                continue
            now = self._clock()
            self._costs.observe_codec(len(rows) * call.frames, now - started)
            self._observer.step("codec", now - started)
            for row, output in zip(rows, outputs, strict=True):
                if output is not None:
                    self._send(row, output, now)
                self._check_silence(row, call.frames)
        return bool(calls)

    def finish(self) -> None:
        """Rows whose last frame has been decoded: the faded tail, then the terminal event."""
        for row in [r for r in self._rows.values() if r.state is RowState.FLUSHING and r.pending_frames == 0]:
            if self._exits.retry(row, self._limits.guard.retries):
                continue
            tail = self._codec.finish(row)
            if tail is not None:
                self._send(row, tail, self._clock())
            assert row.finish_reason is not None
            self._exits.end(row, row.finish_reason)

    def _check_silence(self, row: Row, frames: int) -> None:
        """Stop a row that has gone silent, at the end of this codec call: where calls end depends on the frame alone,
        how far the acoustic model has got meanwhile does not. The shorter last call of a row does not count."""
        limit = self._limits.guard.silence_frames
        if not limit or self._codec.silent_frames(row) < limit:
            return
        if ramp_size(self._limits.profile.ramp, row.frames_decoded - frames) != frames:
            return
        row.frames_done = row.frames_decoded
        if row.state is RowState.FLUSHING:
            row.finish_reason = FinishReason.RUNAWAY_STOPPED
        else:
            self._exits.flush(row, FinishReason.RUNAWAY_STOPPED)

    def _send(self, row: Row, output: FramesOut, now: float) -> None:
        underruns = row.underruns
        dry_s = 0.0 if row.submit.decode else len(output.codes) * self._frame_s
        row.emit_audio(len(output.pcm) / self._sample_rate + dry_s, now)
        if row.heard_s is None and len(output.pcm) and self._codec.audible(row):
            row.heard_s = now
            self._observer.first_audio(now - row.arrival_s, row.priority)
        if row.underruns > underruns:
            self._observer.underrun()
        row.submit.mailbox.produced_frames = row.frames_sent
        self._exits.put(row, output)
