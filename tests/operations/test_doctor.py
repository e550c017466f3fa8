"""`doctor` says what an admin has to know about this copy of the office and about Prefect."""

from __future__ import annotations

import http.server
import threading
from pathlib import Path

import pytest

from flows import doctor, prefect_server
from kontorist.core.office import load_office
from kontorist.store import backup, restore
from kontorist.store.database import Database
from tests.store.offices import approve, claim, propose


def finding(name: str, data: Path) -> dict[str, object]:
    return doctor._database(data) if name == "database" else doctor._prefect(data)


def test_a_restored_office_is_said_to_execute_nothing_until_it_is_adopted(sqlite: Database, tmp_path: Path) -> None:
    from kontorist.store import instance
    from kontorist.store.database import embedded_url, open_database

    approve(sqlite, propose(sqlite))
    claim(sqlite)
    assert finding("database", sqlite.data_dir)["ok"] is True
    outside = tmp_path.parent / f"{tmp_path.name}-again"
    file = tmp_path.parent / f"{tmp_path.name}.tar.gz"
    backup.write(sqlite, file)
    restore.restore(file, outside)
    found = finding("database", outside)
    assert found["ok"] is False
    assert "kontorist adopt" in str(found["message"])
    again = open_database(outside, embedded_url(outside))
    instance.adopt(again, "petra")
    again.close()
    assert finding("database", outside)["ok"] is True


def test_prefect_away_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_API_URL", f"http://127.0.0.1:{prefect_server.free_port()}/api")
    found = finding("prefect", tmp_path)
    assert (found["ok"], "does not answer" in str(found["message"])) == (False, True)


class _Healthy(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing."""


def test_prefect_that_others_can_reach_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server on all addresses of this machine answers on another one than loopback, too."""
    server = http.server.ThreadingHTTPServer(("0.0.0.0", 0), _Healthy)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        monkeypatch.setenv("PREFECT_API_URL", f"http://127.0.0.1:{server.server_port}/api")
        found = finding("prefect", tmp_path)
        assert "from other machines" in str(found["message"]), found
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_the_names_that_the_inbox_answers_under_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KONTORIST_HOSTS", raising=False)
    (tmp_path / "office.yaml").write_text("company: {name: Muster GmbH}\n")
    assert "goes into office.yaml (notify: link) or KONTORIST_HOSTS" in doctor._names(load_office(tmp_path))["message"]
    monkeypatch.setenv("KONTORIST_HOSTS", "kontorist.muster.de")
    assert "answers under kontorist.muster.de and addresses" in doctor._names(load_office(tmp_path))["message"]
