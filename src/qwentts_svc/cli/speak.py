"""The asynchronous half of ``qwentts synth``: text into a session, events into files."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from qwentts_svc.bridge.api import SegmentAudio, SegmentEnd, SessionFinished
from qwentts_svc.cli.output import AudioSink, write_codes
from qwentts_svc.cli.progress import Progress
from qwentts_svc.cli.text_source import stdin_pieces
from qwentts_svc.errors import InputError
from qwentts_svc.types import Codes, FinishReason, SynthesisRequest, Usage

if TYPE_CHECKING:
    from qwentts_svc.bridge.api import SpeechSession
    from qwentts_svc.cli.backend import App
    from qwentts_svc.config import Settings

DEFAULT_OUT = "speech.wav"


@dataclass(slots=True)
class Speech:
    """What came of a session. ``frame_s``: audio that one frame makes."""

    frame_s: float
    codes: list[Codes] = field(default_factory=list)
    reasons: list[FinishReason] = field(default_factory=list)
    usage: Usage = field(default_factory=Usage)
    text: list[str] = field(default_factory=list)

    @property
    def frames(self) -> int:
        return sum(len(part) for part in self.codes)

    @property
    def seconds(self) -> float:
        return self.frames * self.frame_s


async def speak(args: argparse.Namespace, settings: Settings, request: SynthesisRequest, text: str | None) -> int:
    """Run one request; ``text`` None reads stdin. Returns the exit code. Raises TtsError."""
    target = args.out or (DEFAULT_OUT if request.decode else None)
    sink = AudioSink(target, args.format, packet_ms=args.chunk_ms) if target and not args.dry_run else None
    progress = Progress()
    progress.show("loading the model ...")
    try:
        async with args.open_app(settings) as app:
            if args.ref_audio is not None:
                progress.show("listening to the reference ...")
                ref_text = None if args.x_vector_only else args.ref_text
                voice = await app.encode_reference(Path(args.ref_audio), ref_text)
                request = replace(request, voice_prompt=voice)
            info = app.service.model_info()
            session = app.service.open(request)
            _note_greedy(request, session)
            try:
                speech = Speech(info.samples_per_frame / info.sample_rate)
                await _converse(session, text, sink, progress, speech)
            finally:
                await session.aclose()
            progress.clear()
            if FinishReason.EMPTY_TEXT in speech.reasons and not speech.frames:
                raise InputError("the text is empty; give at least one word", field="text")
            groups = speech.codes[0].shape[1] if speech.codes else 16
            codes = np.concatenate(speech.codes) if speech.codes else np.zeros((0, groups), dtype=np.int64)
            if sink is not None:
                sink.close(info.sample_rate)
            if args.codes_out:
                write_codes(args.codes_out, codes.astype(np.int64, copy=False))
            if args.dry_run:
                _print_dry_run(app, "".join(speech.text), codes, session.effective.sampling.seed)
    finally:
        progress.clear()
        if sink is not None:
            sink.abandon()
    return _verdict(args, speech, target)


def _note_greedy(request: SynthesisRequest, session: SpeechSession) -> None:
    """Say it when options of sampling have no effect, because this checkpoint does not sample by itself."""
    asked, talker, sub = request.sampling, session.effective.sampling.talker, session.effective.sampling.subtalker
    idle = []
    if not talker.do_sample and asked.do_sample is None:
        idle += [name for name in ("temperature", "top_k", "top_p") if getattr(asked, name) is not None]
    if not sub.do_sample and asked.subtalker_do_sample is None:
        names = ("subtalker_temperature", "subtalker_top_k", "subtalker_top_p")
        idle += [name for name in names if getattr(asked, name) is not None]
    if idle:
        options = ", ".join("--" + name.replace("_", "-") for name in idle)
        print(f"qwentts: {options}: no effect, this checkpoint is greedy by default; add --sample", file=sys.stderr)


async def _converse(
    session: SpeechSession, text: str | None, sink: AudioSink | None, progress: Progress, speech: Speech
) -> None:
    """Feed and listen at the same time, noting in ``speech`` what comes; the first failure of either side ends both
    and is raised."""

    async def feed() -> None:
        if text is not None:
            speech.text.append(text)
            await session.push(text)
        else:
            async for piece in stdin_pieces():
                speech.text.append(piece)
                await session.push(piece)
            if not speech.text:
                raise InputError("stdin is empty; give at least one word", field="text")
        await session.end()

    async def listen() -> None:
        async for event in session.events():
            if isinstance(event, SegmentAudio):
                if len(event.codes):
                    speech.codes.append(event.codes)
                if sink is not None:
                    sink.write(event.chunk.pcm, event.chunk.sample_rate)
                progress.show(f"{speech.frames} frames, {speech.seconds:.1f} s of speech")
            elif isinstance(event, SegmentEnd):
                speech.reasons.append(event.reason)
            elif isinstance(event, SessionFinished):
                speech.usage = event.usage

    tasks = [asyncio.create_task(feed()), asyncio.create_task(listen())]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _print_dry_run(app: App, text: str, codes: Codes, seed: int) -> None:
    """One JSON object: what would be spoken."""
    tokens = list(app.tokenize(text).ids)
    print(json.dumps({"tokens": tokens, "seed": seed, "frames": len(codes), "codes": codes.tolist()}))


def _verdict(args: argparse.Namespace, speech: Speech, target: str | None) -> int:
    """Say what was cut short, and sum up for people."""
    code = 0
    if FinishReason.RUNAWAY_STOPPED in speech.reasons:
        print("qwentts: error: the speech did not end by itself and was stopped; try another --seed", file=sys.stderr)
        code = 1
    elif FinishReason.LENGTH_LIMIT in speech.reasons:
        reason = "--max-frames" if args.max_frames else "the model's limit"
        print(f"qwentts: stopped at {reason} before the end of the text", file=sys.stderr)
    if target is not None and sys.stderr.isatty():
        usage = speech.usage
        print(
            f"{target}: {speech.seconds:.2f} s of speech, first audio after "
            f"{usage.first_audio_ms:.0f} ms, real-time factor {usage.rtf:.2f}",
            file=sys.stderr,
        )
    return code
