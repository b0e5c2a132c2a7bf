"""The table from errors to statuses."""

from __future__ import annotations

import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2

from qwentts_svc import errors
from qwentts_svc.server.status import QuotaError, Status, code_of, status_of

SECRET = "what the caller must not see"


def details(status: Status) -> dict[str, bytes]:
    raw = dict(status.trailing)["grpc-status-details-bin"]
    assert isinstance(raw, bytes)
    rich = status_pb2.Status.FromString(raw)
    assert (rich.code, rich.message) == (status.code.value[0], status.message)
    return {packed.type_url.rpartition(".")[2]: packed.value for packed in rich.details}


@pytest.mark.parametrize(
    ("error", "code", "kinds"),
    [
        (errors.InputError("m", field="f"), "INVALID_ARGUMENT", {"ErrorInfo", "BadRequest"}),
        (errors.NotFoundError("m", field="f"), "NOT_FOUND", {"ErrorInfo", "BadRequest"}),
        (errors.AuthError("m"), "UNAUTHENTICATED", {"ErrorInfo"}),
        (errors.AuthError("m", reason="PERMISSION_DENIED"), "PERMISSION_DENIED", {"ErrorInfo"}),
        (errors.QosError("m", retry_after_s=1), "RESOURCE_EXHAUSTED", {"ErrorInfo", "RetryInfo"}),
        (
            QuotaError("m", subject="s", retry_after_s=1, reason="TENANT_STREAMS"),
            "RESOURCE_EXHAUSTED",
            {"ErrorInfo", "RetryInfo", "QuotaFailure"},
        ),
        (errors.UnavailableError("m"), "UNAVAILABLE", {"ErrorInfo", "RetryInfo"}),
        (errors.DeadlineError("m"), "DEADLINE_EXCEEDED", {"ErrorInfo"}),
        (errors.DecodeError("m"), "INTERNAL", {"ErrorInfo"}),
        (errors.ModelError("m"), "INTERNAL", {"ErrorInfo"}),
        (errors.IoError("m"), "INTERNAL", {"ErrorInfo"}),
        (KeyError("m"), "INTERNAL", {"ErrorInfo"}),
    ],
)
def test_every_error_has_its_code_and_details(error: Exception, code: str, kinds: set[str]) -> None:
    status = status_of(error, "id")
    assert status.code is code_of(error) is grpc.StatusCode[code]
    assert set(details(status)) == kinds
    info = error_details_pb2.ErrorInfo.FromString(details(status)["ErrorInfo"])
    assert info.domain == "qwentts"
    assert info.metadata["request_id"] == "id"
    assert info.reason == info.reason.upper() != ""


def test_every_public_error_type_is_in_the_table() -> None:
    known = {error.name for error in grpc.StatusCode}
    for name in errors.__all__:
        kind = getattr(errors, name)
        error = kind(SECRET, retry_after_s=1) if issubclass(kind, errors.QosError) else kind(SECRET)
        assert code_of(error).name in known


@pytest.mark.parametrize("kind", [errors.DecodeError, errors.ModelError, errors.IoError, errors.TtsError, ValueError])
def test_the_text_of_inner_errors_stays_inside(kind: type[Exception]) -> None:
    status = status_of(kind(SECRET), "some-id")
    assert SECRET not in str(status)
    assert "some-id" in status.message


@pytest.mark.parametrize(("seconds", "milliseconds"), [(0.0, "1"), (0.25, "250"), (60, "60000")])
def test_retry_is_said_in_the_details_and_as_pushback(seconds: float, milliseconds: str) -> None:
    status = status_of(errors.QosError("full", retry_after_s=seconds), "id")
    assert dict(status.trailing)["grpc-retry-pushback-ms"] == milliseconds
    retry = error_details_pb2.RetryInfo.FromString(details(status)["RetryInfo"])
    assert retry.retry_delay.ToMilliseconds() == int(milliseconds)


def test_messages_are_bounded() -> None:
    assert len(status_of(errors.InputError("x" * 100_000), "id").message) <= 1000
