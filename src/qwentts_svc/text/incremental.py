"""Normalization of a text that arrives in pieces, and of whole texts in the very same way.

Owns: the state between units: the words on the left of a unit and the language so far. What a unit is, is decided in
``units``; what is said instead of what is written, by the normalizer that is handed in. For any split of a text the
released pieces, joined, equal ``normalize_whole`` of it, because both walk the same units with the same state.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from qwentts_svc.text.language import LanguageTracker
from qwentts_svc.text.normalize.alignment import runs_together
from qwentts_svc.text.normalize.types import NormText, Span
from qwentts_svc.text.units import next_unit, trailing_words

__all__ = ["IncrementalNormalizer", "NormalizeText", "join_norm", "normalize_whole"]

NormalizeText: TypeAlias = Callable[[str, str], NormText]
"""(text, language hint) -> spoken text. A pure function; the hint is ``auto`` or a language name."""


class IncrementalNormalizer:
    """Releases normalized text up to a point that no continuation can change. One text, one thread.

    Holds back two words of plain text, a number or date with the three words after it, and never more than
    ``LIMIT_CHARS`` characters. ``skip_plain=False`` shows plain words to the normalizer too (a lexicon may change
    them).
    """

    def __init__(self, normalize: NormalizeText, *, language: str = "auto", skip_plain: bool = True) -> None:
        self._normalize = normalize
        self._skip_plain = skip_plain
        self._tracker = LanguageTracker(language)
        self._left = ""
        self._edge = ("", "")
        """The last character of the source so far and of what is said of it."""
        self._pending = ""

    @property
    def held_chars(self) -> int:
        """Source characters received and not released."""
        return len(self._pending)

    def due(self, delta: str) -> int:
        """Characters that the normalizer would be given if ``delta`` were pushed: the costly part of it."""
        text, end, due = self._pending + delta, 0, 0
        while (unit := next_unit(text, end, final=False)) is not None:
            if not (unit.untouched and self._skip_plain):
                due += unit.end - end
            end = unit.end
        return due

    def push(self, delta: str) -> NormText:
        """What became final. Spans count from the start of this piece, in the text and in the source alike."""
        self._pending += delta
        return self._release(final=False)

    def end(self) -> NormText:
        """The rest. Afterwards another text may follow; the language so far is remembered, the words are not."""
        rest = self._release(final=True)
        self._left, self._edge = "", ("", "")
        return rest

    flush = end

    def _release(self, *, final: bool) -> NormText:
        text, start = self._pending, 0
        pieces: list[NormText] = []
        plain_end = 0
        """Up to here the text from ``start`` on is plain words, not looked at one by one."""
        while (unit := next_unit(text, max(start, plain_end), final=final)) is not None:
            if unit.untouched and self._skip_plain:
                plain_end = unit.end
                continue
            if plain_end > start:
                pieces.append(self._as_written(text[start:plain_end]))
                start = plain_end
            pieces.append(self._as_spoken(text[start : unit.end]))
            start = plain_end = unit.end
        if plain_end > start:
            pieces.append(self._as_written(text[start:plain_end]))
        self._pending = text[max(start, plain_end) :]
        return join_norm(pieces, self._tracker.language)

    def _as_written(self, text: str) -> NormText:
        self._advance(text)
        return self._apart(text, _as_is(text, self._tracker.language))

    def _as_spoken(self, unit: str) -> NormText:
        return self._apart(unit, self._said(unit))

    def _apart(self, source: str, norm: NormText) -> NormText:
        """``norm`` with a space in front where it would run together with what was said before."""
        before, self._edge = self._edge, (source[-1:], norm.text[-1:])
        if not runs_together(*before, source[:1], norm.text[:1]):
            return norm
        spans = ((0, 1, 0, 0), *((a + 1, b + 1, c, d) for a, b, c, d in norm.spans))
        return NormText(" " + norm.text, norm.lang, spans)

    def _said(self, unit: str) -> NormText:
        left = self._left
        self._advance(unit)
        core = unit.strip()
        if not core:
            return _as_is(unit, self._tracker.language)
        at = unit.index(core)
        spoken = self._spoken(left, core)
        edges = (_blanks(unit[:at], spoken.lang), spoken, _blanks(unit[at + len(core) :], spoken.lang))
        return join_norm(edges, spoken.lang)

    def _advance(self, text: str) -> None:
        self._tracker.update(text)
        words, whole = trailing_words(text)
        self._left = trailing_words(self._left + words)[0] if whole else words

    def _spoken(self, left: str, core: str) -> NormText:
        """``core`` normalized as it reads after ``left``."""
        if left:
            after = _cut_left(self._normalize(left + core, self._tracker.hint), len(left))
            if after is not None:
                return after
        return self._normalize(core, self._tracker.hint)


def normalize_whole(
    text: str, normalize: NormalizeText, *, language: str = "auto", skip_plain: bool = True
) -> NormText:
    """The spoken form of a whole text: what ``IncrementalNormalizer`` releases of it, under any split."""
    stream = IncrementalNormalizer(normalize, language=language, skip_plain=skip_plain)
    return join_norm([stream.push(text), stream.end()], "")


def join_norm(pieces: Sequence[NormText], lang: str) -> NormText:
    """The pieces in a row; the language is that of the last one that has text, else ``lang``.

    Neighbouring spans that map character by character become one, so that the result is the same however it was cut.
    """
    filled = [piece for piece in pieces if piece.spans]
    spans: list[Span] = []
    out = source = 0
    for piece in filled:
        for out_start, out_end, src_start, src_end in piece.spans:
            span = (out_start + out, out_end + out, src_start + source, src_end + source)
            if spans and _one_to_one(span) and _one_to_one(spans[-1]):
                span = (spans[-1][0], span[1], spans[-1][2], span[3])
                spans.pop()
            spans.append(span)
        out, source = spans[-1][1], spans[-1][3]
    text = "".join(piece.text for piece in filled)
    return NormText(text, filled[-1].lang if filled else lang, tuple(spans))


def _one_to_one(span: Span) -> bool:
    return span[1] - span[0] == span[3] - span[2]


def _as_is(text: str, lang: str) -> NormText:
    size = len(text)
    return NormText(text, lang, ((0, size, 0, size),) if text else ())


def _blanks(text: str, lang: str) -> NormText:
    """What stands around a unit; of several spaces one is left, as within it."""
    if len(text) > 1 and not text.strip(" "):
        return NormText(" ", lang, ((0, 1, 0, len(text)),))
    return _as_is(text, lang)


def _cut_left(norm: NormText, chars: int) -> NormText | None:
    """``norm`` without what the first ``chars`` of its source became; None if a span goes across that place."""
    spans: list[Span] = []
    cut: int | None = None
    for out_start, out_end, src_start, src_end in norm.spans:
        if src_end <= chars:
            continue
        if cut is None:
            if src_start >= chars:
                cut = out_start
            elif out_end - out_start == src_end - src_start:
                cut = out_start + chars - src_start
            else:
                return None
        spans.append((max(out_start, cut) - cut, out_end - cut, max(src_start, chars) - chars, src_end - chars))
    return None if cut is None else NormText(norm.text[cut:], norm.lang, tuple(spans))
