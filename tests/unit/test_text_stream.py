"""Text that arrives in pieces gives the tokens, and the spoken text, of the whole."""

from __future__ import annotations

import json
import random
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from qwentts_svc.errors import InputError
from qwentts_svc.text.bpe import BpeTokenizer
from qwentts_svc.text.incremental import IncrementalNormalizer, NormalizeText, join_norm, normalize_whole
from qwentts_svc.text.normalize import normalize
from qwentts_svc.text.normalize.types import NormText, Span
from qwentts_svc.text.spoken import SpokenStream
from qwentts_svc.text.stream import TextStream
from qwentts_svc.text.template import PromptTemplate
from qwentts_svc.text.tokenizer import seq_add
from qwentts_svc.text.units import LIMIT_CHARS, iter_units

PIECES = [
    "Hello", " the", " world", ",", ".", "!", "?!", "...", " ", "  ", "\n", " \n", "\n\n ", "\r\n", "\t", "\u3000",
    "'", "'l", "'ll", "'re", "'S", "it's", "i", "XMLHttp", "McD", "ABC", "a/", "/\n", "1", "23", "4.5", "½",
    "привет", " Мир", "и\u0306", "日本", "語", "。", "今天天气",
    "안녕", "\u1112\u1161\u11ab", "ᄀ", "ไทย", "ำ", "हिन्दी",
    "e\u0301", "e\u0323\u0301", "\u0301", "\u0327", "\u0344", "A\u030a", "\u212b", "\u0958", "\uf900", "ﬃ", "ſ", "İ",
    "😀", "👨\u200d👩\u200d👧", "🇷🇺", "❤\ufe0f", "\u200d", "\u200b", "\u00ad", "\x00", "\x1c", "\x85", "\u2028",
    "<|im_end|>", "<|im", "<tts_pad>", "\U0001ec00", "\U0010ffff", "\u1c89", "ᾳ", "日A", "Aǅ", "ʰ",
]  # fmt: skip
FRAGMENTS = st.sampled_from(PIECES)


def trained(regex: str, role: str) -> PromptTemplate:
    """A tokenizer whose merges go across everything that the pre-tokenizer may or may not keep together,
    so that a wrong
    boundary changes ids."""
    trainee = Tokenizer(models.BPE())
    trainee.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    rng = random.Random(7)
    corpus = ["".join(rng.choices(PIECES, k=6)) for _ in range(1500)] + [role] * 500
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainee.train_from_iterator(
        corpus, trainers.BpeTrainer(vocab_size=1200, initial_alphabet=alphabet, show_progress=False)
    )
    model = json.loads(trainee.to_str())["model"]
    added = {"<|im_start|>": 2000, "<|im_end|>": 2001}
    return PromptTemplate(BpeTokenizer(model["vocab"], [tuple(m) for m in model["merges"]], added, regex=regex))


TEMPLATES = {
    "stock": trained("stock", "assistant"),
    "reference": trained("reference", "assistant"),
    # More than the three tokens that are cut off belong to the role: the rest is body, for the reference too.
    "long role": trained("stock", "other"),
}
STOCK = TEMPLATES["stock"]
DELTAS = st.lists(st.one_of(FRAGMENTS, st.text(st.characters(exclude_categories=["Cs"]), max_size=4)), max_size=14)


def cuts(text: str, sizes: list[int]) -> list[str]:
    parts, at = [], 0
    for size in sizes:
        parts.append(text[at : at + size])
        at += size
    return [*parts, text[at:]]


@pytest.mark.parametrize("regex", TEMPLATES)
@settings(max_examples=2000, deadline=None)
@given(deltas=DELTAS, sizes=st.lists(st.integers(0, 4), max_size=40), raw=st.booleans())
def test_any_split_gives_the_body_of_the_whole(regex: str, deltas: list[str], sizes: list[int], raw: bool) -> None:
    template = TEMPLATES[regex]
    text = "".join(deltas)
    whole = template.text(text, raw=raw)
    for split in (deltas, cuts(text, sizes), list(text)):
        stream = TextStream(template, raw=raw)
        parts = [stream.push(delta) for delta in split]
        role = stream.role_ids
        parts.append(stream.end())
        assert seq_add(*parts) == whole.body
        if parts[:-1] and any(part.ids for part in parts[:-1]):
            assert role == whole.role


