"""One caller: makes the call of its plan, listens to it, behaves as planned, and writes the record."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator
from typing import Any

import grpc.aio

from loadtest.listener import Listener
from loadtest.record import CallRecord
from loadtest.refusal import read_refusal
from loadtest.workload import CANCEL, CLOSE, INTERRUPT, SLOW, Plan
from qwentts_svc.server.pb.qwentts.v1 import tts_pb2 as pb
from qwentts_svc.server.pb.qwentts.v1 import tts_pb2_grpc as pb_grpc

SLOWNESS = 1.5
"""A slow reader takes this much longer than the audio lasts."""
AFTER_INTERRUPT = "Sorry, go on."


class Caller:
    """``due_s``: the intended send time, monotonic. ``channel`` is closed by a caller that vanishes that way."""

    def __init__(self, plan: Plan, channel: grpc.aio.Channel, due_s: float, prebuffer_s: float) -> None:
        self.record = CallRecord(plan)
        self._plan, self._channel, self._due_s = plan, channel, due_s
        self._listener = Listener(prebuffer_s)
        self._rate = 24_000
        self._interrupt = asyncio.Event()
        self._over = False
        self._call: Any = None

    async def run(self) -> CallRecord:
        """Make the call. Raises only CancelledError, when the run is over; the record says UNFINISHED then."""
        record = self.record
        record.sent_late_s = max(0.0, time.monotonic() - self._due_s)
        self._call = self._open()
        try:
            async for answer in self._call:
                await self._take(answer)
                if record.left:
                    break
            record.code = "CANCELLED" if record.left else "OK"
        except grpc.aio.AioRpcError as error:
            refusal = read_refusal(error)
            record.code, record.reason = refusal.code, refusal.reason
            record.retry_after_s, record.pushback = refusal.retry_after_s, refusal.pushback
        except asyncio.CancelledError:
            if not record.left:
                raise
            record.code = "CANCELLED"
        finally:
            self._call.cancel()
            self._over = True
            self._interrupt.set()  # whoever writes the requests waits for nothing any more
            record.ended_s = time.monotonic() - self._due_s
            record.gaps_s, record.underruns = self._listener.gaps_s, self._listener.underruns
            if self._listener.audible_at_s is not None:
                record.first_audible_s = self._listener.audible_at_s - self._due_s
        return record

    def _open(self) -> Any:
        stub, plan = pb_grpc.TextToSpeechStub(self._channel), self._plan
        config = pb.SynthesisConfig(
            priority=f"PRIORITY_{plan.priority.upper()}",
            seed=plan.seed,
            audio=pb.AudioOutput(format=pb.AUDIO_FORMAT_PCM_S16),
        )
        if plan.rpc == "SynthesizeChunks":
            return stub.SynthesizeChunks(pb.SynthesizeChunksRequest(text=plan.text, config=config))
        return stub.SynthesizeStream(self._requests(config))

    async def _requests(self, config: pb.SynthesisConfig) -> AsyncIterator[pb.SynthesizeStreamRequest]:
        plan = self._plan
        yield pb.SynthesizeStreamRequest(config=config)
        if plan.words_per_s <= 0:
            yield pb.SynthesizeStreamRequest(text=plan.text)
        else:
            for word in re.findall(r"\s*\S+", plan.text):
                yield pb.SynthesizeStreamRequest(text=word)
                await asyncio.sleep(1 / plan.words_per_s)
                if self._over:
                    return
        if plan.manner == INTERRUPT:
            yield pb.SynthesizeStreamRequest(flush=pb.Flush(flush_id="first"))
            await self._interrupt.wait()
            if self._over:
                return
            yield pb.SynthesizeStreamRequest(interrupt=pb.Interrupt())
            yield pb.SynthesizeStreamRequest(text=AFTER_INTERRUPT)

    async def _take(self, answer: Any) -> None:
        kind = answer.WhichOneof("message")
        if kind == "started":
            self._rate = answer.started.config.audio.sample_rate_hz or self._rate
        elif kind == "audio":
            await self._hear(answer.audio)
        elif kind == "segment_end":
            self._interrupt.set()
        elif kind == "finished":
            self.record.reason = pb.FinishReason.Name(answer.finished.reason).removeprefix("FINISH_REASON_")

    async def _hear(self, audio: Any) -> None:
        record, plan, now_s = self.record, self._plan, time.monotonic()
        if record.first_chunk_s is None:
            record.first_chunk_s = now_s - self._due_s
        record.chunks += 1
        duration_s = len(audio.data) / 2 / self._rate
        record.audio_s += duration_s
        self._listener.feed(audio.data, self._rate, audio.segment_id, now_s)
        if plan.manner == SLOW:
            await asyncio.sleep(duration_s * SLOWNESS)
        if record.chunks >= plan.leave_after:
            self._interrupt.set()
            if plan.manner == CANCEL:
                record.left = True
                self._call.cancel()
            elif plan.manner == CLOSE:
                record.left = True
                await self._channel.close(None)
