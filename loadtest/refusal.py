"""Reading the google.rpc details of a failed call."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

import grpc.aio
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2


@dataclass(frozen=True, slots=True)
class Refusal:
    """``reason`` of ErrorInfo, delay of RetryInfo (None: there was none), and whether the pushback metadata came."""

    code: str
    reason: str
    retry_after_s: float | None
    pushback: bool


def read_refusal(error: grpc.aio.AioRpcError) -> Refusal:
    """What a failed call says about itself; never raises for details that are missing or broken."""
    reason, retry_s, pushback = "", None, False
    for key, value in cast("Iterable[tuple[str, str | bytes]]", error.trailing_metadata() or ()):
        if key == "grpc-retry-pushback-ms":
            pushback = True
        if key != "grpc-status-details-bin" or not isinstance(value, bytes):
            continue
        try:
            details = status_pb2.Status.FromString(value).details
        except DecodeError:
            continue
        for packed in details:
            if packed.Is(error_details_pb2.ErrorInfo.DESCRIPTOR):
                info = error_details_pb2.ErrorInfo()
                packed.Unpack(info)
                reason = str(info.reason)
            elif packed.Is(error_details_pb2.RetryInfo.DESCRIPTOR):
                retry = error_details_pb2.RetryInfo()
                packed.Unpack(retry)
                retry_s = retry.retry_delay.ToTimedelta().total_seconds()
    return Refusal(error.code().name, reason, retry_s, pushback)
