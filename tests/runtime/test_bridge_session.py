"""Sessions: order, one end per flush, interrupts, limits, failures; over a real engine thread with fake runners."""

from __future__ import annotations

import asyncio
import itertools
import threading
import time
from dataclasses import replace

import numpy as np
import pytest
from support.bridge_rig import MANY, Told, bridge, hear, say

from qwentts_svc.bridge import session as session_module
from qwentts_svc.bridge import workbench
from qwentts_svc.bridge.api import Interrupted, SegmentAudio, SegmentEnd, SessionFinished
from qwentts_svc.bridge.pieces import CutBudgets
from qwentts_svc.bridge.speaking import SpokenSegment
from qwentts_svc.errors import DecodeError, InputError, QosError, TtsError
from qwentts_svc.runtime.admission import Admission
from qwentts_svc.runtime.qos import LOW_LATENCY
from qwentts_svc.text.segment import PAUSE_MS
from qwentts_svc.text.sentences import Break
from qwentts_svc.types import FinishReason, Layout

LONG = "One sentence is here. Another one follows soon. The third says more than both. And this is the last of them."
SHORT_PIECES = CutBudgets(first_s=1.0, max_s=1.0)


async def test_a_text_gives_audio_then_one_end_then_the_end_of_the_session() -> None:
    async with bridge(9) as it:
        told = await say(it.open(), "Hello ", "world.")
        assert told.kinds == ["audio", "end", "finished"]
        assert told.ends[0].reason is FinishReason.COMPLETE
        assert len(told.codes) == 9
        assert told.ends[0].audio_ms == pytest.approx(720)
        usage = told.events[-1].usage
        assert (usage.characters, usage.frames, round(usage.audio_ms)) == (12, 9, 720)
        assert usage.first_audio_ms > 0
        await it.settled()


async def test_there_is_exactly_one_end_per_flush_in_order_also_for_empty_segments() -> None:
    async with bridge(4) as it:
        session = it.open()
        heard = asyncio.create_task(hear(session))
        await session.flush("nothing")
        await session.push("First.")
        await session.flush("first")
        await session.push("  \n ")
        await session.flush("blank")
        await session.push("Second.")
        await session.end()
        told = await heard
        ends = [(end.segment, end.flush_id, end.reason) for end in told.ends]
        assert ends == [
            (0, "nothing", FinishReason.EMPTY_TEXT),
            (1, "first", FinishReason.COMPLETE),
            (2, "blank", FinishReason.EMPTY_TEXT),
            (3, "", FinishReason.COMPLETE),
        ]
        segments = [event.chunk.segment for event in told.audio]
        assert segments == sorted(segments)
        assert set(segments) == {1, 3}


@pytest.mark.parametrize("incremental", [False, True])
async def test_a_long_text_is_spoken_in_pieces_in_order_with_pauses_and_marks_to_its_end(incremental: bool) -> None:
    async with bridge(5, budgets=SHORT_PIECES) as it:
        told = await say(it.open(incremental=incremental), LONG)
        rows = it.submitted
        assert len(rows) >= 3
        said = [row.prompt.text_ids for row in rows]
        assert len(set(said)) == len(said)
        pause = PAUSE_MS[Break.SENTENCE] * 24
        pauses = len(rows) - 1 if incremental else LONG.count(". ")  # a sentence cut in two has none in between
        assert len(told.pcm) == len(told.codes) * 1920 + pauses * pause
        silent = np.abs(told.pcm) < 1e-6
        runs = [len(list(group)) for quiet, group in itertools.groupby(silent) if quiet]
        # A faded end touches zero in its last sample.
        assert [run - pause for run in runs if run >= pause] == [1] * pauses
        marks = [event.chunk.text_end for event in told.audio]
        assert marks == sorted(marks)
        assert marks[-1] == len(LONG)
        assert len(set(marks)) > len(rows)
        spans = [(event.chunk.start_ms, event.chunk.end_ms) for event in told.audio]
        assert all(a[1] == b[0] for a, b in itertools.pairwise(spans))
        assert [event.chunk.seq for event in told.audio] == list(range(len(spans)))


