"""Each change of a flow is a version with its text and who made it; there is a way back, and two may have to agree."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from flows import authors
from kontorist.core.errors import KontoristError, NotAllowed, Rejected
from kontorist.store import audit, versions
from kontorist.store.flow_changes import approve as agree
from kontorist.store.flow_changes import roll_back
from tests.flows.offices import OFFICE, arrive, case, make_office, work
from tests.flows.test_shipping import FLOW, Admin, steps

PEOPLE = OFFICE.replace("  petra:", "  mareike: {name: Mareike, email: mareike@muster.example, role: admin}\n  petra:")


@pytest.fixture
def admin(tmp_path: Path) -> Admin:
    return Admin(tmp_path)


def history(admin: Admin) -> list[versions.Change]:
    runtime = admin.runtime()
    with runtime.database.read() as connection:
        found = versions.history(connection, "notes")
    runtime.close()
    return found


def command(admin: Admin, *words: str, code: int = 0) -> str:
    where = ["--office", str(admin.folder / "office"), "--data", str(admin.folder / "data")]
    environment = {"DATABASE_URL": f"sqlite:///{admin.folder}/store.sqlite", "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [sys.executable, "-m", "kontorist.cli", *words, *where], capture_output=True, text=True, check=False, env=environment
    )
    assert done.returncode == code, done.stderr
    return done.stdout + done.stderr


def test_a_change_is_kept_with_its_text_and_who_made_it(admin: Admin) -> None:
    admin.write("# the second try\n" + FLOW.format(version=2))
    first, second = history(admin)
    runtime = admin.runtime()
    with runtime.database.read() as connection:
        assert versions.texts_of(connection, second.version)["notes"].startswith("# the second try\n")
        events = [e for e in audit.read(connection, "office") if e["kind"] == "flow.changed"]
    assert [e["data"]["version"] for e in events] == [first.version, second.version]
    assert {first.who, second.who} == {(admin.folder / "office" / "flows" / "notes.yaml").owner()}
    runtime.close()


def test_in_git_it_is_who_committed(tmp_path: Path) -> None:
    admin = Admin(tmp_path)
    office = tmp_path / "office"
    git = ["git", "-C", str(office), "-c", "user.name=Petra", "-c", "user.email=petra@muster.example"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"]):
        subprocess.run([*git, *words], check=True)
    runtime = admin.runtime()
    assert authors.of(runtime.office, "notes") == "petra@muster.example"
    admin.write(FLOW.format(version=2))
    assert authors.of(runtime.office, "notes") != "petra@muster.example"
    runtime.close()


def test_back_to_an_earlier_version_by_an_admin_who_is_named(admin: Admin) -> None:
    old = history(admin)[0].version
    path = admin.folder / "office" / "flows" / "notes.yaml"
    before = path.read_text()
    admin.write(FLOW.format(version=2))
    runtime = admin.runtime()
    with pytest.raises(NotAllowed, match="anna is no admin"):
        roll_back(runtime.office, runtime.database, "notes", old, "anna")
    assert roll_back(runtime.office, runtime.database, "notes", old[:5], "petra") == old
    runtime.close()
    assert path.read_text() == before
    assert [(c.version == old, c.who) for c in history(admin)][2] == (True, "petra")


def test_a_version_that_does_not_fit_any_more_is_refused(admin: Admin) -> None:
    old = history(admin)[0].version
    admin.write("steps: [{stop: nothing}]\n")
    connections = admin.folder / "office" / "connections.yaml"
    connections.write_text(connections.read_text().replace("shelf:", "shelve:"))
    runtime = admin.runtime()
    with pytest.raises(Rejected, match="there is no connection 'shelf', did you mean 'shelve'"):
        roll_back(runtime.office, runtime.database, "notes", old, "petra")
    runtime.close()


def test_a_case_on_its_way_is_moved_on_purpose(admin: Admin) -> None:
    runtime = admin.runtime()
    stays, moves = arrive(runtime, "notes", "a", "b")
    work(runtime)
    runtime.close()
    admin.write(FLOW.format(version=2))
    runtime = admin.runtime()
    old = case(runtime, moves).flow_version
    with runtime.database.read() as connection:
        assert versions.at_work(connection, "notes") == {old: 2}
    with runtime.database.write() as connection:
        assert versions.move(connection, "notes", [moves], "petra") == [moves]
    from tests.flows.offices import approve, proposals

    approve(runtime, *proposals(runtime, "proposed"))
    work(runtime)
    assert steps(runtime, stays) == {"first": 1, "second": 1}
    assert steps(runtime, moves) == {"first": 1, "second": 2}
    runtime.close()


class TestFourEyes:
    @pytest.fixture
    def office(self, admin: Admin) -> Admin:
        (admin.folder / "office" / "office.yaml").write_text(PEOPLE + "flow_changes: four-eyes\n")
        return admin

    def test_a_change_waits_until_another_admin_agrees(self, office: Admin, capsys: pytest.CaptureFixture[str]) -> None:
        office.write(FLOW.format(version=2))
        runtime = office.runtime()
        assert runtime.office.flows["notes"].steps[0].set == {"version": 1}
        assert "has changed and goes on as it was: the change waits until another admin agrees" in capsys.readouterr().err
        version = history(office)[-1].version
        with pytest.raises(NotAllowed, match="anna is no admin"):
            agree(runtime.office, runtime.database, "notes", version, "anna")
        agree(runtime.office, runtime.database, "notes", version, "petra")
        runtime.close()
        runtime = office.runtime()
        assert runtime.office.flows["notes"].steps[0].set == {"version": 2}
        assert history(office)[-1].refused == ""
        runtime.close()

    def test_nobody_agrees_to_what_they_changed(self, office: Admin) -> None:
        old = history(office)[0].version
        office.write(FLOW.format(version=2))
        runtime = office.runtime()
        version = history(office)[-1].version
        agree(runtime.office, runtime.database, "notes", version, "petra")
        runtime.close()
        runtime = office.runtime()
        roll_back(runtime.office, runtime.database, "notes", old, "petra")
        runtime.close()
        assert history(office)[-1].refused != ""
        runtime = office.runtime()
        with pytest.raises(NotAllowed, match="petra made this change"):
            agree(runtime.office, runtime.database, "notes", old, "petra")
        agree(runtime.office, runtime.database, "notes", old, "mareike")
        with pytest.raises(Rejected, match="has agreed"):
            agree(runtime.office, runtime.database, "notes", old, "mareike")
        runtime.close()
        assert history(office)[-1].refused == ""

    def test_a_new_flow_is_not_in_use_before(self, office: Admin) -> None:
        (office.folder / "office" / "flows" / "other.yaml").write_text("steps: [{stop: x}]\n")
        runtime = office.runtime()
        assert list(runtime.office.flows) == ["notes"]
        runtime.close()


def test_the_commands_list_show_compare_and_go_back(admin: Admin) -> None:
    old = history(admin)[0].version
    admin.write(FLOW.format(version=2))
    history(admin)
    listed = command(admin, "flows", "versions", "notes")
    assert old in listed
    assert "version: 1" in command(admin, "flows", "text", "notes", old[:6])
    shown = command(admin, "flows", "diff", "notes")
    assert "-    set: {version: 1}\n+    set: {version: 2}" in shown
    assert "no admin" in command(admin, "flows", "rollback", "notes", old, "--as", "anna", code=1)
    command(admin, "flows", "rollback", "notes", old, "--as", "petra")
    assert "Nothing differs" in command(admin, "flows", "diff", "notes", old)
    assert "0 cases" in command(admin, "cases", "move", "notes", "--as", "petra")
    assert "no single version" in command(admin, "flows", "text", "notes", "zzz", code=1)


def test_a_flow_that_is_none_is_said(admin: Admin) -> None:
    runtime: Any = make_office(admin.folder / "x", {})
    with pytest.raises(KontoristError, match="There is no flow 'none'"):
        roll_back(runtime.office, runtime.database, "none", "abc", "petra")
    runtime.close()
