"""Whatever is wrong with a flow is found at its line, with a message that says what to do; nothing makes `check` fall over."""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import Any

import pytest

from connectors.folder import Folder
from connectors.mail import Mail
from kontorist.core.arrived import FIELDS
from kontorist.core.check import check, check_text
from kontorist.core.office import Office, load_office
from tests.core.broken_flows import FLOWS, broken

OFFICE = FLOWS.parent


@pytest.fixture(scope="module")
def office() -> Office:
    return load_office(OFFICE)


def test_two_hundred_broken_flows_are_found_at_their_line(office: Office) -> None:
    files = list(broken())
    missed = []
    for b in files:
        found = [p for p in check_text(office, b.flow, b.text) if p.severity == "error"]
        if not any(p.line == b.line and re.search(b.says, p.message) for p in found):
            missed.append((b.flow, b.what, b.line, list(map(str, found))))
    assert len(files) >= 200
    assert len(missed) <= len(files) * 0.05, missed


def test_what_follows_from_a_mistake_is_not_told(office: Office) -> None:
    several = {b.what for b in broken() if len(check_text(office, b.flow, b.text)) > 1}
    assert several <= {"too many approvers"}, "which puts a second `count:` beside the first"


def test_shipped_flows_have_no_problem(office: Office) -> None:
    assert [p for name in office.flows for p in check_text(office, name, (FLOWS / f"{name}.yaml").read_text())] == []


@pytest.mark.parametrize("seed", range(60))
def test_random_damage_never_makes_check_fall_over(office: Office, seed: int) -> None:
    chance = random.Random(seed)
    for path in sorted(FLOWS.glob("*.yaml")):
        lines = path.read_text().splitlines(keepends=True)
        for _ in range(chance.randint(1, 3)):
            _damage(lines, chance)
        for problem in check_text(office, path.stem, "".join(lines)):
            assert 1 <= problem.line <= len(lines) + 1
            assert problem.message


def test_steps_among_the_options_of_an_agent_are_no_steps_of_the_flow(office: Office) -> None:
    written = "steps:\n  - id: found\n    agent: extract\n    text: x\n    steps: [{id: found, stop: y}]\n    fields: {a: {type: text}}\n"
    (problem,) = check_text(office, "order-status", written)
    assert "steps" in problem.message


def _damage(lines: list[str], chance: random.Random) -> None:
    i = chance.randrange(len(lines))
    line = lines[i]
    at = chance.randrange(len(line) or 1)
    damage: list[Any] = [
        lambda: lines.pop(i),
        lambda: lines.insert(i, line),
        lambda: lines.__setitem__(i, line[:at] + line[at + 1 :]),
        lambda: lines.__setitem__(i, line[:at] + chance.choice("{}[]:\"'|&*#%-\t\0é") + line[at:]),
        lambda: lines.__setitem__(i, " " * chance.randint(0, 6) + line),
        lambda: lines.__setitem__(i, re.sub(r":.*", ": [1, {a: null}]", line, count=1)),
    ]
    chance.choice(damage)()


def test_the_known_fields_are_those_that_arrive() -> None:
    (mail,) = Mail.from_file("mail", OFFICE / "mails" / "003-status-behrens-47001.eml", {})
    (file,) = Folder.from_file("file", OFFICE / "office.yaml", {})
    for path, value in (("mail", mail.data["mail"]), ("file", file.data["file"])):
        assert set(value) <= set(FIELDS[(path,)])
    assert set(mail.data["mail"]["from"]) == set(FIELDS["mail", "from"])


def test_the_line_is_shown_with_a_mark_below(tmp_path: Path) -> None:
    import subprocess
    import sys

    (tmp_path / "flows").mkdir()
    (tmp_path / "office.yaml").write_text("company: {name: Muster GmbH}\n")
    (tmp_path / "connections.yaml").write_text("")
    (tmp_path / "flows" / "a.yaml").write_text("steps:\n  - stopp: here\n")
    assert [p.line for p in check(tmp_path)] == [2]
    done = subprocess.run(
        [sys.executable, "-m", "kontorist.cli", "check", "--office", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "a.yaml:2:5: unknown step 'stopp', did you mean 'stop'?\n    2 |   - stopp: here\n      |     ^\n" in done.stdout


def test_columns_of_the_row_that_started_a_flow_are_known(office: Office) -> None:
    text = (FLOWS / "bank-payments.yaml").read_text()
    wrong = text.replace("steps:\n", 'steps:\n  - ask: "{{ row.amount }} of {{ row.party_name }}"\n', 1)
    assert wrong != text
    (said,) = check_text(office, "bank-payments", wrong)
    assert said.message.startswith("row.party_name: 'row' has no 'party_name'; there are: account, amount, bank_reference,")
    (said,) = check_text(office, "bank-payments", text.replace("table: entries", "table: entrys"))
    assert said.severity == "error"


def test_the_table_whose_rows_start_a_flow_is_known(office: Office) -> None:
    text = 'trigger: {rows: {connection: erp, table: open_item}}\nsteps:\n  - ask: "{{ row.open }}"\n'
    (said,) = check_text(office, "watch", text)
    assert said.message == "the connection 'erp' has no table 'open_item', did you mean 'open_items'?"
