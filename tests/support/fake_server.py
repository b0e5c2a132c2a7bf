"""A server process over the fake: prints its port, serves until told to stop. Used by tests about signals."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace

from support.fake_speech import FakeSpeech
from support.grpc_rig import FAST

from qwentts_svc.observability.logs import setup_logging
from qwentts_svc.server.lifecycle import SpeechServer, serve


def started(server: SpeechServer) -> None:
    sys.stdout.write(f"{server.port} {server.sidecar.port}\n")
    sys.stdout.flush()


async def main() -> int:
    speech = FakeSpeech()
    speech.knobs.frame_delay_s = float(sys.argv[1])
    settings = replace(FAST, drain=replace(FAST.drain, grace_s=float(sys.argv[2])))
    return await serve(speech, settings, on_started=started)


if __name__ == "__main__":
    setup_logging("info")
    sys.exit(asyncio.run(main()))
