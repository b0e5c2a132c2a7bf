"""Whatever the pools, the leads and the order in which things come: everybody is heard to the end.

The rig leaves an engine asleep until it is woken as in production, so a wake-up that is missing, or rows that wait for
each other, fail here.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.engine_rig import Rig, sampling_of

from qwentts_svc.runtime.fakes import FAKE_CODEC_INFO, FAKE_INFO, FakeCodecRunner, FakeModelRunner
from qwentts_svc.runtime.messages import Finished, PromptSpec
from qwentts_svc.types import FinishReason, Layout, Priority

QUIET_STEPS = 300
"""Steps in which nobody is heard although everybody reads: more than the longest row takes on its own."""


@dataclass
class Speaker:
    """A session: rows in order, of which the listener reads the first one that has not ended."""

    priority: Priority
    lead: int | None
    session_id: str
    texts: list[tuple[bool, int, int]]
    """For each row whether its text comes in drops, its tokens, and its frames."""
    rows: list[int] = field(default_factory=list)
    begun: int = 0


speakers = st.builds(
    Speaker,
    priority=st.sampled_from(list(Priority)),
    lead=st.sampled_from([None, 1, 3, 8, 30]),
    session_id=st.sampled_from(["", "shared"]),
    texts=st.lists(st.tuples(st.booleans(), st.integers(1, 30), st.integers(1, 60)), min_size=1, max_size=4),
)


@settings(max_examples=200, deadline=None)
@given(
    people=st.lists(speakers, min_size=1, max_size=5),
    slots=st.integers(1, 4),
    blocks=st.integers(6, 16),
    ahead=st.integers(1, 3),
    reads_every=st.integers(1, 40),
    policy=st.sampled_from(["playout", "playout", "round-robin", "fifo"]),
)
def test_everybody_is_heard_to_the_end(
    people: list[Speaker], slots: int, blocks: int, ahead: int, reads_every: int, policy: str
) -> None:
    """``ahead`` rows of a session are in work at most, handed in one by one."""
    info = replace(FAKE_INFO, slots=slots, blocks=blocks, block_size=8, max_positions=1024)
    lengths: dict[int, int] = {}
    model = FakeModelRunner(info, length_of=lambda spec, sampling: lengths[sampling.seed])
    codec = FakeCodecRunner(replace(FAKE_CODEC_INFO, slots=slots))
    rig = Rig(model, codec, policy=policy)
    due_s = dict.fromkeys(range(len(people)), 0.0)
    drops: dict[int, int] = {}
    seed = quiet = heard = 0
    for at in range(100_000):
        for index, speaker in enumerate(people):
            working = [row for row in speaker.rows if not rig.readers[row].done]
            talking = any(row in drops for row in working)
            if speaker.begun < len(speaker.texts) and len(working) < ahead and not talking:
                dripping, tokens, lengths[seed] = speaker.texts[speaker.begun]
                layout = Layout.STREAMING if dripping else Layout.FULL
                text = tuple(range(10, 11 if dripping else 10 + tokens))
                # As a session does it: a row is never due before the one that is heard before it.
                due_s[index] = max(due_s[index], rig.now + 0.3)
                row = rig.submit(
                    text,
                    sampling_of(seed),
                    prompt=PromptSpec((1, 2, 3), text, layout=layout),
                    text_open=dripping,
                    priority=speaker.priority,
                    max_lead_frames=speaker.lead,
                    session_id=speaker.session_id,
                    first_audio_deadline_s=due_s[index],
                    continuation=bool(speaker.rows),
                )
                if dripping:
                    drops[row] = tokens
                speaker.rows.append(row)
                speaker.begun += 1
                seed += 1
            if at % reads_every == 0 and working:
                rig.readers[working[0]].read_all()
        for row, left in list(drops.items()):
            if left and at % 3 == 0:
                rig.append(row, [20 + left])
                drops[row] -= 1
            elif not left:
                rig.end_text(row)
                del drops[row]
        rig.step()
        heard, before = sum(len(reader.events) for reader in rig.readers.values()), heard
        quiet = 0 if heard > before else quiet + 1
        if all(s.begun == len(s.texts) and all(rig.readers[row].done for row in s.rows) for s in people):
            break
        if quiet > QUIET_STEPS + reads_every:
            left = [(row.row_id, row.state.name, row.frames_done) for row in rig.engine.rows.values()]
            pytest.fail(f"nobody has been heard for {quiet} steps: {left}")
    room = blocks * info.block_size
    for speaker in people:
        for row, (dripping, tokens, frames) in zip(speaker.rows, speaker.texts, strict=True):
            (end,) = rig.readers[row].ends
            assert isinstance(end, Finished), end
            spoken = len(rig.readers[row].codes)
            if end.reason is FinishReason.LENGTH_LIMIT:  # it has outgrown all the memory that there is
                assert spoken + tokens + 12 >= room
            else:
                assert end.reason is FinishReason.COMPLETE
                assert spoken >= frames if dripping else spoken == frames
