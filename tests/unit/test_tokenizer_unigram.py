"""SentencePiece checkpoints: a tiny model is trained here."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
import sentencepiece
from hypothesis import given, settings
from hypothesis import strategies as st

from qwentts_svc.errors import InputError, ModelError
from qwentts_svc.text.tokenizer import TextTokenizer, load_tokenizer, seq_add

CORPUS = ["the quick brown fox jumps over the lazy dog", "привет мир как дела сегодня", "hello, world! 12 34"] * 40
KINDS: dict[str, dict[str, Any]] = {
    "unigram": {},
    "bpe": {"model_type": "bpe"},
    "bytes": {"byte_fallback": True, "vocab_size": 360},
    "no-prefix": {"add_dummy_prefix": False},
    "spaces-kept": {"remove_extra_whitespaces": False},
    "suffix": {"treat_whitespace_as_suffix": True},
}


def train(directory: Path, **options: Any) -> Path:
    blob = io.BytesIO()
    settings_ = {"vocab_size": 100, "user_defined_symbols": ["<|im_start|>"], "control_symbols": ["<|im_end|>"]}
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(CORPUS), model_writer=blob, hard_vocab_limit=False, minloglevel=2, **settings_ | options
    )
    (directory / "text.model").write_bytes(blob.getvalue())
    return directory


@pytest.fixture(scope="module", params=KINDS)
def tokenizer(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> TextTokenizer:
    return load_tokenizer(train(tmp_path_factory.mktemp("model"), **KINDS[request.param]))


def test_round_trip_with_offsets(tokenizer: TextTokenizer) -> None:
    text = "hello, world! the fox"
    seq = tokenizer.encode(text)
    assert tokenizer.decode(seq.ids).strip() == text
    assert "".join(text[a:b] for a, b in seq.offsets) == text


def test_markup_is_text_unless_asked_for(tokenizer: TextTokenizer) -> None:
    text = "the <|im_start|>fox <|im_end|>"
    specials = {tokenizer.special_ids["<|im_start|>"], tokenizer.special_ids["<|im_end|>"]}
    assert not specials & set(tokenizer.encode(text).ids)
    split = tokenizer.encode(text, split_special=True)
    assert specials <= set(split.ids)
    at = split.ids.index(tokenizer.special_ids["<|im_start|>"])
    assert text[slice(*split.offsets[at])] == "<|im_start|>"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text("the qui при вет\n 日é\u0301😀1<|", max_size=6), max_size=10))
def test_any_split_gives_the_tokens_of_the_whole(tokenizer: TextTokenizer, deltas: list[str]) -> None:
    encoder = tokenizer.encoder()
    parts = [encoder.push(delta) for delta in deltas]
    assert seq_add(*parts, encoder.end()) == tokenizer.encode("".join(deltas))


def test_words_are_committed_before_the_end(tmp_path: Path) -> None:
    encoder = load_tokenizer(train(tmp_path)).encoder()
    assert encoder.push("the quick br").offsets[-1][1] == len("the quick")


def test_bad_input_and_bad_files(tmp_path: Path) -> None:
    tokenizer = load_tokenizer(train(tmp_path))
    with pytest.raises(InputError, match="surrogate"):
        tokenizer.encode("\ud800")
    with pytest.raises(InputError, match="not in the vocabulary"):
        tokenizer.decode([10**6])
    (tmp_path / "text.model").write_bytes(b"nothing like it")
    with pytest.raises(ModelError, match=r"text\.model: not a SentencePiece model"):
        load_tokenizer(tmp_path)
    (tmp_path / "second.model").write_bytes(b"")
    with pytest.raises(ModelError, match="several SentencePiece models"):
        load_tokenizer(tmp_path)
