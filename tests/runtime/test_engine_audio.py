"""What leaves the engine: leading silence, the faded end, the runaway guard, limits, and what planning costs."""

from __future__ import annotations

import statistics
import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.engine_rig import NO_GUARD, Rig, sampling_of

from qwentts_svc.observability.observer import NullObserver
from qwentts_svc.runtime.engine import EngineLimits
from qwentts_svc.runtime.fakes import FAKE_CODEC_INFO, FAKE_INFO, FakeCodecRunner, FakeModelRunner, FakeVoiceEncoder
from qwentts_svc.runtime.guard import GuardLimits
from qwentts_svc.runtime.messages import EncodeVoice, FramesOut, PromptSpec
from qwentts_svc.runtime.qos import LOW_LATENCY, Profile
from qwentts_svc.runtime.rows import RowState
from qwentts_svc.runtime.voicing import MAX_TRIMMED_FRAMES, Voicing
from qwentts_svc.types import FinishReason

FRAME = FAKE_CODEC_INFO.samples_per_frame
FULL = PromptSpec((1, 2, 3), (7, 8, 9))


class Heard(NullObserver):
    def __init__(self) -> None:
        self.first_audio_s: list[float] = []
        self.queued_s: list[float] = []
        self.stages: list[tuple[str, float]] = []

    def step(self, stage, seconds) -> None:
        self.stages.append((stage, seconds))

    def queued(self, seconds, priority) -> None:
        self.queued_s.append(seconds)

    def first_audio(self, seconds, priority) -> None:
        self.first_audio_s.append(seconds)


class ScriptedCodec(FakeCodecRunner):
    """Near-silent wherever ``silent(seed of the row, frame)`` says so, else the fake's sound."""

    silent = staticmethod(lambda slot, frame: False)

    def _decode_row(self, slot, codes):
        start = self.frames[slot]
        pcm = super()._decode_row(slot, codes)
        for index in range(len(codes)):
            if self.silent(slot, start + index):
                pcm[index * FRAME : (index + 1) * FRAME] *= 1e-4
        return pcm


class LoopingModel(FakeModelRunner):
    """Says a pattern of ``period`` frames again and again from frame ``start`` on."""

    start, period = 10, 3

    def _speak(self, row):
        codes = super()._speak(row)
        if row.frame >= self.start and codes[0] != self.info.eos_id:
            codes[:] = np.arange(len(codes)) + 100 * (row.frame % self.period)
        return codes


def rig_of(length: int = 20, *, codec=None, model=None, length_of=None, **fields) -> Rig:
    length_of = length_of or (lambda spec, sampling: length)
    model = model or FakeModelRunner(length_of=length_of)
    return Rig(model, codec or FakeCodecRunner(), **fields)


def start(rig: Rig, seed: int = 1, **fields) -> int:
    return rig.submit(FULL.text_ids, sampling_of(seed), prompt=FULL, **fields)


def spoken(rig: Rig, row_id: int):
    rig.run()
    reader = rig.readers[row_id]
    return reader, reader.ends[0]


# -- leading silence and the end --------------------


@pytest.mark.parametrize(("silent", "trimmed"), [(0, 0), (3, 3), (4, 4), (6, 4)])
def test_leading_near_silence_is_trimmed_when_asked_and_is_never_first_audio(silent: int, trimmed: int) -> None:
    for trim in (False, True):
        observer = Heard()
        codec = ScriptedCodec()
        codec.silent = lambda slot, frame: frame < silent
        rig = rig_of(codec=codec, observer=observer)
        row_id = start(rig, trim_leading_silence=trim)
        audible_s = None
        while rig.engine.rows:
            before = rig.now
            for _, event in rig.step():
                loud = isinstance(event, FramesOut) and np.abs(event.pcm).max(initial=0.0) >= 1e-3
                audible_s = before if loud and audible_s is None else audible_s
            rig.readers[row_id].read_all()
        reader = rig.readers[row_id]
        assert len(reader.codes) == 20
        assert len(reader.pcm) == (20 - (trimmed if trim else 0)) * FRAME
        assert observer.first_audio_s == [pytest.approx(audible_s - 100.0)]
        assert reader.ends[0].usage.first_audio_ms == pytest.approx(1000 * (audible_s - 100.0))


