"""Take out what cannot be said and can only do harm: control and zero-width characters, lone surrogates, towers of
marks.

Owns: cleaning with an offset for every character that is left, and the length limit. Typography and wording are the
normalizer's business.
"""

from __future__ import annotations

from array import array

import regex

from qwentts_svc.errors import InputError
from qwentts_svc.text.unicode_nfc import MappedText, nfc

__all__ = ["MAX_MARKS", "check_length", "clean_text", "is_speakable"]

MAX_MARKS = 8
"""Combining marks kept on one character; no writing system needs more."""

_DIRT = regex.compile(
    r"(?P<newline>\r\n?|[\u2028\u2029])"
    r"|(?P<space>[\t\v\f\x1c-\x1f\x85])"
    r"|(?P<pair>[\ud800-\udbff][\udc00-\udfff])"
    r"|(?P<surrogate>[\ud800-\udfff])"
    r"|(?P<marks>(?<=\p{M}{8})\p{M}++)"
    r"|(?P<drop>[\x00-\x08\x0e-\x1b\x7f-\x9f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    r"\U000e0000-\U000e001f]++)"
)
_SPEAKABLE = regex.compile(r"[\p{L}\p{N}\p{Sc}\p{So}%&+=@#]")


def clean_text(text: str) -> MappedText:
    """``text`` composed (NFC) and without dirt, with the source span of each character. Never raises; linear.

    Line ends become ``\\n``, other control characters vanish or become spaces, surrogate pairs are joined, a lone
    surrogate becomes U+FFFD, marks beyond ``MAX_MARKS`` on one character are dropped. Joiners (U+200C, U+200D) stay.
    """
    kept = text
    starts: array[int] | range = range(len(text))
    ends: array[int] | range = range(1, len(text) + 1)
    if _DIRT.search(text) is not None:
        kept, starts, ends = _without_dirt(text)
    composed = nfc(kept)
    if isinstance(composed.starts, range):
        return MappedText(kept, starts, ends)
    return MappedText(
        composed.text,
        array("q", (starts[at] for at in composed.starts)),
        array("q", (ends[at - 1] for at in composed.ends)),
    )


def _without_dirt(text: str) -> tuple[str, array[int], array[int]]:
    out: list[str] = []
    starts, ends = array("q"), array("q")
    position = 0
    for match in _DIRT.finditer(text):
        _keep(text, position, match.start(), out, starts, ends)
        position = match.end()
        instead = _instead(match.lastgroup or "drop", match.group())
        if instead:
            out.append(instead)
            starts.append(match.start())
            ends.append(match.end())
    _keep(text, position, len(text), out, starts, ends)
    return "".join(out), starts, ends


def _keep(text: str, start: int, end: int, out: list[str], starts: array[int], ends: array[int]) -> None:
    out.append(text[start:end])
    starts.extend(range(start, end))
    ends.extend(range(start + 1, end + 1))


def _instead(kind: str, found: str) -> str:
    if kind == "pair":
        return found.encode("utf-16-le", "surrogatepass").decode("utf-16-le")
    return {"newline": "\n", "space": " ", "surrogate": "\ufffd"}.get(kind, "")


def check_length(text: str, limit: int, *, field: str = "text") -> None:
    """Raise InputError if ``text`` has more than ``limit`` characters."""
    if len(text) > limit:
        message = f"the text has {len(text)} characters, more than the {limit} allowed; send it in parts"
        raise InputError(message, field=field, reason="TEXT_TOO_LONG")


def is_speakable(text: str) -> bool:
    """True if there is anything to say: a letter, a digit, a symbol or an emoji."""
    return _SPEAKABLE.search(text) is not None
