"""Which of the model's languages a text is in: by script, and among Latin-script languages by common words and letters.

Cheap and causal: no model, one pass. Owns the word lists; cutting a text by language is the normalizer's. Names are the
keys of the checkpoints' ``codec_language_id``.
"""

from __future__ import annotations

from functools import lru_cache

import regex

__all__ = ["CODES", "LANGUAGES", "LATIN", "WORD_OWNERS", "LanguageTracker", "detect_language"]

LANGUAGES = (
    "english", "russian", "chinese", "japanese", "korean", "german", "french", "spanish", "portuguese", "italian",
)  # fmt: skip

CODES = dict(zip(LANGUAGES, ("en", "ru", "zh", "ja", "ko", "de", "fr", "es", "pt", "it"), strict=True))
"""Language name -> the short code that normalization goes by."""

_COMMON_WORDS = """
english: the and of to a i in is was it for you with on are this be have not at from we they he she his my your what
    that but will would can there their has were been an as or if do am me may come i'm it's don't please hello
german: der die das und ist nicht ein eine ich du wir ihr mit auf für von zu den dem des im am um hat war sind
    sich auch es an als wie aber noch nach wird bei oder haben werden kann guten danke bitte sehr uns
french: le la les des et a est un une je tu il elle nous vous dans pour sur avec pas que qui me ne du au aux ce cette
    sont mais plus été être avoir fait c'est j'ai bonjour merci très où comme tout
spanish: el la los las y a es un una yo tú él nosotros en por para con no que del al se me su este esta son pero más
    hay como muy está qué también fue hola gracias cuando sobre todo
portuguese: o a os as e é um uma eu ele ela nós em por para com não que do da dos das no na se me seu sua são mas
    mais você muito está também foi olá obrigado quando ao pelo pela isso
italian: il lo la i gli le e a è un una io tu lui lei noi in per con non che del della di si mi suo sua sono ma più nel
    alla come anche questo questa molto ciao grazie quando ho hanno ed dei delle
"""
WORD_OWNERS: dict[str, tuple[str, ...]] = {}
"""Common word -> names of the Latin-script languages it is of."""
_name = ""
for _word in _COMMON_WORDS.split():
    if _word.endswith(":"):
        _name = _word[:-1]
    else:
        WORD_OWNERS[_word] = (*WORD_OWNERS.get(_word, ()), _name)
LATIN = tuple(dict.fromkeys(name for owners in WORD_OWNERS.values() for name in owners))
"""The languages in Latin script."""
_LETTER_OWNERS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys("ß", ("german",)),
    **dict.fromkeys("äü", ("german",)),
    **dict.fromkeys("ö", ("german",)),
    **dict.fromkeys("ñ¿¡", ("spanish",)),
    **dict.fromkeys("ãõ", ("portuguese",)),
    **dict.fromkeys("êâ", ("portuguese", "french")),
    **dict.fromkeys("ç", ("french", "portuguese")),
    **dict.fromkeys("œîûëï", ("french",)),
    **dict.fromkeys("ìò", ("italian",)),
    **dict.fromkeys("à", ("french", "italian", "portuguese")),
    **dict.fromkeys("ù", ("french", "italian")),
    **dict.fromkeys("è", ("french", "italian")),
    **dict.fromkeys("éáíóú", ("spanish", "portuguese", "french")),
}

_RUN = regex.compile(
    r"(?P<russian>\p{Cyrillic}[\p{Cyrillic}\p{M}]*)|(?P<japanese>[\p{Hiragana}\p{Katakana}ー]+)|(?P<korean>\p{Hangul}+)"
    r"|(?P<chinese>\p{Han}+)|(?P<latin>[\p{Latin}\p{M}]+(?:['’][\p{Latin}\p{M}]+)*|[¿¡])"
)
_WEIGHT = {"chinese": 3, "japanese": 3, "korean": 3}
"""An ideograph or syllable says about as much as three letters."""
_PROBE_RUNS = 200
_MEMORY_GROWTH = 1.03
"""How much more a word counts than the one before it."""
_RESCALE = 1e100


class LanguageTracker:
    """The language of a text so far; a word counts less the longer ago it was. Depends only on the text, not on the
    pieces it came in, as long as words are not cut. A fixed ``language`` other than ``auto`` always wins."""

    def __init__(self, language: str = "auto") -> None:
        self._fixed = language.lower()
        self._scripts: dict[str, float] = {}
        self._latin: dict[str, float] = {}
        self._weight = 1.0

    @property
    def hint(self) -> str:
        """The fixed language, else the language so far, else ``auto``."""
        if self._fixed != "auto":
            return self._fixed
        return self._best() or "auto"

    @property
    def language(self) -> str:
        """Like ``hint``, but English where nothing is known."""
        hint = self.hint
        return "english" if hint == "auto" else hint

    def update(self, text: str) -> None:
        """Take more of the text into account."""
        if self._fixed != "auto":
            return
        for match in _RUN.finditer(text):
            self.vote(match.lastgroup or "latin", match.group())

    def vote(self, script: str, word: str) -> None:
        """Count one run of letters of ``script``."""
        # Later words weigh more, instead of all earlier ones less: the same order at a fraction of the work.
        self._weight *= _MEMORY_GROWTH
        weight = self._weight
        self._scripts[script] = self._scripts.get(script, 0.0) + len(word) * _WEIGHT.get(script, 1) * weight
        if script == "latin":
            for name, vote in _latin_votes(word):
                self._latin[name] = self._latin.get(name, 0.0) + vote * weight
        if weight > _RESCALE:
            self._scripts = {name: votes / weight for name, votes in self._scripts.items()}
            self._latin = {name: votes / weight for name, votes in self._latin.items()}
            self._weight = 1.0

    def _best(self) -> str | None:
        scripts = dict(self._scripts)
        # Kanji beside kana are Japanese.
        if scripts.get("japanese", 0.0) * 8 > scripts.get("chinese", 0.0) > 0.0:
            scripts["japanese"] = scripts.get("japanese", 0.0) + scripts.pop("chinese")
        if not scripts:
            return None
        best = max(scripts, key=lambda name: scripts[name])
        if best != "latin":
            return best
        if not self._latin:
            return "english"
        language = max(self._latin, key=lambda name: self._latin[name])
        return language if self._latin[language] > self._latin.get("english", 0.0) else "english"


def detect_language(text: str, default: str = "english") -> str:
    """The main language of ``text``, from its first couple of hundred words; ``default`` for a text without letters."""
    tracker = LanguageTracker()
    for count, match in enumerate(_RUN.finditer(text)):
        if count == _PROBE_RUNS:
            break
        tracker.vote(match.lastgroup or "latin", match.group())
    return default if tracker.hint == "auto" else tracker.language


@lru_cache(maxsize=8192)
def _latin_votes(word: str) -> tuple[tuple[str, float], ...]:
    lowered = word.lower().replace("’", "'")
    owners = WORD_OWNERS.get(lowered, ())
    votes = [(name, 2.0 / len(owners)) for name in owners]
    if not lowered.isascii():
        for letter in sorted(set(lowered)):
            tellers = _LETTER_OWNERS.get(letter, ())
            votes += [(name, 1.5 / len(tellers)) for name in tellers]
    return tuple(votes)
