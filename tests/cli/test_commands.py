"""The command line as a user meets it: in a subprocess, with its output and exit code."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows import prefect_server
from kontorist.cli import app
from kontorist.core.errors import NotFound
from kontorist.store.database import open_database
from tests.flows.offices import make_office
from tests.flows.test_engine import SAVE
from tests.store.offices import take_in

FAILS_WITHOUT_A_NUMBER = """steps:
  - when: "'Bestellung' not in file.text"
    steps:
      - set: {x: "{{ file.name.upper }}"}
"""


def kontorist(*args: str, env: dict[str, str] | None = None, stdin: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "kontorist.cli", *args]
    return subprocess.run(
        command, capture_output=True, text=True, input=stdin, env={**os.environ, **(env or {})}, timeout=240, check=False
    )


def lines(result: subprocess.CompletedProcess[str]) -> list[dict]:
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.fixture
def office(tmp_path: Path) -> dict[str, str]:
    make_office(tmp_path, {"notes": SAVE}).close()
    scans = tmp_path / "data" / "scans"
    scans.mkdir(parents=True)
    for i, text in enumerate(("Bestellung 4711", "Bestellung 4712", "nichts")):
        (scans / f"{i}.txt").write_text(text)
        os.utime(scans / f"{i}.txt", (time.time() - 60, time.time() - 60))
    return {"KONTORIST_OFFICE": str(tmp_path / "office"), "KONTORIST_DATA": str(tmp_path / "data")}


@pytest.fixture(scope="module")
def prefect(tmp_path_factory: pytest.TempPathFactory):
    process, url = prefect_server.start(tmp_path_factory.mktemp("prefect"))
    yield {"PREFECT_API_URL": url}
    prefect_server.stop(process)


def test_listing_commands_need_neither_prefect_nor_a_model(office: dict[str, str]) -> None:
    """They start in well under a second because they import neither."""
    code = "import sys; from kontorist.cli import app; import kontorist.store.actions; print(sorted(m for m in sys.modules if m in ('prefect', 'langchain', 'openai', 'numpy', 'fastapi')))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


@pytest.mark.slow
def test_a_clerk_works_in_the_terminal(office: dict[str, str], prefect: dict[str, str]) -> None:
    env = {**office, **prefect}

    (run,) = lines(kontorist("run", "--json", env=env))
    assert {k: run[k] for k in ("flow", "taken_in", "proposed", "unclear", "failed")} == {
        "flow": "notes", "taken_in": 3, "proposed": 2, "unclear": 1, "failed": 0,
    }  # fmt: skip
    first, second = lines(kontorist("inbox", "list", "--json", env=env))
    assert set(first) >= {
        "id",
        "case",
        "flow",
        "action",
        "revision",
        "hash",
        "state",
        "approvers",
        "due",
        "warnings",
        "payload",
        "origins",
    }

    approved = kontorist("inbox", "approve", str(first["id"]), "--as", "anna", "--json", env=env)
    assert (approved.returncode, lines(approved)[0]["state"]) == (0, "approved")
    assert kontorist("inbox", "approve", str(second["id"]), "--as", "petra", env=env).returncode == 1
    assert kontorist("inbox", "reject", str(second["id"]), "--as", "ole", "--reason", "falsch", env=env).returncode == 0
    (again,) = lines(kontorist("run", "--json", env=env))
    assert (again["executed"], again["taken_in"]) == (1, 0)
    assert [p.name for p in (Path(office["KONTORIST_DATA"]) / "shelf").iterdir()] == ["4711.txt"]

    assert kontorist("audit", "verify", env=env).returncode == 0
    cases = {c["state"] for c in lines(kontorist("cases", "list", "--json", env=env))}
    assert cases == {"done", "closed", "unclear"}
    case = lines(kontorist("cases", "show", str(first["case"]), "--json", env=env))[0]
    assert "/runs/flow-run/" in case["run_url"]
    assert [s["id"] for s in case["steps"]] == ["wanted", "order", "note"]


@pytest.mark.slow
def test_a_pass_names_what_it_could_not_read_and_takes_in_the_rest(office: dict[str, str], prefect: dict[str, str]) -> None:
    folder, data = Path(office["KONTORIST_OFFICE"]), Path(office["KONTORIST_DATA"])
    with (folder / "connections.yaml").open("a") as file:
        file.write('bank: {connector: bank, folder: "data:bank"}\n')
    (folder / "flows" / "payments.yaml").write_text(
        'trigger: {rows: {connection: bank, table: entries}}\nsteps: [{set: {x: "{{ row.amount }}"}}]\n'
    )
    (data / "bank").mkdir()
    statement = ":20:1\n:25:12345678/1234567890\n:28C:1/1\n:60F:C261101EUR0,00\n:61:2611021102C10,00NTRFNONREF\n:86:166?20RE-1\n"
    (data / "bank" / "good.sta").write_text(statement + ":62F:C261102EUR10,00\n-\n")
    (data / "bank" / "broken.sta").write_text(statement.replace("261102", "269999"))
    for path in (data / "bank").iterdir():
        os.utime(path, (time.time() - 60, time.time() - 60))

    result = kontorist("run", "--json", env={**office, **prefect})

    assert (result.returncode, {line["flow"]: line["taken_in"] for line in lines(result)}) == (0, {"notes": 3, "payments": 1})
    (told,) = [line for line in result.stderr.splitlines() if "Could not be read" in line]
    assert told.startswith("Could not be read at 'bank': ")
    assert "broken.sta" in told


def test_an_edit_makes_a_new_revision_that_has_to_be_approved_anew(office: dict[str, str], tmp_path: Path) -> None:
    from flows.runtime import open_runtime
    from tests.flows.offices import arrive, work

    runtime = open_runtime(Path(office["KONTORIST_OFFICE"]), Path(office["KONTORIST_DATA"]))
    arrive(runtime, "notes", "Bestellung 4711")
    work(runtime)
    runtime.close()

    edited = kontorist("inbox", "edit", "1", "--as", "anna", "--set", "content=neu", "--json", env=office)
    wrong = kontorist("inbox", "edit", "1", "--as", "anna", "--set", "colour=red", env=office)

    assert lines(edited)[0]["revision"] == 2
    assert (wrong.returncode, "colour" in wrong.stderr) == (1, True)
    shown = lines(kontorist("inbox", "show", "1", "--json", env=office))[0]
    assert (shown["payload"]["content"], shown["origins"]["content"]) == ("neu", ["person:anna"])


def test_simulate_tells_everything_and_changes_nothing(office: dict[str, str]) -> None:
    data = Path(office["KONTORIST_DATA"])
    result = kontorist("simulate", "notes", str(data / "scans"), "--json", env=office)
    got = lines(result)
    assert [r["state"] for r in got] == ["waiting", "waiting", "unclear"]
    assert set(got[0]) >= {"source", "case", "state", "steps", "proposals", "error"}
    assert got[0]["proposals"][0]["payload"]["name"] == "4711.txt"
    assert not (data / "shelf").exists()
    assert not (data / "kontorist.sqlite").exists()


def test_a_simulation_with_a_failed_case_tells_every_case_and_exits_with_1(office: dict[str, str]) -> None:
    flow = Path(office["KONTORIST_OFFICE"]) / "flows" / "notes.yaml"
    flow.write_text(flow.read_text().replace("steps:", FAILS_WITHOUT_A_NUMBER, 1))
    scans = str(Path(office["KONTORIST_DATA"]) / "scans")
    result = kontorist("simulate", "notes", scans, "--json", env=office)
    assert ([r["state"] for r in lines(result)], result.returncode) == (["waiting", "waiting", "failed"], 1)
    assert kontorist("simulate", "notes", f"{scans}/0.txt", env=office).returncode == 0
    assert kontorist("simulate", "notes", f"{scans}/missing.txt", env=office).returncode == 1


def test_a_simulation_without_anything_to_work_on_is_wrong_usage(office: dict[str, str]) -> None:
    flows = Path(office["KONTORIST_OFFICE"]) / "flows"
    (flows / "daily.yaml").write_text('trigger: {schedule: "0 7 * * *"}\nsteps: [{set: {x: "1"}}]\n')
    refused = kontorist("simulate", "notes", env=office)
    assert (refused.returncode, "Name files or folders" in " ".join(refused.stderr.split())) == (2, True)
    assert kontorist("simulate", "daily", env=office).returncode == 0, "a schedule needs no file"


@pytest.mark.slow
def test_a_demonstration_with_a_failed_case_exits_with_1(office: dict[str, str], prefect: dict[str, str]) -> None:
    flow = Path(office["KONTORIST_OFFICE"]) / "flows" / "notes.yaml"
    flow.write_text(flow.read_text().replace("steps:", FAILS_WITHOUT_A_NUMBER, 1))
    result = kontorist("demo", "--once", "--json", env={**office, **prefect})
    assert ([line["failed"] for line in lines(result)], result.returncode) == ([1], 1)


def test_check_says_what_is_wrong_and_where(office: dict[str, str]) -> None:
    flow = Path(office["KONTORIST_OFFICE"]) / "flows" / "notes.yaml"
    flow.write_text(flow.read_text().replace("lookup: erp.orders", "lookup: erp.ordres"))
    result = kontorist("check", "--json", env=office)
    (problem,) = lines(result)
    assert result.returncode == 1
    assert (problem["line"], "did you mean 'orders'" in problem["message"]) == (9, True)


@pytest.mark.parametrize(
    ("args", "code", "says"),
    [
        (("run", "nosuch"), 1, "There is no flow 'nosuch'; there are: notes."),
        (("inbox", "approve", "99", "--as", "anna"), 1, "There is no action 99"),
        (("inbox", "approve", "1", "--as", "nobody"), 1, "There is no person 'nobody'"),
        (("inbox", "approve", "1"), 2, "--as"),
        (("cases", "show", "99"), 1, "There is no case 99"),
        (("cases", "retry", "99"), 1, "There is no case 99"),
        (("cases", "close", "99"), 1, "There is no case 99"),
        (("frobnicate",), 2, "No such command"),
        (("check", "--office", "/nonexistent"), 1, "cannot be read"),
        (("audit", "verify", "--data", "/nonexistent"), 1, "Name the data folder of your office"),
        (("user", "add", "anna", "--password-stdin"), 1, "at least 10 characters"),
    ],
)
def test_mistakes_get_a_sentence_and_the_right_exit_code(
    office: dict[str, str], args: tuple[str, ...], code: int, says: str
) -> None:
    result = kontorist(*args, env=office, stdin="short\n")
    assert (result.returncode, says in result.stderr + result.stdout) == (code, True), result.stderr


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("cases", "list", "--state", "opne"), "runnable, waiting, unclear, failed, done, closed"),
        (("cases", "list", "--flow", "nosuch"), "there is no 'nosuch'; there are: notes, old-flow."),
        (("cases", "move", "nosuch"), "there is no 'nosuch'; there are: notes, old-flow."),
        (("cases", "list", "--limit", "0"), "Invalid value for '--limit'"),
        (("cases", "list", "--limit", "-3"), "Invalid value for '--limit'"),
        (("mail", "ledger", "--since", "yesterday"), "'yesterday' is not a duration"),
        (("mail", "ledger", "--limit", "0"), "Invalid value for '--limit'"),
        (("inbox", "list", "--state", "opne"), "open, all, proposed, approved"),
    ],
)
def test_a_filter_that_nothing_can_fit_is_wrong_usage(office: dict[str, str], args: tuple[str, ...], says: str) -> None:
    store = open_database(Path(office["KONTORIST_DATA"]))
    take_in(store, "k", flow="old-flow")
    result = CliRunner().invoke(app, args, env=office)
    assert (result.exit_code, says in " ".join(result.output.replace("│", "").split())) == (2, True), result.output
    for known in ("--flow=old-flow", "--flow=notes", "--state=failed"):
        assert CliRunner().invoke(app, ("cases", "list", known), env=office).exit_code == 0


@pytest.mark.parametrize(
    "command",
    [
        ("audit", "verify"),
        ("audit", "export"),
        ("privacy", "export", "eva@kunde.example"),
        ("privacy", "erase", "eva@kunde.example", "--as", "petra"),
        ("privacy", "object", "eva@kunde.example", "--as", "petra"),
        ("backup", "{}/backup.tar.gz"),
        ("adopt", "--as", "petra"),
    ],
)
def test_a_mistyped_data_folder_is_said_and_nothing_is_made(
    office: dict[str, str], tmp_path: Path, command: tuple[str, ...]
) -> None:
    (tmp_path / "other").mkdir()
    for folder in (tmp_path / "no" / "such", tmp_path / "other"):
        words = [*(part.format(tmp_path) for part in command), "--data", str(folder)]
        result = CliRunner().invoke(app, words, env=office)
        assert isinstance(result.exception, NotFound)
        assert f"data folder {folder}" in str(result.exception)
        assert "--data or KONTORIST_DATA" in str(result.exception)
    assert not (tmp_path / "no").exists()
    assert list((tmp_path / "other").iterdir()) == []
    assert not (tmp_path / "backup.tar.gz").exists()


def test_a_data_folder_that_is_made_is_named_once(office: dict[str, str], tmp_path: Path) -> None:
    listed = [kontorist("cases", "list", "--json", "--data", str(tmp_path / "mistyped"), env=office) for _ in range(2)]
    assert [run.returncode for run in listed] == [0, 0]
    assert f"There was no data folder {tmp_path / 'mistyped'}" in listed[0].stderr
    assert "There was no data folder" not in listed[0].stdout + listed[1].stderr


def test_an_unusable_data_folder_is_said_in_a_sentence(office: dict[str, str], tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("x")
    result = kontorist("cases", "list", "--data", str(blocked / "sub"), env=office)
    assert (result.returncode, "cannot be created" in result.stderr) == (1, True)


def test_the_cases_of_a_demonstration_never_come_into_another_office(
    office: dict[str, str], prefect: dict[str, str], tmp_path: Path
) -> None:
    data = {"KONTORIST_DATA": str(tmp_path / "shared")}
    assert kontorist("demo", "--once", env={**office, **prefect, **data}).returncode == 0
    assert kontorist("demo", "--once", env={**office, **prefect, **data}).returncode == 0
    assert kontorist("run", env={**office, **prefect, **data}).returncode == 0
    shutil.copytree(tmp_path / "office", tmp_path / "other")
    other = {"KONTORIST_OFFICE": str(tmp_path / "other"), **prefect, **data}
    for command in ("run", "up", "watch", "serve"):
        refused = kontorist(command, env=other)
        assert refused.returncode == 1, command
        assert "Give this office one of its own: --data DIR" in refused.stderr


def test_a_demonstration_gives_nobody_of_an_office_at_work_a_new_password(
    office: dict[str, str], prefect: dict[str, str]
) -> None:
    kontorist("user", "add", "anna", "--password-stdin", env=office, stdin="a long enough password\n")
    refused = kontorist("demo", "--once", env={**office, **prefect})
    assert refused.returncode == 1
    assert "is that of an office at work" in refused.stderr


def test_a_place_that_cannot_be_written_and_a_port_that_is_none_are_said_in_a_sentence(office: dict[str, str]) -> None:
    for command in (("init", "/proc/office"), ("simulate", "notes", __file__, "--page", "/proc/page.html")):
        refused = kontorist(*command, env=office)
        assert (refused.returncode, "Traceback" in refused.stderr) == (1, False), command
        assert "/proc/" in refused.stderr
    for command in ("up", "demo", "serve"):
        assert kontorist(command, "--port", "99999", env=office).returncode == 2
