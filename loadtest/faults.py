"""Deaths and ends: a client killed in the middle, SIGTERM under streams, a service killed and started again."""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import qwentts_svc
from loadtest.caller import Caller
from loadtest.channels import open_channels
from loadtest.corpus import load_corpus
from loadtest.metrics import scrape
from loadtest.record import CallRecord
from loadtest.service import ServiceProcess, running_service
from loadtest.watch import left_behind, recovered, settled
from loadtest.workload import PLAIN, Plan
from qwentts_svc.server.pb.qwentts.v1 import tts_pb2 as pb
from qwentts_svc.server.pb.qwentts.v1 import tts_pb2_grpc as pb_grpc


async def client_killed(service: ServiceProcess, streams: int = 8) -> dict[str, Any]:
    """``kill -9`` of a client process with open streams: everything of theirs is given back."""
    before = await settled(service)
    victim = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "loadtest.victim", service.address, str(streams), stdout=asyncio.subprocess.PIPE
    )
    try:
        assert victim.stdout is not None
        async with asyncio.timeout(60):
            await victim.stdout.readline()
        open_streams = (await scrape(service.sidecar_port)).total("qwentts_requests", state="streams")
    finally:
        victim.kill()
        await victim.wait()
    killed_s = time.monotonic()
    await settled(service)
    given_back_s = time.monotonic() - killed_s
    after = await recovered(service, before)
    return {
        "streams": streams,
        "open_when_killed": round(open_streams),
        "given_back_after_ms": round(given_back_s * 1000),
        "left_behind": left_behind(before, after),
    }


async def drained(service: ServiceProcess, streams: int = 16, newcomers: int = 5) -> dict[str, Any]:
    """SIGTERM while ``streams`` are being spoken; ends the service."""
    sentences = load_corpus(max_chars=40)
    async with open_channels(service.address, 4) as channels:
        callers = [
            Caller(
                Plan(0.0, "SynthesizeStream", "batch", PLAIN, sentences[number % len(sentences)].text, seed=number),
                channels[number % len(channels)],
                time.monotonic(),
                0.1,
            )
            for number in range(streams)
        ]
        tasks = [asyncio.create_task(caller.run()) for caller in callers]
        await _until_open(service, streams)
        service.signal(signal.SIGTERM)
        signalled_s = time.monotonic()
        await asyncio.sleep(0.1)
        late = [
            await Caller(
                Plan(0.0, "SynthesizeChunks", "interactive", PLAIN, "Too late.", seed=number),
                channels[number % len(channels)],
                time.monotonic(),
                0.1,
            ).run()
            for number in range(newcomers)
        ]
        records = await asyncio.gather(*tasks)
        code = await service.wait(60.0)
    return {
        "streams": streams,
        "codes": dict(Counter(record.code for record in records)),
        "cut": sum(record.code != "OK" or record.reason != "COMPLETE" for record in records),
        "newcomers": dict(Counter(f"{record.code}/{record.reason}" for record in late)),
        "newcomers_with_retry_info": sum(record.retry_after_s is not None for record in late),
        "exit_code": code,
        "seconds_to_exit": round(time.monotonic() - signalled_s, 2),
    }


async def killed_and_restarted(settings: Sequence[str] = (), model: str | None = None) -> dict[str, Any]:
    """``kill -9`` of the service while it speaks, a new one on the same port, seconds to the first good audio."""
    plan = Plan(0.0, "SynthesizeChunks", "interactive", PLAIN, load_corpus()[0].text, seed=1)
    async with running_service(settings, model=model) as first:
        port, before = first.port, await _ask(first.address, plan)
        await first.kill()
    begun_s = time.monotonic()
    async with running_service(settings, port=port, model=model) as second:
        after = await _ask(second.address, plan)
        audible_s = time.monotonic() - begun_s
        result: dict[str, Any] = {
            "ready_s": round(second.ready_s, 2),
            "first_good_audio_s": round(audible_s, 2),
            "spoken": after.code == "OK" and after.reason == "COMPLETE" and after.first_audible_s is not None,
            "same_audio_length": abs(before.audio_s - after.audio_s) < 1e-6,
        }
        result["exit_code"] = await second.stop()
    result["voices"] = await voices_kept(settings)
    return result


async def voices_kept(settings: Sequence[str] = (), voices: int = 3) -> dict[str, int]:
    """``kill -9`` right after voices were registered; those that a new process finds unchanged. The embedded voice
    takes descriptions when its checkpoint says that it is a voice-design model."""
    with tempfile.TemporaryDirectory() as folder:
        model = _designer(Path(folder) / "designer")
        settings = (*settings, f"server.voices.directory={folder}/voices", "runtime.warm_up=false")
        async with running_service(settings, model=str(model)) as first, open_channels(first.address, 1) as channels:
            stub = pb_grpc.TextToSpeechStub(channels[0])
            made = [
                (await stub.CreateVoice(pb.CreateVoiceRequest(name=f"voice-{number}", design=_DESIGN))).voice
                for number in range(voices)
            ]
            await first.kill()
        async with running_service(settings, model=str(model)) as second, open_channels(second.address, 1) as channels:
            stub = pb_grpc.TextToSpeechStub(channels[0])
            listed = list((await stub.ListVoices(pb.ListVoicesRequest())).voices)
    return {"made": len(made), "found": sum(voice in listed for voice in made)}


_DESIGN = pb.VoiceDesign(instruct="a calm voice", language="english")


def _designer(folder: Path) -> Path:
    """The embedded voice as a voice-design checkpoint."""
    shutil.copytree(Path(qwentts_svc.__file__).parent / "data" / "aria", folder)
    file = folder / "config.json"
    config = json.loads(file.read_text(encoding="utf-8"))
    config["tts_model_type"] = "voice_design"
    config["talker_config"] |= {"spk_id": {}, "spk_is_dialect": {}}
    file.write_text(json.dumps(config), encoding="utf-8")
    return folder


async def _ask(address: str, plan: Plan) -> CallRecord:
    async with open_channels(address, 1) as channels:
        return await Caller(plan, channels[0], time.monotonic(), 0.1).run()


async def _until_open(service: ServiceProcess, count: int) -> None:
    async with asyncio.timeout(30):
        while True:
            if (await scrape(service.sidecar_port)).total("qwentts_requests", state="streams") >= count:
                return
            await asyncio.sleep(0.02)
