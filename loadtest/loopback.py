"""The addresses that load may be put on: this machine's own."""

from __future__ import annotations

import ipaddress

from qwentts_svc.errors import InputError


def check_address(address: str) -> str:
    """``address`` as it is. Raises InputError unless it is a loopback ``host:port``."""
    host, colon, port = address.rpartition(":")
    if not colon or not port.isdigit() or not 0 < int(port) < 65536:
        raise InputError(f"'{address}' is no address; write host:port, e.g. 127.0.0.1:50051", field="address")
    name = host.removeprefix("[").removesuffix("]")
    if name != "localhost" and not _is_loopback(name):
        raise InputError(
            f"'{host}' is not this machine: load tests run against loopback addresses only (127.0.0.1, [::1], "
            "localhost); run them beside the service",
            field="address",
        )
    return address


def _is_loopback(name: str) -> bool:
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
