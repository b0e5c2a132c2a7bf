"""Acronyms that are spelled. Those that are read as a word (NASA) and those that are not known stay as they are."""

from __future__ import annotations

import re

from qwentts_svc.text.normalize.en.romans import value_of
from qwentts_svc.text.normalize.rule import PatternRule, Rule, RuleContext
from qwentts_svc.text.normalize.wordlist import words

_SPELLED = frozenset(
    words(
        "NBA NFL NHL MLB MLS UFC ABA AFK EDM EKG UNLV USGS USMC USAF FAQS ETF ESG EOD AOC IBS IRL IED IMO AED ABS APR "
        "NYPD LAPD "
        "APY EIN EMR EHR FBI CIA NSA USA UK EU UN IBM AI API CEO CIO CFO COO CTO ATM GPU CPU TPU USB URL DNA RNA UFO "
        "IRS EPA FAQ DIY UCLA MIT VIP IPO IP OS UI UX IQ EQ ER ICU ETA MBA PHD BA EV SUV AC IOS UAE ESPN AMC ABC CBC "
        "AOL ACLU AARP AMA APA BMI IRA ISP ISS LGBTQ ESL GDP GPA USSR UPS ISBN ISO IDE SQL XML HTML CSS AWS OTP OCD "
        "ADHD EKG ECG MRI IVF HIV IUD UV UTC EST EDT LLC LED LCD CD DVD HD UHD TV PC HR PR RSVP TBA TBD BYOB EMT CDC "
        "FDA FAA FCC FTC SEC DOJ DEA ATF DOD DOE USDA US NCAA UEFA UFC WWE AFL AFC RBI MVP GOP IMF WTO ECB IOU SOS "
        "AKA OJ ID IV ICBM SSN IMAX EMI EPS ROI KPI ARR AUM IDF IAEA ILO OECD UNHCR DUI AAA AA GUI CLI SDK IOT IPA "
        "UTI GI ENT OB IPS AR VR XR AMD IIT IAS UEA UCL UMD UNC UAV UPI NPR USPS UCSF UCSD JFK DC NYC"
    )
)
_READ = frozenset(words("PM AM MR MRS MS DR ST JR SR PSST SHH HMM BRRR GRR TSK PFFT NTH MMM ZZZ MT FT VS LTD CRISPR"))
_ACRONYM = re.compile(r"(?<![\w'])([A-Z]{2,6})(s?)(?![\w])")
_VOWEL = re.compile("[AEIOUY]")
_LOWER = re.compile("[a-z]")


def spelled(word: str) -> bool:
    """Whether the capitals ``word`` are said letter by letter: a known one, or one without a vowel."""
    if word in _SPELLED:
        return True
    return word not in _READ and not _VOWEL.search(word) and value_of(word) is None


def _shouted(text: str) -> bool:
    return len(text.split()) > 2 and not _LOWER.search(text)


def _replace(match: re.Match[str], _: RuleContext) -> str | None:
    word, plural = match.groups()
    if not spelled(word) or (_VOWEL.search(word) and _shouted(match.string)):
        return None
    return " ".join(word) + plural


RULES: tuple[Rule, ...] = (
    PatternRule("acronym", frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ"), _ACRONYM, _replace, re.compile("[A-Z]{2}")),
)
