"""Text under rewriting together with its alignment to the source.

The alignment is a list of pieces ``(out_len, src_len)``, gap-free on both sides. A piece of equal lengths maps
character by character and can be split anywhere; any other piece is atomic, and an edit that cuts into one absorbs it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from qwentts_svc.text.normalize.rule import Edit
from qwentts_svc.text.normalize.types import Span

Piece = tuple[int, int]
_CJK = "\u2e80"
"""From here on scripts are written without spaces."""


class BadEditsError(ValueError):
    """A rule proposed edits that are out of range, out of order or overlapping."""


def rewrite(text: str, edits: Iterable[Edit]) -> str:
    """``text`` with ``edits`` applied. Raises ``BadEditsError`` unless they are ordered, disjoint and inside of it."""
    parts: list[str] = []
    last = 0
    for start, end, replacement in edits:
        if not last <= start <= end:
            raise BadEditsError(f"edit [{start}:{end}] after {last}")
        parts += (text[last:start], replacement)
        last = end
    if last > len(text):
        raise BadEditsError(f"an edit ends at {last} in a text of {len(text)}")
    parts.append(text[last:])
    return "".join(parts)


def compose(pieces: Sequence[Piece], edits: Iterable[Edit]) -> list[Piece]:
    """The alignment after ``edits`` (checked, in offsets of the aligned output). Linear in pieces plus edits."""
    out: list[Piece] = []
    queue = iter(pieces)
    piece = next(queue, None)
    pos = 0  # output offset, before the edits, of what is left of `piece`
    for start, end, replacement in edits:
        while piece is not None and pos + piece[0] <= start:
            out.append(piece)
            pos += piece[0]
            piece = next(queue, None)
        kept_before, src_len, kept_after = 0, 0, 0
        if start < pos:  # inside what the edit before absorbed
            absorbed = out.pop()
            kept_before, src_len = absorbed[0] - (pos - start), absorbed[1]
            kept_after = max(0, pos - end)
        elif piece is not None and pos < start:
            head = start - pos
            if piece[0] == piece[1]:
                out.append((head, head))
                piece = (piece[0] - head, piece[1] - head)
                pos = start
            else:
                kept_before = head
        while piece is not None and pos < end:
            if pos + piece[0] <= end:
                src_len += piece[1]
            elif piece[0] == piece[1]:
                take = end - pos
                src_len += take
                piece = (piece[0] - take, piece[1] - take)
                pos = end
                break
            else:
                src_len += piece[1]
                kept_after = pos + piece[0] - end
            pos += piece[0]
            piece = next(queue, None)
        out.append((kept_before + len(replacement) + kept_after, src_len))
    if piece is not None:
        out.append(piece)
    out.extend(queue)
    return out


def runs_together(source_before: str, out_before: str, source_after: str, out_after: str) -> bool:
    """Whether what is said on both sides of a cut would run together although it was not one word in writing.

    Of each the character at the cut, "" for none. A word that goes across the cut as it is written stays whole.
    """
    if not (out_before.isalnum() and out_after.isalnum()) or max(out_before, out_after) >= _CJK:
        return False
    if source_before.isspace() or source_after.isspace():
        return False
    return (source_before, source_after) != (out_before, out_after)


def to_spans(pieces: Iterable[Piece]) -> tuple[Span, ...]:
    """Absolute spans of ``pieces``; neighbours that map character by character are joined, empty pieces dropped."""
    spans: list[Span] = []
    out_pos = src_pos = 0
    verbatim = False
    for out_len, src_len in pieces:
        if not out_len and not src_len:
            continue
        if verbatim and out_len == src_len:
            last = spans[-1]
            spans[-1] = (last[0], last[1] + out_len, last[2], last[3] + src_len)
        else:
            spans.append((out_pos, out_pos + out_len, src_pos, src_pos + src_len))
        verbatim = out_len == src_len
        out_pos += out_len
        src_pos += src_len
    return tuple(spans)