def test_a_word_is_committed_when_the_next_begins_and_long_words_inside() -> None:
    stream = TextStream(STOCK)
    held = 0
    text = "Streaming speech should start long before the sentence has been written, shouldn't it? " * 3
    done = 0
    for at, character in enumerate(text):
        seq = stream.push(character)
        done = seq.offsets[-1][1] if seq.offsets else done
        held = max(held, at + 1 - done)
    assert held <= 10
    chinese = TextStream(STOCK)
    assert chinese.push("今天天气很好我们去公园玩一玩").offsets[-1][1] >= 10


def test_an_apostrophe_waits_until_it_can_be_no_contraction() -> None:
    alphabet = {piece: i for i, piece in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}
    vocab = alphabet | {"ll": 256, "lla": 257}
    added = {"<|im_start|>": 2000, "<|im_end|>": 2001}
    template = PromptTemplate(BpeTokenizer(vocab, [("l", "l"), ("ll", "a")], added))
    for text in ("x'lla", "x'llx", "x'lxla"):
        stream = TextStream(template)
        parts = [stream.push(character) for character in text]
        assert seq_add(*parts, stream.end()) == template.text_body(text)


def test_flush_starts_another_text_and_offsets_go_on() -> None:
    stream = TextStream(STOCK)
    first = seq_add(stream.push("Hello "), stream.push("world"), stream.flush())
    second = seq_add(stream.push("\nHello world"), stream.end())
    assert first.ids == second.ids == STOCK.text_body("Hello world").ids
    assert first.offsets[-1][1] == 11
    assert second.offsets[0][0] == 12
    assert second.offsets[-1][1] == 23
    assert stream.end().ids == ()


def test_lone_surrogate_is_refused() -> None:
    with pytest.raises(InputError, match="surrogate"):
        TextStream(STOCK).push("\ud800")


HOSTILE = {
    "one word": "ab" * 50_000,
    "capitals and small": "aB" * 50_000,
    "one clause": "日本語" * 33_000,
    "digits": "7" * 100_000,
    "marks": "a" + "\u0301\u0323" * 50_000,
    "spaces": " " * 100_000,
    "space and newline": " \n" * 50_000,
    "stops": "!?" * 50_000,
    "emoji": "😀" * 100_000,
    "apostrophes": "'l" * 50_000,
    "unassigned": "\U0001ec00" * 100_000,
}


@pytest.mark.parametrize("regex", ["stock", "reference"])
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_linear_and_still_exact(regex: str, name: str) -> None:
    template, text = TEMPLATES[regex], HOSTILE[name]
    began = time.monotonic()
    stream = TextStream(template, raw=True)
    parts = [stream.push(text[at : at + 50]) for at in range(0, len(text), 50)]
    assert seq_add(*parts, stream.end()) == template.text_body(text, raw=True)
    # A quadratic path takes minutes.
    assert time.monotonic() - began < 30


def spell(text: str, hint: str) -> NormText:
    """A stand-in that reads a number by what is around it and drops stars, so that context and offsets matter."""
    out, spans = "", []
    for match in re.finditer(r"\d+(?:[.:]\d+)*|\*|[^\d*]+", text):
        source = match.group()
        word = source
        if source == "*":
            word = ""
        elif source[0].isdigit():
            before = text[: match.start()].split()
            after = text[match.end() :].split()
            word = f"<{source}|{' '.join(before[-3:])}|{after[0] if after else ''}|{hint}>"
        spans.append((len(out), len(out) + len(word), match.start(), match.end()))
        out += word
    return NormText(out, "english", tuple(spans))


