"""What every lease of the engine's pools has in common: it ends once, and nobody can make a second one of it."""

from __future__ import annotations

from typing import ClassVar, NoReturn

from qwentts_svc.errors import TtsError


class Lease:
    """The right to something, until its pool calls ``end``. Cannot be copied or pickled: a copy could be released a
    second time."""

    __slots__ = ("_live",)

    misuse: ClassVar[type[TtsError]] = TtsError
    """The pool's own error."""

    def __init__(self) -> None:
        self._live = True

    @property
    def live(self) -> bool:
        """It has not been released."""
        return self._live

    def end(self) -> None:
        """For the pool that gave it, which has checked that it is live."""
        self._live = False

    def __copy__(self) -> NoReturn:
        raise self.misuse("a lease cannot be copied; ask its pool for another one")

    def __deepcopy__(self, memo: object) -> NoReturn:
        self.__copy__()

    def __reduce__(self) -> NoReturn:
        raise self.misuse("a lease cannot be pickled")
