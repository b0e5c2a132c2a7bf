"""Byte-level BPE of a checkpoint: ``vocab.json``, ``merges.txt`` and the added tokens of ``tokenizer_config.json``.

Owns: the two pre-tokenizer expressions, reading and checking the files, encoding with offsets into the text as given.
The ``tokenizers`` library does the merging. Incremental encoding is in ``bpe_stream``.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers

from qwentts_svc.errors import InputError, ModelError
from qwentts_svc.text.tokenizer import IncrementalEncoder, check_encodable
from qwentts_svc.text.unicode_nfc import MappedText, nfc
from qwentts_svc.types import TokenSeq

__all__ = ["PATTERNS", "BpeTokenizer"]

PATTERNS: Mapping[str, str] = {
    "stock": (
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
        r"|[^\r\n\p{L}\p{N}]?\p{L}+"
        r"|\p{N}"
        r"| ?[^\s\p{L}\p{N}]+[\r\n]*"
        r"|\s*[\r\n]+|\s+(?!\S)|\s+"
    ),
    "reference": (
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"
        r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"
        r"|\p{N}"
        r"| ?[^\s\p{L}\p{N}]+[\r\n/]*"
        r"|\s*[\r\n]+|\s+(?!\S)|\s+"
    ),
}
"""Pre-tokenizer expressions. ``stock``: the vocabulary's own; ``reference``: the reference's for directories."""


class BpeTokenizer:
    """Byte-level BPE; see ``TextTokenizer``. ``regex`` is a key of ``PATTERNS``."""

    def __init__(
        self,
        vocab: Mapping[str, int],
        merges: Sequence[tuple[str, str]],
        added: Mapping[str, int],
        *,
        regex: str = "stock",
    ) -> None:
        if regex not in PATTERNS:
            raise InputError(f"unknown tokenizer regex {regex!r}; choose one of {', '.join(PATTERNS)}", field="regex")
        self.regex = regex
        self.special_ids: Mapping[str, int] = dict(added)
        self.vocab_size = max((*vocab.values(), *added.values()), default=-1) + 1
        self._special_text = {i: content for content, i in added.items()}
        self._vocab_text = {i: piece for piece, i in vocab.items()}
        # Ready before the first request: sorting a real vocabulary takes longer than an event loop may be held.
        self._sorted_pieces = sorted(vocab)
        self.longest_piece = max(map(len, vocab), default=0)
        """Bytes of the longest vocabulary piece."""
        self._model = models.BPE(dict(vocab), list(merges))
        self._plain = self._pipeline()
        self._splitting = self._pipeline()
        self._splitting.add_special_tokens(
            [AddedToken(content, normalized=False, special=True) for content in _in_id_order(added)]
        )
        self._bytes = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
        self._decoder = decoders.ByteLevel()
        self._internal = {self._splitting.token_to_id(content): i for content, i in added.items()}

    def _pipeline(self) -> Tokenizer:
        tokenizer = Tokenizer(self._model)
        tokenizer.normalizer = normalizers.NFC()
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
            [
                pre_tokenizers.Split(Regex(PATTERNS[self.regex]), "isolated"),
                pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
            ]
        )
        return tokenizer

    @classmethod
    def load(cls, directory: Path, *, regex: str = "stock") -> BpeTokenizer:
        """Read the three files of ``directory``. Raises ModelError naming the file that is missing or broken."""
        vocab = _read_vocab(directory / "vocab.json")
        merges = _read_merges(directory / "merges.txt", vocab)
        added = _read_added_tokens(directory / "tokenizer_config.json")
        return cls(vocab, merges, added, regex=regex)

    def encode(self, text: str, *, split_special: bool = False) -> TokenSeq:
        """See ``TextTokenizer.encode``."""
        check_encodable(text)
        if not split_special:
            return self.encode_mapped(nfc(text))
        encoding = self._splitting.encode(text, add_special_tokens=False)
        internal = self._internal
        return TokenSeq(tuple(internal.get(i, i) for i in encoding.ids), tuple(encoding.offsets))

    def encode_mapped(self, mapped: MappedText, end: int | None = None) -> TokenSeq:
        """Encode composed text; offsets are those of its source. ``end`` keeps the tokens of the characters before it
        alone, which must be a pre-token boundary: how the text before it is divided may depend on what follows."""
        encoding = self._plain.encode(mapped.text, add_special_tokens=False)
        ids, offsets = encoding.ids, encoding.offsets
        if end is not None:
            count = bisect_left(offsets, (end, 0))
            ids, offsets = ids[:count], offsets[:count]
        if isinstance(mapped.starts, range) and mapped.starts.start == 0:
            return TokenSeq(tuple(ids), tuple(offsets))
        return TokenSeq(tuple(ids), tuple(mapped.span(start, stop) for start, stop in offsets))

    def decode(self, ids: Sequence[int]) -> str:
        """See ``TextTokenizer.decode``."""
        out: list[str] = []
        run: list[str] = []
        for i in ids:
            piece = self._vocab_text.get(i)
            if piece is not None:
                run.append(piece)
                continue
            special = self._special_text.get(i)
            if special is None:
                raise InputError(f"token id {i} is not in the vocabulary (0..{self.vocab_size - 1})", field="ids")
            out += (self._decoder.decode(run), special)
            run = []
        return "".join((*out, self._decoder.decode(run)))

    def encoder(self) -> IncrementalEncoder:
        """See ``TextTokenizer.encoder``."""
        from qwentts_svc.text.bpe_stream import BpeStream

        return BpeStream(self)

    def pre_tokens(self, text: str) -> list[tuple[str, tuple[int, int]]]:
        """Pieces of composed text that are merged independently: byte-alphabet string and character span."""
        pieces: list[tuple[str, tuple[int, int]]] = self._plain.pre_tokenizer.pre_tokenize_str(text)
        return pieces

    def merge(self, piece: str) -> list[tuple[int, str]]:
        """Ids and byte-alphabet strings of one pre-token (or a part of one) in the byte alphabet."""
        return [(token.id, token.value) for token in self._model.tokenize(piece)]

    def alphabet(self, text: str) -> str:
        """``text`` in the byte alphabet: one character per UTF-8 byte."""
        return "".join(piece for piece, _ in self._bytes.pre_tokenize_str(text))

    def starts_longer_piece(self, tail: str) -> bool:
        """True if some vocabulary piece begins with ``tail`` (byte alphabet) and goes on after it."""
        pieces = self._sorted_pieces
        at = bisect_left(pieces, tail)
        if at < len(pieces) and pieces[at] == tail:
            at += 1
        return at < len(pieces) and pieces[at].startswith(tail)


def _in_id_order(added: Mapping[str, int]) -> list[str]:
    return sorted(added, key=lambda content: added[content])


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ModelError(
            f"{path}: missing; a checkpoint needs vocab.json, merges.txt and tokenizer_config.json"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"{path}: cannot be read as UTF-8 text ({type(error).__name__})") from error


def _read_json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(_read_text(path))
    except ValueError as error:
        raise ModelError(f"{path}: not valid JSON ({error})") from error
    if not isinstance(value, dict):
        raise ModelError(f"{path}: expected a JSON object")
    return value


def _read_vocab(path: Path) -> dict[str, int]:
    vocab = _read_json(path)
    if not vocab:
        raise ModelError(f"{path}: the vocabulary is empty")
    for piece, i in vocab.items():
        if not isinstance(i, int) or isinstance(i, bool) or i < 0:
            raise ModelError(f"{path}: the id of {piece!r} is {i!r}; ids are non-negative integers")
    if len(set(vocab.values())) != len(vocab):
        raise ModelError(f"{path}: two pieces have the same id")
    return vocab


def _read_merges(path: Path, vocab: Mapping[str, int]) -> list[tuple[str, str]]:
    merges: list[tuple[str, str]] = []
    # Split on the newline alone: other line separators can be part of a file that was damaged, never of a merge.
    for number, line in enumerate(_read_text(path).split("\n"), start=1):
        entry = line.rstrip("\r")
        if not entry or (number == 1 and entry.startswith("#version")):
            continue
        left, _, right = entry.partition(" ")
        if not left or not right or " " in right:
            raise ModelError(f"{path}: line {number} is not a pair of pieces: {entry[:80]!r}")
        for piece in (left, right, left + right):
            if piece not in vocab:
                raise ModelError(f"{path}: line {number} needs {piece[:80]!r}, which vocab.json does not have")
        merges.append((left, right))
    if not merges and any(len(piece) > 1 for piece in vocab):
        raise ModelError(f"{path}: holds no merges, but vocab.json has pieces that are made by them")
    return merges


def _read_added_tokens(path: Path) -> dict[str, int]:
    table = _read_json(path).get("added_tokens_decoder", {})
    if not isinstance(table, dict):
        raise ModelError(f"{path}: added_tokens_decoder must be an object of id -> token")
    added: dict[str, int] = {}
    for key, entry in table.items():
        content = entry.get("content") if isinstance(entry, dict) else None
        if not isinstance(content, str) or not content or not key.isdecimal():
            raise ModelError(f"{path}: added_tokens_decoder[{key!r}] needs a numeric id and a content")
        added[content] = int(key)
    return added
