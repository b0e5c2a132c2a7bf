"""Take out what cannot be said and can only do harm: control and zero-width characters, lone surrogates, towers of
marks.

Owns: cleaning a text that arrives in pieces, with the source of every character that is left. Composition (NFC) is the
tokenizer's business, typography and wording are the normalizer's.
"""

from __future__ import annotations

import regex

from qwentts_svc.text.dirt import CONTROLS, MAX_MARKS, NEWLINES, SPACES, ZERO_WIDTH
from qwentts_svc.text.normalize.types import NormText, Span

__all__ = ["TextCleaner", "clean_text"]

_DIRT = (
    rf"(?P<newline>[{NEWLINES}])|(?P<fed>(?<=\r)\n)|(?P<space>[{SPACES}])|(?P<pair>[\ud800-\udbff][\udc00-\udfff])"
    rf"|(?P<lone>[\ud800-\udfff])|(?P<gone>[{regex.escape(CONTROLS)}{regex.escape(ZERO_WIDTH)}]++)"
)
_SUSPECT = regex.compile(rf"{_DIRT}|\p{{M}}{{{MAX_MARKS + 1}}}")
_PARTS = regex.compile(rf"{_DIRT}|(?P<marks>\p{{M}}++)")
_MARK = regex.compile(r"\p{M}")
_MARKS_LAST = regex.compile(r"(?r)\p{M}*\Z")


class TextCleaner:
    """Cleans a text that arrives in pieces, holding nothing back: for any split the pieces, joined, are the same, but
    for a pair of surrogates that is split. Belongs to one text; not thread-safe."""

    def __init__(self) -> None:
        self._marks = 0
        """Marks that the text so far ends with."""
        self._after_return = False

    def push(self, delta: str) -> NormText:
        """``delta`` without dirt, and where it came from. Never raises; linear.

        Line ends become ``\\n``, tabs and the like a space, other control and zero-width characters and lone surrogates
        vanish, surrogate pairs are joined, marks beyond ``MAX_MARKS`` on one character are dropped.
        """
        if not delta:
            return NormText("", "", ())
        fed = self._after_return and delta[0] == "\n"
        self._after_return = delta[-1] == "\r"
        if fed or (self._marks and _MARK.match(delta)) or _SUSPECT.search(delta) is not None:
            return self._without_dirt(delta, 1 if fed else 0)
        last = _MARKS_LAST.search(delta)
        self._marks = 0 if last is None else len(last.group())
        return NormText(delta, "", ((0, len(delta), 0, len(delta)),))

    def end(self) -> None:
        """Another text may follow."""
        self._marks, self._after_return = 0, False

    def _without_dirt(self, text: str, skip: int) -> NormText:
        """``text`` cleaned; its first ``skip`` characters go."""
        out: list[str] = []
        spans: list[Span] = []
        written = position = 0

        def write(piece: str, end: int) -> None:
            nonlocal written, position
            if end > position:
                out.append(piece)
                spans.append((written, written + len(piece), position, end))
                written, position = written + len(piece), end

        write("", skip)
        marks = self._marks
        for match in _PARTS.finditer(text, skip):
            kind, found = match.lastgroup, match.group()
            if match.start() > position:
                write(text[position : match.start()], match.start())
                marks = 0
            if kind == "marks":
                kept = min(len(found), max(0, MAX_MARKS - marks))
                marks += len(found)
                write(found[:kept], position + kept)
                write("", match.end())
            else:
                instead = _instead(kind, found)
                marks = 0 if instead else marks
                write(instead, match.end())
        self._marks = marks if position == len(text) else 0
        write(text[position:], len(text))
        return NormText("".join(out), "", tuple(spans))


def clean_text(text: str) -> NormText:
    """A whole text, as ``TextCleaner`` does it."""
    return TextCleaner().push(text)


def _instead(kind: str | None, found: str) -> str:
    if kind == "pair":
        return found.encode("utf-16-le", "surrogatepass").decode("utf-16-le")
    return {"newline": "\n", "space": " "}.get(kind or "", "")
