"""Characters that cannot be said and can only do harm. A table and nothing else, for the cleaner and the normalizer."""

from __future__ import annotations

__all__ = ["CONTROLS", "MAX_MARKS", "NEWLINES", "SPACES", "SURROGATES", "ZERO_WIDTH"]

MAX_MARKS = 8
"""Combining marks kept on one character; no writing system needs more."""
NEWLINES = "\r\x85\u2028\u2029"
"""Line ends that become a newline; one after a carriage return is dropped."""
SPACES = "\t\v\f\x1c\x1d\x1e\x1f"
"""Control characters that stand between words."""
CONTROLS = "".join(map(chr, (*range(0x00, 0x09), *range(0x0E, 0x1C), *range(0x7F, 0x85), *range(0x86, 0xA0))))
ZERO_WIDTH = (
    "\u00ad\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\ufeff\ufff9\ufffa\ufffb"
    + "".join(map(chr, (*range(0x2060, 0x2070), *range(0xE0000, 0xE0020))))
)  # fmt: skip
"""Invisible characters that nothing is written with; joiners, which emoji and some scripts need, are not among them."""
SURROGATES = "".join(map(chr, range(0xD800, 0xE000)))
