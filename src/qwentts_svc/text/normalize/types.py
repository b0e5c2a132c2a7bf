"""The value that normalization returns: spoken text plus where each piece of it came from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

Span: TypeAlias = tuple[int, int, int, int]
"""(out_start, out_end, src_start, src_end), half-open character offsets."""


@dataclass(frozen=True, slots=True)
class NormText:
    """Spoken text with its language and its alignment to the source.

    ``spans`` are ordered and gap-free on both sides: the first starts at 0/0, each starts where the one before ended,
    the last ends at ``len(text)`` / ``len(source)``. A span whose two lengths are equal maps character by character;
    any other span maps as a whole. A deletion has an empty output range, an insertion an empty source range.
    """

    text: str
    lang: str
    spans: tuple[Span, ...]

    def source_offset(self, out_offset: int) -> int:
        """Source offset at which the output character ``out_offset`` is rooted; monotone, clamped to the ends."""
        low, high = 0, len(self.spans)
        while low < high:
            mid = (low + high) // 2
            if self.spans[mid][1] <= out_offset:
                low = mid + 1
            else:
                high = mid
        if low == len(self.spans):
            return self.spans[-1][3] if self.spans else 0
        out_start, out_end, src_start, src_end = self.spans[low]
        if out_end - out_start == src_end - src_start:
            return src_start + max(0, out_offset - out_start)
        return src_start
