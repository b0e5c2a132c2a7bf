"""Milliseconds per frame of the official qwen-tts package, by stage: what ``qwentts bench`` is compared with.

Runs in a virtual environment of its own (see README.md beside this file); imports nothing of this project.

    python official_package.py CHECKPOINT [--frames 25] [--dtype bfloat16] [--threads 2] [--text TEXT]
"""

from __future__ import annotations

import argparse
import importlib.machinery
import json
import resource
import sys
import time
import types
from collections import defaultdict

import torch


def stub_torchaudio() -> None:
    """The package imports torchaudio for its other, 25 Hz tokenizer; a build for another torch must not stop us."""
    try:
        import torchaudio  # noqa: F401
    except (ImportError, OSError):
        for name in [name for name in sys.modules if name.startswith("torchaudio")]:
            del sys.modules[name]
        for name in ("torchaudio", "torchaudio.compliance", "torchaudio.compliance.kaldi"):
            sys.modules[name] = types.ModuleType(name)
            sys.modules[name].__spec__ = importlib.machinery.ModuleSpec(name, None)
        sys.modules["torchaudio"].compliance = sys.modules["torchaudio.compliance"]
        sys.modules["torchaudio.compliance"].kaldi = sys.modules["torchaudio.compliance.kaldi"]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("checkpoint")
    parser.add_argument("--frames", type=int, default=25)
    parser.add_argument("--dtype", default="bfloat16", choices=["bfloat16", "float32"])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeat", type=int, default=2)
    parser.add_argument("--speaker", default="ryan")
    parser.add_argument("--text", default="The birch canoe slid on the smooth planks.")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    stub_torchaudio()
    from qwen_tts import Qwen3TTSModel

    started = time.perf_counter()
    model = Qwen3TTSModel.from_pretrained(args.checkpoint, dtype=getattr(torch, args.dtype))
    load_s = time.perf_counter() - started
    spent: dict[str, float] = defaultdict(float)

    def timed(owner: object, name: str, stage: str) -> None:
        inner = getattr(owner, name)

        def run(*a, **k):
            begun = time.perf_counter()
            try:
                return inner(*a, **k)
            finally:
                spent[stage] += time.perf_counter() - begun

        setattr(owner, name, run)

    timed(model.model.talker.code_predictor, "generate", "code_predictor")
    timed(model.model.speech_tokenizer, "decode", "codec")
    timed(model.model, "generate", "autoregression")
    runs = []
    for _ in range(args.repeat + 1):  # the first one warms up
        spent.clear()
        started = time.perf_counter()
        wavs, rate = model.generate_custom_voice(
            text=args.text, speaker=args.speaker, language="English", max_new_tokens=args.frames + 1
        )
        frames = max(1, round(len(wavs[0]) / rate * 12.5))
        runs.append(
            {
                "frames": frames,
                "talker": 1000 * (spent["autoregression"] - spent["code_predictor"]) / frames,
                "code_predictor": 1000 * spent["code_predictor"] / frames,
                "codec": 1000 * spent["codec"] / frames,
                "total": 1000 * (time.perf_counter() - started) / frames,
            }
        )
    best = min(runs[1:], key=lambda run: run["total"])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"ms_per_frame": best, "load_s": load_s, "peak_memory_mib": peak, "threads": args.threads}))


if __name__ == "__main__":
    main()
