"""Load ahead of the first text what is otherwise loaded when it is first needed."""

from __future__ import annotations

from qwentts_svc.text.language import CODES
from qwentts_svc.text.normalize.pipeline import normalize
from qwentts_svc.text.normalize.registry import rules_of

__all__ = ["warm"]

_TEXTS = {
    "en": "Dr. Smith paid $2.50 on March 3, 2024 at 3:45 pm for 5 kg, i.e. 20% of it, in chapter IV. \U0001f600",
    "ru": "Проф. Иванов заплатил 2,50 руб. 3 марта 2024 г. в 15:45 за 5 кг, т. е. 20%, в XIX в. \U0001f600",
}
_OTHERS = "25.12.2024, 3,5 % \U0001f600"


def warm() -> None:
    """Load the rules of every language, the Russian dictionary and the words for numbers, and say a text in each.

    Takes from tenths of a second to a second, once; meant for a worker thread while a server starts. Safe to call
    again and beside other calls.
    """
    for code in CODES.values():
        rules_of(code)
        normalize(_TEXTS.get(code, _OTHERS), code)
