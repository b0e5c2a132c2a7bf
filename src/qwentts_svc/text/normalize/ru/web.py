"""E-mail, URLs, domains, file paths and file names, IP addresses, versions: read part by part, signs by name."""

from __future__ import annotations

import re

from qwentts_svc.text.normalize.ru.digit_rule import DigitRule
from qwentts_svc.text.normalize.ru.numbers import cardinal, digits, padded
from qwentts_svc.text.normalize.rule import DIGITS, PatternRule, Rule, RuleContext

_SIGNS = {
    ".": "точка", "/": "слэш", "\\": "обратный слэш", "-": "дефис", "_": "подчёркивание", ":": "двоеточие",
    "@": "собака",
    "?": "вопросительный знак", "&": "амперсанд", "=": "равно", "#": "решётка", "%": "процент", "+": "плюс",
    "~": "тильда",
    "*": "звёздочка",
}  # fmt: skip
_TLD = {"ru": "ру", "com": "ком", "org": "орг", "net": "нет", "рф": "эр эф", "su": "су", "info": "инфо"}
_PART = re.compile(r"[A-Za-z]{1,200}|[0-9]{1,200}|[^\W\d_]{1,200}|[^A-Za-z0-9]")
_LABEL = r"[A-Za-zА-Яа-яЁё0-9](?:[A-Za-zА-Яа-яЁё0-9-]{0,62})"
_TOP = (
    r"(?:ru|com|org|net|info|рф|su|ua|by|kz|io|ai|dev|app|de|uk|us|eu|fr|it|me|tv|online|site|shop|store"
    r"|pro|biz|edu|gov|club|tech|moscow)"
)
_EMAIL = re.compile(
    rf"(?<![\w@.])([A-Za-zА-Яа-я0-9_][\w.+-]{{0,63}})@((?:{_LABEL}\.){{1,5}}[A-Za-zрф]{{2,12}})(?![\w@])"
)
_URL = re.compile(r"(?<![\w@])(?:(https?|ftp)://)((?:[^\s<>\"'()]{1,400}))")
_DOMAIN = re.compile(rf"(?<![\w@./-])((?:www\.)?(?:{_LABEL}\.){{1,5}}{_TOP}(?![\w-])(?:/[^\s<>\"'()]{{0,300}})?)")
_WINDOWS = re.compile(r"(?<!\w)([A-Za-z]):((?:\\[^\s\\/:*?\"<>|,;]{1,100}){1,20}\\?)")
_UNIX = re.compile(
    r"(?<![\w/.])(~?(?:/[A-Za-z0-9_.-]{1,80}){2,20}/?|~/[A-Za-z0-9_.-]{1,80}"
    r"|\.{1,2}/[A-Za-z0-9_./-]{1,100}|/(?:etc|usr|var|home|tmp|bin|opt|dev))(?![\w/])"
)
_EXTENSIONS = (
    "txt|pdf|docx?|xlsx?|pptx?|jpe?g|png|gif|svg|mp[34]|avi|mkv|wav|zip|rar|gz|exe|py|js|ts|html?|css"
    "|json|xml|csv|md|cfg|ini|yaml|yml|sh|log|sql|apk|iso|dll|conf|toml|cpp|java"
)
_FILE = re.compile(
    rf"(?<![\w.@/\\-])([A-Za-zА-Яа-яЁё0-9_][\wА-Яа-яЁё-]{{0,60}}(?:\.[\w-]{{1,20}}){{0,2}})\."
    rf"({_EXTENSIONS})(?![\w@/-]|\.\w)"
)
_TRAIL = re.compile(r"[.,;:!?…]{1,8}$")
_OCTET = "(?:25[0-5]|2[0-4][0-9]|1?[0-9]{1,2})"
_IP = re.compile(rf"(?<![\w.])({_OCTET}(?:\.{_OCTET}){{3}})(?::([0-9]{{1,5}}))?(?:/([0-9]{{1,2}}))?(?![\w]|\.[0-9])")
_UNIT = (
    r"(?:[%°$€£₽]|руб|долл|евро|тыс|млн|млрд|раз|процент|балл|градус|тонн|грамм|килограмм|литр|метр|километр|секунд|минут"
    r"|час|дн|дюйм|[кмгт]игабайт|[а-я]{2,4}байт|[кмгтКМГТ][бБ]|[kKMGT]B|(?:кг|км|см|мм|м|г|л|т|с|ч|мин|сек)(?![а-яё]))"
)
_SECOND = (
    rf"(?:(\s(?:на|до|по|и|или)\s|\s?[-–—]\s?)((?!0|[0-9]{{1,2}}\.0[1-9])[0-9]{{1,4}}\.[0-9]{{1,5}})"
    rf"(?![\w%]|[.,][0-9]|\s?{_UNIT}))?"
)
"""A second version beside the first ("с версии 1.9 на 2.0"); "до 15.03" is a day."""
_VERSION = re.compile(rf"(?<![\w.,])([vV]\.?\s?)?([0-9]{{1,4}}(?:\.[0-9]{{1,5}}){{2,4}})(?![\w]|[.,][0-9]){_SECOND}")
_SHORT_VERSION = re.compile(
    r"(?i:(?<=\bверсия )|(?<=\bверсии )|(?<=\bверсию )|(?<=\bверсией )|(?<=\bверсий )|(?<=\bверсиям )|(?<=\bверсиях )"
    r"|(?<=\bрелиз )|(?<=\bрелиза )|(?<=\bобновление )|(?<=\bпрошивка )|(?<=\bпрошивки ))"
    rf"([0-9]{{1,4}}\.[0-9]{{1,5}})(?![\w%]|[.,][0-9]){_SECOND}"
)
_PRODUCT_VERSION = re.compile(
    rf"(?<=[A-Za-z] )([0-9]{{1,4}}\.[0-9]{{1,5}})(?![\w%]|[.,][0-9]| ?(?:%|руб|кг|ГБ|Гб|км|м|л)\b){_SECOND}"
)
_V = re.compile(r"(?<![\w.])[vV]\.?([0-9]{1,4}(?:\.[0-9]{1,5})?)(?![\w]|\.[0-9])")