async def test_marks_end_at_the_end_of_every_segments_text() -> None:
    async with bridge(5) as it:
        session = it.open()
        heard = asyncio.create_task(hear(session))
        texts = ["First part.", "The second one is longer. ", "Third!"]
        for text in texts:
            await session.push(text)
            await session.flush()
        await session.end()
        told = await heard
        for index, text in enumerate(texts):
            assert [e.chunk.text_end for e in told.audio if e.chunk.segment == index][-1] == len(text)


@pytest.mark.parametrize("most", [1, 5, 7, 12])
async def test_max_frames_counts_over_all_pieces_of_a_segment(most: int) -> None:
    async with bridge(5, budgets=SHORT_PIECES) as it:
        told = await say(it.open(incremental=False, max_frames=most), LONG)
        assert len(told.codes) == most
        assert [end.reason for end in told.ends] == [FinishReason.LENGTH_LIMIT]
        await it.settled()


async def test_a_limit_reached_while_the_text_is_open_still_gives_one_end_at_its_flush() -> None:
    """Once the segment ended at the limit, and the rest of its text became a segment of its own."""
    async with bridge(50) as it:
        session = it.open(max_frames=3)
        heard = asyncio.create_task(hear(session))
        await session.push("Some words that go on ")
        async with asyncio.timeout(5):
            while not it.model.step_sizes or it.client.open_rows:  # noqa: ASYNC110
                await asyncio.sleep(0.005)
        await session.push("and on and on.")
        await session.flush("f")
        await session.push("Next.")
        await session.end()
        told = await heard
        assert [(end.flush_id, end.reason) for end in told.ends] == [
            ("f", FinishReason.LENGTH_LIMIT),
            ("", FinishReason.LENGTH_LIMIT),
        ]
        assert len(told.codes) == 6


# -- interrupts ------------------------------------------------------


async def test_interrupts_one_hundred_times_in_a_row_lose_no_text_and_leave_nothing() -> None:
    async with bridge(40, step_s=0.0005) as it:
        session = it.open(max_lead_ms=800)
        told = Told()
        heard = asyncio.create_task(hear(session, told))
        for turn in range(100):
            text = f"Turn number {turn} says quite a few words, and then some more. "
            await session.push(text)
            if turn % 3:
                await session.flush(f"f{turn}")
            if turn % 4 == 0:
                await session.push("Even more of it.")
                text += "Even more of it."
            before = len(told.of(Interrupted))
            await asyncio.sleep(0.002 * (turn % 5))
            await session.interrupt(None if turn % 2 else 0.0)
            async with asyncio.timeout(5):
                while len(told.of(Interrupted)) == before:  # noqa: ASYNC110
                    await asyncio.sleep(0.001)
            answer = told.of(Interrupted)[-1]
            assert answer.text_spoken + answer.text_remaining == text
            assert answer.text_spoken == "" or turn % 2
            assert answer.discarded_ms >= 0
        await session.push("The end.")
        await session.end()
        await heard
        assert told.ends[-1].reason is FinishReason.COMPLETE
        assert all(end.reason is FinishReason.INTERRUPTED for end in told.ends[:-1])
        indexes = [end.segment for end in told.ends]
        assert indexes == list(range(len(indexes)))
        done: set[int] = set()
        for event in told.events:
            if isinstance(event, SegmentEnd):
                done.add(event.segment)
            elif isinstance(event, SegmentAudio):
                assert event.chunk.segment not in done
        await it.settled()


