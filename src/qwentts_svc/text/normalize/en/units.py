"""The units that English measures are written in, and how each is said."""

from __future__ import annotations

import re

_SI = {"k": "kilo", "M": "mega", "G": "giga", "T": "tera", "m": "milli", "µ": "micro", "μ": "micro", "n": "nano"}


def _scaled(symbol: str, name: str, prefixes: str) -> dict[str, str]:
    return {prefix + symbol: _SI[prefix] + name for prefix in prefixes}


_REGULAR: dict[str, str] = {
    "mm": "millimeter", "cm": "centimeter", "dm": "decimeter", "m": "meter", "km": "kilometer", "nm": "nanometer",
    "µm": "micrometer", "μm": "micrometer", "mi": "mile", "yd": "yard", "yds": "yard", "nmi": "nautical mile",
    "mg": "milligram", "g": "gram", "gm": "gram", "kg": "kilogram", "KG": "kilogram", "Kg": "kilogram",
    "kgs": "kilogram",
    "µg": "microgram", "μg": "microgram", "mcg": "microgram", "t": "ton", "lb": "pound", "lbs": "pound", "oz": "ounce",
    "ml": "milliliter", "mL": "milliliter", "cl": "centiliter", "dl": "deciliter", "dL": "deciliter", "l": "liter",
    "L": "liter", "gal": "gallon", "qt": "quart", "pt": "pint", "fl oz": "fluid ounce", "tbsp": "tablespoon",
    "Tbsp": "tablespoon", "tsp": "teaspoon", "cc": "cubic centimeter", "ha": "hectare", "ac": "acre",
    "ms": "millisecond", "µs": "microsecond", "μs": "microsecond", "ns": "nanosecond", "s": "second", "sec": "second",
    "secs": "second", "min": "minute", "mins": "minute", "h": "hour", "hr": "hour", "hrs": "hour", "wk": "week",
    "wks": "week", "mo": "month", "mos": "month", "yr": "year", "yrs": "year",
    "W": "watt", "V": "volt", "mAh": "milliamp hour", "Ah": "amp hour", "mA": "milliamp", "Wh": "watt hour",
    "kWh": "kilowatt hour", "MWh": "megawatt hour", "GWh": "gigawatt hour", "J": "joule", "kJ": "kilojoule",
    "cal": "calorie", "kcal": "kilocalorie", "Pa": "pascal", "kPa": "kilopascal", "hPa": "hectopascal",
    "MPa": "megapascal",
    "N": "newton", "dB": "decibel", "Ω": "ohm", "kΩ": "kilohm", "bit": "bit", "Kbps": "kilobit per second",
    "kbps": "kilobit per second", "Mbps": "megabit per second", "mbps": "megabit per second",
    "Gbps": "gigabit per second",
    "ly": "light year", "au": "astronomical unit", "AU": "astronomical unit", "px": "pixel", "MP": "megapixel",
    "rad": "radian",
    "ppl": "people", "in²": "square inch", "mph": "mile per hour", "kph": "kilometer per hour",
    "kmh": "kilometer per hour",
    "mpg": "mile per gallon", "knots": "knot", "kt": "knot", "mmol": "millimole", "mol": "mole",
    "N·m": "newton meter", "N⋅m": "newton meter", "Nm": "newton meter", "kN": "kilonewton",
    "bps": "basis point", "c": "cup", "qts": "quart", "gals": "gallon",
    "mSv": "millisievert", "pCi": "picocurie", "mEq": "milliequivalent",
    "reb": "rebound", "rebs": "rebound", "ast": "assist", "asts": "assist", "bbl": "barrel",
    "d": "day", "µF": "microfarad", "μF": "microfarad", "uF": "microfarad", "nF": "nanofarad", "pF": "picofarad",
    "deg": "degree", "bu": "bushel", "psf": "pound per square foot", "pc": "piece",
    "pcs": "piece", "pts": "point",
    **_scaled("W", "watt", "kMGm"), **_scaled("V", "volt", "km"), **_scaled("Hz", "hertz", "kMGT"),
    **_scaled("B", "byte", "kMGT"), **_scaled("b", "bit", "MG"), "KB": "kilobyte", "PB": "petabyte", "GiB": "gibibyte",
    "MiB": "mebibyte", "Gb": "gigabit", "Mb": "megabit",
}  # fmt: skip
_IRREGULAR: dict[str, tuple[str, str]] = {
    "ft": ("foot", "feet"), "in": ("inch", "inches"), "Hz": ("hertz", "hertz"), "hp": ("horsepower", "horsepower"),
    "HP": ("horsepower", "horsepower"), "psi": ("P S I", "P S I"), "rpm": ("R P M", "R P M"), "RPM": ("R P M", "R P M"),
    "mmHg": ("millimeter of mercury", "millimeters of mercury"),
    "fps": ("frame per second", "frames per second"), "bpm": ("beat per minute", "beats per minute"),
    "dpi": ("D P I", "D P I"), "ppm": ("part per million", "parts per million"),
    "ppb": ("part per billion", "parts per billion"),
    "K": ("kelvin", "kelvin"), "lx": ("lux", "lux"), "lm": ("lumen", "lumens"), "sq ft": ("square foot", "square feet"),
    "inHg": ("inch of mercury", "inches of mercury"), "fl. oz.": ("fluid ounce", "fluid ounces"),
    "sq. yd.": ("square yard", "square yards"), "sq. yds.": ("square yard", "square yards"),
    "sq.-ft": ("square foot", "square feet"), "sq-ft": ("square foot", "square feet"),
    "sq. ft.": ("square foot", "square feet"), "sq. ft": ("square foot", "square feet"),
    "sq. m": ("square meter", "square meters"), "sq. m.": ("square meter", "square meters"),
    "sq. in.": ("square inch", "square inches"), "sq. mi.": ("square mile", "square miles"),
    "sq. km": ("square kilometer", "square kilometers"), "cu. ft.": ("cubic foot", "cubic feet"),
    "cu. m": ("cubic meter", "cubic meters"), "cu m": ("cubic meter", "cubic meters"),
    "cu ft": ("cubic foot", "cubic feet"),
    "sq in": ("square inch", "square inches"),
    "sq mi": ("square mile", "square miles"), "sq km": ("square kilometer", "square kilometers"),
    "sq m": ("square meter", "square meters"), "sqft": ("square foot", "square feet"),
    "A": ("amp", "amps"), "IU": ("I U", "I U"),
    "ft-lb": ("foot pound", "foot pounds"), "ft-lbs": ("foot pound", "foot pounds"),
    "lb-ft": ("pound foot", "pound feet"),
}  # fmt: skip


def _plural(name: str) -> str:
    head, per, tail = name.partition(" per ")
    if head.endswith("hertz"):
        return name
    return (head if head == "people" else head + "s") + per + tail


UNITS: dict[str, tuple[str, str]] = {
    **{symbol: (name, _plural(name)) for symbol, name in _REGULAR.items()},
    **_IRREGULAR,
}
"""Symbol -> (singular, plural)."""
UNIT = "|".join(re.escape(unit) for unit in sorted(UNITS, key=len, reverse=True))
"""A pattern of any symbol, the longest first."""

TIGHT_AMBIGUOUS = frozenset(("s", "K", "t", "N", "J", "M", "in", "c", "d"))
"""Symbols that after a digit without a space are more likely part of a name (iPhone 5s, 10K)."""
