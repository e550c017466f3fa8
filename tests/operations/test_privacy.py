"""A person's rights, from a shell: everything about them is found, what may go goes, and no model hears of them again."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from agents._model.rules import forbidden
from connectors.folder import Folder
from flows.runner import direct_pass
from flows.runtime import Runtime, open_runtime
from kontorist.cli import app
from kontorist.core.errors import KontoristError, NotAllowed
from kontorist.core.subject import Subject
from kontorist.store import audit, privacy
from tests.flows.offices import NOTES, approve, make_office, proposals

TEXTS = {
    "a.txt": "Sehr geehrte Frau Gundula\nWurst, wir danken.",
    "b.txt": "Von: gundula@wurst.example\nWo ist meine Ware?",
    "c.txt": "Joanna Gundulawurst, joanna-gundula@wurst.example, gundula@wurst.example.net",
    "d.txt": "Rechnung an gundula@wurst.example.",
}


class Office:
    """An office with four letters, three of them about one person."""

    def __init__(self, folder: Path) -> None:
        runtime = make_office(folder, {"notes": NOTES})
        (folder / "data" / "scans").mkdir(parents=True)
        for name, text in TEXTS.items():
            (folder / "data" / "scans" / name).write_text(text)
        runtime.close()
        self.folder, self.data = folder, folder / "data"
        runtime = self.runtime()
        direct_pass(runtime)
        runtime.close()

    def runtime(self) -> Runtime:
        return open_runtime(self.folder / "office", self.data)

    def run(self, *words: str) -> Any:
        where = ["--office", str(self.folder / "office"), "--data", str(self.data), "--json"]
        result = CliRunner().invoke(app, ["privacy", *words, *where])
        if result.exception is not None and isinstance(result.exception, KontoristError):
            raise result.exception
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/store.sqlite")
    return Office(tmp_path)


def test_everything_about_a_person_is_handed_out_and_nothing_else(office: Office) -> None:
    target = office.folder / "copy.zip"
    told = office.run("export", "gundula@WURST.example", "--to", str(target))
    assert sorted(c["data"]["file"]["name"] for c in told["cases"]) == ["b.txt", "d.txt"]
    with zipfile.ZipFile(target) as file:
        whole = json.loads(file.read("data.json"))
        papers = {name.rpartition("-")[2]: file.read(name) for name in file.namelist() if name.startswith("documents/")}
    assert whole["cases"][0]["proposals"][0]["payload"]["content"] == TEXTS["b.txt"]
    assert papers == {name: TEXTS[name].encode() for name in ("b.txt", "d.txt")}
    assert target.stat().st_mode & 0o077 == 0
    with pytest.raises(NotAllowed, match="is there already"):
        office.run("export", "gundula@wurst.example", "--to", str(target))


def test_a_name_is_found_over_a_line_break(office: Office) -> None:
    (found,) = office.run("export", "Gundula Wurst")["cases"]
    assert found["data"]["file"]["name"] == "a.txt"


def test_erasure_empties_what_may_go_and_keeps_what_is_booked(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    runtime = office.runtime()
    (booked,) = [row for row in proposals(runtime) if row.data["name"] == "d.txt"]
    approve(runtime, booked)
    direct_pass(runtime)
    monkeypatch.setattr(Folder, "retention_law", "§ 147 AO")
    before = office.run("erase", "gundula@wurst.example", "--as", "petra", "--dry-run")
    assert (len(before["emptied"]), len(office.run("export", "gundula@wurst.example")["cases"])) == (1, 2)
    done = office.run("erase", "gundula@wurst.example", "--as", "petra")
    assert (done["emptied"], done["kept"]) == (before["emptied"], [{"case": booked.case_id, "reason": "§ 147 AO"}])
    assert done["documents"] == 1
    (kept,) = office.run("export", "gundula@wurst.example")["cases"]
    assert kept["case"] == booked.case_id
    direct_pass(runtime)  # the letter still lies in the folder: it does not come back
    assert [r.data.get("name") for r in proposals(runtime) if r.state == "proposed"] == ["a.txt", "c.txt"]
    with runtime.database.read() as connection:
        assert privacy.restricted(connection) == {booked.case_id: "§ 147 AO"}
        assert audit.verify(connection).problem == ""
    runtime.close()


def test_only_an_admin_erases_or_notes_an_objection(office: Office) -> None:
    for command in ("erase", "object"):
        with pytest.raises(NotAllowed, match="anna is no admin"):
            office.run(command, "gundula@wurst.example", "--as", "anna")


def test_nothing_about_a_person_who_objects_goes_to_a_model(office: Office) -> None:
    assert office.run("object", "gundula@wurst.example", "--as", "petra")["changed"]
    assert not office.run("object", "Gundula@wurst.example", "--as", "petra")["changed"]
    runtime = office.runtime()
    rules = runtime.setting(None).settings["never_to_a_model"]
    assert forbidden(rules, {"mail": {"from": {"address": "gundula@wurst.example"}}}, "") == "a person who objects to it"
    assert forbidden(rules, {}, "from gundula@wurst.example") != ""
    assert forbidden(rules, {}, "from joanna-gundula@wurst.example") == ""
    assert office.run("object", "gundula@wurst.example", "--as", "petra", "--lift")["objections"] == []
    assert runtime.setting(None).settings["never_to_a_model"]["persons"] == []
    runtime.close()


@pytest.mark.parametrize("text", ["", "  ", "ab", "a b"])
def test_nobody_is_looked_for_by_two_letters(text: str) -> None:
    with pytest.raises(NotAllowed, match="too short"):
        Subject(text)