async def test_an_interrupt_tells_what_was_heard_at_the_position_that_the_listener_names() -> None:
    async with bridge(20) as it:
        session = it.open()
        told = Told()
        heard = asyncio.create_task(hear(session, told))
        text = "Word after word after word after word it goes on and on until the end."
        await session.push(text)
        await session.flush()
        async with asyncio.timeout(5):
            while sum(len(event.codes) for event in told.audio) < 20:  # noqa: ASYNC110
                await asyncio.sleep(0.002)
        # The end of the segment may have been told already; then nothing is left to interrupt.
        if told.ends:
            await session.push(text)
        marks = {event.chunk.end_ms: event.chunk.text_end for event in told.audio}
        at = sorted(marks)[len(marks) // 2]
        await session.interrupt(at)
        await session.end()
        await heard
        answer = told.of(Interrupted)[0]
        if len(told.ends) == 1:
            assert len(answer.text_spoken) == marks[at]
            assert answer.discarded_ms >= 1600 - at - 1e-6


async def test_without_a_position_what_real_time_allows_counts_as_heard() -> None:
    async with bridge(60) as it:
        session = it.open(max_lead_ms=0)
        told = Told()
        heard = asyncio.create_task(hear(session, told))
        text = "Word after word after word after word it goes on and on until the end of this, which never comes"
        await session.push(text)
        async with asyncio.timeout(5):
            while sum(len(event.codes) for event in told.audio) < 15:  # noqa: ASYNC110
                await asyncio.sleep(0.002)
        await session.interrupt()
        await session.end()
        await heard
        answer = told.of(Interrupted)[0]
        assert len(answer.text_spoken) < len(text) // 2
        assert answer.discarded_ms > 500


async def test_no_audio_of_a_segment_follows_its_interrupt_also_between_two_pieces() -> None:
    """Once the audio after a pause had been taken already when the interrupt came."""
    async with bridge(3, budgets=SHORT_PIECES) as it:
        session = it.open(incremental=False)
        events = session.events()
        await session.push(LONG)
        await session.flush()
        for _ in range(4):
            await anext(events)
        await asyncio.sleep(0.05)
        await session.interrupt(0.0)
        after = [await anext(events) for _ in range(2)]
        assert [type(event) for event in after] == [SegmentEnd, Interrupted]
        await events.aclose()
        await session.aclose()
        await it.settled()


# -- closing, limits, failures ------------------------------------------------------


@pytest.mark.parametrize("when", ["new", "text", "speaking", "flushed", "stalled", "interrupted", "ended"])
async def test_closing_a_session_in_any_state_frees_its_rows(when: str) -> None:
    async with bridge(10**5, step_s=0.001) as it:
        session = it.open()
        if when != "new":
            await session.push("Some text that is long enough.")
        if when in ("flushed", "interrupted"):
            await session.flush()
        if when == "ended":
            await session.end()
        if when in ("speaking", "stalled"):
            events = session.events()
            await anext(events)
            await asyncio.sleep(0.3 if when == "stalled" else 0)
            await events.aclose()
        if when == "interrupted":
            await session.interrupt()
        await session.aclose()
        await session.aclose()
        assert it.service.open_sessions == 0
        await it.settled()
        with pytest.raises(InputError):
            await session.push("more")


async def test_a_listener_waiting_for_events_is_let_go_when_the_session_is_closed() -> None:
    async with bridge() as it:
        session = it.open()
        heard = asyncio.create_task(hear(session))
        await asyncio.sleep(0.01)
        await session.aclose()
        assert (await heard).events == []


async def test_a_push_that_waits_for_its_turn_starts_nothing_after_the_session_was_closed() -> None:
    async with bridge(10**5) as it:
        session = it.open()
        async with session._lock:
            late = asyncio.create_task(session.push("Too late."))
            await asyncio.sleep(0)
            await session.aclose()
        with pytest.raises(InputError):
            await late
        await asyncio.sleep(0.02)
        assert not it.submitted


@pytest.mark.parametrize("call", ["attach", "prefill", "step", "codec_decode"])
async def test_a_row_that_fails_is_one_typed_error_and_others_go_on(call: str) -> None:
    async with bridge(12, info=replace(MANY, max_rows=1)) as it:
        session = it.open()
        setattr(it.faults, call, 1)
        heard = asyncio.create_task(hear(session))
        await session.push("This one fails. " * 3)
        await session.flush()
        with pytest.raises(DecodeError):
            await heard
        assert (await say(it.open(), "This one is fine.")).ends[0].reason is FinishReason.COMPLETE
        with pytest.raises(TtsError):
            await session.push("more")
        await it.settled()


async def test_sessions_and_characters_have_limits() -> None:
    async with bridge(max_sessions=2) as it:
        first, second = it.open(), it.open()
        with pytest.raises(QosError) as refused:
            it.open()
        assert refused.value.retry_after_s > 0
        await first.aclose()
        third = it.open()
        with pytest.raises(InputError) as too_long:
            await third.push("x" * 50_001)
        assert too_long.value.reason == "TEXT_TOO_LONG"
        for session in (second, third):
            await session.aclose()


# -- admission ------------------------------------------------------


async def speak_once(session, events, text: str) -> None:
    await session.push(text)
    await session.flush()
    async with asyncio.timeout(10):
        while not isinstance(await anext(events), SegmentEnd):
            pass


async def test_a_session_at_work_is_never_refused_and_an_idle_one_asks_again(monkeypatch) -> None:
    """Once a later segment of an open session could meet AT_CAPACITY in the middle of a conversation."""
    async with bridge(6, admission=Admission(64, LOW_LATENCY.ramp)) as it:
        session = it.open()
        events = session.events()
        await speak_once(session, events, "First.")
        await speak_once(session, events, "Second.")
        await session.push("Third is interrupted.")
        async with asyncio.timeout(5):
            while not isinstance(await anext(events), SegmentAudio):
                pass
        await session.interrupt()
        await session.push("Fourth.")
        await asyncio.sleep(0.02)
        assert [row.continuation for row in it.submitted] == [False, True, True, True]
        monkeypatch.setattr(session_module, "STAYS_ADMITTED_S", 0.02)
        await session.interrupt()
        await asyncio.sleep(0.05)
        await session.push("Fifth, after a long silence.")
        await asyncio.sleep(0.02)
        assert [row.continuation for row in it.submitted][4:] == [False]
        await session.aclose()
        await it.settled()


async def test_nothing_follows_a_row_that_has_not_been_let_in() -> None:
    """Once the second piece of a text walked past the queue in which the first one waited."""
    admission = Admission(1, LOW_LATENCY.ramp)
    admission._stream_s = 0.01  # worth waiting for
    async with bridge(10**5, budgets=SHORT_PIECES, admission=admission, step_s=0.001) as it:
        busy = it.open()
        events = busy.events()
        await busy.push("The only place is taken.")
        await anext(events)
        refused = it.open(incremental=False, max_latency_ms=60_000)
        heard = asyncio.create_task(hear(refused))
        await refused.push(LONG)
        await refused.flush()
        with pytest.raises(QosError) as error:
            await heard
        assert error.value.retry_after_s > 0
        assert len(it.submitted) == 2
        assert len(it.engine.rows) == 1
        # An interrupted session that was never let in has no place either.
        again = it.open()
        await again.push("Let me in.")
        await again.interrupt()
        await again.push("Let me in!")
        await asyncio.sleep(0.02)
        assert not it.submitted[-1].continuation
        await again.aclose()
        await events.aclose()
        await busy.aclose()
        await it.settled()


async def test_lookahead_starts_once_the_first_piece_is_heard_and_no_more_rows_than_the_window() -> None:
    async with bridge(30, budgets=SHORT_PIECES, step_s=0.001) as it:
        session = it.open(incremental=False)
        most = 0

        async def watch() -> None:
            nonlocal most
            while True:
                most = max(most, it.client.open_rows)
                await asyncio.sleep(0.001)

        watching = asyncio.create_task(watch())
        await say(session, LONG)
        watching.cancel()
        assert most == 2


async def test_a_row_is_never_due_before_one_that_is_heard_before_it_also_across_flushes() -> None:
    """Rows that are not heard yet keep the slots that they have: with the earlier row behind them in the queue for one
    nobody would be heard any more."""
    async with bridge(60, info=replace(MANY, slots=2), lookahead=3) as it:
        session = it.open(max_lead_ms=400)
        for turn in range(6):
            await session.push("A sentence with quite a lot to say, as it goes on. " * (1 if turn else 4))
            await session.flush(f"f{turn}")
        await session.end()
        # Others are asked for with the first audio, of which most is unheard then, and again when that row is over.
        told = await hear(session)
    assert [end.flush_id for end in told.ends] == [f"f{turn}" for turn in range(6)]
    due = [command.first_audio_deadline_s for command in it.submitted]
    assert len(due) >= 6
    assert due == sorted(due)
    assert due[1] - it.submitted[1].submitted_s > 1.0, "not before the first one has been spoken"


# -- text on a worker ------------------------------------------------------


@pytest.mark.parametrize("layout", [Layout.STREAMING, Layout.FULL])
async def test_text_prepared_on_a_worker_loses_nothing_while_the_listener_listens(monkeypatch, layout) -> None:
    """Once the loop took pieces while the worker was adding to them."""
    text = "A sentence of some words. " * 40
    monkeypatch.setattr(session_module, "SLICE_CHARS", 50)
    monkeypatch.setattr(workbench, "INLINE_LOAD", 20)
    async with bridge(3, budgets=SHORT_PIECES) as it:
        await say(it.open(layout=layout), text[:500], text[500:600], text[600:])
        threaded = [row.prompt.text_ids for row in it.submitted]
        told = await say(it.open(layout=layout), text)
        assert isinstance(told.events[-1], SessionFinished)
    monkeypatch.undo()
    async with bridge(3, budgets=SHORT_PIECES) as it:
        told = await say(it.open(layout=layout), text)
        assert told.ends[0].reason is FinishReason.COMPLETE
        assert len(it.submitted) == len(threaded)


async def test_nothing_is_taken_from_a_segment_while_a_worker_has_its_text(monkeypatch) -> None:
    monkeypatch.setattr(session_module, "SLICE_CHARS", 50)
    monkeypatch.setattr(workbench, "INLINE_LOAD", 20)
    entered, gate = threading.Event(), threading.Event()
    feed, pump = SpokenSegment.feed, SpokenSegment.pump
    overlaps: list[int] = []
    busy: set[int] = set()

    def slow_feed(segment, text):
        busy.add(segment.index)
        entered.set()
        gate.wait(5)
        feed(segment, text)
        busy.discard(segment.index)

    def watched_pump(segment, *args, **fields):
        overlaps.extend(busy & {segment.index})
        return pump(segment, *args, **fields)

    monkeypatch.setattr(SpokenSegment, "feed", slow_feed)
    monkeypatch.setattr(SpokenSegment, "pump", watched_pump)
    async with bridge(3) as it:
        session = it.open()
        heard = asyncio.create_task(hear(session))
        pushing = asyncio.create_task(session.push("A sentence of some words. " * 4))
        assert await asyncio.to_thread(entered.wait, 5)
        for _ in range(5):
            session._news.set()  # whatever wakes the listener
            await asyncio.sleep(0.005)
        gate.set()
        await pushing
        await session.end()
        assert (await heard).ends[0].reason is FinishReason.COMPLETE
        assert not overlaps


async def test_what_was_flushed_goes_on_while_a_worker_prepares_what_follows(monkeypatch) -> None:
    """Once a long text that came later kept an earlier one from going on for as long as its preparation took."""
    gate, feed = threading.Event(), SpokenSegment.feed

    def slow_feed(segment, text):
        if segment.index:
            gate.wait(10)
        feed(segment, text)

    monkeypatch.setattr(SpokenSegment, "feed", slow_feed)
    async with bridge(3, budgets=SHORT_PIECES, step_s=0.002) as it:
        session, told = it.open(), Told()
        heard = asyncio.create_task(hear(session, told))
        await session.push(LONG)
        await session.flush("first")
        pushing = asyncio.create_task(session.push("A sentence of some words. " * 40))
        try:
            async with asyncio.timeout(5):
                while not told.ends:  # noqa: ASYNC110
                    await asyncio.sleep(0.002)
            assert len(it.submitted) > 2
            assert not pushing.done()
        finally:
            gate.set()
        await pushing
        await session.end()
        assert [end.reason for end in (await heard).ends] == [FinishReason.COMPLETE] * 2


async def test_a_text_that_nobody_waits_for_any_more_is_not_prepared_to_its_end(monkeypatch) -> None:
    monkeypatch.setattr(session_module, "SLICE_CHARS", 50)
    monkeypatch.setattr(workbench, "INLINE_LOAD", 20)
    fed: list[str] = []
    feed = SpokenSegment.feed

    def counted_feed(segment, text):
        fed.append(text)
        feed(segment, text)
        for _ in range(1000 if len(fed) == 5 else 0):
            if segment.reason is not None:
                break
            time.sleep(0.005)

    monkeypatch.setattr(SpokenSegment, "feed", counted_feed)
    async with bridge(3, budgets=SHORT_PIECES) as it:
        session = it.open(max_frames=3)
        heard = asyncio.create_task(hear(session))
        await session.push("A sentence of some words. " * 400)
        await session.end()
        assert (await heard).ends[0].reason is FinishReason.LENGTH_LIMIT
        assert len(fed) <= 5
