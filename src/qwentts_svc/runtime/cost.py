"""What a step costs, measured while it runs: a linear fit over rows, smoothed per-unit costs for prefill and codec."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StepCosts:
    """Estimates, in seconds: a frame step of n rows costs ``step_base_s + step_row_s * n``."""

    step_base_s: float
    step_row_s: float
    prefill_base_s: float
    prefill_position_s: float
    codec_base_s: float
    """Per codec call."""
    codec_frame_s: float
    """Per row and frame decoded."""

    def step_s(self, rows: int) -> float:
        """A frame step of ``rows`` rows; 0 for none."""
        return self.step_base_s + self.step_row_s * rows if rows else 0.0

    def prefill_s(self, positions: int) -> float:
        """One prefill call over ``positions`` positions; 0 for none."""
        return self.prefill_base_s + self.prefill_position_s * positions if positions else 0.0

    def round_s(self, streams: int, max_rows: int, call_frames: float) -> float:
        """Time in which every one of ``streams`` rows gets one more frame and its audio, by the fewest steps of at
        most ``max_rows`` rows; ``call_frames``: frames that a codec call covers."""
        full, rest = divmod(streams, max_rows)
        steps_s = full * self.step_s(max_rows) + self.step_s(rest)
        calls = full + (1 if rest else 0)
        return steps_s + streams * self.codec_frame_s + calls * self.codec_base_s / call_frames


COLD_COSTS = StepCosts(0.02, 0.002, 0.02, 0.0002, 0.004, 0.002)
"""Assumed before anything was measured (a small CPU); the rehearsal at start replaces it."""


class CostModel:
    """Online estimate of ``StepCosts``. Owned by the engine thread; ``costs`` is an immutable value."""

    def __init__(self, start: StepCosts = COLD_COSTS, *, decay: float = 0.98) -> None:
        self._decay = decay
        self._step = _LinearFit(start.step_base_s, start.step_row_s, decay)
        self._prefill = _LinearFit(start.prefill_base_s, start.prefill_position_s, decay)
        self._codec = _LinearFit(start.codec_base_s, start.codec_frame_s, decay)
        self._costs = start

    @property
    def costs(self) -> StepCosts:
        return self._costs

    def observe_step(self, rows: int, seconds: float) -> None:
        """A frame step of ``rows`` rows took ``seconds``."""
        self._step.observe(rows, seconds)
        self._refresh()

    def observe_prefill(self, positions: int, seconds: float) -> None:
        """A prefill call over ``positions`` positions in all took ``seconds``."""
        self._prefill.observe(positions, seconds)
        self._refresh()

    def observe_codec(self, frames: int, seconds: float) -> None:
        """A codec call took ``seconds`` for ``frames`` = rows x frames per row."""
        self._codec.observe(frames, seconds)
        self._refresh()

    def _refresh(self) -> None:
        self._costs = StepCosts(
            self._step.base,
            self._step.slope,
            self._prefill.base,
            self._prefill.slope,
            self._codec.base,
            self._codec.slope,
        )


class _LinearFit:
    """Exponentially forgetting least squares of y = base + slope * x, both kept at 0 or above.

    The start values are a prior of a few observations, so one outlier cannot turn the line.
    """

    def __init__(self, base: float, slope: float, decay: float) -> None:
        self.base, self.slope = base, slope
        self._decay = decay
        self._n = self._x = self._y = self._xx = self._xy = 0.0
        for x in (1.0, 2.0, 8.0):
            self._add(x, base + slope * x)

    def observe(self, x: float, y: float) -> None:
        # A pause of the machine is no property of the step: one observation counts at most 4x the expectation.
        expected = self.base + self.slope * x
        self._add(float(x), min(y, 4.0 * expected) if expected > 0 else y)
        spread = self._n * self._xx - self._x * self._x
        mean_x, mean_y = self._x / self._n, self._y / self._n
        slope = (self._n * self._xy - self._x * self._y) / spread if spread > 1e-9 * self._n * self._n else self.slope
        slope = min(max(slope, 0.0), mean_y / mean_x if mean_x > 0 else 0.0)
        self.slope, self.base = slope, max(mean_y - slope * mean_x, 0.0)

    def _add(self, x: float, y: float) -> None:
        d = self._decay
        self._n = self._n * d + 1.0
        self._x = self._x * d + x
        self._y = self._y * d + y
        self._xx = self._xx * d + x * x
        self._xy = self._xy * d + x * y
