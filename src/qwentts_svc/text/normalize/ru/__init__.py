"""Rules of Russian, in the order in which they are applied: what is most specific goes first."""

from __future__ import annotations

from qwentts_svc.text.normalize.rule import Rule
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
    romans,
    serials,
    social,
    times,
    web,
    years,
)

RULES: tuple[Rule, ...] = (
    *web.ADDRESSES,
    *social.RULES,
    *web.NUMBERS,
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
    *mathsigns.RULES,
    *serials.RULES,
    *cardinals.RULES,
    *acronyms.RULES,
)
