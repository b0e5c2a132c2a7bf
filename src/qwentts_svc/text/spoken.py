"""The whole way of a text that arrives in pieces: written text -> clean text -> spoken text -> body tokens with offsets
in the written text."""

from __future__ import annotations

from qwentts_svc.text.clean import TextCleaner
from qwentts_svc.text.incremental import IncrementalNormalizer, NormalizeText
from qwentts_svc.text.offsets import OffsetMap
from qwentts_svc.text.stream import TextStream
from qwentts_svc.text.template import PromptTemplate
from qwentts_svc.text.tokenizer import seq_add
from qwentts_svc.types import TokenSeq

__all__ = ["SpokenStream"]


class SpokenStream:
    """``TextStream`` with a normalizer in front of it. For any split of a text the tokens, joined, are the same.

    ``normalize=None`` speaks the text as it is written, but for control and zero-width characters; ``raw`` keeps those
    too, and leading newlines. ``skip_plain``: see ``IncrementalNormalizer``.
    """

    def __init__(
        self,
        template: PromptTemplate,
        normalize: NormalizeText | None = None,
        *,
        language: str = "auto",
        skip_plain: bool = True,
        raw: bool = False,
    ) -> None:
        self._tokens = TextStream(template, raw=raw)
        self._cleaner = None if raw else TextCleaner()
        self._cleaned = OffsetMap()
        self._normalizer: IncrementalNormalizer | None = None
        if normalize is not None:
            self._normalizer = IncrementalNormalizer(normalize, language=language, skip_plain=skip_plain)
        self._map = OffsetMap()
        self.spoken_chars = 0
        """Characters of spoken text handed to the tokenizer so far (what speech budgets are made from)."""

    @property
    def role_ids(self) -> tuple[int, ...]:
        """See ``TextStream.role_ids``."""
        return self._tokens.role_ids

    @property
    def held_chars(self) -> int:
        """Characters that wait to be normalized."""
        return 0 if self._normalizer is None else self._normalizer.held_chars

    def due(self, delta: str) -> int:
        """Characters that would be normalized if ``delta`` were pushed; about right where ``delta`` is not clean."""
        return 0 if self._normalizer is None else self._normalizer.due(delta)

    def push(self, delta: str) -> TokenSeq:
        """Tokens that became final; offsets count source characters from the first one ever pushed."""
        if self._cleaner is not None:
            clean = self._cleaner.push(delta)
            self._cleaned.extend(clean)
            delta = clean.text
        return self._to_source(self._push_clean(delta))

    def end(self) -> TokenSeq:
        """The remaining tokens; afterwards another text may follow."""
        if self._cleaner is not None:
            self._cleaner.end()
        return self._to_source(self._end_clean())

    flush = end

    def _push_clean(self, delta: str) -> TokenSeq:
        if self._normalizer is None:
            self.spoken_chars += len(delta)
            return self._tokens.push(delta)
        piece = self._normalizer.push(delta)
        self.spoken_chars += len(piece.text)
        self._map.extend(piece)
        return self._map.to_source(self._tokens.push(piece.text))

    def _end_clean(self) -> TokenSeq:
        if self._normalizer is None:
            return self._tokens.end()
        piece = self._normalizer.end()
        self.spoken_chars += len(piece.text)
        self._map.extend(piece)
        tokens = seq_add(self._tokens.push(piece.text), self._tokens.end())
        return self._map.to_source(tokens)

    def _to_source(self, seq: TokenSeq) -> TokenSeq:
        return seq if self._cleaner is None else self._cleaned.to_source(seq)
