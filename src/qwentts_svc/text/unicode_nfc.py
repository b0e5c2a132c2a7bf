"""Canonical composition (NFC) that knows where each character came from, and where it can be cut.

Owns: the notion of a *cluster* (a character that starts afresh plus everything that may compose with it). A text can be
normalized cluster by cluster, in any number of pieces, with the same result as at once. Does not know tokens.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import regex
from tokenizers import normalizers

_NFC = normalizers.NFC()

# A superset of the characters that may compose or reorder with the one before: marks, Hangul vowels and finals, and
# characters that this Unicode version does not know yet. A superset only makes clusters longer, never wrong.
_JOINS = r"\p{M}\p{Cn}\u1160-\u11ff\ud7b0-\ud7ff"
_PLAIN_RUN_OR_CLUSTER = regex.compile(rf"(?s)(?P<plain>(?:[^{_JOINS}](?![{_JOINS}]))+)|.[{_JOINS}]*")
_LAST_STARTER = regex.compile(rf"(?sr)[^{_JOINS}]")


@dataclass(frozen=True, slots=True)
class MappedText:
    """A text and, for each of its characters, the half-open span [starts[i], ends[i]) of the source it came from."""

    text: str
    starts: Sequence[int]
    ends: Sequence[int]

    @staticmethod
    def identity(text: str, base: int = 0) -> MappedText:
        """The text as it is, its first character at source offset ``base``."""
        return MappedText(text, range(base, base + len(text)), range(base + 1, base + 1 + len(text)))

    def cut(self, start: int, stop: int | None = None) -> MappedText:
        """Characters ``start`` to ``stop``."""
        return MappedText(self.text[start:stop], self.starts[start:stop], self.ends[start:stop])

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Source span of the characters [start, end); ``start < end``."""
        return self.starts[start], self.ends[end - 1]


def concat(parts: Sequence[MappedText]) -> MappedText:
    """The parts in a row."""
    filled = [part for part in parts if part.text]
    if len(filled) <= 1:
        return filled[0] if filled else MappedText.identity("")
    starts = _join([part.starts for part in filled])
    return MappedText("".join(part.text for part in filled), starts, _join([part.ends for part in filled]))


def _join(parts: Sequence[Sequence[int]]) -> Sequence[int]:
    ranges = [part for part in parts if isinstance(part, range)]
    if len(ranges) == len(parts) and all(a.stop == b.start for a, b in pairwise(ranges)):
        return range(ranges[0].start, ranges[-1].stop)
    joined = array("q")
    for part in parts:
        joined.extend(part)
    return joined


def nfc(text: str, base: int = 0) -> MappedText:
    """Compose ``text``, whose first character is at source offset ``base``. Linear in the text, marks included.

    Characters of a cluster that changes all map to the whole cluster. The text must hold no lone surrogate.
    """
    if text.isascii() or _NFC.normalize_str(text) == text:
        return MappedText.identity(text, base)
    out: list[str] = []
    starts, ends = array("q"), array("q")

    def keep(piece: str, at: int) -> None:
        out.append(piece)
        starts.extend(range(at, at + len(piece)))
        ends.extend(range(at + 1, at + 1 + len(piece)))

    def replace(piece: str, start: int, end: int) -> None:
        out.append(piece)
        starts.extend([start] * len(piece))
        ends.extend([end] * len(piece))

    for match in _PLAIN_RUN_OR_CLUSTER.finditer(text):
        source, at = match.group(), base + match.start()
        composed = _NFC.normalize_str(source)
        if composed == source:
            keep(source, at)
        elif match.group("plain") is None:
            replace(composed, at, base + match.end())
        else:
            # Single characters that decompose to another one (the Angstrom sign): each is a cluster.
            for i, character in enumerate(source):
                replace(_NFC.normalize_str(character), at + i, at + i + 1)
    return MappedText("".join(out), starts, ends)


def last_cluster_start(text: str) -> int | None:
    """Where the last cluster of ``text`` starts: text before it composes the same whatever follows. None: nowhere."""
    match = _LAST_STARTER.search(text)
    return None if match is None else match.start()