@given(
    peaks=st.lists(st.sampled_from([0.0, 0.0009, 0.5]), min_size=1, max_size=12),
    trim=st.booleans(),
    hold=st.sampled_from([0, 3, 10, 25]),
    data=st.data(),
)
def test_what_is_sent_does_not_depend_on_how_the_codec_was_called(peaks, trim, hold, data) -> None:
    frame = 10
    pcm = np.repeat(np.array(peaks, np.float32), frame)
    cuts = sorted(data.draw(st.sets(st.integers(1, len(peaks)), max_size=5)) | {len(peaks)})
    voicing = Voicing(frame, trim, hold)
    parts, at = [], 0
    for cut in cuts:
        parts.append(voicing.push(pcm[at * frame : cut * frame]))
        at = cut
    sent = np.concatenate([*parts, voicing.finish()])
    lead = next((index for index, peak in enumerate(peaks) if peak >= 1e-3), len(peaks))
    dropped = min(lead, MAX_TRIMMED_FRAMES) if trim else 0
    expected = pcm[dropped * frame :]
    tail = min(hold, len(expected))
    assert len(sent) == len(expected)
    assert np.array_equal(sent[: len(sent) - tail], expected[: len(expected) - tail])
    assert (np.abs(sent) <= np.abs(expected) + 1e-9).all()
    if tail > 1:
        assert abs(sent[-1]) < 1e-6
    trailing = next((index for index, peak in enumerate(reversed(peaks)) if peak >= 1e-3), len(peaks))
    assert voicing.silent_frames == trailing


def test_the_end_is_faded_only_when_asked_and_the_rest_is_untouched() -> None:
    pcm = {}
    for fade in (False, True):
        rig = rig_of()
        pcm[fade], _ = spoken(rig, start(rig, tail_fade=fade))
        pcm[fade] = pcm[fade].pcm
    tail = round(0.005 * FAKE_CODEC_INFO.sample_rate)
    assert np.array_equal(pcm[True][:-tail], pcm[False][:-tail])
    assert abs(pcm[False][-1]) > 0.05
    assert abs(pcm[True][-1]) < 1e-6
    level = np.abs(pcm[True][-tail:])
    assert (np.diff(level) <= 1e-6).all()


# -- the guard --------------------


def guarded(**fields) -> EngineLimits:
    return EngineLimits(GuardLimits(**{"loop_frames": 0, "silence_frames": 0, "retries": 0, **fields}), LOW_LATENCY)


def test_more_frames_than_the_text_can_need_are_stopped() -> None:
    rig = rig_of(500)
    reader, end = spoken(rig, start(rig, budget_frames=30))
    assert end.reason is FinishReason.RUNAWAY_STOPPED
    assert len(reader.codes) == 31


def test_a_loop_is_stopped_and_speech_is_not() -> None:
    limits = guarded(loop_frames=40)
    rig = rig_of(model=LoopingModel(length_of=lambda spec, sampling: 500), limits=limits)
    reader, end = spoken(rig, start(rig))
    assert end.reason is FinishReason.RUNAWAY_STOPPED
    assert 50 <= len(reader.codes) <= 66
    rig = rig_of(200, limits=limits)
    assert spoken(rig, start(rig))[1].reason is FinishReason.COMPLETE


@pytest.mark.parametrize("loop_frames", range(1, 17))
def test_a_short_look_back_does_not_take_any_speech_for_a_loop(loop_frames: int) -> None:
    """Once nothing was compared with nothing, and found equal."""
    rig = rig_of(40, limits=guarded(loop_frames=loop_frames))
    assert spoken(rig, start(rig))[1].reason is FinishReason.COMPLETE


