"""Abbreviations with a full stop (and the few without one), titles, dotted initials."""

from __future__ import annotations

import re

from qwentts_svc.text.normalize.en.tables import ends_sentence
from qwentts_svc.text.normalize.rule import DIGITS, PatternRule, Rule, RuleContext, WordGate
from qwentts_svc.text.normalize.wordlist import words

_TITLES = {
    "Dr": "Doctor", "Mr": "Mister", "Mrs": "Missus", "Ms": "Miz", "Prof": "Professor", "Gen": "General",
    "Col": "Colonel",
    "Capt": "Captain", "Lt": "Lieutenant", "Sgt": "Sergeant", "Maj": "Major", "Cpl": "Corporal", "Pvt": "Private",
    "Adm": "Admiral", "Cmdr": "Commander", "Sen": "Senator", "Rep": "Representative", "Gov": "Governor",
    "Pres": "President",
    "Rev": "Reverend", "Hon": "Honorable", "Msgr": "Monsignor", "Supt": "Superintendent", "Fr": "Father",
    "Det": "Detective",
    "St": "Saint", "Ste": "Sainte", "Mt": "Mount", "Ft": "Fort", "Amb": "Ambassador", "Atty": "Attorney",
    "Messrs": "Messieurs",
    "Drs": "Doctors", "Sens": "Senators", "Reps": "Representatives", "Govs": "Governors", "Profs": "Professors",
     "Pt": "Point", "Ret": "Retired", "Rt": "Right", "Ofc": "Officer", "Dep": "Deputy", "Insp": "Inspector",
    "Ens": "Ensign", "Wm": "William", "Jas": "James", "Chas": "Charles", "Geo": "George", "Pfc": "Private First Class",
}  # fmt: skip
_NO_DOT_TITLES = "Dr|Mr|Mrs|Ms|Prof|Sgt|Capt|St|Mt"
_AFTER_NAME = {
    "Jr": "Junior", "Sr": "Senior", "Inc": "Incorporated", "Ltd": "Limited", "Co": "Company", "Corp": "Corporation",
    "Bros": "Brothers",
    "Esq": "Esquire", "Assn": "Association", "Univ": "University", "Intl": "International", "Mfg": "Manufacturing",
}  # fmt: skip
_WORDS = {
    "etc": "et cetera", "doz": "dozen", "e.g": "for example", "eg": "for example",
    "i.e": "that is", "ie": "that is", "vs": "versus",
    "approx": "approximately", "dept": "department", "govt": "government", "misc": "miscellaneous", "tel": "telephone",
    "cf": "compare", "viz": "namely", "a.k.a": "also known as", "incl": "including", "excl": "excluding",
    "esp": "especially",
    "avg": "average", "max": "maximum", "min": "minimum", "est": "estimated", "temp": "temperature",
    "orig": "originally",
    "apt": "apartment", "ave": "average", "blvd": "boulevard", "hwy": "highway", "bldg": "building",
    "assoc": "associate",
    "asst": "assistant", "mgr": "manager", "mgmt": "management", "prev": "previous", "qty": "quantity",
    "attn": "attention",
    "ext": "extension", "intro": "introduction", "dist": "district", "ed": "edition", "ver": "version",
    "pkg": "package",
    "vol": "volume", "hrs": "hours", "mins": "minutes", "secs": "seconds", "yrs": "years",
    "appt": "appointment", "appts": "appointments", "acct": "account", "amt": "amount", "addr": "address",
    "std": "standard", "wt": "weight", "mfr": "manufacturer", "sched": "schedule", "pkgs": "packages",
    "mtg": "meeting", "mtgs": "meetings", "avail": "available",
    "pt": "patient", "ret": "retired", "dob": "date of birth",
    "depts": "departments",
}  # fmt: skip
_PARTICIPLES = {"incl": "included", "excl": "excluded"}
"""What stands after its noun: "utilities incl."."""
_TEMPORARY = re.compile(
    r"(?:housing|jobs?|work(?:ers?)?|positions?|agency|staff|files?|employees?|help|fix|permit|access)\b"
)
_NEEDS_LOWER_AFTER = frozenset(words("ed ext apt min max est temp ave intro dist vol pt std"))
_BEFORE_NUMBER = {
    "no": "number", "nos": "numbers", "p": "page", "pp": "pages", "fig": "figure", "figs": "figures", "vol": "volume",
    "vols": "volumes", "ch": "chapter", "chap": "chapter", "sec": "section", "art": "article", "eq": "equation",
    "ex": "example",
    "pg": "page", "pgs": "pages", "para": "paragraph", "ver": "version", "ref": "reference", "apt": "apartment",
    "rm": "room",
    "bk": "book", "pt": "part", "ext": "extension", "est": "established", "tab": "table", "app": "appendix",
    "div": "division",
    "ep": "episode", "prop": "proposition", "col": "column", "cols": "columns", "approx": "approximately",
    "lvl": "level",
    "secs": "sections", "chs": "chapters", "paras": "paragraphs", "eqs": "equations", "v": "verse", "vv": "verses",
}  # fmt: skip
_TITLE = re.compile(
    rf"\b({'|'.join(_TITLES)})\.\s?(?=\"?[A-Z]|(?:and|or|&) (?:Mrs?|Ms|Dr|Prof)\b)|\b({_NO_DOT_TITLES})\s(?=[A-Z][a-z])"
)
_NAMED = re.compile(rf"(?<=[\w,&] )({'|'.join(_AFTER_NAME)})\.(?!\w)|(?<=[a-z], )(Jr|Sr)\b|(?<=& )(Co)\b")
_NUMBERED_NAMES = "|".join(sorted(_BEFORE_NUMBER, key=len, reverse=True))
_NUMBERED = re.compile(rf"\b(?=[A-Za-z]{{1,6}}\.)({_NUMBERED_NAMES})\.\s?(?=\(?#?[0-9])", re.IGNORECASE)
_NUMBERED_ROMAN = re.compile(
    r"\b(?=[A-Za-z]{1,6}\.)(vol|ch|chap|sec|art|pt|fig|bk|(?<=\w )no|no(?!\.\s(?-i:I(?:['’]|,?\s[a-z]))))\.\s"
    r"(?=(?-i:[IVXLC]{1,8}\b))",
    re.IGNORECASE,
)
"""Not "No. I am here."."""
_CODED = re.compile(r"(?<=\w )[Nn]o(s?)\.(:?)\s?(?=[A-Za-z][A-Za-z/-]{0,8}[0-9])")
_CODED_NOUNS = frozenset(
    words(
        "part parts serial model models item items order orders case account invoice ticket flight policy claim "
        "reference catalog catalogue permit license registration booking confirmation tracking batch lot unit patent "
        "docket file form job contract certificate passport badge member product stock room gate seat drawing document "
        "chassis engine tail asset style locker report project"
    )
)
"""What has a number that may begin with letters: "part no. AX-4471"."""
_WORD_NAMES = "|".join(re.escape(word) for word in sorted(_WORDS, key=len, reverse=True))
_WORD = re.compile(
    rf"(?<![\w.@])(?=[A-Za-z.]{{1,8}}\.)({_WORD_NAMES})\.(?!\w)",
    re.IGNORECASE,
)
_BARE = re.compile(r"(?<=\w )(vs|aka|approx)(?= \w)")
_SIZE = re.compile(r"(?<=[0-9½¼¾⅓⅔] )(med|lg|lge|sm)\b\.?(?= [a-z])")
_SIZES = {"med": "medium", "lg": "large", "lge": "large", "sm": "small"}
_CONTRACTED = re.compile(r"(?<![\w'])(?:[Ii]nt'l|[Nn]at'l|[Gg]ov't|[Dd]ep't|[Aa]ss'n|[Cc]ont'd|[Ss]ec'y)(?!\w)")
_CONTRACTIONS = {
    "int'l": "international", "nat'l": "national", "gov't": "government", "dep't": "department",
    "ass'n": "association", "cont'd": "continued", "sec'y": "secretary",
}  # fmt: skip
_CHAT = re.compile(r"(?<![\w.'/@#-])([Pp]l[sz]|[Tt]hx|[Bb]tw|[Tt]mrw)\b\.?(?![\w'/@-])")
_CHAT_WORDS = {"pls": "please", "plz": "please", "thx": "thanks", "btw": "by the way", "tmrw": "tomorrow"}
_CASE = re.compile(r"(?<=[\w.)] )v\.(?= [A-Z])")
"""Between the parties of a lawsuit."""
_EACH = re.compile(r"(?<=\w )ea(?:\.(?!\w)|(?=[\s,;:!?)]|$)(?! [a-z]))")
_OVER = re.compile(r"(?<!\w)([YQM])o\1(?!\w)")
_PERIODS = {"Y": "year", "Q": "quarter", "M": "month"}
_INITIALS = re.compile(
    r"(?<![\w.])((?:[A-Za-z]\.){2,6})(?![\w.])|(?<![\w.])((?:[A-Z]\.){1,5}[A-Z])(?![\w.'])|\b(Ph\.\s?D)\.?(?!\w)"
)
_DOSAGE = frozenset(("b.i.d.", "t.i.d.", "q.i.d.", "q.d.", "p.r.n.", "p.o."))
_FAMILIAR_STOPS = frozenset(("am", "pm"))