def spell(text: str) -> str:
    """Words as they are, digits by groups, signs by their names, the ends of addresses as they are said."""
    spoken = []
    parts = _PART.findall(text)
    for index, part in enumerate(parts):
        if part in _SIGNS:
            spoken.append(_SIGNS[part])
        elif part[0].isdigit() and part.isascii():
            spoken.append(padded(part) if len(part) <= 4 else digits(part))
        elif part.isalpha():
            after_dot = index and parts[index - 1] == "."
            spoken.append(
                _TLD.get(part, part) if after_dot and (index + 1 == len(parts) or parts[index + 1] in "/:?") else part
            )
    return " ".join(spoken)


def _email(match: re.Match[str], _: RuleContext) -> str:
    return f"{spell(match.group(1))} собака {spell(match.group(2))}"


def _url(match: re.Match[str], _: RuleContext) -> str | None:
    address = match.group(2)
    trail = _TRAIL.search(address)
    kept = trail.group() if trail else ""
    address = address[: len(address) - len(kept)].rstrip("/")
    return (spell(address) + kept) if address else None


def _domain(match: re.Match[str], _: RuleContext) -> str:
    address = match.group(1)
    trail = _TRAIL.search(address)
    kept = trail.group() if trail else ""
    return spell(address[: len(address) - len(kept)].rstrip("/")) + kept


def _windows(match: re.Match[str], _: RuleContext) -> str:
    path = match.group(2)
    kept = "." if path.endswith(".") else ""
    return f"{match.group(1)} двоеточие {spell(path.removesuffix('.'))}{kept}"


def _unix(match: re.Match[str], _: RuleContext) -> str:
    path = match.group(1)
    kept = "." if path.endswith(".") and len(path) > 2 else ""
    return spell(path.removesuffix(".") if kept else path) + kept


def _file(match: re.Match[str], _: RuleContext) -> str:
    return f"{spell(match.group(1))} точка {spell(match.group(2))}"


def dotted(text: str) -> str:
    """Numbers joined by dots: "два точка ноль"."""
    return " точка ".join(padded(part) for part in text.split("."))


def _ip(match: re.Match[str], _: RuleContext) -> str:
    address, port, mask = match.groups()
    spoken = dotted(address)
    if port:
        spoken += f" двоеточие {cardinal(int(port))}"
    return spoken + (f" слэш {cardinal(int(mask))}" if mask else "")


def _version(match: re.Match[str], _: RuleContext) -> str:
    mark, version, joint, second = match.groups()
    return ("версия " if mark else "") + _and_second(version, joint, second)


def _short_version(match: re.Match[str], _: RuleContext) -> str:
    return _and_second(*match.groups())


def _and_second(version: str, joint: str | None, second: str | None) -> str:
    if not joint or not second:
        return dotted(version)
    return dotted(version) + (" - " if joint.strip() in "-–—" else joint) + dotted(second)


def _v(match: re.Match[str], _: RuleContext) -> str:
    return "версия " + dotted(match.group(1))


ADDRESSES: tuple[Rule, ...] = (
    PatternRule("email", frozenset("@"), _EMAIL, _email),
    PatternRule("url", frozenset("/"), _URL, _url, re.compile("://")),
    PatternRule("path", frozenset("\\"), _WINDOWS, _windows),
    PatternRule("url", frozenset("."), _DOMAIN, _domain, re.compile(rf"\.{_TOP}(?!\w)")),
    PatternRule("path", frozenset("/"), _UNIX, _unix, re.compile("/[A-Za-z0-9_.]")),
    PatternRule("path", frozenset("."), _FILE, _file, re.compile(rf"\.(?:{_EXTENSIONS})(?!\w)")),
)
NUMBERS: tuple[Rule, ...] = (
    DigitRule("ip", _IP, _ip, re.compile(r"[0-9]\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]")),
    PatternRule("version", frozenset("vV"), _V, _v),
    DigitRule("version", _SHORT_VERSION, _short_version, re.compile(r"[0-9]\.[0-9]")),
    DigitRule("version", _PRODUCT_VERSION, _short_version, re.compile(r"[A-Za-z] [0-9]{1,4}\.[0-9]")),
)
VERSIONS: tuple[Rule, ...] = (
    PatternRule("version", DIGITS, _VERSION, _version, re.compile(r"[0-9]\.[0-9]{1,5}\.[0-9]")),
)
