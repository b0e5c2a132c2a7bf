"""Years ("в 1998 г.", "1941–1945 гг."), as ordinals in the case that the words around ask for."""

from __future__ import annotations

import re

from qwentts_svc.text.normalize.ru.agree import head_after
from qwentts_svc.text.normalize.ru.context import ends_clause, last_word
from qwentts_svc.text.normalize.ru.digit_rule import DigitRule
from qwentts_svc.text.normalize.ru.govern import governor, tokens_before
from qwentts_svc.text.normalize.ru.grammar import Case
from qwentts_svc.text.normalize.ru.morph import forms, part_of_speech
from qwentts_svc.text.normalize.ru.ordinal_words import ordinal
from qwentts_svc.text.normalize.ru.units import UNITS
from qwentts_svc.text.normalize.ru.wordlist import words
from qwentts_svc.text.normalize.rule import PatternRule, Rule, RuleContext

_SINGULAR: dict[Case, str] = {
    "nomn": "год",
    "gent": "года",
    "datv": "году",
    "accs": "год",
    "ablt": "годом",
    "loct": "году",
}
_PLURAL: dict[Case, str] = {
    "nomn": "годы",
    "gent": "годов",
    "datv": "годам",
    "accs": "годы",
    "ablt": "годами",
    "loct": "годах",
}
_CASE_OF_FORM: dict[str, tuple[Case, ...]] = {
    "год": ("nomn", "accs"), "года": ("gent",), "году": ("loct", "datv"), "годом": ("ablt",), "годе": ("loct",),
    "годы": ("nomn", "accs"), "годов": ("gent",), "годам": ("datv",), "годами": ("ablt",), "годах": ("loct",),
}  # fmt: skip
_Y = "([1-9][0-9]{2,3})"
_START = r"(?<![\w.,/:-])"
_ERA = re.compile(r"\s(?:до\s)?н\.\s?э")
_ONE = re.compile(rf"{_START}([1-9][0-9]{{0,3}})\s?(?:(г)(\.)?|(года|году|годом|годе|год))(?!\w)(?!\.[а-яё])")
_PAIR = re.compile(
    rf"{_START}{_Y}(\s?[-–—/]\s?|\sи\s|,\s|\sпо\s)({_Y[1:-1]}|[0-9]{{2}})\s?(?:(гг|г)(\.)?|(годы|годов"
    rf"|годам|годами|годах|года|году|год))(?!\w)"
)
_SCHOOL = re.compile(
    rf"{_START}{_Y}\s?[-–—/]\s?({_Y[1:-1]}|[0-9]{{2}})\s((?:учебн|финансов|хозяйственн)[а-яё]{{2,3}})\s"
    rf"(год(?:а|у|ом|е|ы|ов|ам|ах|ами)?)(?!\w)"
)
_SEASON = re.compile(rf"{_START}((?:19|20)[0-9]{{2}})\s?[/–-]\s?((?:19|20)?[0-9]{{2}})(?![\w/-]|[.,][0-9]|\s?г)")
_SEASON_BEFORE = re.compile(r"(?i:сезон|зим|чемпионат|кубок|кубк|лиг)[а-яё]{0,3}[\s-]\Z")
_DECADES = re.compile(rf"{_START}([12][0-9]{{2}}0)(?:-(?:е|х|м|ми))?\s?[-–—]\s?([12][0-9]{{2}}0)-(е|х|м|ми)(?!\w)")
_DECADE = re.compile(
    rf"{_START}(?:([1-9][0-9]{{1,3}})(?:-(?:е|х|м|ми))?\s?[-–—]\s?)?([1-9][0-9]{{1,3}})-(е|х|м|ми)\s?гг?(\.)?(?!\w)"
)
_LIFE = re.compile(r"(?<=\()(1[0-9]{3}|20[0-9]{2})\s?([-–—])\s?(1[0-9]{3}|20[0-9]{2})(?=\s?[);,])")
_BARE = re.compile(
    rf"{_START}(1[5-9][0-9]{{2}}|20[0-9]{{2}})(?![\w%°$€£₽/]|[.,:-][0-9]|-[а-яё]|\s?[-–—]\s?[0-9]"
    rf"|\s[0-9]{{3}}(?![0-9]))"
)
_BARE_BEFORE = frozenset(("в", "во", "с", "до", "после", "к", "от", "по"))
_OF_BIRTH = re.compile(r"\s(?:рождени|выпуск|постройк|издани|основани|урожа|создани)[а-яё]{1,2}(?!\w)")
_PART_BEFORE = re.compile(r"(?i:\b(?:нач|кон|сер|серед))\.\s?\Z")
_SINCE = frozenset(("в", "во", "с", "до", "после", "к", "от", "около"))
_BY_PREPOSITION: dict[str, Case] = {"в": "loct", "во": "loct", "к": "datv", "по": "accs"}
_BY_ENDING: dict[str, Case] = {"е": "accs", "м": "datv", "ми": "ablt"}
_PARTS_OF_YEAR = frozenset(
    words(
        "начало начала начале началу конец конца конце концу концом середина середины середине середину "
        "лето лета летом осень осени осенью весна весны весной зима зимы зимой"
    )
)
_WHEN = frozenset(words("зимой весной летом осенью зима весна лето осень зимы весны лета осени"))