def _cased(word: str, like: str) -> str:
    return word[0].upper() + word[1:] if like[0].isupper() else word


def _title(match: re.Match[str], _: RuleContext) -> str:
    return _TITLES[match.group(1) or match.group(2)] + " "


def _stop(match: re.Match[str]) -> str:
    return "." if match.group().endswith(".") and ends_sentence(match.string, match.end()) else ""


def _named(match: re.Match[str], _: RuleContext) -> str:
    return _AFTER_NAME[match.group(1) or match.group(2) or match.group(3)] + _stop(match)


def _numbered(match: re.Match[str], _: RuleContext) -> str:
    return (
        _cased(_BEFORE_NUMBER[match.group(1).lower()], match.group(1)) + " "
        if match.group(1).lower() not in ("no", "nos")
        else _number_word(match)
    )


def _number_word(match: re.Match[str]) -> str:
    word = _BEFORE_NUMBER[match.group(1).lower()]
    return (word.capitalize() if match.start() == 0 and match.group(1)[0].isupper() else word) + " "


def _coded(match: re.Match[str], _: RuleContext) -> str | None:
    noun = match.string[max(0, match.start() - 20) : match.start() - 1].rpartition(" ")[2].lstrip("\"'(").lower()
    return f"number{match.group(1)}{match.group(2)} " if noun in _CODED_NOUNS else None


