"""``qwentts synth``: one text to a file or to stdout, through the same way as the service."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

from qwentts_svc.cli.options import add_model_options, add_settings_options, resolve
from qwentts_svc.cli.output import STDOUT, check_writable
from qwentts_svc.cli.text_source import STDIN, refuse_missing_file, whole_text
from qwentts_svc.errors import InputError
from qwentts_svc.types import SEED_LIMIT, Layout, SamplingOverrides, SynthesisRequest

HELP = "speak a text into a WAV or PCM file, or as PCM to stdout"
DEFAULT_OUT = "speech.wav"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "text",
        metavar="TEXT|FILE|-",
        help="what to say; the name of an existing file is read; '-' reads stdin as it comes",
    )
    voice = parser.add_argument_group("voice")
    voice.add_argument("--language", default="auto", help="language name, or auto")
    voice.add_argument("--speaker", default="", help="preset speaker or registered voice")
    voice.add_argument("--instruct", default="", help="how to speak, or what the voice is like")
    voice.add_argument("--ref-audio", metavar="FILE", help="recording of a voice to clone")
    voice.add_argument("--ref-text", metavar="TEXT", help="what is said in --ref-audio")
    voice.add_argument("--x-vector-only", action="store_true", help="clone from the speaker embedding alone")
    how = parser.add_argument_group("generation")
    how.add_argument(
        "--layout", choices=[str(item) for item in Layout], default="auto", help="how text enters the prompt"
    )
    how.add_argument("--seed", type=int, metavar="N", help="same text, options and seed: same speech")
    how.add_argument("--temperature", type=float, metavar="X")
    how.add_argument("--top-k", type=int, metavar="N", help="0 switches it off")
    how.add_argument("--top-p", type=float, metavar="X")
    how.add_argument("--repetition-penalty", type=float, metavar="X")
    how.add_argument("--subtalker-temperature", type=float, metavar="X")
    how.add_argument("--subtalker-top-k", type=int, metavar="N", help="0 switches it off")
    how.add_argument("--subtalker-top-p", type=float, metavar="X")
    how.add_argument("--greedy", action="store_true", help="no sampling, in the talker and in the sub-talker")
    how.add_argument("--sample", action="store_true", help="sampling in both, where the checkpoint's default is greedy")
    how.add_argument("--max-frames", type=int, metavar="N", help="at most N frames (of 80 ms with a 12.5 Hz codec)")
    how.add_argument("--raw-text", action="store_true", help="hand the text to the tokenizer exactly as it is")
    how.add_argument("--keep-silence", action="store_true", help="keep the silence before the first sound")
    out = parser.add_argument_group("output")
    out.add_argument(
        "--out", metavar="FILE|-", help=f"*.wav: WAV, else raw PCM; '-': raw PCM on stdout ({DEFAULT_OUT})"
    )
    out.add_argument(
        "--format", choices=("s16", "f32"), default="s16", help="samples: 16-bit integers or 32-bit floats"
    )
    out.add_argument(
        "--chunk-ms", type=int, default=80, metavar="N", help="audio per write to stdout; samples stay the same"
    )
    out.add_argument("--codes-out", metavar="FILE.npy", help="write the codes: int64 [frames, 16]")
    out.add_argument("--dry-run", action="store_true", help="print tokens and codes, make no audio")
    add_model_options(parser)
    add_settings_options(parser)


def run(args: argparse.Namespace) -> int:
    from qwentts_svc.cli.speak import speak

    check(args)
    request = request_of(args)
    refuse_missing_file(args.text)
    text = None if args.text == STDIN else whole_text(args.text)
    if text is not None and not (text if args.raw_text else text.strip()):
        raise InputError("the text is empty; give at least one word", field="text")
    _check_files(args)
    if args.dry_run and args.out is not None:
        raise InputError("--dry-run makes no audio; leave out --out", field="out")
    return asyncio.run(speak(args, resolve(args).settings, request, text))


def check(args: argparse.Namespace) -> None:
    """Refuse what cannot work, before anything is loaded. Raises InputError that names the option."""
    for name in ("temperature", "subtalker_temperature", "repetition_penalty"):
        _in_range(args, name, most=10.0, hint=" (--greedy switches sampling off)" if "temp" in name else "")
    for name in ("top_p", "subtalker_top_p"):
        _in_range(args, name, most=1.0)
    for name in ("top_k", "subtalker_top_k"):
        value = getattr(args, name)
        if value is not None and value < 0:
            raise InputError(f"{_option(name)} is {value}; use 0 (off) or more", field=_option(name))
    if args.seed is not None and not 0 <= args.seed < SEED_LIMIT:
        raise InputError(f"--seed is {args.seed}; use 0 to {SEED_LIMIT - 1}", field="seed")
    if args.max_frames is not None and args.max_frames < 1:
        raise InputError(f"--max-frames is {args.max_frames}; use 1 or more", field="max-frames")
    if not 20 <= args.chunk_ms <= 5000:
        raise InputError(f"--chunk-ms is {args.chunk_ms}; use 20 to 5000", field="chunk-ms")
    if args.greedy and args.sample:
        raise InputError("--greedy and --sample exclude each other; choose one", field="sample")
    _check_clone(args)


def request_of(args: argparse.Namespace) -> SynthesisRequest:
    """The request as the service takes it; the cloned voice, if any, is added once the model is there."""
    sample = False if args.greedy else (True if args.sample else None)
    return SynthesisRequest(
        request_id="synth",
        voice=args.speaker,
        language=args.language,
        instruct=args.instruct,
        layout=Layout(args.layout),
        incremental=args.text == STDIN,
        seed=args.seed,
        sampling=SamplingOverrides(
            do_sample=sample,
            temperature=args.temperature,
            top_k=args.top_k,
            top_p=args.top_p,
            repetition_penalty=args.repetition_penalty,
            subtalker_do_sample=sample,
            subtalker_temperature=args.subtalker_temperature,
            subtalker_top_k=args.subtalker_top_k,
            subtalker_top_p=args.subtalker_top_p,
        ),
        max_frames=args.max_frames,
        raw_text=args.raw_text,
        trim_leading_silence=not args.keep_silence,
        decode=not args.dry_run and (args.out is not None or args.codes_out is None),
    )


def _check_files(args: argparse.Namespace) -> None:
    for path, option in ((args.out, "out"), (args.codes_out, "codes-out")):
        if path is not None:
            check_writable(path, option)
    if args.codes_out == STDOUT:
        raise InputError("--codes-out takes a file name, not '-'", field="codes-out")
    if args.out and args.codes_out and Path(args.out).resolve() == Path(args.codes_out).resolve():
        raise InputError("--out and --codes-out name the same file; choose two", field="codes-out")


def _check_clone(args: argparse.Namespace) -> None:
    if args.ref_audio is None:
        if args.ref_text is not None or args.x_vector_only:
            option = "--ref-text" if args.ref_text is not None else "--x-vector-only"
            raise InputError(f"{option} needs --ref-audio", field="ref-audio")
        return
    if not Path(args.ref_audio).is_file():
        raise InputError(f"--ref-audio: no such file: {args.ref_audio}", field="ref-audio")
    if args.speaker:
        raise InputError("--speaker and --ref-audio exclude each other; choose one voice", field="speaker")
    if not args.x_vector_only and not (args.ref_text or "").strip():
        raise InputError("--ref-audio needs --ref-text (what is said in it), or --x-vector-only", field="ref-text")


def _in_range(args: argparse.Namespace, name: str, *, most: float, hint: str = "") -> None:
    """A number in (0, most]; NaN fails the comparison."""
    value = getattr(args, name)
    if value is not None and not 0.0 < value <= most:
        raise InputError(f"{_option(name)} is {value}; use above 0 to {most:g}{hint}", field=_option(name))


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")