def _counted(text: str, end: int) -> bool:
    head = head_after(text, end)
    return head is not None and any(form.case == "gent" for form in head.readings)


def _case_alone(text: str, start: int) -> Case:
    """The case of an abbreviated year: what a preposition asks; after a noun, genitive ("урожай 1998 года")."""
    if _PART_BEFORE.search(text, max(0, start - 10), start):
        return "gent"
    asked = governor(text, start)
    if asked.word:
        if asked.word in ("в", "во"):
            return "loct"
        return "accs" if asked.word in ("на", "за", "по") else asked.cases[0]
    word = last_word(text, start)
    if word and not word.isdigit() and (word.lower() in _WHEN or part_of_speech(word) in ("NOUN", "ADJF", "PRTF")):
        return "gent"
    tokens = tokens_before(text, start)
    return "gent" if tokens and tokens[0] in ')"' else "nomn"


def _one(match: re.Match[str], _: RuleContext) -> str | None:
    digits, short, written_stop, form = match.groups()
    text, year = match.string, int(digits)
    if short:
        era = _ERA.match(text, match.end()) is not None
        if (year < 100 and not era) or year > 2500 or (year < 1000 and not written_stop):
            return None
        if not written_stop and not (
            1800 <= year <= 2100 and governor(text, match.start()).word and not _counted(text, match.end())
        ):
            return None  # "1500 г муки" are grams
        if (
            year < 1000
            and not era
            and (governor(text, match.start()).word not in _SINCE or _counted(text, match.end()))
        ):
            return None
        case = "gent" if _OF_BIRTH.match(text, match.end()) else _case_alone(text, match.start())
        kept = "." if written_stop and ends_clause(text, match.start(), match.end()) else ""
        return f"{ordinal(year, case)} {_SINGULAR[case]}{kept}"
    if year < 1000 and not (form == "году" and governor(text, match.start()).word in ("в", "во", "о")):
        return None  # "21 год" is an age as well: the rules for cardinals decide
    return f"{ordinal(year, _written_case(text, match.start(), form))} {form}"


def _written_case(text: str, start: int, form: str) -> Case:
    allowed = _CASE_OF_FORM[form]
    for case in governor(text, start).cases:
        if case in allowed:
            return case
    return allowed[0]


def _pair(match: re.Match[str], _: RuleContext) -> str | None:
    first, joint, second, short, written_stop, form = match.groups()
    text, start = match.string, match.start()
    if len(second) == 2:
        second = first[:2] + second if len(first) == 4 else second
    grams = int(first) < 1000 if not _ERA.match(text, match.end()) else False
    if short == "г" and (grams or (not written_stop and _counted(text, match.end()))):
        return None  # "150–200 г масла"
    if joint.strip() == "по":
        if last_word(text, start).lower() not in ("с", "со"):
            return None
        cases: tuple[Case, Case] = ("gent", "accs")
    else:
        case = _written_case(text, start, form) if form else _pair_case(text, start)
        cases = (case, case)
    one = joint.strip() == "по" or (joint.strip() == "/" and form not in ("годов", "годах", "годы"))
    noun = form or (_SINGULAR[cases[1]] if one or short == "г" else _PLURAL[cases[1]])
    link = {"/": " - "}.get(joint.strip(), joint) if joint.strip() not in "-–—" else " - "
    kept = "." if written_stop and ends_clause(text, match.start(), match.end()) else ""
    return f"{ordinal(int(first), cases[0])}{link}{ordinal(int(second), cases[1])} {noun}{kept}"