def _word(match: re.Match[str], _: RuleContext) -> str | None:
    key, text = match.group(1).lower(), match.string
    if match.group(1) not in (key, key.upper(), key.capitalize()):
        return None  # "2 HRs." are home runs
    rest = text[match.end() :].lstrip(" ")
    in_brackets = rest[:1] == ")" and text[match.start() - 1 : match.start()] == "("
    if key in _NEEDS_LOWER_AFTER and not (rest[:1].islower() or in_brackets):
        return None
    if key == "temp" and _TEMPORARY.match(rest):
        return _cased("temporary", match.group(1))
    if key == "approx" and re.search(r"\b(?:[Tt]he|[Aa]n?|[Ii]ts|[Oo]ur)\s$", text[: match.start()]):
        return "approximate"
    stop = _stop(match)
    if key in _PARTICIPLES and (stop or rest[:1] in ("", ")", ",", ";") or rest[:1].isupper()):
        return _cased(_PARTICIPLES[key], match.group(1)) + (stop or ("." if rest[:1].isupper() else ""))
    if key == "etc" and not stop and rest[:1].isupper():
        stop = "."
    return _cased(_WORDS[key], match.group(1)) + stop


def _bare(match: re.Match[str], _: RuleContext) -> str:
    return {"vs": "versus", "aka": "also known as", "approx": "approximately"}[match.group(1)]


def _size(match: re.Match[str], _: RuleContext) -> str:
    return _SIZES[match.group(1)]


