"""The grammatical values that number words agree in."""

from __future__ import annotations

from typing import Literal, TypeAlias

Case: TypeAlias = Literal["nomn", "gent", "datv", "accs", "ablt", "loct"]
"""Nominative, genitive, dative, accusative, instrumental, prepositional (the names of the morphological dictionary)."""

Gender: TypeAlias = Literal["masc", "femn", "neut", "plur"]
"""A gender of the singular, or "plur" for the plural, which knows no gender."""

CASES: tuple[Case, ...] = ("nomn", "gent", "datv", "accs", "ablt", "loct")
BY_NAME: dict[str, Case] = {case: case for case in CASES}
GENDERS: dict[str, Gender] = {"masc": "masc", "femn": "femn", "neut": "neut", "plur": "plur"}
CASE_INDEX = {case: index for index, case in enumerate(CASES)}
