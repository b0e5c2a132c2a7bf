"""From a segment's text to pieces: what one row of the engine speaks. No asyncio, no engine.

A *segment* is what the caller flushed; a *piece* is a part of it short enough to be generated in one go. Where a piece
ends depends on the text alone, never on how it arrived.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from qwentts_svc.bridge.sentence_clock import SentenceClock
from qwentts_svc.text.duration import estimate_seconds
from qwentts_svc.text.incremental import NormalizeText
from qwentts_svc.text.segment import PAUSE_MS, segment
from qwentts_svc.text.sentences import Break
from qwentts_svc.text.spoken import SpokenStream
from qwentts_svc.text.template import PromptTemplate
from qwentts_svc.text.tokenizer import seq_add
from qwentts_svc.types import TokenSeq


@dataclass(slots=True)
class Piece:
    """Text of one row. ``ids``/``source_ends``: body tokens and, for each, the offset in the segment's source text up
    to which it reaches. ``spoken_s``: estimated duration of what is known so far. ``pause_after_ms``: known once it
    has ``ended``."""

    source_start: int
    source_end: int
    role_ids: tuple[int, ...]
    ids: list[int] = field(default_factory=list)
    source_ends: list[int] = field(default_factory=list)
    sent: int = 0
    """Tokens that the engine has."""
    ended: bool = False
    pause_after_ms: float = 0.0
    spoken_s: float = 0.0

    def add(self, tokens: TokenSeq, start: int = 0) -> None:
        """Append tokens whose offsets count from ``start`` in the segment's source."""
        self.ids.extend(tokens.ids)
        self.source_ends.extend(start + end for _, end in tokens.offsets)
        if self.source_ends:
            self.source_end = max(self.source_end, self.source_ends[-1])

    def fresh(self) -> tuple[int, ...]:
        """Tokens that the engine does not have yet; they count as sent."""
        ids = tuple(self.ids[self.sent :])
        self.sent = len(self.ids)
        return ids


class Feed(Protocol):
    """The text of one segment as it arrives."""

    def load(self, delta: str) -> int:
        """How much work ``push`` of ``delta`` is: about the characters that it looks at closely."""

    def push(self, delta: str) -> None: ...

    @property
    def load_left(self) -> int:
        """``load`` of ``end``, and of ``prepare`` after it."""

    def end(self) -> None:
        """No more text. While the feed is ``unprepared`` afterwards, ``prepare`` must be called."""

    @property
    def unprepared(self) -> bool:
        """The text has ended and some of it is still to be prepared."""

    def prepare(self) -> None:
        """Prepare about one piece more."""

    def take(self) -> Piece | None:
        """The next piece that has something to say, in order; None when there is none now."""

    @property
    def exhausted(self) -> bool:
        """The text has ended and every piece has been taken."""


@dataclass(frozen=True, slots=True)
class CutBudgets:
    """Speech seconds of a piece: the first of an interactive segment, and the others."""

    first_s: float = 4.0
    max_s: float = 12.0


class WholeFeed:
    """Collects the whole text, then cuts it lazily (``segment``) and normalizes a piece with each ``prepare``, so that
    the first piece of a very long text is ready at once. ``raw``: one piece, the text exactly as it is."""

    def __init__(
        self,
        template: PromptTemplate,
        normalize: NormalizeText | None,
        budgets: CutBudgets,
        *,
        language: str,
        raw: bool,
        skip_plain: bool = True,
    ) -> None:
        self._skip_plain = skip_plain
        self._template = template
        self._normalize = normalize
        self._budgets = budgets
        self._language = language
        self._raw = raw
        self._parts: list[str] = []
        self._chars = 0
        self._pieces: Iterator[Piece] = iter(())
        self._ready: deque[Piece] = deque()
        self._unprepared = self._ended = False

    def load(self, delta: str) -> int:
        return 0

    def push(self, delta: str) -> None:
        self._chars += len(delta)
        self._parts.append(delta)

    @property
    def load_left(self) -> int:
        return self._chars

    def end(self) -> None:
        self._ended = True
        text, self._parts = "".join(self._parts), []
        self._pieces, self._unprepared = self._cut(text), True
        self.prepare()

    @property
    def unprepared(self) -> bool:
        return self._unprepared

    def prepare(self) -> None:
        piece = next(self._pieces, None)
        if piece is None:
            self._unprepared = False
        else:
            self._ready.append(piece)

    def take(self) -> Piece | None:
        return self._ready.popleft() if self._ready else None

    @property
    def exhausted(self) -> bool:
        return self._ended and not self._unprepared and not self._ready

    def _cut(self, text: str) -> Iterator[Piece]:
        if self._raw:
            yield from self._piece(text, 0, len(text), 0.0)
            return
        budgets = self._budgets
        for part in segment(text, budget_s=budgets.max_s, first_budget_s=budgets.first_s):
            yield from self._piece(part.text, part.start, part.end, part.pause_after_ms)

    def _piece(self, text: str, start: int, end: int, pause_after_ms: float) -> Iterator[Piece]:
        """The piece of one part, or nothing when there is nothing to say in it."""
        stream = SpokenStream(
            self._template,
            None if self._raw else self._normalize,
            language=self._language,
            raw=self._raw,
            skip_plain=self._skip_plain,
        )
        tokens = seq_add(stream.push(text), stream.end())
        if not tokens.ids or (not self._raw and not text.strip()):
            return
        piece = Piece(start, start, stream.role_ids, ended=True, pause_after_ms=pause_after_ms)
        piece.add(tokens, start)
        piece.source_end = end
        piece.spoken_s = estimate_seconds(text)
        yield piece


