"""The original beside the proposal, and how values and their places are tied together."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from connectors.base import NewDocument
from kontorist.core.clock import utcnow
from kontorist.core.values import sha256
from kontorist.inbox.diffs import words
from kontorist.inbox.facts import Fact, Facts, pieces
from kontorist.store import redraft, tables, voiding
from tests.inbox.desks import Desk

DATA = Path(__file__).parents[3] / "shared/data"
MAIL = {
    "subject": "Invoice 7",
    "from": {"name": "Ann", "address": "ann@a.example"},
    "text": "Here is 4711.\n\nBye",
    "new_text": "Here is 4711.",
}


def fact(value: str, number: int = 0) -> Fact:
    return Fact(f"f{number}", "number", value, [], (), None, "step", "")


def test_overlapping_places_are_all_marked():
    assert pieces("one two three", [(0, 7, "a"), (4, 13, "b")]) == [("one ", "a"), ("two", "a b"), (" three", "b")]
    assert "".join(t for t, _ in pieces("one two", [(-5, 99, "a"), (3, 2, "b")])) == "one two"


def test_values_are_found_in_a_draft_as_whole_words_only():
    facts = Facts([fact("4711")])
    assert facts.marked("order 4711.") == [("order ", ""), ("4711", "f0"), (".", "")]
    assert facts.marked("order 14711") == [("order 14711", "")]
    assert Facts([fact("x" * 500)]).marked("x" * 500) == [("x" * 500, "")]  # a whole text is no value to point at


def test_a_difference_names_the_words_that_went_and_came():
    assert words("a b c", "a x c") == [("same", "a "), ("gone", "b"), ("new", "x"), ("same", " c")]
    assert [k for k, _ in words("same", "same")] == ["same"]


def journal(desk: Desk, case_id: int, **columns) -> None:
    entry = {"case_id": case_id, "round": 0, "path": "-1", "seq": 9, "step": "read", "kind": "agent", "flow": "keep", "output": {},
             "evidence": {}, "info": {"origins": ["document"], "confidence": 0.9}, "model": "built-in", "ms": 1.0, "voided": False,
             "at": utcnow()}  # fmt: skip
    with desk.runtime.database.write() as connection:
        connection.execute(tables.journal.insert().values(**{**entry, **columns}))


def test_a_value_of_the_mail_is_marked_in_the_mail_and_in_the_proposal(desk: Desk):
    row = desk.mail_card(MAIL, payload={"name": "x.txt", "content": "4711"})
    journal(
        desk,
        row.case_id,
        output={"number": "4711"},
        evidence={"number": [{"quote": "4711", "part": "text", "start": 8, "end": 12}]},
    )
    page = desk.browser("anna").get(f"/card/{row.id}").text
    assert page.count('<mark data-fact="f0" tabindex="0" role="button">4711</mark>') == 3  # proposal, what it rests on, original
    assert "90 %" in page
    assert "from the document" in page


def test_the_pages_of_a_pdf_are_pictures_with_the_places_of_values(desk: Desk):
    found = sorted((DATA / "einvoice/zugferd").rglob("*.pdf"))
    if not found:
        pytest.skip("there are no PDFs here")
    data = found[0].read_bytes()
    row = desk.mail_card(MAIL, [NewDocument("invoice.pdf", "application/pdf", data, "attachment")])
    place = {"quote": "7", "document": sha256(data), "part": "page", "page": 1, "box": [10, 20, 30, 40]}
    journal(desk, row.case_id, output={"number": "RE-7"}, evidence={"number": [place]})
    browser = desk.browser("anna")
    page = browser.get(f"/card/{row.id}").text
    assert f'/case/{row.case_id}/document/0/page/1.png"' in page
    assert (
        '<rect x="8" y="18" width="24" height="24" rx="2" data-fact="f0" tabindex="0" role="button" aria-label="Number">' in page
    )
    picture = browser.get(f"/case/{row.case_id}/document/0/page/1.png")
    assert picture.headers["content-type"] == "image/png"
    assert picture.content.startswith(b"\x89PNG")
    assert browser.get(f"/case/{row.case_id}/document/0/page/999.png").status_code == 404
    assert browser.get(f"/case/{row.case_id}/document/0/html").status_code == 404
    assert browser.get(f"/case/{row.case_id}/document/0").content == data


def test_a_document_that_cannot_be_read_is_named_and_the_rest_is_shown(desk: Desk):
    row = desk.mail_card(MAIL, [NewDocument("broken.pdf", "application/pdf", b"%PDF-1.4 nothing", "attachment")])
    page = desk.browser("anna").get(f"/card/{row.id}")
    assert page.status_code == 200
    assert "broken.pdf" in page.text
    assert "Here is 4711." in page.text
    assert "Here is 4711." in desk.browser("anna").get(f"/case/{row.case_id}").text


def test_a_photo_is_shown_by_its_bytes_and_never_by_what_it_says_it_is(desk: Desk):
    png = b"\x89PNG\r\n\x1a\n" + b"0" * 20
    documents = [
        NewDocument("a.png", "image/png", png, "attachment"),
        NewDocument("b.png", "image/png", b"<svg onload=alert(1)>", "attachment"),
    ]
    row = desk.mail_card(MAIL, documents)
    browser = desk.browser("anna")
    assert browser.get(f"/case/{row.case_id}/document/0/picture").headers["content-type"] == "image/png"
    assert browser.get(f"/case/{row.case_id}/document/1/picture").status_code == 404


def test_an_invoice_is_shown_as_people_read_it(desk: Desk):
    found = sorted((DATA / "einvoice/xrechnung").rglob("*.xml"))
    if not found:
        pytest.skip("there are no invoices here")
    from kontorist.einvoice.document import read_xml

    invoice = next(i for f in found if (i := read_xml(f.read_bytes())) is not None).invoice.as_dict()
    row = desk.mail_card(MAIL)
    journal(desk, row.case_id, output={"invoice": invoice, "document_name": "x.xml"})
    page = desk.browser("anna").get(f"/card/{row.id}").text
    assert "The invoice, as its data says" in page
    assert invoice["number"] in page


ITEMS = [
    {"number": "R-1", "customer": "Optik Lindner", "email": "info@lindner.example", "due": "2026-11-11", "amount": "970.70"},
    {"number": "R-2", "customer": "Optik Lindner", "email": "info@lindner.example", "due": "2026-10-08", "amount": "2381.99"},
]


def grid(desk: Desk, rows: list[dict[str, str]]) -> str:
    """What a card of a loop over these rows shows beside it."""
    row = desk.mail_card(MAIL, path="each[0].reply")
    journal(desk, row.case_id, path="each[0].", kind="entry", step="each", output={"items": [rows]})
    return desk.browser("anna").get(f"/card/{row.id}").text.partition('<aside class="sheet original"')[2]


def test_what_tells_rows_apart_stands_in_the_table_and_what_is_the_same_in_all_once_below(desk: Desk):
    shown = grid(desk, ITEMS)
    assert re.findall(r'<th scope="col">([^<]+)</th>', shown) == ["Number", "Due", "Amount"]
    assert shown.count("Optik Lindner") == 1
    assert "The same in all rows" in shown


def test_a_single_row_is_read_from_top_to_bottom(desk: Desk):
    shown = grid(desk, ITEMS[:1])
    assert 'class="wide"' not in shown
    assert "970.70" in shown
    assert "The same in all rows" not in shown


def test_a_file_name_cannot_leave_its_header(desk: Desk):
    row = desk.mail_card(MAIL, [NewDocument('a"\r\nSet-Cookie: x=1\r\n../../évil<b>.txt', "text/plain", b"x", "attachment")])
    answer = desk.browser("anna").get(f"/case/{row.case_id}/document/0")
    assert "set-cookie" not in answer.headers
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''%C3%A9vilb.txt"


def test_the_passages_that_a_draft_rests_on_open_on_the_card(desk: Desk):
    row = desk.mail_card(MAIL, payload={"name": "x.txt", "content": "6,90"})
    cited = {"page": "versand", "heading": "Versandkosten", "file": "versand.de.md", "quote": "Bis 150 EUR <b>6,90</b> EUR."}
    journal(desk, row.case_id, step="answer", output={"text": "6,90", "citations": [cited]})
    page = desk.browser("anna").get(f"/card/{row.id}").text
    assert '<summary>Versandkosten <span class="dim">versand.de.md</span></summary>' in page
    assert "<blockquote>Bis 150 EUR &lt;b&gt;6,90&lt;/b&gt; EUR.</blockquote>" in page


def test_there_are_three_new_drafts_at_most(desk: Desk):
    row = desk.card()
    for number in range(3):
        with desk.runtime.database.read() as connection:
            assert redraft.possible(connection, [row])
        journal(desk, row.case_id, path=f"{row.path}~{number}", step="", kind="redraft", output={"reason": "shorter"}, info={})
    with desk.runtime.database.read() as connection:
        assert not redraft.possible(connection, [row])


def test_a_new_mail_in_the_conversation_is_one_click_from_the_note_that_tells_to_read_it(desk: Desk):
    row, other = desk.mail_card(MAIL), desk.mail_card({**MAIL, "subject": "Invoice 7, once more"})
    with desk.runtime.database.write() as connection:
        for case_id in (row.case_id, other.case_id):
            connection.execute(tables.threads.insert().values(key="<1@a.example>", case_id=case_id))
        voiding.void_threads(connection, ["<1@a.example>"], other.case_id, "There is a new mail.")
    note = desk.browser("anna").get(f"/card/{row.id}").text.partition("There is a new mail.")[2].partition("</p>")[0]
    assert f'<a href="/case/{other.case_id}">The new mail: Invoice 7, once more</a>' in note