def _contracted(match: re.Match[str], _: RuleContext) -> str:
    return _cased(_CONTRACTIONS[match.group().lower()], match.group())


def _chat(match: re.Match[str], _: RuleContext) -> str:
    return _cased(_CHAT_WORDS[match.group(1).lower()], match.group(1)) + _stop(match)


def _case(match: re.Match[str], _: RuleContext) -> str | None:
    party = match.string[: match.start()].rstrip().rpartition(" ")[2].lstrip("\"'(")
    return "versus" if party[:1].isupper() else None


def _each(match: re.Match[str], _: RuleContext) -> str:
    return "each" + _stop(match)


def _over(match: re.Match[str], _: RuleContext) -> str:
    period = _PERIODS[match.group(1)]
    return f"{period} over {period}"


def _initials(match: re.Match[str], _: RuleContext) -> str | None:
    text = match.group(1) or match.group(2) or match.group(3)
    letters = re.findall("[A-Za-z]", text)
    if "".join(letters).lower() in _FAMILIAR_STOPS:
        return "".join(letters).upper() + _stop(match)
    if not text[0].isupper() and text not in _DOSAGE:
        return None
    return " ".join(letters).upper() + ("" if text == "P.S." else _stop(match))


_DOT = frozenset(".")
_KNOWN = frozenset(
    word.lower().rpartition(".")[2] for table in (_TITLES, _AFTER_NAME, _WORDS, _BEFORE_NUMBER) for word in table
)


def _is_abbreviated(word: str) -> bool:
    """Whether a full stop in ``word`` follows a known abbreviation or a single letter."""
    for part in word.split(".")[:-1]:
        before = part[-9:].rpartition(" ")[2].lstrip("(\"'[").lower()
        if len(before) == 1 or before in _KNOWN or not before.isalpha():
            return True
    return False


_ABBREVIATED = WordGate(_is_abbreviated, re.compile(r"\."))
_TITLED = re.compile(rf"\b(?:(?:{'|'.join(_TITLES)})\.|(?:{_NO_DOT_TITLES})\b)")


EARLY: tuple[Rule, ...] = (
    PatternRule("abbreviation", DIGITS, _SIZE, _size, re.compile("[0-9½¼¾⅓⅔] (?:med|lge?|sm)")),
    PatternRule("abbreviation", _DOT, _NUMBERED, _numbered, _ABBREVIATED),
    PatternRule("abbreviation", _DOT, _NUMBERED_ROMAN, _numbered, _ABBREVIATED),
    PatternRule("abbreviation", _DOT, _CODED, _coded, re.compile(r"[Nn]os?\.")),
)
RULES: tuple[Rule, ...] = (
    PatternRule("abbreviation", frozenset("DMPGCLSRAFTHJ"), _TITLE, _title, _TITLED),
    PatternRule(
        "abbreviation",
        frozenset("JSILCBEAUM"),
        _NAMED,
        _named,
        re.compile(r"(?:Jr|Sr|Co|Inc|Ltd|Corp|Bros|Esq|Assn|Univ|Intl|Mfg)\b"),
    ),
    PatternRule("abbreviation", _DOT, _WORD, _word, _ABBREVIATED),
    PatternRule("abbreviation", None, _BARE, _bare, re.compile(" (?:vs|aka|approx) ")),
    PatternRule("abbreviation", frozenset("'"), _CONTRACTED, _contracted, re.compile("[tvpsnc]'[ltndy]")),
    PatternRule("abbreviation", None, _CHAT, _chat, re.compile("[Pp]l[sz]|[Tt]hx|[Bb]tw|[Tt]mrw")),
    PatternRule("abbreviation", _DOT, _CASE, _case, re.compile(r" v\. [A-Z]")),
    PatternRule("abbreviation", None, _EACH, _each, re.compile(r" ea(?![a-z])")),
    PatternRule("abbreviation", frozenset("YQM"), _OVER, _over, re.compile("[YQM]o[YQM]")),
    PatternRule("initials", _DOT, _INITIALS, _initials, re.compile(r"\.[A-Za-z]|Ph\.")),
)
