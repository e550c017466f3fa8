"""The JSON API: described, by the rules of the pages, and never without a known caller."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import one_of
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ignored_auth,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.testclient import TestClient

from kontorist.inbox import api
from kontorist.store import tables, tokens
from kontorist.store.actions import ActionRow
from tests.flows.offices import work
from tests.inbox.desks import Desk, make_desk
from tests.inbox.test_flow_pages import change

V1 = "/api/v1"
EXAMPLES = 20


class Program:
    """A program with a token of a person."""

    def __init__(self, desk: Desk, person: str) -> None:
        with desk.runtime.database.write() as connection:
            self.token = tokens.make(connection, person, "test")
        self.client = TestClient(desk.app, headers={"Authorization": f"Bearer {self.token}"}, raise_server_exceptions=False)

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(V1 + path, params=query)

    def post(self, where: str, **body: Any) -> Any:
        return self.client.post(V1 + where, json=body)


def shown(*rows: ActionRow) -> list[dict[str, Any]]:
    return [{"action": r.id, "revision": r.revision, "sha256": r.sha256} for r in rows]


def as_read(answer: Any) -> list[dict[str, Any]]:
    """The revisions on a card, as the API gave them."""
    return [{"action": a["id"], "revision": a["revision"], "sha256": a["sha256"]} for a in answer.json()["actions"]]


def operations() -> list[tuple[str, str, dict[str, Any]]]:
    return [(m.upper(), p, o) for p, path in api.schema()["paths"].items() for m, o in path.items()]


# the description against the running thing ------------------------------------------------------


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """An office with a bit of everything."""
    desk = make_desk(tmp_path_factory.mktemp("api"))
    desk.cards("hello", "good day", "good evening")
    desk.cards("two", flow="four-eyes")
    desk.cards("what is this", flow="sort")
    yield desk
    desk.runtime.close()


@pytest.fixture(scope="module")
def program(busy: Desk) -> Program:
    """Petra may do everything that a program may."""
    return Program(busy, "petra")


@pytest.fixture(scope="module")
def description(busy: Desk, program: Program) -> Any:
    return schemathesis.openapi.from_asgi(f"{V1}/openapi.json", busy.app, headers={"Authorization": f"Bearer {program.token}"})


CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
    ignored_auth,
]


GENERATION = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]


@pytest.mark.parametrize(("method", "path"), [(m, p) for m, p, _ in operations()])
def test_whatever_is_sent_the_answer_is_as_described_and_never_an_error_of_ours(
    program: Program, description: Any, method: str, path: str
) -> None:
    operation = description[path][method]
    headers = {"Authorization": f"Bearer {program.token}"}

    @given(case=one_of(*(operation.as_strategy(generation_mode=mode) for mode in GENERATION)))
    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None)
    def hold(case: Any) -> None:
        case.call_and_validate(headers=headers, checks=CHECKS)

    hold()


# who calls ---------------------------------------------------------------------------------------


def address(path: str) -> str:
    return re.sub(r"\{\w+\}", "1", path)


@pytest.mark.parametrize("authorization", ["", "Bearer kto_guessed", "Bearer ", "Basic YW5uYTphbm5h"])
def test_without_a_known_caller_every_answer_is_401(desk: Desk, authorization: str) -> None:
    before = desk.snapshot()
    for method, path, _ in [*operations(), ("GET", f"{V1}/openapi.json", {})]:
        headers = {"Authorization": authorization} if authorization else {}
        answer = desk.visitor().request(method, address(path), headers=headers, json={})
        assert answer.status_code == 401, (method, path)
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["type"] == "urn:kontorist:sign-in-first"
        assert answer.headers["www-authenticate"] == "Bearer"
    assert desk.snapshot() == before


def test_a_session_needs_the_token_of_its_forms_to_change_anything(desk: Desk) -> None:
    row, anna = desk.card(), desk.browser("anna")
    assert anna.get(f"{V1}/me").json()["csrf"] == anna.csrf()
    for method, path, _ in operations():
        if method != "GET":
            assert anna.client.request(method, address(path), json={}).status_code == 403, (method, path)
    body = {"shown": shown(*desk.rows())}
    answer = anna.client.post(f"{V1}/cards/{row.id}/approve", json=body, headers={"X-CSRF-Token": anna.csrf()})
    assert answer.json() == {"did": "approved", "card": row.id, "next": None}


def test_an_ended_token_and_a_disabled_person_are_out(desk: Desk) -> None:
    anna, ole = Program(desk, "anna"), Program(desk, "ole")
    (number,) = [t["id"] for t in anna.get("/tokens").json()]
    assert ole.client.delete(f"{V1}/tokens/{number}").status_code == 404
    assert anna.client.delete(f"{V1}/tokens/{number}").status_code == 204
    assert anna.get("/me").status_code == 401
    with desk.runtime.database.write() as connection:
        connection.execute(tables.people.update().values(disabled=True))
    assert ole.get("/me").status_code == 401


def test_a_program_cannot_make_itself_another_key(desk: Desk) -> None:
    anna = Program(desk, "anna")
    assert anna.post("/tokens", name="more").status_code == 405
    assert (
        anna.client.post("/account/tokens", data={"name": "more"}, follow_redirects=False)
        .headers["location"]
        .startswith("/sign-in")
    )


def test_an_auditor_reads_everything_and_changes_nothing(desk: Desk) -> None:
    row, karl = desk.card(), Program(desk, "karl")
    bodies = {
        "approve": {"shown": shown(row)},
        "reject": {"shown": shown(row), "reason": "no"},
        "edit": {"shown": shown(row), "changes": [{"action": row.id, "fields": {"content": "x"}}]},
        "ask": {"shown": shown(row), "body": "?"},
        "hand-over": {"shown": shown(row), "to": "anna"},
        "resolve": {"shown": shown(row), "happened": True, "comment": "seen"},
        "take-back": {},
        "resume": {},
    }
    before = {k: v for k, v in desk.snapshot().items() if k != "people"}
    for what, body in bodies.items():
        assert karl.post(f"/cards/{row.id}/{what}", **body).status_code == 403, what
    for what, body in {
        "retry": {},
        "close": {"reason": "x"},
        "answer": {"path": "x"},
        "ask": {"path": "x", "body": "?"},
        "again": {},
    }.items():
        assert karl.post(f"/cases/{row.case_id}/{what}", **body).status_code == 403, what
    assert karl.post("/several/approve", cards=[{"card": row.id, "shown": shown(row)}]).status_code == 403
    assert karl.client.put(f"{V1}/stops", json={"office": True}).status_code == 403
    assert karl.post(f"/stuck/{row.case_id}/retry").status_code == 403
    assert karl.post("/flows/keep/approve", version="0" * 12).status_code == 403
    assert karl.post("/people/anna/end-sessions").status_code == 403
    assert karl.post("/people/anna/disable").status_code == 403
    assert {k: v for k, v in desk.snapshot().items() if k != "people"} == before
    for path in ("/flows", "/connections", "/models", "/people", "/audit", "/figures", "/ledger", "/stops", "/stuck", "/passes"):
        assert karl.get(path).status_code == 200, path


def test_what_only_admins_see_is_not_for_others(desk: Desk) -> None:
    anna = Program(desk, "anna")
    for path in ("/flows", "/connections", "/models", "/people", "/audit", "/figures", "/ledger", "/stops", "/stuck", "/passes"):
        assert anna.get(path).status_code == 403, path


# deciding ----------------------------------------------------------------------------------------


def test_a_card_is_approved_as_it_was_read_and_recorded_as_by_the_api(desk: Desk) -> None:
    row, anna = desk.card("hello"), Program(desk, "anna")
    (listed,) = anna.get("/cards").json()["cards"]
    assert (listed["id"], listed["mine"], listed["risk"]) == (row.id, True, 0)
    card = anna.get(f"/cards/{row.id}")
    first = card.json()["actions"][0]
    assert (first["payload"]["content"], first["sha256"], first["state"]) == ("hello", row.sha256, "proposed")
    assert first["schema"]["properties"]["content"]
    assert anna.post(f"/cards/{row.id}/approve", shown=as_read(card)).json()["did"] == "approved"
    with desk.runtime.database.read() as connection:
        approvals = connection.execute(tables.approvals.select()).all()
    assert {(a.person, a.channel) for a in approvals} == {("anna", "api")}
    assert Program(desk, "ole").post(f"/cards/{row.id}/take-back").json()["did"] == "back"
    assert desk.row(row.id).state == "proposed"


@pytest.mark.parametrize("wrong", [{"revision": 2}, {"sha256": "0" * 64}])
def test_what_is_not_current_is_409_and_nothing_is_done(desk: Desk, wrong: dict[str, Any]) -> None:
    row, anna = desk.card(), Program(desk, "anna")
    marks = [{**mark, **wrong} for mark in as_read(anna.get(f"/cards/{row.id}"))]
    before = desk.snapshot()
    for what, more in {
        "approve": {},
        "reject": {"reason": "no"},
        "edit": {"changes": [{"action": row.id, "fields": {"content": "x"}}]},
        "hand-over": {"to": "ole"},
        "resolve": {"happened": True, "comment": "seen"},
    }.items():
        answer = anna.post(f"/cards/{row.id}/{what}", shown=marks, **more)
        assert (answer.status_code, answer.json()["type"]) == (409, "urn:kontorist:this-has-changed-meanwhile"), what
    after = desk.snapshot()
    assert {k: v for k, v in after.items() if k != "people"} == {k: v for k, v in before.items() if k != "people"}


def test_somebody_elses_card_is_not_decided(desk: Desk) -> None:
    row, petra = desk.card(), Program(desk, "petra")
    answer = petra.post(f"/cards/{row.id}/approve", shown=as_read(petra.get(f"/cards/{row.id}")))
    assert answer.status_code == 403
    assert "may not decide" in answer.json()["detail"]


def test_an_edit_is_a_new_revision_that_is_checked_like_any(desk: Desk) -> None:
    row, anna = desk.card(), Program(desk, "anna")
    marks = as_read(anna.get(f"/cards/{row.id}"))
    wrong = anna.post(f"/cards/{row.id}/edit", shown=marks, changes=[{"action": row.id, "fields": {"content": {"a": 1}}}])
    assert wrong.status_code == 422
    changed = [{"action": row.id, "fields": {"content": "better"}}]
    assert anna.post(f"/cards/{row.id}/edit", shown=marks, changes=changed).json() == {
        "did": "saved",
        "card": row.id,
        "next": row.id,
    }
    first = anna.get(f"/cards/{row.id}").json()["actions"][0]
    assert (first["revision"], first["payload"]["content"], first["origins"]["content"]) == (2, "better", ["person:anna"])
    assert anna.post(f"/cards/{row.id}/approve", shown=marks).status_code == 409


def test_a_program_gets_the_draft_of_a_question_and_says_that_it_has_a_card_open(desk: Desk) -> None:
    row, anna, ole = desk.card(), Program(desk, "anna"), Program(desk, "ole")
    assert "– …" in anna.get(f"/cards/{row.id}/question").json()["body"]
    assert anna.post(f"/cards/{row.id}/here").json() == {"others": []}
    assert ole.post(f"/cards/{row.id}/here").json() == {"others": [anna.get("/me").json()["label"]]}
    assert anna.get(f"/cards/{row.id}").json()["looking"] == [ole.get("/me").json()["label"]]


def test_a_rejection_needs_a_reason_and_a_card_goes_to_who_is_named(desk: Desk) -> None:
    row, anna = desk.card(), Program(desk, "anna")
    marks = as_read(anna.get(f"/cards/{row.id}"))
    assert anna.post(f"/cards/{row.id}/reject", shown=marks, reason="").status_code == 403
    assert anna.post(f"/cards/{row.id}/hand-over", shown=marks, to="nobody").status_code == 403
    assert anna.post(f"/cards/{row.id}/hand-over", shown=marks, to="accounting").json()["did"] == "handed"
    assert anna.post(f"/cards/{row.id}/reject", shown=marks, reason="Not needed").json()["did"] == "rejected"


def test_several_are_approved_each_with_its_own_record(desk: Desk) -> None:
    rows, anna = desk.cards("one", "two", "three"), Program(desk, "anna")
    (kind,) = anna.get("/several").json()
    assert len(kind["cards"]) == 3
    chosen = [
        {"card": c["id"], "shown": [{"action": a["id"], "revision": a["revision"], "sha256": a["sha256"]} for a in c["actions"]]}
        for c in kind["cards"]
    ]
    chosen[0]["shown"][0]["revision"] = 7
    answer = anna.post("/several/approve", cards=chosen).json()
    assert (answer["left"], len(answer["done"])) == (1, 2)
    with desk.runtime.database.read() as connection:
        decided = Counter(a.action_id for a in connection.execute(tables.approvals.select()))
    assert len(decided) == 4  # two actions on each card
    assert anna.post("/several/take-back", cards=answer["done"]).json()["done"] == answer["done"]
    assert {desk.row(r.id).state for r in rows} == {"proposed"}


def test_an_unclear_case_is_answered_and_a_stale_question_is_not(desk: Desk) -> None:
    desk.cards("what is this", flow="sort")
    anna = Program(desk, "anna")
    (listed,) = anna.get("/cases", state="unclear").json()["cases"]
    question = anna.get(f"/cases/{listed['id']}").json()["question"]
    assert set(question["options"]) == {"order", "complaint"}
    assert anna.post(f"/cases/{listed['id']}/answer", path="other", choice="order").status_code == 409
    assert anna.post(f"/cases/{listed['id']}/answer", path=question["path"], choice="joke").status_code == 422
    assert anna.post(f"/cases/{listed['id']}/answer", path=question["path"], choice="order").json()["did"] == "answered"
    assert anna.post(f"/cases/{listed['id']}/close", reason="done by phone").json()["did"] == "closed"


def test_versions_of_a_flow_are_read_and_gone_back_to(desk: Desk) -> None:
    change(desk, "content: saved", "content: kept")
    petra = Program(desk, "petra")
    new, old = petra.get("/flows/keep/versions").json()
    assert (new["in_use"], old["in_use"], old["refused"]) == (True, False, "")
    read = petra.get(f"/flows/keep/versions/{new['version']}").json()
    assert "content: kept" in read["text"]
    assert any(line.startswith("-") and "content: saved" in line for line in read["diff"])
    assert Program(desk, "karl").post("/flows/keep/rollback", version=old["version"]).status_code == 403
    done = petra.post("/flows/keep/rollback", version=old["version"]).json()
    assert done == {"did": "rolled-back", "flow": "keep", "version": old["version"]}
    assert "content: saved" in (desk.runtime.office.directory / "flows" / "keep.yaml").read_text()
    assert petra.get("/flows/nothing/versions").status_code == 404
    assert petra.get("/flows/keep/versions/0123456789ab").status_code == 404
    german = petra.get("/flows/keep/picture.svg", language="de").text
    assert '<tspan class="k">Beginn</tspan> Datei · scans' in german


def test_a_change_that_waits_is_agreed_to(desk: Desk) -> None:
    office = desk.runtime.office.directory / "office.yaml"
    office.write_text(office.read_text() + "flow_changes: four-eyes\n")
    change(desk, "content: saved", "content: kept")
    petra = Program(desk, "petra")
    waits = petra.get("/flows/keep/versions").json()[0]
    assert waits["refused"]
    assert petra.post("/flows/keep/approve", version=waits["version"]).json()["did"] == "approved"
    assert petra.post("/flows/keep/approve", version=waits["version"]).status_code == 422


def test_the_path_of_a_case_is_read_with_what_went_in_and_how_it_was_configured(desk: Desk) -> None:
    row, anna = desk.card("hello"), Program(desk, "anna")
    path = anna.get(f"/cases/{row.case_id}/path").json()
    assert (path["flow"], path["newest"], path["case"]) == ("keep", True, row.case_id)
    desk.cards("what is this", flow="sort")
    anna.post("/cases/2/answer", path=anna.get("/cases/2").json()["question"]["path"], choice="order")
    work(desk.runtime)
    (topic,) = anna.get("/cases/2/path").json()["steps"]
    assert topic["inputs"] == {"text": "what is this"}
    assert "agent: classify" in topic["written"]


def test_what_was_decided_is_listed_with_its_receipt(desk: Desk) -> None:
    rows, anna = desk.cards("alpha", "beta"), Program(desk, "anna")
    assert anna.get("/decisions").json()["actions"] == []
    anna.post(f"/cards/{rows[0].id}/reject", shown=as_read(anna.get(f"/cards/{rows[0].id}")), reason="no")
    found = anna.get("/decisions").json()["actions"]
    assert {(a["card"], a["state"]) for a in found} == {(rows[0].id, "rejected")}
    assert anna.get("/decisions", q="beta").json()["actions"] == []
    assert len(anna.get("/decisions", q="alpha").json()["actions"]) == 2


def test_an_admin_signs_somebody_out_everywhere_and_lets_them_in_no_more(desk: Desk) -> None:
    anna, petra = desk.browser("anna"), Program(desk, "petra")
    assert anna.get(f"{V1}/me").status_code == 200
    assert Program(desk, "ole").post("/people/anna/end-sessions").status_code == 403
    assert petra.post("/people/anna/end-sessions").json() == {"ended": 1}
    assert anna.get(f"{V1}/me").status_code == 401
    assert petra.post("/people/nobody/end-sessions").status_code == 404
    assert petra.post("/people/petra/disable").status_code == 422
    assert petra.post("/people/anna/disable").status_code == 204
    assert {p["name"]: p["can_sign_in"] for p in petra.get("/people").json()}["anna"] is False
    (event,) = petra.get("/audit", kind="person.disabled").json()["events"]
    assert (event["actor"], event["subject"]) == ("petra", "office")


def test_the_stop_button_is_pressed_by_admins_and_keeps_to_names_that_there_are(desk: Desk) -> None:
    petra = Program(desk, "petra")
    answer = petra.client.put(f"{V1}/stops", json={"flows": ["keep", "nothing"], "connections": ["shelf"]})
    assert answer.json() == {"office": False, "flows": ["keep"], "connections": ["shelf"]}
    (event,) = petra.get("/audit", kind="office.stops").json()["events"]
    assert (event["actor"], event["data"]["flows"]) == ("petra", ["keep"])


def test_a_body_that_is_too_large_is_not_read(desk: Desk) -> None:
    answer = Program(desk, "anna").post("/cards/1/reject", shown=[], reason="x" * 3_000_000)
    assert (answer.status_code, answer.headers["content-type"]) == (413, "application/problem+json")


def test_another_site_is_refused_in_json(desk: Desk) -> None:
    headers = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
    answer = Program(desk, "anna").client.post(f"{V1}/several/approve", json={}, headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (403, "application/problem+json")


def test_the_reference_names_every_operation() -> None:
    text = (Path(__file__).parents[2] / "docs/reference/api.md").read_text()
    for method, path, _ in operations():
        assert f"`{method} {path}`" in text
