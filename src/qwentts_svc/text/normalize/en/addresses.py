"""Street addresses: house numbers, street kinds, directions, states and ZIP codes."""

from __future__ import annotations

import re

from qwentts_svc.text.normalize.en.context import ContextRule
from qwentts_svc.text.normalize.en.numbers import digits, pairs
from qwentts_svc.text.normalize.en.tables import FUNCTION_WORDS, ends_sentence
from qwentts_svc.text.normalize.rule import DIGITS, PatternRule, Rule, RuleContext

_KINDS = {
    "St": "Street", "Ave": "Avenue", "Av": "Avenue", "Blvd": "Boulevard", "Rd": "Road", "Ln": "Lane", "Ct": "Court",
    "Pl": "Place",
    "Sq": "Square", "Hwy": "Highway", "Pkwy": "Parkway", "Expy": "Expressway", "Ter": "Terrace", "Cir": "Circle",
    "Dr": "Drive",
    "Fwy": "Freeway", "Tpke": "Turnpike", "Trl": "Trail", "Plz": "Plaza",
}  # fmt: skip
_FULL = (
    "Street|Avenue|Boulevard|Road|Lane|Court|Place|Square|Highway|Parkway|Drive|Way|Terrace|Circle|Trail|Plaza|Broadway"
)
_SHORT = "|".join(_KINDS)
_NAME = r"(?:[NSEW]\.?\s|NE\s|NW\s|SE\s|SW\s)?(?:[A-Z][a-z']{1,20}\s|[0-9]{1,3}(?:st|nd|rd|th)\s){1,3}"
_HOUSE = re.compile(
    rf"(?<![\w.,$€£#/-])([1-9][0-9]{{0,4}})([A-Z]?)(?=\s{_NAME}(?:{_SHORT}|{_FULL})\b|\s(?:[NSEW]\.?\s)?Broadway\b)"
)
_STREET = re.compile(rf"(?:(?<=[a-z])|(?<=\s[A-Z]))(\s)({_SHORT})\b(\.)?")
_SAINT = re.compile(rf"[A-Z][a-z']{{1,20}}\s(?:{_SHORT}|{_FULL})\b")
"""What a street is named after: "St. Clair Ave."."""
_DIRECTION = re.compile(
    rf"(?<![\w.])(N|S|E|W|NE|NW|SE|SW)\.?\s(?=(?:[A-Z][a-z]{{1,20}}\s|[0-9]{{1,3}}(?:st|nd|rd|th)\s){{1,3}}(?:{_SHORT}|{_FULL})\b)"
)
_DIRECTIONS = {
    "N": "North", "S": "South", "E": "East", "W": "West", "NE": "Northeast", "NW": "Northwest", "SE": "Southeast",
    "SW": "Southwest",
}  # fmt: skip
_STATES = {
    "AL": "Alabama", "AK": "Alaska", "AZ": "Arizona", "AR": "Arkansas", "CA": "California", "CO": "Colorado",
    "CT": "Connecticut",
    "DE": "Delaware", "FL": "Florida", "GA": "Georgia", "HI": "Hawaii", "ID": "Idaho", "IL": "Illinois",
    "IN": "Indiana", "IA": "Iowa",
    "KS": "Kansas", "KY": "Kentucky", "LA": "Louisiana", "ME": "Maine", "MD": "Maryland", "MA": "Massachusetts",
    "MI": "Michigan",
    "MN": "Minnesota", "MS": "Mississippi", "MO": "Missouri", "MT": "Montana", "NE": "Nebraska", "NV": "Nevada",
    "NH": "New Hampshire", "NJ": "New Jersey", "NM": "New Mexico", "NY": "New York", "NC": "North Carolina",
    "ND": "North Dakota",
    "OH": "Ohio", "OK": "Oklahoma", "OR": "Oregon", "PA": "Pennsylvania", "RI": "Rhode Island", "SC": "South Carolina",
    "SD": "South Dakota", "TN": "Tennessee", "TX": "Texas", "UT": "Utah", "VT": "Vermont", "VA": "Virginia",
    "WA": "Washington",
    "WV": "West Virginia", "WI": "Wisconsin", "WY": "Wyoming",
}  # fmt: skip
_STATE = re.compile(
    rf"(?<=[a-z])(,?\s)({'|'.join(_STATES)})(?:(,?\s)([0-9]{{5}})(?:-([0-9]{{4}}))?)?(?=[.,;:!?)]|$|\s[a-z]|\n)"
)
_DC_ZIP = re.compile(r"\b(D\.?C\.?,?\s)([0-9]{5})(?!\w|[-.,][0-9])")
_OLD_STATES = {
    "Ala": "Alabama", "Ariz": "Arizona", "Ark": "Arkansas", "Calif": "California", "Colo": "Colorado",
    "Conn": "Connecticut", "Del": "Delaware", "Fla": "Florida", "Ga": "Georgia", "Ill": "Illinois", "Ind": "Indiana",
    "Kan": "Kansas", "Ky": "Kentucky", "La": "Louisiana", "Md": "Maryland", "Mass": "Massachusetts", "Mich": "Michigan",
    "Minn": "Minnesota", "Miss": "Mississippi", "Mo": "Missouri", "Mont": "Montana", "Neb": "Nebraska",
    "Nev": "Nevada", "Okla": "Oklahoma", "Ore": "Oregon", "Pa": "Pennsylvania", "Tenn": "Tennessee", "Tex": "Texas",
    "Va": "Virginia", "Vt": "Vermont", "Wash": "Washington", "Wis": "Wisconsin", "Wyo": "Wyoming",
}  # fmt: skip
_DOTTED_STATES = {
    "N.C": "North Carolina", "N.D": "North Dakota", "N.H": "New Hampshire", "N.J": "New Jersey", "N.M": "New Mexico",
    "N.Y": "New York", "R.I": "Rhode Island", "S.C": "South Carolina", "S.D": "South Dakota", "W.Va": "West Virginia",
}  # fmt: skip
_AFTER_TOWN = _OLD_STATES | _DOTTED_STATES
_OLD_STATE = re.compile(rf"(?<=[a-z], )({'|'.join(map(re.escape, _AFTER_TOWN))})\.(?!\w)")
_FULL_STATES = "|".join(_STATES.values())
_PARTY = re.compile(rf"(?<=\()([DRI])-(?:({'|'.join(_OLD_STATES)})\.?|({'|'.join(_STATES)})|({_FULL_STATES}))(?=[),])")
_LETTERED = re.compile(r"\bAve?\.?(?=\s[A-D]\b)")
_POINT = re.compile(r"(?:NE|NW|SE|SW|[A-Z]|North|South|East|West|Northeast|Northwest|Southeast|Southwest)\b")
_QUARTER = re.compile(r"(?:NE|NW|SE|SW)\b")
_STREET_QUARTER = re.compile(rf"\b({_FULL})(,?\s)(NE|NW|SE|SW)(?!\w)")
_ROAD = re.compile(r"\b(Rte?|Hwy)\.?\s(?=[1-9][0-9]{0,3}(?!\w|[.,][0-9]))")
_ROADS = {"Rt": "Route", "Rte": "Route", "Hwy": "Highway"}
_ROOM = re.compile(r"\b((?:[Rr]oom|[Ss]uite|[Aa]partment|Apt\.|Rm\.)\s#?)([1-9][0-9]{2,3})(?![\w%]|[.,:/-]?[0-9])")
_PO_BOX = re.compile(
    r"\b(?:P\.\s?O\.|PO|(Post Office|post office))\s([Bb]ox|BOX)\s#?([1-9][0-9]{0,4})(?![\w%]|[.,:/-]?[0-9])"
)
_UNIT = re.compile(r"\b(Apt|Ste|Rm|Fl|Bldg)\.?(?=\s#?(?:[0-9]|[A-Z]\b))")
_UNITS = {"Apt": "Apartment", "Ste": "Suite", "Rm": "Room", "Fl": "Floor", "Bldg": "Building"}


