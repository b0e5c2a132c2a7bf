"""Saying an amount (number, optional thousands or millions, unit) in the case its neighbours ask for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from qwentts_svc.text.normalize.ru.context import last_word
from qwentts_svc.text.normalize.ru.digit_rule import number_matches
from qwentts_svc.text.normalize.ru.govern import governor
from qwentts_svc.text.normalize.ru.grammar import Case
from qwentts_svc.text.normalize.ru.morph import forms
from qwentts_svc.text.normalize.ru.quantity import Noun, Number, half_word, one_and_half, parse, quantity, say
from qwentts_svc.text.normalize.rule import Edit, gates_of

SCALES = {"тыс": Noun("тысяча"), "млн": Noun("миллион"), "млрд": Noun("миллиард"), "трлн": Noun("триллион")}
SCALE = r"(?:тыс|млн|млрд|трлн)(?![а-яё])\.?"
_ONE = re.compile(r"[$€£₽]?\s?(?:[0-9]{0,8}[02-9])?1(?![0-9]|[.,:][0-9]|\s?(?:[-–—]\s?[0-9]|тыс|млн|млрд|трлн))")
_AWAY = re.compile(
    r"\s(?:от|к\s(?:северу|югу|западу|востоку)|южнее|севернее|западнее|восточнее|выше|ниже|севера"
    r"|ходьбы|езды|пути|лёта)\b"
)


def amount_case(text: str, start: int, end: int, *, distance: bool = False) -> Case:
    """The case of an amount at ``text[start:end]`` whose unit shows none. ``distance``: "в пяти километрах от"."""
    asked = governor(text, start)
    if asked.word and not _ONE.match(text, start) and _stands_for_noun(text, start):
        return "nomn"
    if asked.word == "по" and _ONE.match(text, start):
        return "datv"  # "по одному килограмму", but "по два килограмма"
    if asked.word in ("в", "во") and distance and _AWAY.match(text, end):
        return "loct"
    return asked.cases[0]


def _stands_for_noun(text: str, start: int) -> bool:
    """Whether the word before is a singular adjective, which no amount follows as its noun ("у больного 39,2°")."""
    readings = forms(last_word(text, start))
    return bool(readings) and readings[0].adjective and all(form.number == "sing" for form in readings)


def amount(number: Number, scale: str | None, noun: Noun | None, case: Case, *, half: bool = False) -> str:
    """``scale``: "тыс", "млн", ... with or without its stop. ``half``: "1,5" is "полтора" (always before a scale)."""
    if not scale:
        return quantity(number, noun, case, half=half) if noun else say(number, case)
    spoken = quantity(number, SCALES[scale.rstrip(".")], case, half=True)
    return f"{spoken} {noun.form(5, 'nomn')}" if noun else spoken


def spread(low: str, high: Number, scale: str | None, noun: Noun | None, case: Case, *, half: bool = False) -> str:
    """A range: the first number agrees like the second, the unit is said once ("пять-шесть килограммов")."""
    first, counted = parse(low), SCALES[scale.rstrip(".")] if scale else noun
    gender = counted.gender if counted else "masc"
    spoken = half_word(case, gender) if half and one_and_half(first) else say(first, case, gender)
    return f"{spoken}-{amount(high, scale, noun, case, half=half)}"


class AmountRule:
    """A rule over amounts, where one right after another ("5 кг 300 г") is in the same case as the first."""

    def __init__(
        self,
        name: str,
        triggers: frozenset[str],
        pattern: re.Pattern[str],
        replace: Callable[[re.Match[str], Case | None], tuple[str, Case] | None],
        *gates: re.Pattern[str],
        at_digits: bool = True,
    ) -> None:
        self.name = name
        self.triggers: frozenset[str] | None = triggers
        self._pattern = pattern
        self._replace = replace
        self.gate, self.word_gates = gates_of(gates)
        self._at_digits = at_digits
        self.patterns = (pattern, *gates)
        """Each is found in every text that the rule can change."""

    def _matches(self, text: str) -> Iterable[re.Match[str]]:
        return number_matches(self._pattern, text) if self._at_digits else self._pattern.finditer(text)

    def apply(self, text: str, ctx: object) -> list[Edit]:
        edits: list[Edit] = []
        last: Case | None = None
        last_end = -1
        for match in self._matches(text):
            joined = last_end >= 0 and match.start() - last_end <= 2 and not text[last_end : match.start()].strip()
            said = self._replace(match, last if joined else None)
            if said is None:
                last_end = -1
                continue
            spoken, last = said
            last_end = match.end()
            edits.append(Edit(match.start(), match.end(), spoken))
        return edits
