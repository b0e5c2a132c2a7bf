"""Token ids equal the reference's: a small vocabulary that is committed, the real one where the goldens are present."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path
from typing import Any

import pytest

from qwentts_svc.text.bpe import BpeTokenizer
from qwentts_svc.text.stream import TextStream
from qwentts_svc.text.template import PromptTemplate
from qwentts_svc.text.tokenizer import TextTokenizer, load_tokenizer, seq_add

SMALL = json.loads((Path(__file__).parent / "golden" / "tokens_small.json").read_text(encoding="utf-8"))
SHARED = Path(os.environ.get("QWENTTS_SHARED", Path(__file__).parents[3] / "shared"))
KEYS = {"stock": "ids_qwen_regex", "reference": "ids"}


def small_tokenizer(regex: str) -> BpeTokenizer:
    merges = [tuple(line.split(" ")) for line in SMALL["merges"]]
    added = {content: int(i) for i, content in SMALL["added"].items()}
    return BpeTokenizer(SMALL["vocab"], merges, added, regex=regex)


@pytest.mark.parametrize("regex", KEYS)
def test_small_vocabulary_gives_the_reference_ids(regex: str) -> None:
    tokenizer = small_tokenizer(regex)
    for item in SMALL["items"]:
        assert list(tokenizer.encode(item["text"], split_special=True).ids) == item[KEYS[regex]], item["text"]


@pytest.mark.parametrize("case", SMALL["cases"], ids=lambda case: case["case"])
def test_templates_cut_by_position_as_the_reference_does(case: dict[str, Any]) -> None:
    template = PromptTemplate(small_tokenizer("stock"))
    prompt = template.text(case["text"], raw=True)
    assert [*prompt.role] == case["text_ids"][:3]
    assert [*prompt.body.ids] == case["text_ids"][3:-5]
    if "instruct" in case:
        assert [*template.instruct_ids(case["instruct"])] == case["instruct_ids"]
    if "ref_text" in case:
        assert [*template.ref_text_body(case["ref_text"], raw=True).ids] == case["ref_ids"][3:-2]


def real_tokenizer(regex: str) -> TextTokenizer:
    directory = SHARED / "model" / "tokenizer"
    if not directory.is_dir():
        pytest.skip("the real vocabulary is not here (QWENTTS_SHARED)")
    return load_tokenizer(directory, regex=regex)


@pytest.mark.parametrize("regex", KEYS)
def test_real_vocabulary_gives_the_reference_ids(regex: str) -> None:
    tokenizer = real_tokenizer(regex)
    items = json.loads((SHARED / "golden" / "tokens.json").read_text(encoding="utf-8"))["items"]
    for item in items:
        assert list(tokenizer.encode(item["text"], split_special=True).ids) == item[KEYS[regex]], item["text"]


@pytest.mark.parametrize("variant", ["base", "custom_voice", "voice_design"])
def test_checkpoint_files_give_the_reference_ids(variant: str) -> None:
    root = SHARED / "golden" / variant
    if not root.is_dir():
        pytest.skip("the goldens are not here (QWENTTS_SHARED)")
    items = json.loads((root / "golden" / "tokens_checkpoint.json").read_text(encoding="utf-8"))["items"]
    for regex, key in KEYS.items():
        tokenizer = load_tokenizer(root / "checkpoint", regex=regex)
        for item in items:
            assert list(tokenizer.encode(item["text"], split_special=True).ids) == item[key], item["text"]


@pytest.mark.parametrize("regex", KEYS)
def test_real_vocabulary_streams_the_ids_of_the_whole_text(regex: str) -> None:
    template = PromptTemplate(real_tokenizer(regex))
    seed = random.randrange(2**32)
    rng = random.Random(seed)
    texts = [item["text"] for item in SMALL["items"]]
    for _ in range(300):
        text = "".join(rng.choices(texts, k=3))
        raw = rng.random() < 0.5
        stream = TextStream(template, raw=raw)
        parts, at = [], 0
        while at < len(text):
            size = rng.choice((1, 1, 2, 3, 8, 40))
            parts.append(stream.push(text[at : at + size]))
            at += size
        assert seq_add(*parts, stream.end()) == template.text_body(text, raw=raw), (seed, text)
