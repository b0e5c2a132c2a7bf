"""Authentication and admission without a socket."""

from __future__ import annotations

import time
from typing import Any

import pytest
from support.fake_speech import FakeSpeech

from qwentts_svc.errors import DeadlineError, QosError
from qwentts_svc.observability.context import CallIds
from qwentts_svc.observability.observer import NullObserver
from qwentts_svc.server.admission import Admission
from qwentts_svc.server.auth import Authenticator
from qwentts_svc.server.calls import Call, open_call
from qwentts_svc.server.interceptors import Gate
from qwentts_svc.server.settings import AuthSettings, DrainSettings, LimitSettings
from qwentts_svc.server.status import QuotaError


def admission(**limits: int) -> Admission:
    return Admission(FakeSpeech(), LimitSettings(**limits), DrainSettings(), NullObserver())


def a_call(tenant: str = "one") -> Call:
    return Call("Synthesize", CallIds(), {}, tenant=tenant)


class Expired:
    """As much of a context as is looked at; its deadline has passed."""

    def time_remaining(self) -> float:
        return -1.0

    def invocation_metadata(self) -> tuple[Any, ...]:
        return ()


async def test_work_whose_deadline_has_passed_is_not_begun() -> None:
    gate, context = Gate(Authenticator(AuthSettings()), admission()), Expired()
    open_call("/x/Synthesize", context)
    with pytest.raises(DeadlineError):
        async with gate("Synthesize", context):
            pytest.fail("the handler was entered")


async def test_places_are_given_back_after_refusals_and_failures() -> None:
    desk = admission(max_streams=2, tenant_streams=1)
    for _ in range(3):
        with desk.call(a_call("one"), speech=True):
            with pytest.raises(QuotaError), desk.call(a_call("one"), speech=True):
                pytest.fail("admitted")
            with desk.call(a_call("two"), speech=True):
                with pytest.raises(QosError), desk.call(a_call("three"), speech=True):
                    pytest.fail("admitted")
                with desk.call(a_call("three"), speech=False):
                    assert desk.open_streams == 2
        with pytest.raises(ValueError, match="inside"), desk.call(a_call(), speech=True):
            raise ValueError("inside")
        assert (desk.open_calls, desk.open_streams) == (0, 0)
    await desk.wait_idle()


async def test_characters_come_back_with_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    desk = admission(tenant_chars_per_minute=60)
    call = a_call()
    with desk.call(call, speech=True):
        call.charge(60)
        with pytest.raises(QuotaError) as refused:
            call.charge(10)
        assert refused.value.retry_after_s == pytest.approx(10)
        now[0] += 10
        call.charge(10)
        now[0] += 1000
        with pytest.raises(QuotaError):
            call.charge(61)
        call.charge(60)
