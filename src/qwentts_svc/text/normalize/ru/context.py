"""What the rules ask about the text around a match."""

from __future__ import annotations

import re

from qwentts_svc.text.normalize.ru.morph import part_of_speech

_AFTER_STOP = re.compile(r'\s*["\')\]]{0,3}\s*(?:$|\n|["\'(\[-]{0,2}\s?[A-ZА-ЯЁ])')
_NEXT_WORD = re.compile(r'\s{0,2}["(]?([А-Яа-яЁёA-Za-z]{1,40}(?:-[А-Яа-яЁё]{1,30})?)')
_SENTENCE_BREAK = re.compile(r"[.!?\n]\s")
_CYRILLIC = re.compile(r"[А-Яа-яЁё]{2,40}")
_PREDICATES = frozenset(("VERB", "PRTS", "ADJS", "INFN", "PRED"))
_WORD_CHARS = 40


def ends_sentence(text: str, pos: int) -> bool:
    """Whether what follows ``pos`` (just after a full stop) is the end or looks like a new sentence."""
    return _AFTER_STOP.match(text, pos) is not None


def ends_clause(text: str, start: int, pos: int) -> bool:
    """``ends_sentence`` for a stop that often stands before a name ("В 1812 г. Наполеон").

    Where the text goes on after ``pos``, a sentence has ended there only if it already has its verb before ``start``.
    """
    if not ends_sentence(text, pos):
        return False
    if not text[pos:].strip(" \n\"')]"):
        return True
    sentence = _SENTENCE_BREAK.split(text[max(0, start - 200) : start])[-1]
    return any(part_of_speech(word) in _PREDICATES for word in _CYRILLIC.findall(sentence))


def stop(text: str, pos: int, written: str | None) -> str:
    """The full stop to keep after an abbreviation that ended at ``pos``: one stop may also end the sentence."""
    return "." if written and ends_sentence(text, pos) else ""


def next_word(text: str, pos: int) -> str:
    """The word right after ``pos`` (over blanks and one opening quote), or ""."""
    match = _NEXT_WORD.match(text, pos)
    return match.group(1) if match else ""


def last_word(text: str, pos: int) -> str:
    """The word right before ``pos`` (over blanks only), or ""."""
    before = text[max(0, pos - _WORD_CHARS - 2) : pos]
    written = before.rstrip()
    gap = before[len(written) :]
    if len(gap) > 2 and not (len(gap) == 3 and gap[-1] == "\n"):
        return ""
    start = end = len(written)
    limit = max(0, end - _WORD_CHARS)
    while start > limit and (written[start - 1].isalnum() or written[start - 1] in "_-"):
        start -= 1
    return written[start:end]
