"""File names and paths."""

from __future__ import annotations

import re

from qwentts_svc.text.normalize.en.spell import address
from qwentts_svc.text.normalize.rule import PatternRule, Rule, RuleContext

_EXT = (
    "pdf|docx?|xlsx?|pptx?|txt|csv|tsv|json|xml|ya?ml|toml|ini|cfg|conf|log|md|rst|html?|css|jsx?|tsx?|py|rb|rs|go|java|"
    "cpp|hpp|cs|sh|bat|exe|dll|zip|tar|gz|rar|7z|png|jpe?g|gif|bmp|svg|webp|mp3|mp4|wav|flac|ogg|avi|mov|mkv|iso|db|sql|"
    "bak|tmp|dat|bin|php|tex|psd|apk|dmg|jar"
)
_ROOTS = "bin|boot|dev|etc|home|lib|media|mnt|opt|proc|root|run|sbin|srv|sys|tmp|usr|var|Users|Applications|Library"
_WINDOWS = re.compile(r"(?<!\w)[A-Za-z]:\\[^\s\"'<>|*?]{0,400}")
_UNIX = re.compile(
    r"(?<![\w/.~])(?:(?:~|\.{1,2})/[\w.-]{1,100}(?:/[\w.-]{1,100}){0,30}/?"
    rf"|/(?:{_ROOTS})(?![\w-])(?:/[\w.-]{{1,100}}){{0,30}}/?"
    r"|/[\w.-]{1,100}(?:/[\w.-]{1,100}){1,30}/?)"
)
_RELATIVE = re.compile(
    rf"(?<![\w/.])(?:[\w-]{{1,100}}/){{0,20}}[\w-]{{1,100}}(?:\.[\w-]{{1,40}}){{0,3}}\.(?:{_EXT})(?![\w/-]|\.\w)"
)
_FILE_GATE = re.compile(rf"\.(?:{_EXT})(?!\w)")
_SLASH_GATE = re.compile(r"(?<!\w)/[\w.-]|[~.]/[\w.]")


def _spoken(match: re.Match[str], _: RuleContext) -> str:
    text = match.group()
    bare = text.rstrip(".,;:!?)")
    return address(bare) + text[len(bare) :]


RULES: tuple[Rule, ...] = (
    PatternRule("path", frozenset("\\"), _WINDOWS, _spoken),
    PatternRule("path", frozenset("/"), _UNIX, _spoken, _SLASH_GATE),
    PatternRule("path", frozenset("."), _RELATIVE, _spoken, _FILE_GATE),
)
