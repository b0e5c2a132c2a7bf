"""SentencePiece text tokenizer, for checkpoints that ship a ``.model`` file.

Owns: ids and offsets out of the ``sentencepiece`` library. Control pieces of the model are the special tokens,
and so are user-defined symbols written as control markup (``<|name|>``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import regex
import sentencepiece
from google.protobuf.message import DecodeError
from sentencepiece import sentencepiece_model_pb2

from qwentts_svc.errors import InputError, ModelError
from qwentts_svc.text.tokenizer import EMPTY, IncrementalEncoder, check_encodable
from qwentts_svc.types import TokenSeq

__all__ = ["UnigramTokenizer"]

_WORD_MARK = "\u2581"
_CONTROL_MARKUP = regex.compile(r"<\|[^|]*\|>|<s>|</s>|<pad>")
_PROTO: Any = sentencepiece_model_pb2  # Generated at import, so without types.
_CONTROL = _PROTO.ModelProto.SentencePiece.Type.CONTROL
_USER_DEFINED = _PROTO.ModelProto.SentencePiece.Type.USER_DEFINED
_SPACE = regex.compile(r"\s")
_VISIBLE = regex.compile(r"\S")
_LAST_GAP = regex.compile(r"(?r)(?<=\S)\s+(?=\S)")
_LAST_WORD = regex.compile(r"(?r)\S*\s*\Z")


class UnigramTokenizer:
    """See ``TextTokenizer``."""

    def __init__(self, processor: Any) -> None:
        self._processor = processor
        self.vocab_size: int = processor.vocab_size()
        self.special_ids: Mapping[str, int] = {
            processor.id_to_piece(i): i for i in range(self.vocab_size) if processor.is_control(i)
        }
        pieces = {processor.id_to_piece(i) for i in range(self.vocab_size)}
        self.words_are_independent = _WORD_MARK in pieces and not any(_WORD_MARK in piece[1:] for piece in pieces)
        """True: no piece goes across a space, so that a text can be encoded word by word."""
        contents = "|".join(regex.escape(content) for content in sorted(self.special_ids, key=len, reverse=True))
        self._special = regex.compile(f"({contents})") if contents else None

    @classmethod
    def load(cls, path: Path) -> UnigramTokenizer:
        """Read a SentencePiece model. Raises ModelError naming the file."""
        try:
            blob = path.read_bytes()
        except OSError as error:
            raise ModelError(f"{path}: cannot be read ({type(error).__name__})") from error
        model = _PROTO.ModelProto()
        try:
            model.ParseFromString(blob)
            for piece in model.pieces:
                # A user-defined symbol would be found inside ordinary text; a control piece never is.
                if piece.type == _USER_DEFINED and _CONTROL_MARKUP.fullmatch(piece.piece):
                    piece.type = _CONTROL
            processor = sentencepiece.SentencePieceProcessor()
            processor.LoadFromSerializedProto(model.SerializeToString())
        except (RuntimeError, OSError, ValueError, DecodeError) as error:
            raise ModelError(f"{path}: not a SentencePiece model") from error
        return cls(processor)

    def encode(self, text: str, *, split_special: bool = False) -> TokenSeq:
        """See ``TextTokenizer.encode``."""
        check_encodable(text)
        if not split_special or self._special is None:
            return self._encode_plain(text, 0)
        ids: list[int] = []
        offsets: list[tuple[int, int]] = []
        position = 0
        for piece in self._special.split(text):
            if piece in self.special_ids:
                ids.append(self.special_ids[piece])
                offsets.append((position, position + len(piece)))
            elif piece:
                part = self._encode_plain(piece, position)
                ids += part.ids
                offsets += part.offsets
            position += len(piece)
        return TokenSeq(tuple(ids), tuple(offsets))

    def _encode_plain(self, text: str, base: int) -> TokenSeq:
        if not text:
            return EMPTY
        table = self._processor.encode(text, return_type="offset_mapping")
        return TokenSeq(tuple(table["ids"]), tuple((base + start, base + end) for start, end in table["offsets"]))

    def decode(self, ids: Sequence[int]) -> str:
        """See ``TextTokenizer.decode``."""
        for i in ids:
            if not 0 <= i < self.vocab_size:
                raise InputError(f"token id {i} is not in the vocabulary (0..{self.vocab_size - 1})", field="ids")
        text: str = self._processor.decode(list(ids))
        return text

    def encoder(self) -> IncrementalEncoder:
        """See ``TextTokenizer.encoder``."""
        return _WordStream(self)


class _WordStream:
    """Commits whole words once a next word has begun; everything at the end where pieces may go across spaces."""

    def __init__(self, tokenizer: UnigramTokenizer) -> None:
        self._tokenizer = tokenizer
        self._position = 0
        """Source offset of the first pending character."""
        self._context = ""
        """Committed text right before it: gives the next words their neighbour on the left."""
        self._pending: list[str] = []

    def push(self, delta: str) -> TokenSeq:
        """See ``IncrementalEncoder.push``."""
        check_encodable(delta)
        self._pending.append(delta)
        if not self._tokenizer.words_are_independent:
            return EMPTY
        # A gap can only be complete if this delta or the end of the last one holds a space.
        edge = self._pending[-2][-1:] if len(self._pending) > 1 else ""
        if _SPACE.search(edge + delta) is None or _VISIBLE.search(delta) is None:
            return EMPTY
        text = "".join(self._pending)
        gap = _LAST_GAP.search(text)
        if gap is None:
            self._pending = [text]
            return EMPTY
        self._pending = [text[gap.start() :]]
        return self._commit(text[: gap.start()])

    def end(self) -> TokenSeq:
        """See ``IncrementalEncoder.end``."""
        rest = self._commit("".join(self._pending))
        self._pending, self._context = [], ""
        return rest

    def _commit(self, text: str) -> TokenSeq:
        base = self._position - len(self._context)
        seq = self._tokenizer.encode(self._context + text)
        context = len(self._context)
        known = sum(1 for _, end in seq.offsets if end <= context) if context else 0
        self._position += len(text)
        word = _LAST_WORD.search(self._context + text)
        self._context = "" if word is None else word.group()
        return TokenSeq(seq.ids[known:], tuple((s + base, e + base) for s, e in seq.offsets[known:]))
