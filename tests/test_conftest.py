"""The fences around the tests themselves."""

from __future__ import annotations

import socket
import urllib.request

import pytest

from tests.network import NetworkIsBlockedError


@pytest.mark.parametrize("host", ["example.org", "8.8.8.8", "2606:4700::1111"])
def test_a_test_cannot_leave_this_machine(host: str) -> None:
    with pytest.raises(NetworkIsBlockedError, match="stay on this machine"):
        socket.create_connection((host, 80), timeout=1)
    with pytest.raises(NetworkIsBlockedError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        out.sendto(b"x", (host, 53))


def test_web_requests_are_stopped_too() -> None:
    with pytest.raises(NetworkIsBlockedError):
        urllib.request.urlopen("http://example.org/", timeout=1)


def test_a_server_on_this_machine_is_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname(), timeout=1) as client:
        assert client.getpeername() == server.getsockname()


def test_reserved_names_are_unknown_as_everywhere() -> None:
    with pytest.raises(socket.gaierror):
        socket.create_connection(("mail.invalid", 80), timeout=1)
    with pytest.raises(OSError, match="unreachable"):
        socket.create_connection(("192.0.2.1", 80), timeout=1)


def test_both_databases_are_there(database) -> None:
    with database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM cases").scalar() == 0