_LITTLE = 32
"""Text so short is not worth a close look at how much work it is."""


class StreamingFeed:
    """Commits tokens as the text arrives. A piece ends before the first sentence that begins after its budget is used
    up, or inside a sentence that goes on for much longer (``SentenceClock``); this is decided character by character,
    so any split of the text gives the same pieces. ``early``: a piece may be taken while it is still growing, else once
    it has ended."""

    def __init__(
        self,
        template: PromptTemplate,
        normalize: NormalizeText | None,
        budgets: CutBudgets,
        *,
        language: str,
        raw: bool,
        skip_plain: bool = True,
        early: bool = True,
    ) -> None:
        self._early = early
        self._stream = SpokenStream(
            template, None if raw else normalize, language=language, raw=raw, skip_plain=skip_plain
        )
        self._budget_s = float("inf") if raw else budgets.max_s
        self._clock = SentenceClock()
        self._open: Piece | None = None
        self._ready: deque[Piece] = deque()
        self._visible = raw
        """There is something to say in the piece that is open or begins next."""
        self._raw = raw
        self._ended = False
        self._chars = 0

    def load(self, delta: str) -> int:
        held, size = self._stream.held_chars, len(delta)
        if size > _LITTLE or held + size <= _LITTLE:
            return size
        if self._clock.spoken_s >= self._budget_s:  # the piece may end here, and all that is held back with it
            return held + size
        return max(size, self._stream.due(delta))

    def push(self, delta: str) -> None:
        self._chars += len(delta)
        start = 0
        for index, char in enumerate(delta):
            ends_with = self._clock.cut_before(char, self._budget_s)
            if ends_with is not None:
                self._add(self._stream.push(delta[start:index]))
                start = index
                self._close(ends_with)
            self._clock.advance(char)
            self._visible = self._visible or not char.isspace()
        self._add(self._stream.push(delta[start:]))

    @property
    def load_left(self) -> int:
        return self._chars if self._raw else self._stream.held_chars

    def end(self) -> None:
        self._ended = True
        self._close(Break.SENTENCE)

    @property
    def unprepared(self) -> bool:
        return False

    def prepare(self) -> None:
        """All is prepared as it comes, and with the end."""

    def take(self) -> Piece | None:
        if not self._ready or not (self._early or self._ready[0].ended):
            return None
        return self._ready.popleft()

    @property
    def exhausted(self) -> bool:
        return self._ended and not self._ready

    def _close(self, ends_with: Break) -> None:
        rest = self._stream.end()
        if self._visible:
            self._add(rest)
        self._visible = self._raw
        if self._open is not None:
            self._open.ended = True
            self._open.pause_after_ms = PAUSE_MS[ends_with]
            self._open = None
        self._clock = SentenceClock()

    def _add(self, tokens: TokenSeq) -> None:
        if not tokens.ids:
            return
        if self._open is None:
            start = tokens.offsets[0][0]
            self._open = Piece(start, start, self._stream.role_ids)
            self._ready.append(self._open)
        self._open.add(tokens)
        self._open.spoken_s = self._clock.spoken_s
