"""A flood of sign-ins holds up nobody: counted by address, looked at two by two, without a connection."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from kontorist.core.errors import AccessDenied
from kontorist.inbox import doorkeeper
from kontorist.inbox.doorkeeper import INSIDE, PAUSE, SIDE_BY_SIDE, TRIES, WITHIN, Doorkeeper
from kontorist.store import people
from tests.inbox.desks import PASSWORD, Desk, hidden


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A look at a password that takes no time."""
    monkeypatch.setattr(people, "fits", lambda hashed, password: password == PASSWORD)


def from_address(desk: Desk, address: str, name: str, password: str = "guess") -> Any:
    """A try to sign in from there."""
    client = TestClient(desk.app, base_url="http://testserver", client=(address, 50000))
    return client.post("/sign-in", data={**hidden(client.get("/sign-in").text), "name": name, "password": password})


def refused(keeper: Doorkeeper, address: str) -> bool:
    try:
        keeper.count(address)
    except AccessDenied:
        return True
    return False


def wait(monkeypatch: pytest.MonkeyPatch, time: timedelta) -> None:
    later = doorkeeper.utcnow() + time
    monkeypatch.setattr(doorkeeper, "utcnow", lambda: later)


@pytest.mark.usefixtures("quick")
class TestOneAddress:
    def test_many_names_from_one_address_are_stopped_and_others_are_not(self, desk: Desk):
        for number in range(TRIES):
            assert "Too many" not in from_address(desk, "192.0.2.7", f"guess{number}").text
        answer = from_address(desk, "192.0.2.7", "anna", PASSWORD)
        assert answer.status_code == 403
        assert "Too many wrong sign-ins from your network. Try again in 60 seconds." in answer.text
        assert from_address(desk, "192.0.2.8", "anna", PASSWORD).url.path == "/"

    def test_an_office_that_signs_in_rightly_is_never_stopped(self, desk: Desk):
        for _ in range(TRIES + 5):
            assert from_address(desk, "192.0.2.7", "anna", PASSWORD).url.path == "/"

    def test_an_impatient_colleague_whose_name_is_locked_stops_nobody_else(self, desk: Desk):
        for _ in range(TRIES + 5):
            from_address(desk, "192.0.2.7", "ole")
        assert from_address(desk, "192.0.2.7", "anna", PASSWORD).url.path == "/"


class TestCounting:
    def test_the_pause_is_a_minute_and_then_it_begins_anew(self, monkeypatch: pytest.MonkeyPatch):
        keeper = Doorkeeper()
        assert [refused(keeper, "a") for _ in range(TRIES + 2)] == [False] * TRIES + [True] * 2
        wait(monkeypatch, PAUSE)
        assert [refused(keeper, "a") for _ in range(TRIES + 1)] == [False] * TRIES + [True]

    def test_wrong_tries_of_long_ago_are_forgotten(self, monkeypatch: pytest.MonkeyPatch):
        keeper = Doorkeeper()
        for _ in range(TRIES - 1):
            keeper.count("a")
        wait(monkeypatch, WITHIN)
        assert not any(refused(keeper, "a") for _ in range(TRIES))

    @pytest.mark.parametrize(
        ("one", "other", "same"),
        [
            ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
            ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
            ("192.0.2.1", "::ffff:192.0.2.1", True),
            ("192.0.2.1", "192.0.2.2", False),
            ("", "unix", False),
        ],
    )
    def test_one_client_has_many_addresses_of_ipv6(self, one: str, other: str, same: bool):
        keeper = Doorkeeper()
        for _ in range(TRIES):
            keeper.count(one)
        assert refused(keeper, other) is same

    def test_tries_at_the_same_moment_are_all_counted(self):
        keeper = Doorkeeper()
        with ThreadPoolExecutor(20) as threads:
            assert sum(threads.map(lambda _: refused(keeper, "a"), range(120))) == 120 - TRIES


class TestLooking:
    def test_few_passwords_are_looked_at_side_by_side_and_few_wait(self):
        keeper, go_on = Doorkeeper(), threading.Event()
        begun, sent_away = threading.Semaphore(0), threading.Semaphore(0)

        def look(_: int) -> bool:
            try:
                with keeper.turn():
                    begun.release()
                    return go_on.wait(10)
            except AccessDenied:
                sent_away.release()
                return False

        with ThreadPoolExecutor(INSIDE + 10) as threads:
            results = threads.map(look, range(INSIDE + 10))
            assert all(begun.acquire(timeout=10) for _ in range(SIDE_BY_SIDE))
            assert all(sent_away.acquire(timeout=10) for _ in range(10))
            assert not begun.acquire(timeout=0.2), "the others wait"
            go_on.set()
            assert sum(results) == INSIDE
        with keeper.turn():
            pass

    def test_no_connection_is_held_meanwhile(self, desk: Desk, monkeypatch: pytest.MonkeyPatch):
        held = []
        monkeypatch.setattr(people, "fits", lambda *_: held.append(desk.runtime.database.engine.pool.checkedout()))
        from_address(desk, "192.0.2.7", "anna")
        assert held == [0]