def _house(match: re.Match[str], _: RuleContext) -> str:
    return pairs(match.group(1)) + (f" {match.group(2)}" if match.group(2) else "")


def _street(match: re.Match[str], _: RuleContext) -> str | None:
    space, kind, dot = match.groups()
    text = match.string
    before = text[: match.start()].rpartition(" ")[2].strip("\"'(")
    rest = text[match.end() :].lstrip(" ")
    in_address = bool(
        re.search(
            r"(?:\b[0-9]{1,5}|(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|[a-z]+teen|[a-z]+ty|hundred))\s(?:[A-Z][\w.]{0,20}\s){0,2}\S{1,20}$",
            text[: match.start()],
        )
    )
    is_name = before[:1].isupper() or re.fullmatch("[0-9]{1,3}(?:st|nd|rd|th)", before)
    if (
        not is_name
        or before.lower() in FUNCTION_WORDS
        or before in ("The", "See", "Ask", "Meet", "Dear", "Call", "Visit", "Hello", "Hi")
    ):
        return None
    if len(before) == 1 and not (in_address or _QUARTER.match(rest)):
        return None
    if kind == "St" and (before == "Rue" or _SAINT.match(rest)):
        return None
    follows_name = rest[:1].isupper() and not (ends_sentence(text, match.end()) or _QUARTER.match(rest))
    if kind in ("St", "Dr") and follows_name and not in_address:
        return None
    if (
        not dot
        and kind in ("Pl", "Sq", "Ct", "Cir", "Ter", "Dr", "St", "Av")
        and not (in_address or rest[:1] in (",", "") or rest[:1].islower() or _QUARTER.match(rest))
    ):
        return None
    closes = ends_sentence(text, match.end()) or (rest[:1].isupper() and not _POINT.match(rest))
    return f"{space}{_KINDS[kind]}" + ("." if dot and closes else "")