@pytest.mark.parametrize("tick_s", [0.001, 0.03, 0.2])
@pytest.mark.parametrize("budget", [1, 48])
@pytest.mark.parametrize("length", [75, 88, 500])
def test_silence_without_end_is_stopped_at_the_same_frame_however_busy_the_codec_is(tick_s, budget, length) -> None:
    """Once it was stopped where the acoustic model happened to be, and not at all when its end came first."""
    codec = ScriptedCodec()
    codec.silent = lambda slot, frame: frame >= 30
    profile = Profile("test", (1, 2, 4, 8, 12), LOW_LATENCY.prefill_positions, budget)
    limits = EngineLimits(GuardLimits(0, 40, 0), profile)
    rig = rig_of(length, codec=codec, limits=limits, tick_s=tick_s)
    others = [rig.submit((7,), sampling_of(seed), prompt=PromptSpec((1, 2, 3), (7,))) for seed in (5, 6)]
    row_id = start(rig)
    reader, end = spoken(rig, row_id)
    # Calls end at 27, 39, 51, 63, 75, ...: 75 is the first with 40 silent frames behind it.
    assert end.reason is FinishReason.RUNAWAY_STOPPED
    assert len(reader.codes) == 75
    assert len(reader.pcm) == 75 * FRAME
    assert all(rig.readers[other].ends for other in others)


def test_silence_is_noticed_while_a_row_is_preempted() -> None:
    """Once this was an illegal move, and the end of the engine thread."""
    codec = ScriptedCodec()
    codec.silent = lambda slot, frame: True
    rig = rig_of(500, codec=codec, limits=guarded(silence_frames=15))
    row_id = start(rig)
    for _ in range(14):
        rig.step()
    row = rig.engine.rows[row_id]
    row.move(RowState.PREEMPTED)
    rig.engine.kv.release_all(row.take_blocks())
    row.append_frame(np.ones(16, np.int64))
    reader, end = spoken(rig, row_id)
    assert end.reason is FinishReason.RUNAWAY_STOPPED
    assert len(reader.codes) == 15


def short_first(spec, sampling) -> int:
    """Nothing with the seed asked for, speech with any other."""
    return 2 if sampling.seed == 1 else 12


def test_a_row_of_which_nothing_was_heard_starts_again_with_another_seed_and_leaves_no_trace() -> None:
    """Once the codes of the silent attempt had left already."""
    codec = ScriptedCodec()
    frames: list[int] = []
    codec.silent = lambda slot, frame: len(codec.opened) == 1
    codec.opened = frames
    real_open = codec.open
    codec.open = lambda slot, voice: (frames.append(slot), real_open(slot, voice))[1]
    heard = Heard()
    rig = rig_of(codec=codec, length_of=short_first, limits=guarded(retries=1), observer=heard)
    row_id = start(rig, trim_leading_silence=True)
    reader, end = spoken(rig, row_id)
    assert end.reason is FinishReason.COMPLETE
    assert len(frames) == 2
    # Once the second attempt counted as a row that had been queued as long as the first one took.
    assert [seconds * 1000 for seconds in heard.queued_s] == [pytest.approx(end.usage.queue_ms)]
    assert end.usage.queue_ms + end.usage.synth_ms == pytest.approx((rig.now - 100.0) * 1000, abs=rig.tick_s * 2000)
    assert len(reader.codes) == 12
    assert len(reader.pcm) == 12 * FRAME
    assert reader.events[0].start_frame == 0
    assert reader.produced_frames == 12


def test_a_row_of_which_something_was_heard_never_starts_again() -> None:
    rig = rig_of(500, limits=guarded(retries=3))
    row_id = start(rig, budget_frames=5)
    reader, end = spoken(rig, row_id)
    assert end.reason is FinishReason.RUNAWAY_STOPPED
    assert len(reader.codes) == 6


