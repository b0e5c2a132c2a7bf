"""The one table from errors to gRPC status: code, public message, google.rpc details, trailing metadata.

    InputError        INVALID_ARGUMENT      BadRequest
    NotFoundError     NOT_FOUND             BadRequest
    AuthError         UNAUTHENTICATED (PERMISSION_DENIED for that reason)
    QosError          RESOURCE_EXHAUSTED    RetryInfo (+ QuotaFailure for QuotaError)
    UnavailableError  UNAVAILABLE           RetryInfo
    DeadlineError     DEADLINE_EXCEEDED
    everything else   INTERNAL              a fixed sentence with the request id

Every status carries ErrorInfo with a stable reason. With RetryInfo goes ``grpc-retry-pushback-ms``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import grpc
from google.protobuf import any_pb2
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

from qwentts_svc.errors import (
    AuthError,
    DeadlineError,
    InputError,
    NotFoundError,
    QosError,
    TtsError,
    UnavailableError,
)

DOMAIN: Final = "qwentts"
REQUEST_ID_KEY: Final = "x-request-id"
_DETAILS_KEY: Final = "grpc-status-details-bin"
_PUSHBACK_KEY: Final = "grpc-retry-pushback-ms"
_MAX_MESSAGE_CHARS: Final = 1000

Metadata = tuple[tuple[str, str | bytes], ...]

_CODES: Final[tuple[tuple[type[TtsError], grpc.StatusCode], ...]] = (
    (NotFoundError, grpc.StatusCode.NOT_FOUND),
    (InputError, grpc.StatusCode.INVALID_ARGUMENT),
    (AuthError, grpc.StatusCode.UNAUTHENTICATED),
    (QosError, grpc.StatusCode.RESOURCE_EXHAUSTED),
    (UnavailableError, grpc.StatusCode.UNAVAILABLE),
    (DeadlineError, grpc.StatusCode.DEADLINE_EXCEEDED),
)


class QuotaError(QosError):
    """A tenant's own limit is used up; ``subject`` names the limit, not the tenant."""

    def __init__(self, message: str, *, subject: str, retry_after_s: float, reason: str) -> None:
        super().__init__(message, retry_after_s=retry_after_s, reason=reason)
        self.subject = subject


@dataclass(frozen=True, slots=True)
class Status:
    """A status ready to be sent."""

    code: grpc.StatusCode
    message: str
    reason: str
    trailing: Metadata


def code_of(error: BaseException) -> grpc.StatusCode:
    """The gRPC code of an error; INTERNAL for all that the table does not know."""
    if isinstance(error, AuthError) and error.reason == "PERMISSION_DENIED":
        return grpc.StatusCode.PERMISSION_DENIED
    for kind, code in _CODES:
        if isinstance(error, kind):
            return code
    return grpc.StatusCode.INTERNAL


def reason_of(error: BaseException) -> str:
    """The stable reason of an error."""
    return error.reason if isinstance(error, TtsError) else "INTERNAL"


def status_of(error: BaseException, request_id: str) -> Status:
    """What the caller is told about ``error``; only public messages of errors that the caller can act on."""
    code, reason = code_of(error), reason_of(error)
    if code is grpc.StatusCode.INTERNAL or not isinstance(error, TtsError):
        message = f"internal error; quote request id {request_id}"
    else:
        message = error.public_message[:_MAX_MESSAGE_CHARS]
    details: list[Message] = [
        error_details_pb2.ErrorInfo(reason=reason, domain=DOMAIN, metadata={"request_id": request_id})
    ]
    trailing: list[tuple[str, str | bytes]] = [(REQUEST_ID_KEY, request_id)]
    if isinstance(error, InputError):
        violation = error_details_pb2.BadRequest.FieldViolation(field=error.field, description=message)
        details.append(error_details_pb2.BadRequest(field_violations=[violation]))
    if isinstance(error, QuotaError):
        failure = error_details_pb2.QuotaFailure.Violation(subject=error.subject, description=message)
        details.append(error_details_pb2.QuotaFailure(violations=[failure]))
    if isinstance(error, QosError | UnavailableError):
        retry_ms = max(1, round(error.retry_after_s * 1000))
        retry = error_details_pb2.RetryInfo()
        retry.retry_delay.FromMilliseconds(retry_ms)
        details.append(retry)
        trailing.append((_PUSHBACK_KEY, str(retry_ms)))
    rich = status_pb2.Status(code=code.value[0], message=message, details=[_packed(detail) for detail in details])
    trailing.append((_DETAILS_KEY, rich.SerializeToString()))
    return Status(code, message, reason, tuple(trailing))


def _packed(message: Message) -> any_pb2.Any:
    packed = any_pb2.Any()
    packed.Pack(message)
    return packed
