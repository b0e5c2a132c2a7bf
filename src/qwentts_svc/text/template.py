"""The chat templates that a prompt is made of, as token ids (model specification, section 2).

Owns: how text, reference text and instruction become ids. The reference encodes a whole template and cuts by position:
``<|im_start|>assistant\\n{text}<|im_end|>\\n<|im_start|>assistant\\n`` gives ids T; role = T[0:3], body = T[3:-5]. So
are these, id for id; but markup inside the text is text here, never a control token.
"""

from __future__ import annotations

from dataclasses import dataclass

import regex

from qwentts_svc.errors import ModelError
from qwentts_svc.text.tokenizer import EMPTY, TextTokenizer, seq_add, seq_cut
from qwentts_svc.types import TokenSeq

__all__ = ["ASSISTANT", "PromptTemplate"]

ASSISTANT = "assistant\n"
ROLE_TOKENS = 3
TEXT_TAIL_TOKENS = 5
REF_TAIL_TOKENS = 2
_LEADING_NEWLINES = regex.compile(r"\s*[\r\n]")


@dataclass(frozen=True, slots=True)
class PromptIds:
    """Ids of a text template: ``role`` leads the prompt, ``body`` is spoken; offsets are in the text as given."""

    role: tuple[int, ...]
    body: TokenSeq


class PromptTemplate:
    """Templates over a checkpoint's tokenizer. Immutable, safe to share between threads. Raises ModelError without the
    control tokens that the templates are built from."""

    def __init__(self, tokenizer: TextTokenizer) -> None:
        self.tokenizer = tokenizer
        self._start = _special(tokenizer, "<|im_start|>")
        self._end = _special(tokenizer, "<|im_end|>")
        newline = tokenizer.encode("\n").ids
        assistant = tokenizer.encode(ASSISTANT).ids
        self.role_ids: tuple[int, ...] = (self._start, *assistant)[:ROLE_TOKENS]
        """T[0:3] of any text that does not start with a newline."""
        self._text_tail = (self._end, *newline, self._start, *assistant)
        self._ref_tail = (self._end, *newline)

    def text(self, text: str, *, raw: bool = False) -> PromptIds:
        """Role and body of a text. Leading newlines would merge into the role and are stripped, unless ``raw``."""
        skipped = 0 if raw else leading_newlines(text)
        return self._cut(text, skipped, self._text_tail, TEXT_TAIL_TOKENS)

    def text_body(self, text: str, *, raw: bool = False) -> TokenSeq:
        """T[3:-5]: the ids of the text, with offsets into ``text``."""
        return self.text(text, raw=raw).body

    def ref_text_body(self, text: str, *, raw: bool = False) -> TokenSeq:
        """R[3:-2]: the ids of a reference transcript."""
        skipped = 0 if raw else leading_newlines(text)
        return self._cut(text, skipped, self._ref_tail, REF_TAIL_TOKENS).body

    def instruct_ids(self, instruct: str) -> tuple[int, ...]:
        """The whole user template of an instruction; empty for an empty one."""
        if not instruct:
            return ()
        content = self.tokenizer.encode(f"user\n{instruct}").ids
        return (self._start, *content, *self._ref_tail)

    def body_tail(self) -> tuple[int, ...]:
        """Ids of the template's end that the cut leaves in the body; none with the model's own vocabulary."""
        return self._text_tail[: len(self._text_tail) - TEXT_TAIL_TOKENS]

    def _cut(self, text: str, skipped: int, tail: tuple[int, ...], tail_tokens: int) -> PromptIds:
        content = shifted(self.tokenizer.encode(ASSISTANT + text[skipped:]), skipped - len(ASSISTANT))
        role = (self._start, *content.ids[: ROLE_TOKENS - 1])
        rest = tail[: len(tail) - tail_tokens]
        end = len(text)
        body = seq_add(seq_cut(content, ROLE_TOKENS - 1), TokenSeq(rest, ((end, end),) * len(rest)))
        return PromptIds(role, body)


def leading_newlines(text: str) -> int:
    """How many characters to drop so that the text does not start with a newline (nor spaces before one)."""
    match = _LEADING_NEWLINES.match(text)
    return 0 if match is None else match.end()


def shifted(seq: TokenSeq, by: int) -> TokenSeq:
    """The offsets moved by ``by``, not below 0."""
    if not seq.ids:
        return EMPTY
    return TokenSeq(seq.ids, tuple((max(0, start + by), max(0, end + by)) for start, end in seq.offsets))


def _special(tokenizer: TextTokenizer, content: str) -> int:
    try:
        return tokenizer.special_ids[content]
    except KeyError:
        raise ModelError(f"tokenizer_config.json: the control token {content} is missing") from None
