"""Word lists that several English rules share."""

from __future__ import annotations

import re

from qwentts_svc.text.normalize.wordlist import words

MONTHS = words("January February March April May June July August September October November December")
MONTH_SHORT = {
    "Jan": "January", "Feb": "February", "Mar": "March", "Apr": "April", "Jun": "June", "Jul": "July",
    "Aug": "August", "Sep": "September", "Sept": "September", "Oct": "October", "Nov": "November", "Dec": "December",
}  # fmt: skip
MONTH_NAMES = {**{name.lower(): name for name in MONTHS}, **{key.lower(): name for key, name in MONTH_SHORT.items()}}
MONTH = (
    r"(?:[Jj]anuary|[Ff]ebruary|March|[Aa]pril|May|[Jj]une|[Jj]uly|[Aa]ugust|[Ss]eptember|[Oo]ctober|[Nn]ovember|"
    r"[Dd]ecember|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept|Sep|Oct|Nov|Dec|JAN|FEB|MAR|APR|JUN|JUL|AUG|SEPT|SEP|OCT|NOV|DEC|"
    r"JANUARY|FEBRUARY|MARCH|APRIL|MAY|JUNE|JULY|AUGUST|SEPTEMBER|OCTOBER|NOVEMBER|DECEMBER)"
)
WEEKDAY_SHORT = {
    "Mon": "Monday", "Tue": "Tuesday", "Tues": "Tuesday", "Wed": "Wednesday", "Thu": "Thursday", "Thur": "Thursday",
    "Thurs": "Thursday", "Fri": "Friday", "Sat": "Saturday", "Sun": "Sunday",
}  # fmt: skip
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

SENTENCE_STARTERS = frozenset(
    words(
        "The It He She They We I This That There These Those In On At But And Or So If When Then A An My Your His Her "
        "Our Their You What Where Who Why How Please Let Is Are Was Were Do Does Did Can Could Will Would No Not Yes "
        "As For From With After Before Now Here Its Some Many Most All Each Bring Come Go See Call Don't"
    )
)
FUNCTION_WORDS = frozenset(
    words(
        "a an the and or but nor so yet if then than that which who whom when where while because as at by for from "
        "in into of off on onto out over per to up down under until upon via with within without about above across "
        "after against along among around before behind below between beyond during except near since through toward "
        "is are was were be been being am has have had do does did will would shall should can could may might must "
        "not no it its he she they we you i his her their our your my this these those each every all any some both "
        "either more most less least today tonight tomorrow yesterday now later ago away apart long wide tall high "
        "deep thick heavy old total only also too again still just ever once twice here there back left right north "
        "south east west please plus minus times equals every daily weekly monthly annually yearly instead worth how "
        "why what"
    )
)
"""Words that never are the noun which a measure before them describes."""

ARTICLES = frozenset(("a", "an", "the", "this", "that", "each", "every", "his", "her", "my", "our", "their", "your"))
"""And other words that open a noun phrase."""
_NOUNS_LIKE_ADVERBS = frozenset(("butterfly", "family", "supply", "assembly", "rally", "ply", "fly"))
_NOT_PLURAL = frozenset(
    words(
        "is was has as this its us does thus versus across towards besides perhaps always sometimes plus less his yes "
        "unless afterwards millions billions thousands hundreds starts begins opens closes brings comes goes says "
        "makes takes means gets gives seems remains becomes sees happens arrives "
        "chaos bias gas news lens canvas atlas christmas"
    )
)
_COUNTED = frozenset(
    words("people men women children percent million billion thousand hundred dozen fish sheep deer feet employees")
)
_NEXT_WORD = re.compile(r"\s+([A-Za-z]+)")


def next_word(text: str, end: int) -> str:
    """The word after blanks at ``end``, or an empty string."""
    match = _NEXT_WORD.match(text, end)
    return match.group(1) if match else ""


def describes_noun(text: str, start: int, end: int, *, always: bool = False) -> bool:
    """Whether the measure at ``start`` to ``end`` is an adjective ("a ten millimeter wrench").

    ``always``: it is one before any noun; else only in a phrase that an article opens.
    """
    word = next_word(text, end)
    article = text[:start].rstrip().rpartition(" ")[2].lower()
    if word == "can" and article in ("a", "an", "each", "one"):
        return True
    adverb = word.endswith("ly") and word not in _NOUNS_LIKE_ADVERBS
    if not word.islower() or word in FUNCTION_WORDS or adverb:
        return False
    return always or article in ARTICLES


def counts_something(text: str, end: int) -> bool:
    """Whether the number that ends at ``end`` is followed by what it counts (a plural), and so is no year."""
    word = next_word(text, end)
    if not word or not word.islower():
        return False
    return word in _COUNTED or (
        len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")) and word not in _NOT_PLURAL
    )


def ends_sentence(text: str, end: int) -> bool:
    """Whether a full stop just before ``end`` closes the sentence too: the text ends, or a new sentence opens."""
    rest = text[end : end + 40].lstrip(" \"')]")
    if not rest or rest[0] == "\n":
        return True
    if text[end : end + 1] not in (" ", '"', "'", ")"):
        return False
    match = re.match(r"[A-Za-z']+", rest)
    if match is None:
        return False
    word = match.group()
    if word in SENTENCE_STARTERS or word.partition("'")[0] in SENTENCE_STARTERS:
        return True
    return rest[0].isupper() and rest[match.end() :].startswith(":")
