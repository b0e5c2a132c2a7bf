"""Version numbers: each part as a number, "point" between."""

from __future__ import annotations

import re

from qwentts_svc.text.normalize.en.numbers import cardinal, digits
from qwentts_svc.text.normalize.rule import DIGITS, PatternRule, Rule, RuleContext

_PRODUCTS = (
    r"Python|Java|JavaScript|TypeScript|Node(?:\.js)?|iOS|iPadOS|Android|Ubuntu|Debian|Fedora|Windows|macOS|OS X|Linux|"
    r"Chrome|Firefox|Safari|Ruby|Rails|PHP|Go|Rust|Django|Flask|React|Angular|Vue|PostgreSQL|Postgres|MySQL|Redis|"
    r"Kubernetes|Docker|TensorFlow|PyTorch|CUDA|GCC|Swift|Kotlin|Scala|Perl|Bluetooth|USB|HTTP|HTML|TLS|SSL|Unity|"
    r"Photoshop|WordPress|Git|Spring|OpenSSL|Excel|Minecraft|Blender|Llama|GPT|Claude|Gemini"
)
_NAMED = re.compile(
    rf"\b((?:{_PRODUCTS}|[Vv]ersions?|[Vv]er\.|[Rr]elease|[Bb]uild|[Ff]irmware|[Kk]ernel|[Pp]atch)[ /-])"
    r"([0-9]{1,4}(?:\.[0-9]{1,6}){1,4})(?![\w%]|\.[0-9])"
)
_V = re.compile(
    r"(?<![\w.])[vV]\.?\s?([0-9]{1,4}(?:\.[0-9]{1,6}){0,4})(?:[-.]?(alpha|beta|rc)(?:[.-]?([0-9]{1,3}))?)?(?!\w|\.[0-9])"
)
_WIFI = re.compile(r"(?<![\w.])802\.([1-9][0-9]?)([a-z]{0,2})(?!\w|\.[0-9])")
_BARE = re.compile(r"(?<![\w.,/-])([0-9]{1,3}(?:\.[0-9]{1,5}){2,4})(?![\w%/]|[.-][0-9])")
_BARE_GATE = re.compile(r"[0-9]\.[0-9]{1,5}\.[0-9]")
_V_GATE = re.compile(r"[vV][0-9]|[vV][.\s][0-9]|[vV]\.\s[0-9]")


def _parts(text: str) -> str:
    return " point ".join(digits(p) if len(p) > 1 and p[0] == "0" else cardinal(int(p)) for p in text.split("."))


def _named(match: re.Match[str], _: RuleContext) -> str:
    return (
        match.group(1).rstrip("-/ ").replace("ver.", "version").replace("Ver.", "Version")
        + " "
        + _parts(match.group(2))
    )


def _v(match: re.Match[str], _: RuleContext) -> str | None:
    if match.group()[0] == "V" and match.group()[1:].isdigit():
        return None  # "a V8 engine"
    spoken = "version " + _parts(match.group(1))
    if match.group(2):
        spoken += " " + ("release candidate" if match.group(2) == "rc" else match.group(2))
        if match.group(3):
            spoken += " " + cardinal(int(match.group(3)))
    return spoken


def _wifi(match: re.Match[str], _: RuleContext) -> str:
    return " ".join(("eight oh two point", cardinal(int(match.group(1))), *match.group(2)))


def _bare(match: re.Match[str], _: RuleContext) -> str:
    return _parts(match.group(1))


RULES: tuple[Rule, ...] = (
    PatternRule("version", DIGITS, _NAMED, _named, re.compile(r"[0-9]\.[0-9]")),
    PatternRule("version", DIGITS, _V, _v, _V_GATE),
    PatternRule("version", DIGITS, _WIFI, _wifi, re.compile(r"802\.[0-9]")),
    PatternRule("version", DIGITS, _BARE, _bare, _BARE_GATE),
)
