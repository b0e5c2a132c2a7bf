"""What the rest of the service asks of a text tokenizer, and how a checkpoint's own one is found.

Owns: the ``TextTokenizer`` protocol and ``load_tokenizer``. The kinds live in ``bpe`` and ``unigram``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from qwentts_svc.errors import InputError, ModelError
from qwentts_svc.types import TokenSeq

__all__ = ["IncrementalEncoder", "TextTokenizer", "check_encodable", "load_tokenizer", "seq_add", "seq_cut"]

EMPTY = TokenSeq((), ())


class IncrementalEncoder(Protocol):
    """Encodes a text that arrives in pieces; for any split the tokens, joined, equal ``encode`` of the whole."""

    def push(self, delta: str) -> TokenSeq:
        """Tokens that no continuation can change any more. Offsets count from the first character ever pushed."""

    def end(self) -> TokenSeq:
        """The rest; afterwards the encoder is as new, but offsets go on counting."""


class TextTokenizer(Protocol):
    """Text to ids and back. Immutable once loaded, safe to share between threads."""

    special_ids: Mapping[str, int]
    """Control tokens by content (``<|im_start|>``). They never come out of ``encode`` unless asked for."""
    vocab_size: int
    """One more than the largest id."""

    def encode(self, text: str, *, split_special: bool = False) -> TokenSeq:
        """Token ids with half-open character spans of ``text`` as given.

        Control tokens written out in the text are text; with ``split_special`` they become control tokens.
        Raises InputError for a text that is not valid Unicode (a lone surrogate).
        """

    def decode(self, ids: Sequence[int]) -> str:
        """Text of the ids; control tokens by their content; bytes that are not UTF-8 as U+FFFD.

        Raises InputError for an id outside the vocabulary.
        """

    def encoder(self) -> IncrementalEncoder:
        """A fresh incremental encoder; it belongs to one text and one thread."""


def load_tokenizer(directory: str | Path, *, regex: str = "stock") -> TextTokenizer:
    """Load the tokenizer of a checkpoint directory.

    ``vocab.json`` + ``merges.txt`` give byte-level BPE, a single ``*.model`` file gives SentencePiece. ``regex``:
    ``stock`` is the pre-tokenizer that the model's text vocabulary was trained with, ``reference`` the one that the
    reference implementation uses for local directories. Raises ModelError naming the file that is missing or broken.
    """
    from qwentts_svc.text.bpe import BpeTokenizer
    from qwentts_svc.text.unigram import UnigramTokenizer

    root = Path(directory)
    if not root.is_dir():
        raise ModelError(f"{root}: no such directory; give the directory of a checkpoint")
    if not (root / "vocab.json").exists():
        models = sorted(root.glob("*.model"))
        if len(models) == 1:
            return UnigramTokenizer.load(models[0])
        if len(models) > 1:
            names = ", ".join(path.name for path in models)
            raise ModelError(f"{root}: several SentencePiece models ({names}); keep one")
    return BpeTokenizer.load(root, regex=regex)


def check_encodable(text: str) -> None:
    """Raise InputError if ``text`` cannot be written as UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        message = f"the text holds a lone surrogate at character {error.start}; send valid Unicode"
        raise InputError(message, field="text") from None


def seq_add(*parts: TokenSeq) -> TokenSeq:
    """The parts in a row."""
    filled = [part for part in parts if part.ids]
    if len(filled) <= 1:
        return filled[0] if filled else EMPTY
    ids = tuple(i for part in filled for i in part.ids)
    return TokenSeq(ids, tuple(o for part in filled for o in part.offsets))


def seq_cut(seq: TokenSeq, start: int, stop: int | None = None) -> TokenSeq:
    """Tokens ``start`` to ``stop``."""
    return TokenSeq(seq.ids[start:stop], seq.offsets[start:stop])
