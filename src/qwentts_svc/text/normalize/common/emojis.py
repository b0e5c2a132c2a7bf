"""Emoji are read by their name in the text's language, or dropped. A repeated emoji is read once."""

from __future__ import annotations

import re
from functools import cache

import emoji

from qwentts_svc.text.normalize.rule import Edit, Rule, RuleContext

_FLAG_WORDS = {"en": "flag of {}", "ru": "флаг {}"}
_REGIONAL = range(0x1F1E6, 0x1F200)
_TEXT_DEFAULT = frozenset("0123456789#*©®™‼⁉↔↕↖↗↘↙↩↪▪▫▶◀◻◼ℹⓂ〰〽㊗㊙⤴⤵⬅⬆⬇")
_SKIN_TONE = re.compile("[\U0001f3fb-\U0001f3ff]")
_NOT_A_WORD = re.compile(r"[\W_]+")


@cache
def _names(lang: str) -> dict[str, str]:
    """Emoji sequence -> spoken name. Characters that are text unless a selector asks for the picture are left out."""
    if lang != "en":
        emoji.config.load_language(lang)
    names = {}
    for sequence, data in emoji.EMOJI_DATA.items():
        if sequence in _TEXT_DEFAULT:
            continue
        plain = _SKIN_TONE.sub("", sequence)
        if plain != sequence and plain in emoji.EMOJI_DATA:
            data = emoji.EMOJI_DATA[plain]
        name = _NOT_A_WORD.sub(" ", data.get(lang, data["en"])).strip()
        if ord(sequence[0]) in _REGIONAL and lang in _FLAG_WORDS:
            name = _FLAG_WORDS[lang].format(name)
        names[sequence] = name
    return names


@cache
def _firsts() -> frozenset[str]:
    return frozenset(sequence[0] for sequence in _names("en"))


@cache
def _longest(first: str) -> int:
    return max(len(sequence) for sequence in _names("en") if sequence[0] == first)


_CANDIDATES = re.compile(
    "[0-9#*]\ufe0f?\u20e3|[\u00a9\u00ae\u2049\u203c\u2122\u2139]\ufe0f"
    "|[\u2190-\u21ff\u231a-\u23ff\u25a0-\u27bf\u2934\u2935\u2b05-\u2b55\U0001f000-\U0001faff]"
)
_RANGES = ((0x2190, 0x2200), (0x231A, 0x2400), (0x25A0, 0x27C0), (0x2B05, 0x2B56), (0x1F000, 0x1FB00))
_TRIGGERS = frozenset("\u20e3\ufe0f\u2934\u2935").union(*(map(chr, range(*ends)) for ends in _RANGES))
"""Of these every sequence that ``_CANDIDATES`` finds has one."""
_SINGLE = re.compile("[\u231a-\u23ff\u2600-\u27bf\u2b1b-\u2b55\U0001f000-\U0001faff]")


class EmojiRule:
    """Reads or drops emoji, longest sequence first (skin tones, joined families, flags, keycaps)."""

    name = "emoji"
    triggers: frozenset[str] | None = _TRIGGERS
    gate = None

    def apply(self, text: str, ctx: RuleContext) -> list[Edit]:
        edits: list[Edit] = []
        pos = 0
        while match := _CANDIDATES.search(text, pos):
            start = match.start()
            sequence = _longest_at(text, start)
            if not sequence:
                pos = start + 1
                continue
            end = start + len(sequence)
            while text.startswith(sequence, end):
                end += len(sequence)
            edits.append(Edit(start, end, _spoken(text, start, end, sequence, ctx)))
            pos = end
        return edits


def _longest_at(text: str, start: int) -> str:
    if text[start] not in _firsts():
        return ""
    names = _names("en")
    for size in range(min(_longest(text[start]), len(text) - start), 0, -1):
        if (sequence := text[start : start + size]) in names:
            return sequence
    return ""


def _spoken(text: str, start: int, end: int, sequence: str, ctx: RuleContext) -> str:
    if ctx.emoji != "name":
        return ""
    name = _names(ctx.lang).get(sequence, "")
    before = " " if start and not text[start - 1].isspace() and text[start - 1] not in "([\"'" else ""
    after = " " if end < len(text) and (text[end].isalnum() or _SINGLE.match(text, end)) else ""
    return f"{before}{name}{after}" if name else ""


RULES: tuple[Rule, ...] = (EmojiRule(),)
