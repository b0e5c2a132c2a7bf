"""Which language each piece of a text is in, given what the caller says of it: by script, then by common words.

Cheap on purpose: no model, one pass over the letters; only the first words of a unit are looked up.
"""

from __future__ import annotations

import re

from qwentts_svc.errors import InputError
from qwentts_svc.text.language import CODES, LATIN, WORD_OWNERS
from qwentts_svc.text.normalize.remembered import Remembered

LANGUAGES = tuple(CODES.values())
"""Codes of the languages that have rules of their own."""

_LATIN = frozenset(CODES[name] for name in LATIN)
_WORD_CODES = {word: tuple(CODES[name] for name in owners) for word, owners in WORD_OWNERS.items()}
_WORD = re.compile(r"[A-Za-zÀ-ɏ]+")
_RUNS = {
    "ru": r"[\u0400-\u052f][\u0400-\u052f\u0300-\u036f]*",
    "ja": r"[\u3040-\u30ff]+",
    "ko": r"[\uac00-\ud7af\u1100-\u11ff]+",
    "zh": r"[\u3400-\u9fff\U00020000-\U0002fa1f]+",
    "latin": "[A-Za-zÀ-ɏ]+",
}
_SCRIPT_RUN = re.compile("|".join(f"(?P<{name}>{run})" for name, run in _RUNS.items()))
_SCRIPTS = {name: re.compile(run) for name, run in _RUNS.items()}
_CJK = r"\u1100-\u11ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\U00020000-\U0002fa1f"
_OTHER_SCRIPT = re.compile(rf"[\u0400-\u052f{_CJK}]")
_NOT_CYRILLIC = re.compile(rf"[A-Za-zÀ-ɏ{_CJK}]")
# An emoji will be words once it is read, so a stop after it ends a sentence as one after words does.
_EMOJI_END = r"\u20e3\ufe0f\u2190-\u21ff\u231a-\u27bf\u2b05-\u2b55\U0001f000-\U0001faff"
_SENTENCE_END = re.compile(rf"(?:(?<=\w\w[.!?…])|(?<=[{_EMOJI_END}][.!?…]))[\"'”»)\]]{{0,3}}\s+|(?<=[。！？])|\n")
_LATIN_WORD = re.compile(r"[A-Za-zÀ-ɏ]{2}")
# No part of an address, of "y/o", "a-year" or "7am".
_WHOLE_WORD = re.compile(r"(?<![\w.@/-])[A-Za-zÀ-ɏ]+(?![\w@/]|[.-]\w)")
_CYRILLIC_WORD = re.compile(r"[а-яё]{2}|(?<!\w)[а-яё]")
_LOWER_LATIN = re.compile(r"(?<![\w.@/-])[a-z]{2,}(?![\w@/])")
_FEW_WORDS = 2
_VOTES = 1.5
"""Of common words that a language needs in place of the one to be expected."""
# Addresses, paths and file names are not words of any language.
_ADDRESS = re.compile(
    r"(?<!\S)[^\s@]{0,64}@\S{1,64}|[a-z]{2,5}://\S{1,400}|(?<![\w~-])[\w~-]{0,64}(?:[./\\][\w-]{1,64}){1,20}"
)
_STATED_WEIGHT = 3
_OWN_WORDS = 3
_PROBE_CHARS = 240


def _foreign_to(code: str) -> Remembered[float]:
    """The votes that a token, in small letters, can have for another language at most."""
    shares = {word: 1.0 / len(owners) for word, owners in _WORD_CODES.items() if owners != (code,)}
    return Remembered(lambda token: sum(shares.get(word, 0.0) for word in _WHOLE_WORD.findall(token)))


_FOREIGN = {code: _foreign_to(code) for code in _LATIN}


def language_code(hint: str) -> str:
    """``hint`` ("auto", "en", "en-US", "English", ...) as a code or "auto". Raises ``InputError`` for any other."""
    key = hint.strip().lower()
    if key in ("", "auto"):
        return "auto"
    code = CODES.get(key, re.split("[-_]", key, maxsplit=1)[0])
    if code not in LANGUAGES:
        raise InputError(f"language {hint[:40]!r} is not one of auto, {', '.join(LANGUAGES)}", field="language")
    return code


