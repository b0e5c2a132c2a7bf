"""What the commands need of the running application, and how they get it. Tests put a fake in its place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    from qwentts_svc.bridge.api import SpeechService
    from qwentts_svc.config import Settings
    from qwentts_svc.types import TokenSeq, VoicePrompt


class App(Protocol):
    """A loaded model with its engine running."""

    @property
    def service(self) -> SpeechService: ...

    async def encode_reference(self, path: Path, ref_text: str | None) -> VoicePrompt:
        """The voice of a recording; ``ref_text`` None: speaker embedding only. Raises InputError."""

    def stage_seconds(self) -> Mapping[str, float]:
        """Seconds of work since the start by stage: ``talker``, ``code_predictor``, ``codec``, as far as known."""

    def tokenize(self, text: str) -> TokenSeq:
        """Token ids of a text as it is."""


OpenApp: TypeAlias = "Callable[[Settings], AbstractAsyncContextManager[App]]"


def open_app(settings: Settings) -> AbstractAsyncContextManager[App]:
    """The real thing; importing it loads torch."""
    from qwentts_svc import app

    return app.build(settings)
