"""A text of a megabyte is normalized and cut in seconds, and a piece of it without holding up anything."""

from __future__ import annotations

import random
import re
import time

from qwentts_svc.text.incremental import IncrementalNormalizer
from qwentts_svc.text.normalize import Normalizer
from qwentts_svc.text.segment import segment

_PROSE = (
    "In 1998 the same wind had taken the roof off the chapel, and people still spoke of it as if it were last week. "
    "She walked down to the pier at 7:30 with a basket on her arm and bought two loaves for $4.50. "
    '"It won\'t last," said the oldest of them, a man of 83 who had fished these waters since he was a boy. '
    "The children ran ahead, shouting, and the dog followed them as far as the wall and then lay down in the sun. "
    "Dr. Harris, who had come from the city, thought the place would empty within 20 years; others were not so sure. "
    "That evening the lights came on one by one along the front, and somebody began to play in the yard.\n\n"
)
_MARGIN = 5
"""A loaded machine is that much slower."""


def prose(chars: int) -> str:
    """Ordinary text in which the numbers differ."""
    rng = random.Random(3)
    parts, size = [], 0
    while size < chars:
        parts.append(re.sub(r"\b[0-9]{2}\b", lambda _: str(rng.randint(11, 59)), _PROSE))
        size += len(parts[-1])
    return "".join(parts)[:chars]


def test_a_megabyte_of_prose_is_normalized_and_segmented_in_two_seconds() -> None:
    text, normalizer = prose(1_000_000), Normalizer()
    normalizer.normalize(text[:5_000])
    start = time.process_time()
    spoken = normalizer.normalize(text)
    pieces = sum(1 for _ in segment(text))
    assert time.process_time() - start < 2 * _MARGIN
    assert pieces > 1000
    assert spoken.spans[-1][1::2] == (len(spoken.text), len(text))


def test_a_piece_of_twelve_seconds_is_normalized_in_five_milliseconds() -> None:
    normalizer = Normalizer()
    pieces = [part.text for part in segment(prose(30_000), budget_s=12)]
    costs = []
    for piece in pieces:
        start = time.process_time()
        stream = IncrementalNormalizer(normalizer.normalize)
        stream.push(piece)
        stream.end()
        costs.append(time.process_time() - start)
    assert sorted(costs)[len(costs) // 2] < 0.005 * _MARGIN