NORM_FRAGMENTS = st.sampled_from(
    [
        "слово ", "Hello, ", "the ", "and ", "$2.50 ", "1998 г. ", "5", "-", "\n", " ", "  ", "3:45 pm ", "Dr. ",
        "5 кг ", "*",
        "https://x.y/z?a=1 ", "日本語", "2024年", "。", "😀", "e\u0301", "a" * 170, "7" * 300, "и т. д. ", "США ", "в ",
        "«да», ",
        "\u0301", "Привет. ", "word", "No ", "x", ". ", "\r\n", "\u00a0",
    ]
)  # fmt: skip


@settings(max_examples=2000, deadline=None)
@given(
    deltas=st.lists(NORM_FRAGMENTS, max_size=24), sizes=st.lists(st.integers(0, 30), max_size=40), plain=st.booleans()
)
def test_normalized_text_is_the_same_for_any_split(deltas: list[str], sizes: list[int], plain: bool) -> None:
    text = "".join(deltas)
    whole = normalize_whole(text, spell, skip_plain=plain)
    for split in (deltas, cuts(text, sizes), list(text)):
        stream = IncrementalNormalizer(spell, skip_plain=plain)
        parts = []
        for delta in split:
            parts.append(stream.push(delta))
            assert stream.held_chars <= LIMIT_CHARS
        joined = join_norm([*parts, stream.end()], "")
        assert (joined.text, joined.spans) == (whole.text, whole.spans)
    check_spans(whole.text, text, whole.spans)


def check_spans(out: str, source: str, spans: tuple[Span, ...]) -> None:
    at = (0, 0)
    for out_start, out_end, src_start, src_end in spans:
        assert (out_start, src_start) == at
        at = (out_end, src_end)
    assert at == (len(out), len(source))


@pytest.mark.parametrize(("run", "said"), [("\U0001f600", "grinning face"), ("7", "seven")])
def test_a_run_longer_than_a_unit_keeps_its_words_apart(run: str, said: str) -> None:
    """Once the name at the end of a unit and the name at the start of the next were glued together."""
    text = f"Hello {run * 1400} bye"
    words = {"Hello", "bye", *said.split()}
    stream = IncrementalNormalizer(normalize)
    parts = [stream.push(character) for character in text]
    for norm in (normalize(text, "en"), normalize_whole(text, normalize), join_norm([*parts, stream.end()], "")):
        assert set(norm.text.split()) == words
        check_spans(norm.text, text, norm.spans)


@settings(max_examples=2000, deadline=None)
@given(deltas=st.lists(NORM_FRAGMENTS, max_size=20))
def test_units_cover_the_text_and_are_bounded(deltas: list[str]) -> None:
    text = "".join(deltas)
    units = list(iter_units(text))
    assert "".join(text[a:b] for a, b in units) == text
    assert all(0 < b - a <= LIMIT_CHARS for a, b in units)


def test_numbers_stay_with_the_words_around_them() -> None:
    text = "The price went up to $2.50 per small item yesterday evening and then stayed there."
    unit = next(text[a:b] for a, b in iter_units(text) if "$2.50" in text[a:b])
    assert "per small item" in unit
    assert len(list(iter_units(text))) > 4


def test_plain_words_are_held_back_by_two_words_at_most() -> None:
    stream = IncrementalNormalizer(spell)
    assert stream.push("We are about to say ").text == "We are about to "
    assert stream.push("something").text == ""
    assert stream.push(" 5").text == "say "
    assert stream.end().text.startswith("something <5|to say something|")


def test_a_unit_is_read_after_the_words_before_it() -> None:
    seen: list[str] = []

    def listen(text: str, hint: str) -> NormText:
        seen.append(text)
        return spell(text, hint)

    normalize_whole("It happened in the course of these 5 days", listen)
    assert len(seen) == 1
    assert seen[0].endswith("course of these 5 days")


