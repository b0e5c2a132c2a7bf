"""Cut a long text into segments that are spoken one by one: whole sentences, joined or split to a budget of seconds.

Lazy: the first segment costs a bounded look at the text, however long it is. Linear for every input. Nothing is lost:
the segments' source ranges cover every character that is not a space.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import regex

from qwentts_svc.errors import InputError
from qwentts_svc.text.duration import estimate_seconds, running_seconds
from qwentts_svc.text.sentences import Break, sentences

__all__ = ["DEFAULT_BUDGET_S", "DEFAULT_FIRST_BUDGET_S", "PAUSE_MS", "Segment", "segment"]

DEFAULT_BUDGET_S = 15.0
DEFAULT_FIRST_BUDGET_S = 4.0
PAUSE_MS = {
    Break.CUT: 0,
    Break.CLAUSE: 60,
    Break.SENTENCE: 200,
    Break.LINE: 300,
    Break.ITEM: 350,
    Break.PARAGRAPH: 600,
}
"""Silence after a segment, in milliseconds, by what it ends with."""
_ALONE_S = 1.2
"""A line, item or paragraph shorter than this is not spoken on its own if something follows."""
_MAX_CHARS = 2000
_CLAUSES = regex.compile(
    r"(?P<strong>[;:；：—–][\"'»”’)\]]*\s*|\s[-—–]\s)|(?P<comma>[,，、][\"'»”’)\]]*\s*|[)\]）]\s+)|(?P<space>\s+)"
)
_WORTH = {"strong": 0.35, "comma": 0.25, "space": 0.0}
"""How much of the budget a better place to split may cost."""
_CLUSTER_END = regex.compile(r"(?r)[^\p{M}\u200d\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]")


@dataclass(frozen=True, slots=True)
class Segment:
    """``text`` is source[start:end]; ``pause_after_ms`` of silence follow before the next segment, 0 after the last."""

    text: str
    start: int
    end: int
    pause_after_ms: int


def segment(text: str, *, budget_s: float = DEFAULT_BUDGET_S, first_budget_s: float | None = None) -> Iterator[Segment]:
    """Segments of about ``budget_s`` seconds of speech at most; ``first_budget_s`` is for the first one alone.

    Raises InputError for a budget that is not positive.
    """
    first = budget_s if first_budget_s is None else first_budget_s
    if not (budget_s > 0 and first > 0):
        raise InputError("segment budgets must be positive seconds", field="budget_s")
    return _segments(text, budget_s, min(first, budget_s))


def _segments(text: str, budget_s: float, first_budget_s: float) -> Iterator[Segment]:
    ready: Segment | None = None
    for start, end, ends_with in _joined(text, budget_s, first_budget_s):
        if ready is not None:
            yield ready
        ready = Segment(text[start:end], start, end, PAUSE_MS[ends_with])
    if ready is not None:
        yield Segment(ready.text, ready.start, ready.end, 0)


def _joined(text: str, budget_s: float, first_budget_s: float) -> Iterator[tuple[int, int, Break]]:
    budget = first_budget_s
    held_start, held_end, held_seconds, held_ends_with = 0, 0, 0.0, Break.CUT
    for start, end, ends_with, seconds in _pieces(text, budget_s, first_budget_s):
        if held_end:
            breaks = held_ends_with >= Break.LINE and held_seconds >= _ALONE_S
            if not breaks and held_seconds + seconds <= budget and end - held_start <= _MAX_CHARS:
                held_end, held_seconds, held_ends_with = end, held_seconds + seconds, ends_with
                continue
            yield held_start, held_end, held_ends_with
            budget = budget_s
        held_start, held_end, held_seconds, held_ends_with = start, end, seconds, ends_with
    if held_end:
        yield held_start, held_end, held_ends_with


def _pieces(text: str, budget_s: float, first_budget_s: float) -> Iterator[tuple[int, int, Break, float]]:
    """Start, end, break and seconds of sentences, and of the parts of those longer than the budget in force."""
    budget = first_budget_s
    for start, end, ends_with in sentences(text):
        sentence = text[start:end]
        whole = estimate_seconds(sentence)
        if whole <= budget and not sentence[0].isspace():  # a separator that no expression takes for a blank
            yield start, end, ends_with, whole
            budget = budget_s
            continue
        seconds = running_seconds(sentence)
        at = 0
        while at < len(sentence):
            cut, kind = len(sentence), ends_with
            if seconds[-1] - seconds[at] > budget:
                cut, kind = _split(sentence, seconds, at, budget) or (cut, kind)
            part = sentence[at:cut]
            lead = len(part) - len(part.lstrip())
            if lead < len(part):
                size = len(part.rstrip())
                yield start + at + lead, start + at + size, kind, seconds[cut] - seconds[at]
                budget = budget_s
            at = cut


def _split(sentence: str, seconds: list[float], at: int, budget: float) -> tuple[int, Break] | None:
    """Where to end the part that begins at ``at``: the best clause end in the budget, else a space, else anywhere.
    None: nowhere."""
    rest = seconds[-1] - seconds[at]
    # Parts of about the same length, rather than full ones and a crumb.
    target = rest / -(-rest // budget)
    best: int | None = None
    best_score, kind = float("-inf"), Break.CUT
    for match in _CLAUSES.finditer(sentence, at + 1):
        length = seconds[match.end()] - seconds[at]
        if length > budget:
            break
        name = match.lastgroup or "space"
        score = _WORTH[name] - abs(length - target) / budget
        if score > best_score and match.end() < len(sentence):
            best, best_score, kind = match.end(), score, Break.CUT if name == "space" else Break.CLAUSE
    if best is not None and seconds[best] - seconds[at] >= budget * 0.2:
        return best, kind
    last = at + 1
    while last < len(sentence) and seconds[last + 1] - seconds[at] <= budget:
        last += 1
    cluster = _CLUSTER_END.search(sentence, max(at + 1, last - 16), last + 1)
    cut = last if cluster is None else cluster.start()
    return (cut, Break.CUT) if at < cut < len(sentence) else None
