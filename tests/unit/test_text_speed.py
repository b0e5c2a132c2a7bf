"""A text of a megabyte is normalized and cut in seconds, and a piece of it without holding up anything."""

from __future__ import annotations

import random
import re
import time

import pytest
from support.cpu_time import cpu_s

from qwentts_svc.text.incremental import IncrementalNormalizer, normalize_whole
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
_RUSSIAN = (
    "В 1998 году такой же ветер сорвал крышу с часовни, и люди до сих пор говорили об этом так, будто это было вчера. "
    "Она спустилась к причалу в 7:30 с корзиной на руке и купила два хлеба за 45 руб. у знакомой торговки. "
    "«Это ненадолго», — сказал самый старый из них, человек 83 лет, который ловил здесь рыбу с самого детства. "
    "Дети бежали впереди и кричали, а собака проводила их до самой стены и улеглась на солнце. "
    "Доктор Г. Харитонов, приехавший из города, думал, что через 20 лет здесь никого не останется; другие сомневались. "
    "Вечером один за другим загорелись огни вдоль набережной, и кто-то заиграл во дворе.\n\n"
)
_MARGIN = 5
"""A loaded machine is that much slower."""


def prose(chars: int, paragraph: str = _PROSE) -> str:
    """Ordinary text in which the numbers differ."""
    rng = random.Random(3)
    parts, size = [], 0
    while size < chars:
        parts.append(re.sub(r"\b[0-9]{2}\b", lambda _: str(rng.randint(11, 59)), paragraph))
        size += len(parts[-1])
    return "".join(parts)[:chars]


@pytest.mark.parametrize("paragraph", [_PROSE, _RUSSIAN], ids=["English", "Russian"])
def test_a_megabyte_of_prose_is_normalized_and_segmented_in_two_seconds(paragraph: str) -> None:
    text, normalizer = prose(1_000_000, paragraph), Normalizer()
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


HOSTILE = [
    "7",
    "\u0301\u0323",
    '"«“',
    "\U0001f600",
    "a@",
    "www.",
    "1/",
    "- ",
    "т. ",
    "№",
    "$1,",
    "I V X ",
    "5–",
    "д. 5, ",
]


def cost(text: str, normalizer: Normalizer) -> float:
    """Seconds to normalize ``text`` as a whole and as a stream, and to cut it."""

    def work() -> None:
        normalizer.normalize(text)
        normalize_whole(text, normalizer.normalize)
        assert sum(1 for _ in segment(text))

    return cpu_s(work)


@pytest.mark.parametrize("unit", HOSTILE)
def test_twice_as_much_of_a_hostile_text_costs_about_twice_as_much(unit: str) -> None:
    normalizer = Normalizer()
    half, whole = (unit * (chars // len(unit)) for chars in (10_000, 40_000))
    cost(half[:1000], normalizer)
    # A quadratic path would take sixteen times as long.
    assert cost(whole, normalizer) < 9 * cost(half, normalizer) + 0.2


def test_the_first_segment_of_a_megabyte_is_ready_in_twenty_milliseconds() -> None:
    text = prose(1_000_000)
    costs = []
    for _ in range(3):
        start = time.process_time()
        first = next(segment(text, first_budget_s=4.0))
        Normalizer().normalize(first.text)
        costs.append(time.process_time() - start)
    assert min(costs) < 0.02
