"""Somebody drops a file into the inbox, and it becomes a case, once; what does not belong there is refused in words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kontorist.inbox import hand_in
from kontorist.store import cases
from tests.flows.offices import work
from tests.inbox.desks import FLOWS, Desk, make_desk
from tests.inbox.test_api import Program

NOTES = """
    title: Notes
    description: Keeps notes
    trigger: {upload: {pattern: "*.txt", max_size: 1000}}
    steps:
      - id: keep
        action: shelf.save
        with: {name: "{{ file.name }}", content: "{{ file.text }}"}
        approve: {by: service}
"""
BOOKS = """
    title: Books
    description: Only for the books
    visible_to: [accounting]
    trigger: {upload: {}}
    steps: [{stop: enough}]
"""


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """An office that takes files; stands in for the usual one, for the browser too."""
    made = make_desk(tmp_path, flows={**FLOWS, "notes": NOTES, "books": BOOKS})
    yield made
    made.runtime.close()


def known(desk: Desk) -> list[Any]:
    with desk.runtime.database.read() as connection:
        return cases.find(connection)


def send(desk: Desk, person: str, *files: tuple[str, bytes], flow: str = "notes", csrf: str = "", **options: Any) -> Any:
    browser = desk.browser(person)
    data = {"csrf": csrf or browser.csrf(), "flow": flow}
    sent = [("file", (name, content)) for name, content in files] or [("file", ("", b""))]
    return browser.client.post("/hand-in/files", data=data, files=sent, **options)


def test_a_file_becomes_a_case_and_the_same_again_none(desk: Desk) -> None:
    answer = send(desk, "anna", ("a.txt", b"hello"), ("b.txt", b"there"))
    assert answer.status_code == 200
    assert "2 files are taken in" in answer.text
    assert sorted(c.source for c in known(desk)) == ["a.txt", "b.txt"]
    work(desk.runtime)
    assert sorted(r.data["content"] for r in desk.rows()) == ["hello", "there"]
    assert "1 file was handed in before" in send(desk, "anna", ("other.txt", b"hello")).text
    assert len(known(desk)) == 2


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ([], "Choose a file first."),
        ([("a.pdf", b"x")], "not of the kind"),
        ([("a.txt", b"x" * 1001)], "too large"),
        ([("a.txt", b"")], "is empty"),
        ([("good.txt", b"x"), ("a.exe", b"x")], "not of the kind"),
    ],
)
def test_what_does_not_belong_there_is_refused_and_nothing_is_taken(
    desk: Desk, files: list[tuple[str, bytes]], says: str
) -> None:
    answer = send(desk, "anna", *files)
    assert answer.status_code == 422
    assert says in answer.text
    assert known(desk) == []


def test_a_mail_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    desk = make_desk(
        tmp_path, flows={**FLOWS, "notes": NOTES.replace("*.txt", "*").replace("file.", "mail.").replace("name", "subject")}
    )
    answer = send(desk, "anna", ("a.mbox", b"From nobody"))
    assert answer.status_code in (200, 422)
    desk.runtime.close()


def test_names_lead_nowhere_and_are_shown_as_text(desk: Desk) -> None:
    assert send(desk, "anna", ("../../../etc/x<b>.txt", b"hello")).status_code == 200
    (case,) = known(desk)
    assert "/" not in case.source
    answer = send(desk, "anna", ("<img src=x>.exe", b"hello"))
    assert "<img src=x>" not in answer.text


def test_only_a_form_of_this_session_is_taken(desk: Desk) -> None:
    assert send(desk, "anna", ("a.txt", b"x"), csrf="wrong").status_code == 403
    assert send(desk, "anna", ("a.txt", b"x"), headers={"origin": "https://evil.example"}).status_code == 403
    assert known(desk) == []


def test_too_much_is_refused_before_it_is_read(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hand_in, "MAX_FILES", 2**20)
    answer = send(desk, "anna", ("a.txt", b"x" * 2 * 2**20))
    assert answer.status_code == 403
    assert "More than 50 MB" in answer.text
    many = [(f"{n}.txt", b"%d" % n) for n in range(21)]
    assert "more than 20 files" in send(desk, "anna", *many).text
    assert known(desk) == []


def test_flows_of_others_and_flows_that_take_nothing_are_not_there(desk: Desk) -> None:
    assert "Books" not in desk.browser("anna").get("/hand-in").text
    assert "Books" in desk.browser("petra").get("/hand-in").text
    for flow in ("books", "keep", "nosuch"):
        assert send(desk, "anna", ("a.txt", b"x"), flow=flow).status_code == 404
    assert send(desk, "karl", ("a.txt", b"x")).status_code == 403
    assert "/hand-in" not in desk.browser("karl").get("/").text
    assert known(desk) == []


@pytest.mark.browser
def test_a_file_is_handed_in_with_a_browser(desk: Desk, page: Any, tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("hello")
    page.goto("/")
    page.click("text=Hand in a file")
    page.set_input_files("[name=file]", str(tmp_path / "note.txt"))
    page.click("button:has-text('Hand in')")
    page.wait_for_selector("text=1 file is taken in")
    page.click("a:has-text('Case ')")
    assert "note.txt" in page.text_content("main")
    assert [c.source for c in known(desk)] == ["note.txt"]
    assert page.complaints == []


def test_a_program_hands_a_file_in_by_the_same_rules(desk: Desk) -> None:
    anna = Program(desk, "anna")
    assert anna.get("/hand-in").json() == [{"flow": "notes", "pattern": "*.txt", "max_size": 1000}]

    def sent(flow: str, name: str, content: bytes, program: Program = anna) -> Any:
        return program.client.post(f"/api/v1/hand-in/{flow}", params={"name": name}, content=content)

    first = sent("notes", "a.txt", b"hello").json()
    assert (len(first["cases"]), first["before"]) == (1, 0)
    assert sent("notes", "b.txt", b"hello").json() == {"cases": [], "before": 1}
    for name, content, says in (("a.pdf", b"x", "not of the kind"), ("a.txt", b"x" * 1001, "too large"), ("a.txt", b"", "empty")):
        answer = sent("notes", name, content)
        assert (answer.status_code, says in answer.json()["detail"]) == (422, True), answer.text
    assert sent("notes", "../a.txt", b"x").status_code == 422
    assert [sent(flow, "a.txt", b"x").status_code for flow in ("books", "keep", "nothing")] == [404, 404, 404]
    assert sent("notes", "c.txt", b"x", Program(desk, "karl")).status_code == 403
    assert [c.source for c in known(desk)] == ["a.txt"]


def test_more_than_fifty_megabytes_of_a_program_are_not_read(desk: Desk) -> None:
    client = Program(desk, "anna").client
    length = {"Content-Length": str(50 * 2**20 + 1)}
    answer = client.post("/api/v1/hand-in/notes", params={"name": "a.txt"}, content=b"x", headers=length)
    assert (answer.status_code, "50 MB" in answer.json()["detail"]) == (413, True)
