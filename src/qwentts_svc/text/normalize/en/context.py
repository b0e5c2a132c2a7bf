"""Rules that look at words before a number and leave them alone."""

from __future__ import annotations

from collections.abc import Iterable

from qwentts_svc.text.normalize.rule import Edit, PatternRule, RuleContext


class ContextRule(PatternRule):
    """A ``PatternRule`` whose pattern takes in the words that give the number its sense ("the code is 4821").

    Its edits begin at the first word that changes, so that a text which arrives in pieces is read the same: the words
    may have been spoken already.
    """

    __slots__ = ()

    def apply(self, text: str, ctx: RuleContext) -> Iterable[Edit]:
        """See ``Rule``."""
        return [_from_first_change(text, edit) for edit in super().apply(text, ctx)]


def _from_first_change(text: str, edit: Edit) -> Edit:
    source = text[edit.start : edit.end]
    same = 0
    for old, new in zip(source, edit.replacement, strict=False):
        if old != new:
            break
        same += 1
    kept = source.rfind(" ", 0, same) + 1
    return Edit(edit.start + kept, edit.end, edit.replacement[kept:])
