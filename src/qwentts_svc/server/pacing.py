"""How far audio runs ahead of its listener: a leaky bucket of milliseconds. Pure; the caller gives the time.

Sent audio fills it, real time drains it, never below empty (a listener that ran dry waits). An acknowledgement of
the played position replaces the estimate.
"""

from __future__ import annotations


class Pacer:
    """Tells when the next audio may be sent, and notices underruns of a real-time listener."""

    def __init__(self, max_lead_ms: float | None) -> None:
        self.max_lead_ms = max_lead_ms
        """None: not paced."""
        self.sent_ms = 0.0
        self._lead_ms = 0.0
        self._at_s: float | None = None

    def lead_ms(self, now_s: float) -> float:
        """Audio sent and not yet played at ``now_s`` (monotonic seconds), as far as known."""
        if self._at_s is None:
            return 0.0
        return max(0.0, self._lead_ms - (now_s - self._at_s) * 1000.0)

    def delay_s(self, duration_ms: float, now_s: float) -> float:
        """Seconds until audio of ``duration_ms`` may be sent; 0: now. Audio longer than the lead itself may always be
        sent to a listener with nothing left to play."""
        if self.max_lead_ms is None:
            return 0.0
        room_ms = max(self.max_lead_ms, duration_ms) - duration_ms
        return max(0.0, (self.lead_ms(now_s) - room_ms) / 1000.0)

    def sent(self, duration_ms: float, now_s: float) -> bool:
        """Note audio that was sent. True when the listener had run dry before it (meaningful inside a segment)."""
        lead_ms = self.lead_ms(now_s)
        dry = self._at_s is not None and lead_ms <= 0.0
        self._lead_ms, self._at_s = lead_ms + duration_ms, now_s
        self.sent_ms += duration_ms
        return dry

    def played(self, played_ms: float, now_s: float) -> None:
        """The listener has played this much of all audio: replaces the estimate in both directions."""
        self._lead_ms, self._at_s = max(0.0, self.sent_ms - played_ms), now_s

    def dropped(self, now_s: float) -> None:
        """The listener has thrown away what it had not played (interrupt)."""
        self._lead_ms, self._at_s = 0.0, now_s
