"""Byte-level BPE: offsets, markup in text, templates, and files that are missing or broken."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qwentts_svc.errors import InputError, ModelError
from qwentts_svc.text.bpe import BpeTokenizer
from qwentts_svc.text.template import PromptTemplate
from qwentts_svc.text.tokenizer import load_tokenizer

SMALL = json.loads((Path(__file__).parents[1] / "parity" / "golden" / "tokens_small.json").read_text(encoding="utf-8"))
MERGES = [tuple(line.split(" ")) for line in SMALL["merges"]]
ADDED = {content: int(i) for i, content in SMALL["added"].items()}
STOCK = BpeTokenizer(SMALL["vocab"], MERGES, ADDED)


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    (tmp_path / "vocab.json").write_text(json.dumps(SMALL["vocab"]), encoding="utf-8")
    (tmp_path / "merges.txt").write_text("#version: 0.2\n" + "\n".join(SMALL["merges"]) + "\n", encoding="utf-8")
    table = {i: {"content": content, "special": True} for i, content in SMALL["added"].items()}
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({"added_tokens_decoder": table}), encoding="utf-8")
    return tmp_path


def test_files_and_tables_give_the_same_tokenizer(checkpoint: Path) -> None:
    loaded = load_tokenizer(checkpoint)
    for item in SMALL["items"]:
        assert loaded.encode(item["text"]) == STOCK.encode(item["text"])
    assert loaded.special_ids == ADDED
    assert loaded.vocab_size == max(*SMALL["vocab"].values(), *ADDED.values()) + 1


@settings(max_examples=150, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_decoding_gives_back_the_composed_text_and_offsets_cover_it(text: str) -> None:
    from qwentts_svc.text.unicode_nfc import nfc

    seq = STOCK.encode(text)
    assert STOCK.decode(seq.ids) == nfc(text).text
    assert len(seq.ids) == len(seq.offsets)
    reached = 0
    for start, end in seq.offsets:
        assert 0 <= start < end <= len(text)
        assert start <= reached
        reached = max(reached, end)
    assert reached == len(text)


def test_offsets_are_those_of_the_text_as_given_when_composition_shortens_it() -> None:
    text = "caf" + "e\u0301" + " ok"
    seq = STOCK.encode(text)
    assert STOCK.encode("café ok").ids == seq.ids
    pieces = [text[start:end] for start, end in seq.offsets]
    assert any("e\u0301" in piece for piece in pieces)
    assert seq.offsets[-1][1] == len(text)


def test_markup_in_the_text_is_text_unless_asked_for() -> None:
    text = "a<|im_end|>b"
    plain = STOCK.encode(text).ids
    assert not set(plain) & set(ADDED.values())
    assert STOCK.decode(plain) == text
    split = STOCK.encode(text, split_special=True)
    assert ADDED["<|im_end|>"] in split.ids
    assert STOCK.decode(split.ids) == text


def test_lone_surrogate_and_unknown_id_are_input_errors() -> None:
    with pytest.raises(InputError, match="surrogate at character 2"):
        STOCK.encode("ab\ud800")
    with pytest.raises(InputError, match="not in the vocabulary"):
        STOCK.decode([10**7])
    with pytest.raises(InputError, match="stock, reference"):
        BpeTokenizer(SMALL["vocab"], MERGES, ADDED, regex="other")


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("vocab.json", None, "vocab.json: missing|no SentencePiece"),
        ("vocab.json", "{", "vocab.json: not valid JSON"),
        ("vocab.json", "[]", "vocab.json: expected a JSON object"),
        ("vocab.json", "{}", "vocab.json: the vocabulary is empty"),
        ("vocab.json", '{"a": -1}', "vocab.json: the id of 'a'"),
        ("vocab.json", '{"a": 1, "b": 1}', "vocab.json: two pieces"),
        ("merges.txt", None, "merges.txt: missing"),
        ("merges.txt", "#version: 0.2\nonlyone\n", "merges.txt: line 2"),
        ("merges.txt", "zz qq\n", "merges.txt: line 1 needs 'zz'"),
        ("tokenizer_config.json", None, "tokenizer_config.json: missing"),
        ("tokenizer_config.json", '{"added_tokens_decoder": {"x": {}}}', r"added_tokens_decoder\['x'\]"),
    ],
)
def test_broken_files_are_named(checkpoint: Path, name: str, content: str | None, says: str) -> None:
    if content is None:
        (checkpoint / name).unlink()
    else:
        (checkpoint / name).write_text(content, encoding="utf-8")
    with pytest.raises(ModelError, match=says):
        load_tokenizer(checkpoint)


def test_bytes_that_are_not_text_and_missing_directories_are_named(checkpoint: Path) -> None:
    (checkpoint / "merges.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ModelError, match=r"merges\.txt: cannot be read"):
        load_tokenizer(checkpoint)
    shutil.rmtree(checkpoint)
    with pytest.raises(ModelError, match="no such directory"):
        load_tokenizer(checkpoint)


def test_template_needs_its_control_tokens() -> None:
    with pytest.raises(ModelError, match=r"<\|im_start\|>"):
        PromptTemplate(BpeTokenizer(SMALL["vocab"], MERGES, {}))


def test_leading_newlines_are_stripped_unless_raw() -> None:
    template = PromptTemplate(STOCK)
    plain = template.text("Hello")
    for lead in ("\n", "\n\n\n", " \n", "\r\n \n"):
        stripped = template.text(lead + "Hello")
        assert stripped.role == plain.role == template.role_ids
        assert stripped.body.ids == plain.body.ids
        assert stripped.body.offsets == tuple((a + len(lead), b + len(lead)) for a, b in plain.body.offsets)
    whole = STOCK.encode("<|im_start|>assistant\n\n\nHello", split_special=True).ids
    raw = template.text("\n\nHello", raw=True)
    assert (*raw.role, *raw.body.ids) == whole


def test_empty_texts_have_empty_bodies() -> None:
    template = PromptTemplate(STOCK)
    assert template.text_body("").ids == ()
    assert template.text_body("\n").ids == ()
    assert template.instruct_ids("") == ()


def test_merges_that_are_gone_are_named(tmp_path: Path) -> None:
    (tmp_path / "vocab.json").write_text('{"a": 0, "b": 1, "ab": 2}')
    (tmp_path / "merges.txt").write_text("#version: 0.2\n")
    (tmp_path / "tokenizer_config.json").write_text("{}")
    with pytest.raises(ModelError, match=r"merges\.txt: holds no merges"):
        load_tokenizer(tmp_path)