def _direction(match: re.Match[str], _: RuleContext) -> str:
    return _DIRECTIONS[match.group(1)] + " "


def _state(match: re.Match[str], _: RuleContext) -> str | None:
    separator, code, zip_separator, zip_code, plus_four = match.groups()
    if "," not in separator and not zip_code:
        return None
    before = re.search(r"[A-Za-z]+$", match.string[: match.start()])
    if before is None or not before.group()[0].isupper():
        return None
    spoken = separator + _STATES[code]
    if zip_code:
        spoken += zip_separator + digits(zip_code) + (f", {digits(plus_four)}" if plus_four else "")
    return spoken


def _dc_zip(match: re.Match[str], _: RuleContext) -> str:
    return match.group(1) + digits(match.group(2))


def _old_state(match: re.Match[str], _: RuleContext) -> str:
    return _AFTER_TOWN[match.group(1)] + ("." if ends_sentence(match.string, match.end()) else "")


def _party(match: re.Match[str], _: RuleContext) -> str:
    party, old, code, full = match.groups()
    return f"{party}, {_OLD_STATES[old] if old else _STATES[code] if code else full}"


def _lettered(_: re.Match[str], __: RuleContext) -> str:
    return "Avenue"


def _street_quarter(match: re.Match[str], _: RuleContext) -> str:
    return match.group(1) + match.group(2) + _DIRECTIONS[match.group(3)]


def _road(match: re.Match[str], _: RuleContext) -> str:
    return _ROADS[match.group(1)] + " "


def _room(match: re.Match[str], _: RuleContext) -> str:
    return match.group(1).rstrip("#") + pairs(match.group(2))


def _po_box(match: re.Match[str], _: RuleContext) -> str:
    return f"{match.group(1) or 'P O'} {match.group(2)} {pairs(match.group(3))}"


def _unit(match: re.Match[str], _: RuleContext) -> str:
    return _UNITS[match.group(1)]


_KIND = re.compile(rf"(?:{_SHORT})\b")


def _has_street(text: str) -> bool:
    """Whether a shortened kind of street stands after a letter."""
    return any(text[max(0, kind.start() - 2)].isalpha() for kind in _KIND.finditer(text))


RULES: tuple[Rule, ...] = (
    PatternRule("address", DIGITS, _HOUSE, _house, re.compile(r"[0-9][A-Z]?\s[A-Z0-9]")),
    PatternRule("address", frozenset("NSEW"), _DIRECTION, _direction),
    PatternRule("address", frozenset("SABRLCPHETDF"), _STREET, _street, _has_street),
    PatternRule("address", frozenset("NS"), _STREET_QUARTER, _street_quarter, re.compile(r"\s[NS][EW]\b")),
    PatternRule("address", DIGITS, _ROAD, _road, re.compile(r"(?:Rte?|Hwy)\.?\s[1-9]")),
    PatternRule("address", frozenset("ACDFGHIKLMNOPRSTUVW"), _STATE, _state, re.compile(r"[A-Z]{2}\b")),
    PatternRule("address", frozenset("."), _OLD_STATE, _old_state, re.compile(r", [A-Z](?:[a-z]{1,4}|\.[A-Z]a?)\.")),
    PatternRule("address", frozenset("("), _PARTY, _party, re.compile(r"\([DRI]-")),
    PatternRule("address", frozenset("A"), _LETTERED, _lettered, re.compile(r"Ave?\.?\s[A-D]")),
    PatternRule("address", DIGITS, _ROOM, _room, re.compile(r"(?:oom|uite|ment|Apt\.|Rm\.)\s#?[0-9]{3}")),
    ContextRule("address", DIGITS, _PO_BOX, _po_box, re.compile(r"(?:[Bb]ox|BOX)\s#?[1-9]")),
    PatternRule("address", DIGITS, _DC_ZIP, _dc_zip, re.compile(r"C\.?,?\s[0-9]{5}")),
    PatternRule("address", frozenset("ASRFBf"), _UNIT, _unit),
)
