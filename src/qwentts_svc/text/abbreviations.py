"""Words that end in a full stop without ending a sentence, in the languages of the model. Lower case, no last stop."""

from __future__ import annotations

__all__ = ["BEFORE_NUMBER", "CLOSING", "LONG", "MONTHS_DE", "NEVER_LAST"]

_NEVER_LAST = """
mr mrs ms mx dr prof st sr jr rev gen col capt lt sgt maj cmdr adm gov dept est mt ft eds vs cf eg ie viz approx
u.s u.k u.n e.g i.e ph.d
г ул просп пер пл д корп кв четв оф обл р-н пос дер проф акад доц к.м.н к.т.н гр тов св ср напр т.е т.н т.к тел факс
hr fr frl bzw z.b d.h u.a evtl ggf inkl str vgl zzgl geb gest u.s.w
m mm mme mlle cie p.ex c.-à-d env
sra srta dra dña dn ud uds vd vds avda aprox ee.uu exmo exma
sig sigg sig.ra sig.na dott dott.ssa avv v.le p.za c.so
"""
_BEFORE_NUMBER = """
no nos nr nº n núm num fig figs vol vols ch pp p pg art sec op ed max min ca pag pág págs abb bd tel
jan feb mar apr jun jul aug sep sept oct nov dec mon tue tues wed thu thur thurs fri
рис табл прил разд комн гл ст п пп стр см янв фев февр апр авг сен сент окт ноя нояб дек пр
"""
_CLOSING = """
etc inc ltd co corp a.m p.m am pm bros al b.c a.d
т.д т.п др пр гг руб коп тыс млн млрд трлн кг км ч мин сек н.э
usw usf u.ä s.a cía ecc ltda
"""
_LONG = """
appts approx assoc avail depts intro messrs paras profs sched thurs
прибл примеч просп серед устар центр
"""
_MONTHS_DE = "januar jänner februar märz april mai juni juli august september oktober november dezember"

NEVER_LAST = frozenset(_NEVER_LAST.split())
"""They stand before a name or a number: a capital letter after them says nothing."""

BEFORE_NUMBER = frozenset(_BEFORE_NUMBER.split())
"""Abbreviations only where a number follows; often words of their own."""

CLOSING = frozenset(_CLOSING.split())
"""They may also be the last word of a sentence: a capital letter after them starts a new one."""

LONG = frozenset(_LONG.split())
"""Shortened words of five letters and more: a stop after so many letters usually ends a sentence."""

MONTHS_DE = frozenset(_MONTHS_DE.split())
"""German dates: "3. Mai"."""
