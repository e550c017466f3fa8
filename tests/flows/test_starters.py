"""Each starter as its new owner meets it: init, check, its own tests, and a card from its samples approved to the effect."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows import flowtest, starters
from flows.advance import Tally, advance
from flows.flowtest import run_tests
from flows.intake import intake, take_in
from flows.runtime import Runtime, open_runtime
from flows.simulate import items
from kontorist.core.check import check
from kontorist.core.errors import KontoristError
from kontorist.core.office import load_office
from kontorist.store import actions, deciding
from kontorist.store.actions import ActionRow
from kontorist.store.authority import Who, needed
from tests.flows.offices import work

SAMPLE = Path(__file__).resolve().parents[2] / "config"
STARTERS = [name for name in starters.there_are() if name != "sample"]


@pytest.mark.parametrize("name", STARTERS)
def test_a_starter_works_from_init_to_the_effect(tmp_path: Path, name: str) -> None:
    folder, data = tmp_path / "office", tmp_path / "data"
    starters.make(name, folder, SAMPLE)
    assert check(folder) == []
    assert (folder / "README.md").read_text().startswith("# ")
    assert not (folder / "starter.yaml").exists()

    (flow,) = load_office(folder).flows
    verdicts = list(run_tests(load_office(folder), data, flow))
    assert verdicts
    assert [v.wrong for v in verdicts if v.wrong] == []

    office_yaml = folder / "office.yaml"
    office_yaml.write_text(office_yaml.read_text().replace("undo_window: 15s", "undo_window: 0s"))
    runtime = open_runtime(folder, data)
    try:
        _arrives(runtime, flow)
        with runtime.database.read() as connection:
            first = actions.find(connection)[0]
        _approve(runtime, first)
        work(runtime)
        with runtime.database.read() as connection:
            done = [(r.state, r.error) for r in actions.card(connection, first.card)]
        assert {state for state, _ in done} == {"done"}, done
    finally:
        runtime.close()


def _arrives(runtime: Runtime, flow: str) -> None:
    """The samples come in where they would; an invoice, for which there is no sample file, as an upload."""
    if not intake(runtime, flow, Tally()):
        test, *_ = flowtest.tests_of(runtime.office, flow)
        found = items(runtime.office, runtime.data_dir, flow, [runtime.office.directory / test.input])
        take_in(runtime, flow, "upload", [i for i in found if not isinstance(i, Exception)])
    advance(runtime, Tally())


def _approve(runtime: Runtime, first: ActionRow) -> None:
    for person in ("petra", "ole", "mareike")[: needed(first)]:
        with runtime.database.write() as connection:
            shown = [r.shown for r in actions.card(connection, first.card)]
            deciding.approve(connection, shown, Who(person, frozenset(runtime.office.settings.groups)))


def test_a_test_that_expects_something_else_fails(tmp_path: Path) -> None:
    starters.make("order-status", tmp_path / "office", SAMPLE)
    path = tmp_path / "office" / "flows" / "order-status.test.yaml"
    path.write_text(path.read_text().split("- name: Without")[0].replace('"47001"}', '"47002"}').replace("[mailbox.reply, ", "["))
    (verdict,) = run_tests(load_office(tmp_path / "office"), tmp_path / "data", "order-status")
    assert verdict.wrong == [
        "proposed mailbox.reply, mailbox.move, not mailbox.move",
        "wanted.order_number is '47001', not '47002'",
    ]


def test_a_starter_that_is_none_and_a_folder_that_is_used_are_said(tmp_path: Path) -> None:
    with pytest.raises(KontoristError, match="There is no starter 'x'; there are: sample, "):
        starters.make("x", tmp_path / "new", SAMPLE)
    (tmp_path / "file").touch()
    with pytest.raises(KontoristError, match="is not empty"):
        starters.make("dunning", tmp_path, SAMPLE)


def test_a_test_may_give_the_answers_of_agents(tmp_path: Path) -> None:
    starters.make("order-status", tmp_path / "office", SAMPLE)
    path = tmp_path / "office" / "flows" / "order-status.test.yaml"
    mail = "input: mails/003-status-behrens-47001.eml\n  "
    path.write_text(
        f'- name: Another order\n  {mail}answers: {{wanted: {{order_number: "47002"}}}}\n  expect: {{state: unclear, proposals: []}}\n'
        f"- name: Misspelt\n  {mail}answers: {{wnted: {{}}}}\n  expect: {{}}\n"
    )
    given, misspelt = run_tests(load_office(tmp_path / "office"), tmp_path / "data", "order-status")
    assert given.wrong == []
    assert misspelt.wrong == ["there is no agent step 'wnted', did you mean 'wanted'?"]
