"""What the callers do: class, RPC, text and manners of each call, drawn beforehand from a seed."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from loadtest.corpus import Sentence
from qwentts_svc.errors import InputError

CLASSES = ("interactive", "standard", "batch")
RPCS = ("SynthesizeStream", "SynthesizeChunks")
PLAIN, SLOW, CANCEL, CLOSE, INTERRUPT = "plain", "slow", "cancel", "close", "interrupt"
MANNERS = (PLAIN, SLOW, CANCEL, CLOSE, INTERRUPT)
"""plain: reads to the end | slow: reads at two thirds of real time | cancel: cancels after some chunks | close: closes
its connection after some chunks | interrupt: barges in after some chunks, then says another sentence (streams only)."""


@dataclass(frozen=True, slots=True)
class Mix:
    """Weights of what is drawn; they need not sum to 1."""

    classes: Mapping[str, float] = field(default_factory=lambda: {"interactive": 1.0})
    rpcs: Mapping[str, float] = field(default_factory=lambda: {"SynthesizeStream": 1.0})
    manners: Mapping[str, float] = field(default_factory=lambda: {PLAIN: 1.0})
    words_per_s: float = 0.0
    """How fast text is written into a stream. 0: all at once."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One call to be made, ``at_s`` seconds after the start of the run."""

    at_s: float
    rpc: str
    priority: str
    manner: str
    text: str
    seed: int
    words_per_s: float = 0.0
    leave_after: int = 3
    """Chunks after which a caller with bad manners acts."""


def plan_calls(arrivals: Sequence[float], mix: Mix, corpus: Sequence[Sentence], rng: random.Random) -> tuple[Plan, ...]:
    """One plan per arrival."""
    return tuple(_plan(at_s, mix, corpus, rng) for at_s in arrivals)


def _plan(at_s: float, mix: Mix, corpus: Sequence[Sentence], rng: random.Random) -> Plan:
    manner = _draw(mix.manners, rng)
    rpc = "SynthesizeStream" if manner == INTERRUPT else _draw(mix.rpcs, rng)
    return Plan(
        at_s,
        rpc,
        _draw(mix.classes, rng),
        manner,
        rng.choice(corpus).text,
        rng.getrandbits(31),
        mix.words_per_s,
        rng.randint(1, 8),
    )


def _draw(weights: Mapping[str, float], rng: random.Random) -> str:
    return rng.choices(list(weights), list(weights.values()))[0]


def weights(text: str, names: Sequence[str], option: str) -> dict[str, float]:
    """``a=3,b=1`` as a dictionary; a name alone weighs 1. Raises InputError."""
    found = {}
    for item in text.split(","):
        name, equals, value = item.strip().partition("=")
        try:
            found[name] = float(value) if equals else 1.0
        except ValueError:
            found[name] = -1.0
        if name not in names or not 0 <= found[name] < float("inf"):
            raise InputError(f"{option} takes name=weight, ... of {', '.join(names)}; not '{item}'", field=option)
    if not sum(found.values()):
        raise InputError(f"{option}: at least one weight must be above 0", field=option)
    return found