def _decade(match: re.Match[str], _: RuleContext) -> str | None:
    first, digits, ending, written_stop = match.groups()
    asked = governor(match.string, match.start())
    case = _BY_ENDING.get(ending, "loct" if asked.word in ("в", "во", "о") else "gent")
    kept = "." if written_stop and ends_clause(match.string, match.start(), match.end()) else ""
    spoken = f"{ordinal(int(digits), case, 'plur')} {_PLURAL[case]}{kept}"
    if not first:
        return spoken
    return f"{ordinal(int(first), case, 'plur')}{' - ' if len(first) == 4 else '-'}{spoken}"


def _decades(match: re.Match[str], _: RuleContext) -> str:
    first, second, ending = match.groups()
    asked = governor(match.string, match.start())
    case = _BY_ENDING.get(ending, "loct" if asked.word in ("в", "во", "о") else "gent")
    return f"{ordinal(int(first), case, 'plur')} - {ordinal(int(second), case, 'plur')}"


def _school(match: re.Match[str], _: RuleContext) -> str:
    first, second, adjective, form = match.groups()
    if len(second) == 2:
        second = first[:2] + second
    case = _written_case(match.string, match.start(), form)
    return f"{ordinal(int(first), case)} - {ordinal(int(second), case)} {adjective} {form}"


def _season(match: re.Match[str], _: RuleContext) -> str | None:
    """A season that begins in one year and ends in the next ("в сезоне 2023/24")."""
    first, second = match.groups()
    second = first[:2] + second if len(second) == 2 else second
    text, start = match.string, match.start()
    if int(second) != int(first) + 1 or not _SEASON_BEFORE.search(text, max(0, start - 20), start):
        return None
    before = " " if text[start - 1] == "-" else ""
    return f"{before}{ordinal(int(first), 'gent')} - {ordinal(int(second), 'gent')} годов"


def _pair_case(text: str, start: int) -> Case:
    return _case_alone(text, start)


def _life(match: re.Match[str], _: RuleContext) -> str:
    return f"{ordinal(int(match.group(1)))} - {ordinal(int(match.group(3)))}"


def _bare(match: re.Match[str], _: RuleContext) -> str | None:
    """A year without its word, only after a preposition of time and not before something it could count."""
    text, start, end = match.string, match.start(), match.end()
    word = last_word(text, start).lower()
    if word in _PARTS_OF_YEAR:
        head = head_after(text, end)
        counted = head is not None and any(form.case == "gent" for form in head.readings)
        return None if counted else ordinal(int(match.group()), "gent")
    if word not in _BARE_BEFORE:
        return None
    if word not in ("в", "во") and not 1900 <= int(match.group()) <= 2050:
        return None
    head = head_after(text, end)
    if head is not None and any(form.number == "plur" or form.case == "gent" for form in head.readings):
        return None
    follower = text[end : end + 20].split()
    if follower and follower[0].rstrip(".,;:)") in UNITS:
        return None
    if (
        follower
        and follower[0][0].isalpha()
        and not forms(follower[0])
        and len(follower[0]) < 4
        and part_of_speech(follower[0]) == "NOUN"
    ):
        return None
    joined = governor(text, start).cases == ("ablt",)  # "по сравнению с 2020"
    return ordinal(int(match.group()), "ablt" if joined else _BY_PREPOSITION.get(word, "gent"))


RULES: tuple[Rule, ...] = (
    DigitRule("year", _DECADE, _decade, re.compile("[0-9]-[ехм]и? ?г")),
    DigitRule("year", _DECADES, _decades, re.compile("0-[ехм]")),
    DigitRule("year", _SCHOOL, _school, re.compile("[0-9] (?:уч|фин|хоз)")),
    DigitRule("year", _SEASON, _season, re.compile("[0-9] ?[/–-] ?[0-9]{2}")),
    DigitRule("year", _PAIR, _pair, re.compile("[0-9] ?г")),
    DigitRule("year", _ONE, _one, re.compile("[0-9] ?г")),
    PatternRule("year", frozenset("("), _LIFE, _life),
    DigitRule("year", _BARE, _bare, re.compile("[А-Яа-яё] {1,2}[12][0-9]{3}")),
)
