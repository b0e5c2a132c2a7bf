"""Byte-level BPE of a text that arrives in pieces: commits exactly the tokens that no continuation can change.

Three layers, each with a hold-back of its own:
1. composition (NFC): the last cluster (a character and its marks) waits for more marks;
2. pre-tokens: a piece is final once the character after it is known, a run of spaces once it has ended;
3. merges inside a run of letters (Chinese has no spaces). The full encoding of ``P + anything`` has a last token
   boundary ``p <= len(P)``; up to ``p`` it equals the encoding of ``P[:p]`` alone, because no merge crosses a token
   boundary; and ``P[p:]`` begins some vocabulary piece. So what the encodings of all such ``P[:p]`` begin with is
   final.

Hold-back: the last characters of a word, or a run of spaces or punctuation; with the ``reference`` expression, which
looks at the end of a word to place a boundary inside it, the word. Time is linear in the text for every input and any
split.
"""

from __future__ import annotations

import unicodedata
from itertools import takewhile
from typing import TYPE_CHECKING

import regex

from qwentts_svc.text.tokenizer import EMPTY, check_encodable, seq_add
from qwentts_svc.text.unicode_nfc import MappedText, concat, last_cluster_start, nfc
from qwentts_svc.types import TokenSeq

if TYPE_CHECKING:
    from qwentts_svc.text.bpe import BpeTokenizer

_NOTHING = MappedText.identity("")
_SPACES = regex.compile(r"[\s\x1c-\x1f\x85]+")
_LAST_OTHER_THAN_WORD = regex.compile(r"(?r)[^\p{L}\p{M}\p{Cn}]")
_STEP_CHARS = 128
"""Letters of one run that are merged at once; a longer run goes step by step, so that time stays linear."""
_PATIENCE_CHARS = 256
"""An open piece longer than this is looked at again only when it has grown by a quarter."""
_CONTRACTION_CHARS = 4
"""A piece that starts with an apostrophe is sure to be no contraction ('s, 're, ...) from this length on."""


