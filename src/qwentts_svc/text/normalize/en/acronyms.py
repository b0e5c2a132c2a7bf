"""Acronyms that are spelled: known ones and those that no one can pronounce. Those that are read as a word (NASA) and
those that are not known stay as they are."""

from __future__ import annotations

import re

from qwentts_svc.text.normalize.en.pronounceable import pronounceable
from qwentts_svc.text.normalize.en.romans import value_of
from qwentts_svc.text.normalize.rule import PatternRule, Rule, RuleContext
from qwentts_svc.text.normalize.wordlist import words

_SPELLED = frozenset(
    words(
        "NBA NFL NHL MLB MLS UFC ABA AFK EDM EKG UNLV USGS USMC USAF FAQS ETF ESG EOD AOC IBS IRL IED IMO AED ABS "
        "APR NYPD LAPD APY EIN EMR EHR FBI CIA NSA USA UK EU UN IBM AI API CEO CIO CFO COO CTO ATM GPU CPU TPU USB "
        "URL DNA RNA UFO IRS EPA FAQ DIY UCLA MIT VIP IPO IP OS UI UX IQ EQ ER ICU ETA MBA PHD BA EV SUV AC IOS "
        "UAE ESPN AMC ABC CBC AOL ACLU AARP AMA APA BMI IRA ISP ISS LGBTQ ESL GDP GPA USSR UPS ISBN ISO IDE SQL "
        "XML HTML CSS AWS OTP OCD ADHD ECG MRI IVF HIV IUD UV UTC EST EDT LLC LED LCD CD DVD HD UHD TV PC HR PR "
        "RSVP TBA TBD BYOB EMT CDC FDA FAA FCC FTC SEC DOJ DEA ATF DOD DOE USDA US NCAA WWE AFL AFC RBI MVP GOP "
        "IMF WTO ECB IOU SOS AKA OJ ID IV ICBM SSN EMI EPS ROI KPI ARR AUM IDF IAEA ILO OECD UNHCR DUI AAA AA GUI "
        "CLI SDK IOT IPA UTI GI ENT OB IPS AR VR XR AMD IIT IAS UEA UCL UMD UNC UAV UPI NPR USPS UCSF UCSD JFK DC "
        "NYC ET VA LA AP EA IB TA QA CI IO IM PO OG USC BYU NYU UAB UIC UCI UCR UVA UGA UIUC MSU ISU HOA PTA POV "
        "MOU EOC GAO OMB DOL ALA ADA ALS EEG EMG PLO UAW ADL NEA RIAA EOF DOA FYI IMHO ICO DEI IRR ROA ROE ISM "
        "NYSE AWD ECU OEM IEP GED UAT EOL IGN UUID UID URI ACH DWI DOB EOB LAX SFO AOE UA SEO CV XL XXL MC CC TID "
        "QID OT ORD IEA"
    )
)
_READ = frozenset(
    words(
        "PM AM MR MRS MS DR ST JR SR PSST SHH HMM BRRR GRR TSK PFFT NTH MMM ZZZ MT FT VS LTD CRISPR JPEG MPEG MCAT "
        "LSAT GMAT PSAT CMOS CAGR CNET ROFL XAML YAML JSON TOML GZIP WEBP LDAP CPAP HVAC FTSE GMAIL ETC XMAS PSALM "
        "PSYCH CZECH CZAR BJORN TSAR FJORD NGINX CONF"
    )
)
_ACRONYM = re.compile(r"(?<![\w'])([A-Z]{2,6})(s?)(?!\w|'T\b)")
_DEGREE = re.compile(r"(?<![\w'])(PhD|EdD|MSc|BSc)(s?)(?!\w)")
_VOWEL = re.compile("[AEIOUY]")
_LONGEST_UNPRONOUNCEABLE = 5
"""Longer ones are more often names in capitals."""
_LOWER = re.compile("[a-z]")
_AFTER = {
    "WHO": re.compile(r"\b[Tt]he\s$"),
    "AD": re.compile(r"\bcentur(?:y|ies)\s$"),
    "MS": re.compile(r"(?:\b(?:an|has|have|had|with|of|her|his|for|in)\s|[A-Z],\s)$"),
    "BID": re.compile(r"(?:grams?|liters?|units?|tablets?|capsules?|drops?|puffs?|P O|IV|I V)\s$"),
}
"""What a word in capitals stands after where its letters are meant."""
_DIGIT = "(?:zero|one|two|three|four|five|six|seven|eight|nine)"
_HUNDREDTHS = rf"point {_DIGIT} {_DIGIT}(?! (?:{_DIGIT}|hundred|thousand|[mbtr]illion|percent)\b)"
_AROUND = {
    "ERA": re.compile(
        rf"(?<![A-Z]{{2}} )\bERAs?\b(?! [A-Z]{{2}})[^.!?]{{1,30}}\b{_HUNDREDTHS}"
        rf"|\b{_HUNDREDTHS}(?: [a-z]{{2,8}})? ERA\b(?! [A-Z]{{2}})"
        r"|(?:\b(?:[Hh]is|[Hh]er|[Mm]y|[Yy]our|[Tt]heir|[Ww]hose)|'s|s')(?: [a-z]{4,8})? ERA (?:is|was|has|had"
        r"|dropp?(?:s|ed)|falls|fell|rises|rose|stands|stood|sits|sat|went|climb(?:s|ed)|jump(?:s|ed)|improve[sd]"
        r"|balloon(?:s|ed)|soar(?:s|ed)|hovers|hovered|remains|remained|stayed|leads|led|ranks|ranked)\b"
    ),
}
"""What a word in capitals stands in where its letters are meant: the earned runs of a pitcher, read already."""
_AROUND_CHARS = 48


def spelled(word: str) -> bool:
    """Whether the capitals ``word`` are said letter by letter: a known one, or one that cannot be pronounced."""
    if word in _SPELLED:
        return True
    if word in _READ or value_of(word) is not None:
        return False
    return not _VOWEL.search(word) or (len(word) <= _LONGEST_UNPRONOUNCEABLE and not pronounceable(word))


def _shouted(text: str) -> bool:
    return len(text.split()) > 2 and not _LOWER.search(text)


def _replace(match: re.Match[str], _: RuleContext) -> str | None:
    word, plural = match.groups()
    context = _AFTER.get(word)
    if context is not None and context.search(match.string, max(0, match.start() - 14), match.start()):
        return " ".join(word)
    around = _AROUND.get(word)
    if around is not None and around.search(
        match.string, max(0, match.start() - _AROUND_CHARS), match.end() + _AROUND_CHARS
    ):
        return " ".join(word) + plural
    if not spelled(word) or (_VOWEL.search(word) and _shouted(match.string)):
        return None
    return " ".join(word) + plural


def _degree(match: re.Match[str], _: RuleContext) -> str:
    return " ".join(match.group(1).upper()) + match.group(2)


RULES: tuple[Rule, ...] = (
    PatternRule("acronym", frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ"), _ACRONYM, _replace, re.compile("[A-Z]{2}")),
    PatternRule("acronym", frozenset("PEMB"), _DEGREE, _degree),
)
