"""One error tree. Every failure that a caller can see is a ``TtsError``; its text never leaves the process verbatim
except through ``public_message``, which is written for the caller and says what to change.

    TtsError
    ├── InputError            the caller's request is wrong (INVALID_ARGUMENT); names the field
    │   └── NotFoundError     a voice, language or session that does not exist (NOT_FOUND)
    ├── ModelError            a checkpoint that cannot be used: missing, partial, truncated, wrong type, wrong shape
    ├── DecodeError           generation or codec decoding failed for this request (INTERNAL)
    ├── DeadlineError         a deadline or time-out passed (DEADLINE_EXCEEDED)
    ├── QosError              refused or stopped by load (RESOURCE_EXHAUSTED); carries ``retry_after_s``
    ├── UnavailableError      starting, draining or dead (UNAVAILABLE); carries ``retry_after_s``
    ├── AuthError             no or wrong credentials (UNAUTHENTICATED / PERMISSION_DENIED)
    └── IoError               a file or socket of ours failed (INTERNAL)
"""

from __future__ import annotations

__all__ = [
    "AuthError",
    "DeadlineError",
    "DecodeError",
    "InputError",
    "IoError",
    "ModelError",
    "NotFoundError",
    "QosError",
    "TtsError",
    "UnavailableError",
]


class TtsError(Exception):
    """Base of all typed errors. ``reason`` is a stable upper-case identifier (``google.rpc.ErrorInfo.reason``)."""

    default_reason = "INTERNAL"

    def __init__(self, message: str, *, reason: str | None = None) -> None:
        super().__init__(message)
        self.public_message = message
        self.reason = reason or self.default_reason


class InputError(TtsError):
    """A field of the request is wrong. ``field`` is its name in the public contract or on the command line."""

    default_reason = "INVALID_ARGUMENT"

    def __init__(self, message: str, *, field: str = "", reason: str | None = None) -> None:
        super().__init__(message, reason=reason)
        self.field = field


class NotFoundError(InputError):
    """The named voice, language or other resource does not exist."""

    default_reason = "NOT_FOUND"


class ModelError(TtsError):
    """The checkpoint cannot be used; the message names the file, field or tensor."""

    default_reason = "MODEL_UNUSABLE"


class DecodeError(TtsError):
    """Generation or decoding of this request failed; others go on."""

    default_reason = "SYNTHESIS_FAILED"


class DeadlineError(TtsError):
    """A deadline or time-out of the request passed."""

    default_reason = "DEADLINE_EXCEEDED"


class QosError(TtsError):
    """Refused for load or quota; try again after ``retry_after_s`` seconds."""

    default_reason = "OVERLOADED"

    def __init__(self, message: str, *, retry_after_s: float, reason: str | None = None) -> None:
        super().__init__(message, reason=reason)
        self.retry_after_s = retry_after_s


class UnavailableError(TtsError):
    """The service is starting, draining or dead; try again after ``retry_after_s`` seconds."""

    default_reason = "UNAVAILABLE"

    def __init__(self, message: str, *, retry_after_s: float = 1.0, reason: str | None = None) -> None:
        super().__init__(message, reason=reason)
        self.retry_after_s = retry_after_s


class AuthError(TtsError):
    """Credentials are missing, wrong, or do not allow this."""

    default_reason = "UNAUTHENTICATED"


class IoError(TtsError):
    """A file or socket of the service failed."""

    default_reason = "IO_FAILED"
