"""What the engine, the bridge and the server report about their work. Calls are cheap, never raise, and may come from
any thread. Labels are bounded by construction: enumerations of the code, never text or names of callers.
"""

from __future__ import annotations

from typing import Protocol

from qwentts_svc.types import FinishReason, Priority


class Observer(Protocol):
    """Receiver of measurements; see ``NullObserver`` for one that drops them."""

    def first_audio(self, seconds: float, priority: Priority) -> None:
        """First audio left ``seconds`` after the first text of the call had arrived."""

    def queued(self, seconds: float, priority: Priority) -> None:
        """A row waited ``seconds`` for its first step."""

    def real_time_factor(self, rtf: float) -> None:
        """Synthesis time over audio time of a call that made audio."""

    def inter_chunk_gap(self, seconds: float) -> None:
        """Time between two audio messages of one segment."""

    def underrun(self) -> None:
        """A real-time listener ran out of audio in the middle of a segment."""

    def audio(self, seconds: float) -> None:
        """Audio sent to callers."""

    def audio_discarded(self, seconds: float) -> None:
        """Audio made and thrown away (interrupt, cancel)."""

    def requests(self, state: str, count: int) -> None:
        """Rows or calls now in ``state``: running, waiting, wait_text, wait_reader, preempted, streams."""

    def rejected(self, reason: str) -> None:
        """A call was refused; ``reason`` is an ``ErrorInfo.reason``."""

    def finished(self, reason: FinishReason | str) -> None:
        """A segment ended, or a call failed (``reason`` is then an ``ErrorInfo.reason``)."""

    def batch_size(self, rows: int) -> None:
        """Rows in one step."""

    def step(self, stage: str, seconds: float) -> None:
        """Duration of a stage of one step: schedule, prefill, frame, codec; voice: a reference, between two steps."""

    def kv_blocks(self, state: str, count: int) -> None:
        """KV blocks now in ``state``: free, leased (cached prefixes are)."""

    def prefix_cache_hit(self) -> None:
        """A prompt prefix was found in the cache."""

    def device_memory(self, kind: str, size_bytes: int) -> None:
        """Device memory: allocated, reserved, total."""

    def device_utilisation(self, ratio: float) -> None:
        """Busy share of the device, 0 to 1."""

    def rpc(self, method: str, code: str, seconds: float) -> None:
        """A call of ``method`` ended with gRPC ``code`` after ``seconds``."""


class NullObserver:
    """Drops everything; the default wherever an observer is optional."""

    def first_audio(self, seconds: float, priority: Priority) -> None: ...

    def queued(self, seconds: float, priority: Priority) -> None: ...

    def real_time_factor(self, rtf: float) -> None: ...

    def inter_chunk_gap(self, seconds: float) -> None: ...

    def underrun(self) -> None: ...

    def audio(self, seconds: float) -> None: ...

    def audio_discarded(self, seconds: float) -> None: ...

    def requests(self, state: str, count: int) -> None: ...

    def rejected(self, reason: str) -> None: ...

    def finished(self, reason: FinishReason | str) -> None: ...

    def batch_size(self, rows: int) -> None: ...

    def step(self, stage: str, seconds: float) -> None: ...

    def kv_blocks(self, state: str, count: int) -> None: ...

    def prefix_cache_hit(self) -> None: ...

    def device_memory(self, kind: str, size_bytes: int) -> None: ...

    def device_utilisation(self, ratio: float) -> None: ...

    def rpc(self, method: str, code: str, seconds: float) -> None: ...
