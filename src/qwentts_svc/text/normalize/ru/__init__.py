"""Rules of Russian, in the order in which they are applied: what is most specific goes first."""

from __future__ import annotations

from qwentts_svc.text.normalize.ru import (
    abbreviations,
    acronyms,
    cardinals,
    dates,
    fractions,
    mathsigns,
    measures,
    money,
    ordinals,
    percents,
    phones,
    phrases,
    romans,
    serials,
    social,
    times,
    web,
    years,
)
from qwentts_svc.text.normalize.rule import Rule

RULES: tuple[Rule, ...] = (
    *web.ADDRESSES,
    *social.RULES,
    *web.NUMBERS,
    *mathsigns.EARLY,
    *phrases.EARLY,
    *dates.RULES,
    *web.VERSIONS,
    *phones.RULES,
    *years.RULES,
    *romans.RULES,
    *times.RULES,
    *money.RULES,
    *percents.RULES,
    *fractions.RULES,
    *measures.RULES,
    *ordinals.RULES,
    *abbreviations.RULES,
    *phrases.RULES,
    *mathsigns.RULES,
    *serials.RULES,
    *cardinals.RULES,
    *acronyms.RULES,
)
