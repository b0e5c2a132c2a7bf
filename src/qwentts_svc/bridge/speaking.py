"""One segment on its way to the listener: its text, its pieces, the rows that speak them, and how far that has got."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from qwentts_svc.bridge.engine_client import EngineClient
from qwentts_svc.bridge.mailbox import Mailbox
from qwentts_svc.bridge.pieces import Piece
from qwentts_svc.bridge.plan import SpeechPlan
from qwentts_svc.runtime.messages import PromptSpec, Submit
from qwentts_svc.types import FinishReason

_MANY_PARTS = 1024
"""A text that came in so many parts is put together, so that asking for it never takes long."""


@dataclass(slots=True, eq=False)
class SpokenPiece:
    """A piece and the row that speaks it."""

    piece: Piece
    mailbox: Mailbox
    text_open: bool
    """The engine does not know yet that the text has ended."""
    due_s: float
    """When its first audio is wanted, monotonic seconds."""
    pause_before_ms: float = 0.0
    frames: int = 0
    """Frames that the listener has taken."""

    def left_s(self, frame_s: float) -> float:
        """Expected duration of what the listener has not taken yet."""
        return max(0.0, self.piece.spoken_s - self.frames * frame_s)

    def text_end(self, frame_s: float) -> int:
        """Offset in the segment's text up to which the frames taken are expected to reach: in proportion to the time
        that the text takes to say."""
        ends = self.piece.source_ends
        if not self.frames or not ends:
            return self.piece.source_start
        spoken_s = self.frames * frame_s
        share = spoken_s / max(self.piece.spoken_s, spoken_s)
        return ends[min(int(share * len(ends)), len(ends) - 1)]


class SpokenSegment:
    """Mutable; owned by its session on the event loop. ``notify`` is called whenever one of its rows has news."""

    def __init__(self, index: int, plan: SpeechPlan, client: EngineClient, notify: Callable[[], None]) -> None:
        self.index = index
        self.flush_id = ""
        self.closed = False
        """Flushed, and all text prepared: the session sets it."""
        self.frames = 0
        self.audio_ms = 0.0
        self.chunks = 0
        self.text_end = 0
        self.reason: FinishReason | None = None
        """The first reason other than COMPLETE; nothing is started after it, and more text is counted, not spoken."""
        self.rows: deque[SpokenPiece] = deque()
        """Rows in work, in order; the listener hears the first one."""
        self.chars = 0
        """Characters of the text so far."""
        self._parts: list[str] = []
        self._plan = plan
        self._client = client
        self._notify = notify
        self._feed = plan.feed()
        self._started = 0
        self._last: Piece | None = None
        """The piece started last; what it ends with decides the silence before the next one."""

    @property
    def text(self) -> str:
        """All text so far."""
        self._parts = ["".join(self._parts)]
        return self._parts[0]

    @property
    def working(self) -> bool:
        """One of its rows has been let in by the engine and has not ended for the listener."""
        return any(row.mailbox.produced_frames for row in self.rows)

    def add(self, text: str) -> None:
        """Note more text; ``feed`` must follow."""
        self.chars += len(text)
        self._parts.append(text)
        if len(self._parts) >= _MANY_PARTS:
            self._parts = ["".join(self._parts)]

    def load(self, text: str) -> int:
        """How much work ``feed`` of ``text`` is, about in characters."""
        return self._feed.load(text) if self.reason is None else 0

    @property
    def load_left(self) -> int:
        """``load`` of ``end_text`` and ``prepare``."""
        return self._feed.load_left if self.reason is None else 0

    def feed(self, text: str) -> None:
        """Prepare text that was added. Nothing is started before ``pump``. May run on a worker."""
        if self.reason is None:
            self._feed.push(text)

    def end_text(self) -> None:
        """No more text: prepare what is left, or what of it ``prepare`` does not. May run on a worker."""
        if self.reason is None:
            self._feed.end()

    @property
    def unprepared(self) -> bool:
        """The text has ended, and ``prepare`` must be called for the rest of it."""
        return self.reason is None and self._feed.unprepared

    def prepare(self) -> None:
        """Prepare a little more of a text that has ended. May run on a worker."""
        if self.reason is None:
            self._feed.prepare()

    @property
    def done(self) -> bool:
        """Everything that will be said has been taken by the listener."""
        return self.closed and not self.rows and (self.reason is not None or self._feed.exhausted)

    @property
    def final_reason(self) -> FinishReason:
        """Why the segment ended, once it is done."""
        if self.reason is not None:
            return self.reason
        return FinishReason.COMPLETE if self._started else FinishReason.EMPTY_TEXT

    def reached(self, row: SpokenPiece) -> int:
        """Offset in the text up to which ``row`` has been heard: an estimate, and exact after its last audio."""
        if not row.mailbox.complete:
            return row.text_end(self._plan.frame_s)
        last = self.closed and self._feed.exhausted and len(self.rows) == 1
        return self.chars if last else row.piece.source_end

    def pump(self, room: int, before: Sequence[SpokenPiece], *, continuation: bool) -> int:
        """Give new tokens to the rows in work and start up to ``room`` rows; returns how many were started. ``before``:
        rows of earlier segments that the listener hears first. Raises TtsError when the engine cannot take one."""
        for row in self.rows:
            self._append(row)
        started = 0
        while started < room and self.reason is None and (piece := self._feed.take()) is not None:
            if self._frames_left() <= 0:
                self.stop(FinishReason.LENGTH_LIMIT)
                break
            self._start(piece, [*before, *self.rows], continuation)
            started += 1
        return started

    def _frames_left(self) -> int:
        """Frames that the next piece may take: a limit that the caller set is for the whole segment, the model's own
        for each row."""
        asked = self._plan.request.max_frames
        return self._plan.max_frames if asked is None else min(self._plan.max_frames, asked - self.frames)

    def stop(self, reason: FinishReason) -> float:
        """Cancel what is left; returns the milliseconds of audio that were made and not taken. The segment itself ends
        when it is flushed, as any other."""
        self.reason = self.reason or reason
        samples = sum(row.mailbox.waiting_samples() for row in self.rows)
        for row in self.rows:
            self._client.cancel(row.mailbox.row_id, reason)
        self.rows.clear()
        return samples / self._plan.sample_rate * 1000

    def _append(self, row: SpokenPiece) -> None:
        if not row.text_open:
            return
        fresh = row.piece.fresh()
        if fresh:
            self._client.append(row.mailbox.row_id, fresh, self._budget(row.piece))
        if row.piece.ended:
            row.text_open = False
            self._client.end_text(row.mailbox.row_id)

    def _budget(self, piece: Piece) -> int | None:
        return None if self._plan.request.raw_text else self._plan.tuning.runaway.frames(len(piece.ids))

    def _start(self, piece: Piece, before: Sequence[SpokenPiece], continuation: bool) -> None:
        plan, request = self._plan, self._plan.request
        mailbox = self._client.new_mailbox(self._notify)
        now = time.monotonic()
        ahead_s = sum(row.left_s(plan.frame_s) for row in before)
        # Never due before an earlier row: that one would be refused the slot that this one keeps until it is heard.
        due_s = max(now + max(plan.max_latency_s, ahead_s), before[-1].due_s if before else now)
        # Rows that wait their turn share one lead, so that together they are never further ahead of the listener.
        waiting = sum(row.mailbox.produced_frames - row.mailbox.consumed_frames for row in self.rows)
        lead = None if plan.max_lead_frames is None else max(1, plan.max_lead_frames - waiting)
        pause_ms = self._last.pause_after_ms if self._last else 0.0
        row = SpokenPiece(piece, mailbox, plan.text_open, due_s, pause_ms)
        self._client.submit(
            Submit(
                row_id=mailbox.row_id,
                prompt=PromptSpec(
                    role_ids=piece.role_ids,
                    text_ids=piece.fresh(),
                    instruct_ids=plan.instruct_ids,
                    ref_text_ids=plan.ref_text_ids,
                    language=plan.language,
                    speaker=plan.speaker,
                    voice=plan.voice,
                    layout=plan.layout,
                ),
                sampling=plan.sampling_of(self.index, self._started),
                mailbox=mailbox,
                submitted_s=now,
                text_open=plan.text_open,
                max_frames=self._frames_left(),
                budget_frames=self._budget(piece),
                priority=request.priority,
                first_audio_deadline_s=due_s,
                deadline_s=request.deadline_s if request.deadline_s is not None else float("inf"),
                max_lead_frames=lead,
                session_id=request.session_id,
                tenant=request.tenant,
                continuation=continuation,
                decode=request.decode,
                trim_leading_silence=request.trim_leading_silence and not request.raw_text,
                tail_fade=not request.raw_text,
            )
        )
        self.rows.append(row)
        self._started += 1
        self._last = piece
        self._append(row)