def test_attempts_end_and_the_codes_of_the_last_one_are_given_even_when_it_is_silent() -> None:
    codec = ScriptedCodec()
    codec.silent = lambda slot, frame: True
    rig = rig_of(3, codec=codec, limits=guarded(retries=2))
    row_id = start(rig, trim_leading_silence=True)
    reader, end = spoken(rig, row_id)
    assert end.reason is FinishReason.COMPLETE
    assert (len(reader.codes), len(reader.pcm)) == (3, 0)


@pytest.mark.parametrize("lead", [1, 2])
def test_a_silent_beginning_does_not_block_a_reader_who_holds_little(lead: int) -> None:
    codec = ScriptedCodec()
    codec.silent = lambda slot, frame: frame < 4
    rig = rig_of(20, codec=codec)
    row_id = start(rig, trim_leading_silence=True, max_lead_frames=lead)
    assert spoken(rig, row_id)[1].reason is FinishReason.COMPLETE


def test_max_frames_is_a_hard_limit_with_a_reason() -> None:
    rig = rig_of(500, limits=NO_GUARD)
    reader, end = spoken(rig, start(rig, max_frames=7))
    assert (end.reason, len(reader.codes), len(reader.pcm)) == (FinishReason.LENGTH_LIMIT, 7, 7 * FRAME)


# -- the engine's own time --------------------


def test_the_time_that_a_reference_takes_from_the_streams_is_told() -> None:
    class Slow(FakeVoiceEncoder):
        def encode(self, pcm, ref_text):
            rig.now += 3.0
            return super().encode(pcm, ref_text)

    heard = Heard()
    rig = rig_of(voices=Slow(), observer=heard)
    rig.engine.handle(EncodeVoice(np.ones(24000, np.float32), None, lambda result: None))
    rig.engine.encode_references()
    assert heard.stages == [("voice", pytest.approx(3.0))]


@pytest.mark.parametrize(("rows", "limit_s"), [(64, 0.3e-3), (512, 2e-3)])
def test_a_step_costs_next_to_nothing_beside_its_runners(rows: int, limit_s: float) -> None:
    """Planning and batch assembly: a step's own time less what the fakes take, in processor time. A slower machine gets
    twice the time; what the whole step does besides (audio, events, the sign at the door) has a limit of its own."""
    info = replace(FAKE_INFO, slots=rows, blocks=rows * 40, max_rows=rows)
    model = FakeModelRunner(info, length_of=lambda spec, sampling: 10_000)
    codec = FakeCodecRunner(replace(FAKE_CODEC_INFO, slots=rows, samples_per_frame=2, sample_rate=25))
    spent = [0.0]

    def timed(call):
        def run(*args):
            started = time.thread_time()
            try:
                return call(*args)
            finally:
                spent[0] += time.thread_time() - started

        return run

    model.step, codec.decode = timed(model.step), timed(codec.decode)
    rig = Rig(model, codec, tick_s=0.05)
    for seed in range(rows):
        start(rig, seed=seed)
    for _ in range(25):
        rig.step()
    plans, steps = [], []
    real_plan = rig.engine._policy.plan

    class Timed:
        name = "timed"

        def plan(self, view, now):
            started = time.thread_time()
            plan = real_plan(view, now)
            plans.append(time.thread_time() - started)
            return plan

    rig.engine._policy = Timed()
    for _ in range(30):
        spent[0], started = 0.0, time.thread_time()
        rig.step()
        steps.append(time.thread_time() - started - spent[0])
    plan_s, step_s = statistics.median(plans), statistics.median(steps)
    print(f"{rows} rows: plan {plan_s * 1e3:.3f} ms, whole step without runners {step_s * 1e3:.3f} ms")
    assert plan_s < 2 * limit_s
    assert step_s < 5 * limit_s
