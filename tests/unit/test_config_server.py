"""The server section maps onto the server's own settings without loss."""

from __future__ import annotations

from pathlib import Path

import pytest

from qwentts_svc.config import load
from qwentts_svc.errors import InputError
from qwentts_svc.server.configure import server_settings
from qwentts_svc.server.settings import ServerSettings


def test_the_defaults_of_both_sides_agree() -> None:
    assert server_settings(load().settings.server) == ServerSettings()


def test_values_arrive_where_they_belong(tmp_path: Path) -> None:
    files = {"cert_file": str(tmp_path / "c"), "key_file": str(tmp_path / "k")}
    overrides = {"host": "127.0.0.2", "limits": {"max_segments": 3}, "tls": files, "auth": {"tokens_file": "t"}}
    settings = server_settings(load({"server": overrides}).settings.server)
    assert (settings.host, settings.limits.max_segments) == ("127.0.0.2", 3)
    assert settings.tls is not None
    assert settings.tls.key_file == tmp_path / "k"
    assert settings.auth.tokens_file == Path("t")


def test_an_open_address_without_authentication_is_refused() -> None:
    with pytest.raises(InputError, match="without authentication"):
        server_settings(load({"server": {"host": "0.0.0.0"}}).settings.server)


@pytest.mark.parametrize("tls", [{"cert_file": "c"}, {"key_file": "k"}, {"client_ca_file": "a"}])
def test_half_a_tls_setting_is_refused(tls: dict[str, str]) -> None:
    with pytest.raises(InputError, match="cert_file"):
        load({"server": {"tls": tls}})