def detect_language(text: str, hint: str = "auto", default: str = "en") -> str:
    """The main language of ``text``. A ``hint`` settles what script alone cannot; under "auto", ``default`` is the
    language of a text without letters and of a Latin-script text whose words do not clearly say otherwise."""
    known = hint if hint in LANGUAGES else default
    latin = known if known in _LATIN else "en"
    if text.isascii() or not _OTHER_SCRIPT.search(text):
        if not _LATIN_WORD.search(text):
            return known
        if known not in _LATIN and not _LATIN_WORD.search(_ADDRESS.sub(" ", text)):
            return known
        if hint in LANGUAGES and hint not in _LATIN and _few_words(text):
            return hint  # "WhatsApp +7 905 ..." on a line of its own
        return latin if hint in _LATIN else _latin_language(text, latin)
    if not _NOT_CYRILLIC.search(text):
        return "ru"
    words = _script_weights(_ADDRESS.sub(" ", text)) if hint == "auto" else {}
    weights = words or _script_weights(text)
    if "zh" in weights and (known == "ja" or "ja" in weights):
        weights["ja"] = weights.get("ja", 0) + weights.pop("zh")
    if hint in weights:
        weights[hint] *= _STATED_WEIGHT  # names and numerals in Latin letters do not outweigh what the caller said
    best = max(weights, key=lambda script: weights[script])
    if best != "latin":
        return best
    if hint in weights and _few_words(text):
        return hint  # names of products joined by the caller's own words
    if hint == "auto" and _CYRILLIC_WORD.search(text) and _few_words(text):
        return "ru"  # and by words of whoever wrote it
    return latin if hint in _LATIN else _latin_language(text, latin)


def _few_words(text: str) -> bool:
    """Whether what ``text`` has in Latin letters are names rather than words of a sentence."""
    return len(_LOWER_LATIN.findall(text[:_PROBE_CHARS])) < _FEW_WORDS


def _script_weights(text: str) -> dict[str, int]:
    """How much of ``text`` is in each script, in the order in which they appear."""
    first = {name: match.start() for name, run in _SCRIPTS.items() if (match := run.search(text)) is not None}
    return {
        # One ideograph says about as much as a short word.
        name: sum(map(len, _SCRIPTS[name].findall(text))) * (3 if name in ("zh", "ja", "ko") else 1)
        for name in sorted(first, key=lambda name: first[name])
    }


def language_spans(text: str, hint: str = "auto", default: str = "en") -> list[tuple[int, int, str]]:
    """Cut ``text`` into (start, end, language) pieces, ordered and gap-free.

    A sentence has the language most of its letters are in, and its numbers are read in it; a passage of at least three
    words in another script, two of them not capitalized, is a language of its own, numbers included.
    """
    if text.isascii() or not (_OTHER_SCRIPT.search(text) and _WORD.search(text)):
        return [(0, len(text), detect_language(text, hint, default))]
    spans: list[tuple[int, int, str]] = []
    start = 0
    for end in [*(match.end() for match in _SENTENCE_END.finditer(text)), len(text)]:
        if end <= start:
            continue
        base = detect_language(text[start:end], hint, spans[-1][2] if spans else default)
        for piece in _passages(text, start, end, base, hint):
            if spans and spans[-1][2] == piece[2]:
                spans[-1] = (spans[-1][0], piece[1], piece[2])
            else:
                spans.append(piece)
        start = end
    return spans


def _latin_language(text: str, default: str) -> str:
    probe = text[:_PROBE_CHARS].lower()
    if sum(map(_FOREIGN[default].__getitem__, probe.split())) < _VOTES:
        return default
    words = _WHOLE_WORD.findall(probe)
    votes: dict[str, float] = {}
    for word in filter(_WORD_CODES.__contains__, words):
        owners = _WORD_CODES[word]
        for code in owners:
            votes[code] = votes.get(code, 0.0) + 1.0 / len(owners)
    if not votes:
        return default
    best = max(votes, key=lambda code: votes[code])
    return best if votes[best] >= _VOTES and votes[best] > 1.5 * votes.get(default, 0.0) else default


def _passages(text: str, start: int, end: int, base: str, hint: str) -> list[tuple[int, int, str]]:
    """The sentence ``text[start:end]`` cut at its longer passages in another script than the base language's."""
    if base == "ru" and len(_WORD.findall(text, start, end)) < _OWN_WORDS:
        return [(start, end, base)]
    base_script = base if base in ("ru", "zh", "ja", "ko") else "latin"
    found: list[tuple[int, int, str]] = []
    words = lower = 0
    first = last = -1
    addresses = [match.span() for match in _ADDRESS.finditer(text, start, end)] if base_script != "latin" else []

    def close() -> None:
        if words >= _OWN_WORDS and lower >= 2:
            found.append((first, last, detect_language(text[first:last], hint if hint != base else "auto")))

    for run in _SCRIPT_RUN.finditer(text, start, end):
        script = run.lastgroup or "latin"
        if {script, base_script} <= {"zh", "ja"} or script == base_script or script not in ("latin", "ru"):
            close()
            words = lower = 0
            continue
        while addresses and addresses[0][1] <= run.start():
            addresses.pop(0)
        if addresses and addresses[0][0] <= run.start():
            continue
        if not words:
            first = run.start()
        words += 1
        lower += run.end() - run.start() > 1 and run.group()[0].islower()  # one letter is a variable
        last = run.end()
    close()
    pieces, pos = [], start
    for piece in found:
        if piece[0] > pos:
            pieces.append((pos, piece[0], base))
        pieces.append(piece)
        pos = piece[1]
    if pos < end:
        pieces.append((pos, end, base))
    return pieces