class BpeStream:
    """See ``IncrementalEncoder``. Belongs to one text; not thread-safe."""

    def __init__(self, tokenizer: BpeTokenizer) -> None:
        self._tokenizer = tokenizer
        self._position = 0
        self._cluster: list[str] = []
        """Source text after the last sure place to cut for composition; starts at ``_position``."""
        self._pending = _NOTHING
        """Composed text that is not committed."""
        self._unread: list[MappedText] = []
        """More of it that was not worth a look yet."""
        self._unread_chars = 0
        self._inside = False
        """True: ``_pending`` goes on a run of letters whose beginning is committed."""

    def push(self, delta: str) -> TokenSeq:
        """See ``IncrementalEncoder.push``."""
        check_encodable(delta)
        cut = last_cluster_start(delta)
        if cut is None:
            if delta:
                self._cluster.append(delta)
            return EMPTY
        source = "".join((*self._cluster, delta[:cut]))
        self._cluster = [delta[cut:]]
        if not source:
            return EMPTY
        stable = nfc(source, self._position)
        self._position += len(source)
        self._unread.append(stable)
        self._unread_chars += len(stable.text)
        if not self._worth_a_look(stable.text):
            return EMPTY
        self._read()
        return self._commit()

    def end(self) -> TokenSeq:
        """See ``IncrementalEncoder.end``."""
        source = "".join(self._cluster)
        self._cluster = []
        self._unread.append(nfc(source, self._position))
        self._position += len(source)
        self._read()
        run = self._end_of_run(final=True)
        rest, self._pending = self._pending, _NOTHING
        return seq_add(run, self._tokenizer.encode_mapped(rest))

    def _worth_a_look(self, new: str) -> bool:
        """False while an open piece that is already long only grows by more of the same."""
        held = self._pending.text
        if len(held) < _PATIENCE_CHARS or self._unread_chars * 4 >= len(held):
            return True
        return not _kind(held[-1]) == _kind(new[0]) == _kind(new[-1])

    def _read(self) -> None:
        self._pending = concat([self._pending, *self._unread])
        self._unread, self._unread_chars = [], 0

    def _commit(self) -> TokenSeq:
        run = self._end_of_run(final=False)
        if self._inside:
            return seq_add(run, self._inner_tokens())
        end = self._final_end(self._pending.text)
        whole = EMPTY
        if end:
            whole = self._tokenizer.encode_mapped(self._pending, end)
            self._pending = self._pending.cut(end)
        inner = self._inner_tokens() if self._is_open_letters(self._pending.text) else EMPTY
        return seq_add(run, whole, inner)

    def _final_end(self, text: str) -> int:
        """Where the last pre-token ends that no continuation can change; 0 if there is none."""
        spans = [span for _, span in self._tokenizer.pre_tokens(text)]
        held = len(spans) - 1
        if held <= 0:
            return 0
        # How a run of spaces is divided depends on what follows all of it.
        while held and _SPACES.fullmatch(text, *spans[held]) and _SPACES.fullmatch(text, *spans[held - 1]):
            held -= 1
        if self._tokenizer.regex == "reference":
            # Boundaries inside a run of letters and marks depend on how the run ends.
            other = _LAST_OTHER_THAN_WORD.search(text)
            run_start = 0 if other is None else other.end()
            while held and run_start < len(text) and spans[held][0] > run_start:
                held -= 1
        return spans[held][0]

    def _is_open_letters(self, text: str) -> bool:
        """True for one unfinished piece that ends in a letter and so can only grow by letters."""
        if not text or self._tokenizer.regex != "stock" or (text[0] == "'" and len(text) < _CONTRACTION_CHARS):
            return False
        return self._letters(text[-1])[1] == 1 and len(self._tokenizer.pre_tokens(text)) == 1

    def _letters(self, text: str) -> tuple[str, int]:
        """The letters that ``text`` begins with, as the pre-tokenizer sees them: byte alphabet and character count."""
        piece, (_, end) = self._tokenizer.pre_tokens("a" + text)[0]
        return piece[1:], end - 1

    def _end_of_run(self, *, final: bool) -> TokenSeq:
        """Inside a run of letters: its last tokens, if it ends in what is pending (or there is no more: ``final``)."""
        if not self._inside:
            return EMPTY
        piece, size = self._letters(self._pending.text)
        if size == len(self._pending.text) and not final:
            return EMPTY
        run, self._pending, self._inside = self._pending.cut(0, size), self._pending.cut(size), False
        return _located(self._tokenizer.merge(piece), run)

    def _inner_tokens(self) -> TokenSeq:
        """Commit what is final inside the run of letters that ``_pending`` is."""
        parts: list[TokenSeq] = []
        at, step = 0, _STEP_CHARS
        while True:
            window = self._pending.cut(at, at + step)
            whole_run = at + len(window.text) == len(self._pending.text)
            tokens, size = _whole_characters(self._common_tokens(self._tokenizer.alphabet(window.text)), window.text)
            if tokens:
                parts.append(_located(tokens, window.cut(0, size)))
                at, step = at + size, _STEP_CHARS
            else:
                step *= 2
            if whole_run:
                break
        if at:
            self._pending, self._inside = self._pending.cut(at), True
        return seq_add(*parts)

    def _common_tokens(self, piece: str) -> list[tuple[int, str]]:
        """Tokens that every continuation of ``piece`` (byte alphabet, within one pre-token) begins with."""
        tokenizer = self._tokenizer
        common = tokenizer.merge(piece)
        for boundary in range(len(piece) - 1, max(-1, len(piece) - tokenizer.longest_piece), -1):
            if common and tokenizer.starts_longer_piece(piece[boundary:]):
                other = tokenizer.merge(piece[:boundary]) if boundary else []
                same = takewhile(lambda pair: pair[0] == pair[1], zip(common, other, strict=False))
                common = [token for token, _ in same]
        return common


def _kind(character: str) -> str:
    """Coarse class: a run ends, for the pre-tokenizer, where it changes (or earlier)."""
    if _SPACES.fullmatch(character):
        return "space"
    return "word" if unicodedata.category(character)[0] in "LMN" else "other"


def _located(tokens: list[tuple[int, str]], mapped: MappedText) -> TokenSeq:
    """Tokens of all of ``mapped`` with source spans; a token that holds a part of a character gets all of it."""
    ids: list[int] = []
    offsets: list[tuple[int, int]] = []
    first, first_end = 0, len(mapped.text[0].encode()) if mapped.text else 0
    position = 0
    for token, value in tokens:
        while first_end <= position:
            first += 1
            first_end += len(mapped.text[first].encode())
        position += len(value)
        last, last_end = first, first_end
        while last_end < position:
            last += 1
            last_end += len(mapped.text[last].encode())
        ids.append(token)
        offsets.append(mapped.span(first, last + 1))
        first, first_end = last, last_end
    return TokenSeq(tuple(ids), tuple(offsets))


def _whole_characters(tokens: list[tuple[int, str]], text: str) -> tuple[list[tuple[int, str]], int]:
    """The longest beginning of ``tokens`` that ends between two characters of ``text``, and that many characters."""
    character = byte_end = position = 0
    best, size = 0, 0
    for count, (_, value) in enumerate(tokens, start=1):
        position += len(value)
        while byte_end < position:
            byte_end += len(text[character].encode())
            character += 1
        if byte_end == position:
            best, size = count, character
    return tokens[:best], size
