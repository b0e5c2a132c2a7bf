"""Where spoken text came from: maps offsets in normalized text that grows back to the source."""

from __future__ import annotations

from bisect import bisect_right

from qwentts_svc.text.normalize.types import NormText
from qwentts_svc.types import TokenSeq

__all__ = ["OffsetMap"]


class OffsetMap:
    """Alignment of everything normalized so far. Grows by pieces; look-ups take logarithmic time."""

    def __init__(self) -> None:
        self._out_starts: list[int] = []
        self._spans: list[tuple[int, int, int, int]] = []
        self.out_end = 0
        """Characters of normalized text so far."""
        self.source_end = 0
        """Characters of source text so far."""

    def extend(self, piece: NormText) -> None:
        """Append the next piece; its spans count from its own start."""
        for out_start, out_end, src_start, src_end in piece.spans:
            span = (
                out_start + self.out_end,
                out_end + self.out_end,
                src_start + self.source_end,
                src_end + self.source_end,
            )
            if self._spans and _continues(self._spans[-1], span):
                before = self._spans[-1]
                self._spans[-1] = (before[0], span[1], before[2], span[3])
                continue
            self._out_starts.append(span[0])
            self._spans.append(span)
        if piece.spans:
            self.out_end += piece.spans[-1][1]
            self.source_end += piece.spans[-1][3]

    def source_span(self, start: int, end: int) -> tuple[int, int]:
        """Source span [a, b) of the normalized characters [start, end); clamped to what is known."""
        if not self._spans:
            return 0, 0
        first = self._spans[max(0, bisect_right(self._out_starts, start) - 1)]
        last = self._spans[max(0, bisect_right(self._out_starts, max(start, end - 1)) - 1)]
        begin = first[2] + start - first[0] if _one_to_one(first) else first[2]
        stop = last[2] + end - last[0] if _one_to_one(last) else last[3]
        begin, stop = min(begin, self.source_end), min(stop, self.source_end)
        return begin, max(begin, stop)

    def to_source(self, seq: TokenSeq) -> TokenSeq:
        """The tokens with offsets in the source."""
        if len(self._spans) == 1 and self._spans[0][0] == self._spans[0][2] and _one_to_one(self._spans[0]):
            return seq  # Nothing was rewritten so far.
        return TokenSeq(seq.ids, tuple(self.source_span(start, end) for start, end in seq.offsets))


def _one_to_one(span: tuple[int, int, int, int]) -> bool:
    return span[1] - span[0] == span[3] - span[2]


def _continues(left: tuple[int, int, int, int], right: tuple[int, int, int, int]) -> bool:
    """Two long stretches of untouched text become one; short spans stay apart, for they may be replacements."""
    return _one_to_one(left) and _one_to_one(right) and left[1] == right[0] and left[3] == right[2]
