"""The sign at the door: what a new call would be told now, readable from any thread without asking the engine.

The engine looks at its commands between two steps only; on a slow device a caller would learn after a whole step that
there is no room. So the engine puts up a sign in every step, and whoever hands calls in reads it first. The sign
refuses only what the engine would refuse, and the engine keeps to the room that it tells of.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from qwentts_svc.errors import QosError
from qwentts_svc.types import Priority

STALE_S = 1.0
"""An older sign says nothing: the engine sleeps and answers at once, or it hangs."""

WAIT_MARGIN = 3.0
"""A call may wait for a place only when the wait that is expected, times this, is within its patience: ends of streams
come by chance, and a caller who is refused after a wait has lost that time."""


@dataclass(frozen=True, slots=True)
class Place:
    """For one class: calls that would still be let in; how long the next one would wait for a place, and may."""

    room: int
    wait_s: float
    max_wait_s: float
    start_s: float
    """The shortest time in which a call that is let in now would surely be heard; 0 promises nothing."""


@dataclass(frozen=True, slots=True)
class Door:
    """Immutable; made by ``Admission.door``. Classes that are not in ``places`` are never refused here.

    ``seen``: calls of each class that the engine had taken from its queue of commands when the sign was put up; the
    ones handed in since then may take the room that it tells of.
    """

    at_s: float
    places: Mapping[Priority, Place]
    seen: Mapping[Priority, int]

    def check(self, priority: Priority, patience_s: float, sent: Mapping[Priority, int], now: float) -> None:
        """Raises QosError when the call would be refused. ``patience_s``: from now to the latest first audio;
        ``sent``: calls of each class handed in so far."""
        place = self.places.get(priority)
        if place is None or now - self.at_s > STALE_S:
            return
        full = self._since(priority, sent) >= place.room
        if full and place.wait_s * WAIT_MARGIN > min(place.max_wait_s, patience_s):
            raise at_capacity(place.wait_s)
        if place.start_s > patience_s:
            raise at_capacity(place.wait_s)

    def promised(self, priority: Priority, seen: Mapping[Priority, int], now: float) -> bool:
        """The sign told of room for a call before which the engine has now ``seen`` as many: it is let in, also when
        the measured capacity has become less in the meantime."""
        place = self.places.get(priority)
        return place is not None and now - self.at_s <= STALE_S and self._since(priority, seen) < place.room

    def _since(self, priority: Priority, count: Mapping[Priority, int]) -> int:
        """Calls after those that the sign knows of which stand before a call of this class."""
        return sum(number - self.seen.get(other, 0) for other, number in count.items() if other <= priority)


OPEN = Door(float("-inf"), {}, {})
"""Refuses nobody."""


def at_capacity(wait_s: float) -> QosError:
    """The refusal of a call for which there is no place in time."""
    return refusal("the service is at capacity", wait_s, "AT_CAPACITY")


def refusal(what: str, wait_s: float, reason: str, max_retry_s: float = 30.0) -> QosError:
    """A refusal with the time after which another try makes sense."""
    retry_s = min(max(wait_s, 0.1), max_retry_s)
    return QosError(f"{what}; try again in {retry_s:.1f} s", retry_after_s=retry_s, reason=reason)
