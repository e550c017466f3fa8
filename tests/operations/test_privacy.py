"""A person's rights, from a shell: everything about them is found, what may go goes, and no model hears of them again."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from agents._model.rules import forbidden
from connectors.base import Item, NewDocument
from connectors.folder import Folder
from flows.intake import take_in
from flows.runner import direct_pass
from flows.runtime import Runtime, open_runtime
from kontorist.cli import app
from kontorist.core.errors import KontoristError, NotAllowed
from kontorist.core.subject import Subject
from kontorist.store import audit, privacy
from tests.flows.offices import NOTES, approve, make_office, proposals, work

TEXTS = {
    "a.txt": "Sehr geehrte Frau Gundula\nWurst, wir danken.",
    "b.txt": "Von: gundula@wurst.example\nWo ist meine Ware?",
    "c.txt": "Joanna Gundulawurst, joanna-gundula@wurst.example, gundula@wurst.example.net",
    "d.txt": "Rechnung an gundula@wurst.example.",
}

CUSTOMERS = "number;customer;email\n1;Meier;meier@eins.example\n2;Schulze;schulze@zwei.example\n3;Kunz;kunz@drei.example\n"
CHECKED = """
    trigger: {file: {connection: scans}}
    steps:
      - id: customers
        lookup: erp.orders
        many: true
      - set: {known: "{{ customers | list }}"}
      - id: note
        action: shelf.save
        with: {name: "{{ file.name }}", content: "{{ file.text }}"}
        approve: {by: service}
"""
LETTERS = """
    trigger: {schedule: "0 7 * * *"}
    steps:
      - id: customers
        lookup: erp.orders
        many: true
      - each: customers
        as: customer
        steps:
          - id: all
            lookup: erp.orders
            many: true
          - id: note
            action: shelf.save
            with: {name: "{{ customer.number }}.txt", content: "An {{ customer.email }}"}
            approve: {by: service}
"""
STATEMENT = b"1;meier@eins.example;10 EUR\n2;schulze@zwei.example;20 EUR"


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


class Table:
    """An office whose flows look up a table of three customers."""

    def __init__(self, folder: Path, flow: str, text: str, data: dict[str, Any], document: bytes | None = None) -> None:
        self.folder, self.data = folder, folder / "data"
        runtime = make_office(folder, {flow: text}, orders=CUSTOMERS)
        papers = [] if document is None else [NewDocument("statement.csv", "text/csv", document, role="original")]
        self.cases = take_in(runtime, flow, "scans", [Item("key", "Kunz.txt", "File of Kunz", data, papers)])
        work(runtime)
        runtime.close()

    run = Office.run


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/store.sqlite")
    return tmp_path


def test_of_a_case_about_somebody_else_only_the_rows_about_the_person_are_handed_out(store: Path) -> None:
    office = Table(store, "checked", CHECKED, {"file": {"name": "k.txt", "text": "Von kunz@drei.example"}})
    (part,) = office.run("export", "meier@eins.example", "--to", str(store / "copy.zip"))["cases"]
    assert (part["case"], part["whole"], part["found_in"]) == (office.cases[0], False, ["journal"])
    (rows,) = part["steps"]
    assert (rows["step"], [row["customer"] for row in rows["output"]], rows["rows"]) == ("customers", ["Meier"], ["orders.csv:2"])
    with zipfile.ZipFile(store / "copy.zip") as file:
        written = file.read("data.json").decode()
    assert not any(name in written for name in ("Kunz", "kunz@", "Schulze", "schulze@"))


def test_the_case_of_a_person_is_handed_out_without_the_rows_of_others(store: Path) -> None:
    office = Table(store, "checked", CHECKED, {"file": {"name": "k.txt", "text": "Von kunz@drei.example"}})
    (whole,) = office.run("export", "kunz@drei.example")["cases"]
    assert (whole["whole"], whole["data"]["file"]["name"], len(whole["proposals"])) == (True, "k.txt", 1)
    looked_up, repeated = whole["steps"]
    assert ([row["customer"] for row in looked_up["output"]], looked_up["rows_of_others"]) == (["Kunz"], 2)
    assert [row["customer"] for row in repeated["output"]["known"]] == ["Kunz"]


def test_a_case_about_somebody_else_is_not_emptied(store: Path) -> None:
    office = Table(store, "checked", CHECKED, {"file": {"name": "k.txt", "text": "Von kunz@drei.example"}})
    done = office.run("erase", "meier@eins.example", "--as", "petra")
    assert done["emptied"] == []
    assert "about others" in done["kept"][0]["reason"]
    assert office.run("erase", "kunz@drei.example", "--as", "petra")["emptied"] == office.cases


def test_of_a_run_over_many_people_only_the_entry_of_the_person_is_handed_out(store: Path) -> None:
    office = Table(store, "letters", LETTERS, {"scheduled": "now"})
    (part,) = office.run("export", "meier@eins.example")["cases"]
    assert not part["whole"]
    assert [p["payload"]["content"] for p in part["proposals"]] == ["An meier@eins.example"]
    assert not any(name in json.dumps(part) for name in ("kunz@", "schulze@"))
    assert office.run("erase", "meier@eins.example", "--as", "petra", "--dry-run")["emptied"] == []


def test_a_statement_with_the_rows_of_many_is_named_and_not_handed_out(store: Path) -> None:
    data = {"row": {"payer": "kunz@drei.example"}, "table": "entries", "file": {"name": "k", "text": ""}}
    office = Table(store, "checked", CHECKED, data, STATEMENT)
    named = [f"case {office.cases[0]}: statement.csv"]
    told = office.run("export", "schulze@zwei.example")
    assert (told["shared_documents"], [case["whole"] for case in told["cases"]]) == (named, [False])
    (whole,) = office.run("export", "kunz@drei.example", "--to", str(store / "copy.zip"))["cases"]
    assert (whole["whole"], whole["documents"]) == (True, [])
    assert zipfile.ZipFile(store / "copy.zip").namelist() == ["data.json"]


@pytest.mark.parametrize("text", ["", "  ", "ab", "a b"])
def test_nobody_is_looked_for_by_two_letters(text: str) -> None:
    with pytest.raises(NotAllowed, match="too short"):
        Subject(text)
