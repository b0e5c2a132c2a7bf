"""An ordered set of rules that knows, for the characters of a text, which of them can have anything to do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from qwentts_svc.text.normalize.rule import Rule

_CACHE_ENTRIES = 4096


class RuleSet:
    """Rules in order. Choosing by characters is remembered: most units of a text look alike."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = tuple(rules)
        self._triggers = frozenset[str]().union(*(rule.triggers or () for rule in self.rules))
        self._chosen: dict[frozenset[str], tuple[int, ...]] = {}

    def __iter__(self) -> Iterator[Rule]:
        return iter(self.rules)

    def choose(self, chars: set[str]) -> tuple[int, ...]:
        """Indices of the rules that a text of ``chars`` may concern."""
        key = self._triggers.intersection(chars)
        chosen = self._chosen.get(key)
        if chosen is None:
            if len(self._chosen) >= _CACHE_ENTRIES:
                self._chosen.clear()
            chosen = tuple(
                index
                for index, rule in enumerate(self.rules)
                if rule.triggers is None or not rule.triggers.isdisjoint(key)
            )
            self._chosen[key] = chosen
        return chosen
