"""The measurements of first audio and of long texts, in short: that they measure what they say. How fast it all is
depends on the machine and is not tested here."""

from __future__ import annotations

import asyncio

import pytest

from loadtest.first_audio import first_audio
from loadtest.long_text import CHARACTERS_PER_S, long_text, long_texts
from loadtest.service import running_service

# The generator needs a core of its own on the smallest machines.
SETTINGS = ("runtime.intra_op_threads=1",)


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_interactive_calls_are_heard_while_others_speak() -> None:
    async def measured() -> dict[str, object]:
        async with running_service(SETTINGS) as service:
            return dict(await first_audio(service, calls=3, busy=3, job_minutes=0.5))

    found = asyncio.run(measured())
    for name in ("idle", "job", "busy", "busy_and_job"):
        situation = found[name]
        assert isinstance(situation, dict)
        assert (situation["spoken"], situation["failed"]) == (3, {})
        assert 0 < situation["first_chunk_ms"]["p50"] <= situation["first_chunk_ms"]["p95"] < 5000


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_a_long_text_is_spoken_to_its_end_in_every_way() -> None:
    found = asyncio.run(long_texts(0.3, SETTINGS, None))
    for way in ("listened", "file", "file_one_by_one"):
        assert (found[way]["code"], found[way]["reason"]) == ("OK", "COMPLETE")
        assert found[way]["audio_s"] > 10
    # The same seeds for the same segments: one by one or side by side, the file is the same.
    assert found["file"]["audio_s"] == found["file_one_by_one"]["audio_s"]


def test_a_long_text_has_the_length_asked_for() -> None:
    text = long_text(60)
    assert 60 * CHARACTERS_PER_S <= len(text) + 1 < 60 * CHARACTERS_PER_S + 200
    assert "\n\n" in text
