"""`kontorist adopt` from a shell."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from kontorist.cli import app
from kontorist.store.database import open_database
from tests.flows.offices import make_office


def test_an_admin_releases_a_copied_office_and_nobody_else(tmp_path: Path) -> None:
    make_office(tmp_path, {}).close()
    open_database(tmp_path / "data").close()
    where = ["--office", str(tmp_path / "office"), "--data", str(tmp_path / "data"), "--json"]
    refused = CliRunner().invoke(app, ["adopt", "--as", "anna", *where])
    assert "anna is no admin" in str(refused.exception)
    released = CliRunner().invoke(app, ["adopt", "--as", "petra", *where])
    assert json.loads(released.stdout) == {"adopted": True, "to_decide": 0}
