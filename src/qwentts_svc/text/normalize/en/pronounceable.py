"""Whether letters can be an English word: how it may begin before its first vowel, and end after its last."""

from __future__ import annotations

import re

from qwentts_svc.text.normalize.wordlist import words

_BEGINNINGS = frozenset(
    words(
        "BL BR CH CHL CHR CL CR DR DW FL FR GH GL GN GR GW KH KL KN KR KW LL MC PH PHL PHR PL PR QU RH SC SCH SCL "
        "SCR SH SHL SHM SHN SHR SHW SK SL SM SN SP SPH SPL SPR SQ SR ST STR SV SW TH THR THW TR TW VL VR WH WR ZH"
    )
)
_ENDS = frozenset(
    words(
        "BB BT CH CK CT DD DST DTH FF FT FTH GG GH GHT GN HH HM HN KH LB LC LCH LD LF LK LL LM LN LP LPH LT LTH "
        "LTZ MB MM MN MP MPH MPT NC NCH NCT ND NF NG NGST NGTH NK NN NT NTH NX NZ PH PP PT PTH RB RC RCH RD RF RG "
        "RGH RK RL RLD RM RN RNT RP RPH RR RSH RST RT RTH RTZ SC SH SK SM SP SS ST TCH TH TT TTH TZ WD WK WL WN WW "
        "XT XTH ZZ"
    )
)
_PARTS = re.compile("([^AEIOUY]*).*?([^AEIOUY]*)$")


def pronounceable(word: str) -> bool:
    """Whether the capitals ``word`` could be read as a word: FEMA can, HDMI cannot."""
    match = _PARTS.match(word)
    if match is None:
        return True
    first, last = match.groups()
    if first == word:
        return False
    end = last[:-1] if last.endswith("S") and len(last) > 1 else last
    return (len(first) < 2 or first in _BEGINNINGS) and (len(end) < 2 or end in _ENDS)
