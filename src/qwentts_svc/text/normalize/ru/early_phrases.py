"""Shortened phrases written out before the numbers beside them: "ок. 30", "2 ст. ложки", "к. т. н.", "при t 180"."""

from __future__ import annotations

import re

from qwentts_svc.text.normalize.ru.abbreviations import title_case
from qwentts_svc.text.normalize.ru.context import next_word
from qwentts_svc.text.normalize.ru.morph import inflect
from qwentts_svc.text.normalize.rule import DIGITS, PatternRule, Rule, RuleContext
from qwentts_svc.text.normalize.stops import shortened

_ABOUT = re.compile(r"(?<![\w.-])([Оо]к|[Пп]рибл)\.(?=\s[0-9])")


def _about(match: re.Match[str], _: RuleContext) -> str:
    spoken = "около" if match.group(1).lower() == "ок" else "приблизительно"
    return spoken.capitalize() if match.group(1)[0].isupper() else spoken


_SPOON = re.compile(r"(?<=[0-9½¼¾] )(ст|ч)\.(?=\sлож(ка|ки|ку|кой|ке|ек|кам|ками|ках)(?!\w))")
_SPOON_ENDS = {
    "ка": "ая",
    "ки": "ые",
    "ку": "ую",
    "кой": "ой",
    "ке": "ой",
    "ек": "ых",
    "кам": "ым",
    "ками": "ыми",
    "ках": "ых",
}


def _spoon(match: re.Match[str], _: RuleContext) -> str:
    stem = "столов" if match.group(1) == "ст" else "чайн"
    end = _SPOON_ENDS[match.group(2)]
    if match.group(2) == "ки" and match.string[match.start() - 2] in "½¼¾":
        end = "ой"
    return stem + end


_SCIENCES = {
    "т": "технических", "м": "медицинских", "э": "экономических", "ю": "юридических", "и": "исторических",
    "х": "химических", "б": "биологических", "п": "педагогических", "ф": "филологических", "г": "географических",
    "ф.-м": "физико-математических", "с.-х": "сельскохозяйственных",
}  # fmt: skip
_DEGREE = re.compile(r"(?<![\w.-])([КкДд])\.\s?(ф\.-м|с\.-х|[тмэюихбпфг])\.\s?н\.")


def _degree(match: re.Match[str], _: RuleContext) -> str:
    """ "к. т. н.", "д. м. н." """
    written, science = match.groups()
    name = next_word(match.string, match.end())
    case = title_case("кандидат", name, match.string, match.start()) if name[:1].isupper() else "nomn"
    spoken = inflect("кандидат" if written.lower() == "к" else "доктор", case, "sing") + f" {_SCIENCES[science]} наук"
    at_end = not match.string[match.end() :].strip()
    return (spoken.capitalize() if written.isupper() else spoken) + ("." if at_end else "")


_WAYS = {"п/к": "подкожно", "в/в": "внутривенно", "в/м": "внутримышечно"}
_WAY = re.compile(r"(?<![\w/])(п/к|в/[вм])(?![\w/])")
_DOSE = re.compile(
    r"(?i:[0-9]\s?(?:мл|мг|мкг|г|ед|ме)\.?\s?(?:[а-яё]{3,20}\s){0,2}\Z|капельниц|ввод|ввест|укол|инъекц|препарат|струйно|капельно)"
)


def _way(match: re.Match[str], _: RuleContext) -> str | None:
    """How a medicine is given; only beside a dose or a word about giving it."""
    if _DOSE.search(match.string, max(0, match.start() - 40), match.start()):
        return _WAYS[match.group(1)]
    return None


_HEAT = re.compile(r"(?<!\w)((?i:при))\s[tтT]\s?°?(?:\s?=)?(?=\s?[-−+]?[0-9])")


def _heat(match: re.Match[str], _: RuleContext) -> str:
    return f"{match.group(1)} температуре "


RULES: tuple[Rule, ...] = (
    PatternRule("abbreviation", DIGITS, _HEAT, _heat, re.compile("(?i:при) [tтT]")),
    PatternRule("abbreviation", frozenset("."), _DEGREE, _degree, shortened(("н",))),
    PatternRule("abbreviation", frozenset("/"), _WAY, _way, re.compile("[вп]/[вмк]")),
    PatternRule("abbreviation", frozenset("."), _ABOUT, _about),
    PatternRule("abbreviation", frozenset("."), _SPOON, _spoon),
)