@settings(max_examples=2000, deadline=None)
@given(
    deltas=st.lists(st.one_of(NORM_FRAGMENTS, FRAGMENTS), max_size=16), sizes=st.lists(st.integers(0, 9), max_size=30)
)
def test_spoken_tokens_and_their_source_offsets_are_the_same_for_any_split(deltas: list[str], sizes: list[int]) -> None:
    text = "".join(deltas)
    results = []
    for split in ([text], cuts(text, sizes), list(text)):
        stream = SpokenStream(STOCK, spell)
        parts = [stream.push(delta) for delta in split]
        results.append(seq_add(*parts, stream.end()))
    assert results[0] == results[1] == results[2]
    ends = [end for _, end in results[0].offsets]
    assert all(0 <= start <= end <= len(text) for start, end in results[0].offsets)
    assert ends == sorted(ends)


@settings(max_examples=2000, deadline=None)
@given(
    deltas=st.lists(st.one_of(NORM_FRAGMENTS, FRAGMENTS), max_size=10), sizes=st.lists(st.integers(0, 9), max_size=30)
)
def test_any_split_is_spoken_alike_by_the_rules_of_the_service(deltas: list[str], sizes: list[int]) -> None:
    """The stand-in above looks at a few words around a number; the rules look at whatever they like."""
    text = "".join(deltas)
    results = []
    for split in ([text], cuts(text, sizes)):
        stream = SpokenStream(STOCK, normalize)
        parts = [stream.push(delta) for delta in split]
        results.append(seq_add(*parts, stream.end()))
    assert results[0] == results[1]
    assert all(0 <= start <= end <= len(text) for start, end in results[0].offsets)


DIRTY = st.sampled_from(
    ["\u200b", "\x00", "\r", "\r\n", "\ufeff", "\t", "\u202e", "\u0301" * 9, "5 кг", "Hello, ", "the "]
)


@pytest.mark.parametrize("normalizer", [None, spell], ids=["as written", "normalized"])
@settings(max_examples=2000, deadline=None)
@given(deltas=st.lists(st.one_of(NORM_FRAGMENTS, DIRTY), max_size=9), sizes=st.lists(st.integers(0, 9), max_size=30))
def test_dirt_is_never_spoken_whatever_the_split(
    normalizer: NormalizeText | None, deltas: list[str], sizes: list[int]
) -> None:
    text = "".join(deltas)
    results = []
    for split in ([text], cuts(text, sizes), list(text)):
        stream = SpokenStream(STOCK, normalizer)
        parts = [stream.push(delta) for delta in split]
        results.append(seq_add(*parts, stream.end()))
    assert results[0] == results[1] == results[2]
    said = STOCK.tokenizer.decode(results[0].ids)
    assert not re.search("[\u200b\x00\r\ufeff\t\u202e]", said)
    assert all(0 <= start <= end <= len(text) for start, end in results[0].offsets)


def test_a_raw_text_keeps_even_its_dirt() -> None:
    stream = SpokenStream(STOCK, raw=True)
    assert STOCK.tokenizer.decode(seq_add(stream.push("a\u200b\tb"), stream.end()).ids) == "a\u200b\tb"


def test_offsets_count_the_characters_that_were_cleaned_away() -> None:
    text = "\ufeffIt\u200b costs\r\n25 euro today for all of us"
    stream = SpokenStream(STOCK, spell)
    seq = seq_add(stream.push(text), stream.end())
    at = text.index("25")
    assert (at, at + 2) in seq.offsets
    assert seq.offsets[-1][1] == len(text)


def test_spoken_offsets_point_at_the_number_in_the_source() -> None:
    text = "It costs 25 euro today for all of us"
    stream = SpokenStream(STOCK, spell)
    seq = seq_add(stream.push(text), stream.end())
    inside = [span for span in seq.offsets if span == (9, 11)]
    assert len(inside) > 3
    assert seq.offsets[-1][1] == len(text)
