"""Body tokens of a text that arrives in pieces, as the acoustic model takes them: one per frame, never taken back.

Owns: the leading context of the template and the stripping of leading newlines. Which tokens are final is decided by
the tokenizer's incremental encoder; turning what is written into what is said happens before (``incremental``).
"""

from __future__ import annotations

import regex

from qwentts_svc.text.template import ASSISTANT, ROLE_TOKENS, PromptTemplate, leading_newlines
from qwentts_svc.text.tokenizer import EMPTY, seq_add, seq_cut
from qwentts_svc.types import TokenSeq

__all__ = ["TextStream"]

_VISIBLE = regex.compile(r"\S")


class TextStream:
    """Commits tokens that no continuation can change. For any split of a text into deltas the tokens committed, with
    those of ``end``, equal ``PromptTemplate.text_body`` of the whole text. Belongs to one text; not thread-safe."""

    def __init__(self, template: PromptTemplate, *, raw: bool = False) -> None:
        self._template = template
        self._raw = raw
        self._encoder = template.tokenizer.encoder()
        self._base = 0
        """Source offset of this text's first character (texts before it were flushed)."""
        self._received = 0
        self._blank: list[str] = []
        self._started = False
        self._shift = 0
        self._role: list[int] = []

    @property
    def role_ids(self) -> tuple[int, ...]:
        """T[0:3]. Differs from ``PromptTemplate.role_ids`` only for a raw text that starts with newlines, and is then
        known when the first token is committed."""
        start = self._template.role_ids[:1]
        return (*start, *self._role) if len(self._role) == ROLE_TOKENS - 1 else self._template.role_ids

    def push(self, delta: str) -> TokenSeq:
        """Tokens that became final; offsets count characters from the first one ever pushed."""
        self._received += len(delta)
        if self._started:
            return self._body(self._encoder.push(delta))
        if not self._raw:
            self._blank.append(delta)
            if _VISIBLE.search(delta) is None:
                return EMPTY
        return self._start(delta if self._raw else "".join(self._blank))

    def end(self) -> TokenSeq:
        """The remaining tokens. Afterwards the stream is ready for another text; offsets go on counting."""
        opening = EMPTY if self._started else self._start("".join(self._blank))
        rest = self._body(self._encoder.end())
        tail = self._template.body_tail()
        closing = TokenSeq(tail, ((self._received, self._received),) * len(tail))
        self._encoder = self._template.tokenizer.encoder()
        self._base, self._started, self._blank, self._role = self._received, False, [], []
        return seq_add(opening, rest, closing)

    flush = end

    def _start(self, text: str) -> TokenSeq:
        skipped = 0 if self._raw else leading_newlines(text)
        self._started, self._blank = True, []
        self._shift = self._base + skipped - len(ASSISTANT)
        return self._body(self._encoder.push(ASSISTANT + text[skipped:]))

    def _body(self, seq: TokenSeq) -> TokenSeq:
        """Take the role's tokens off the front, and count offsets in the source."""
        missing = ROLE_TOKENS - 1 - len(self._role)
        if missing > 0:
            self._role += seq.ids[:missing]
            seq = seq_cut(seq, missing)
        base, shift = self._base, self._shift
        return TokenSeq(seq.ids, tuple((max(base, s + shift), max(base, e + shift)) for s, e in seq.offsets))
