"""What a draft says without a source is marked where it stands, not only told above."""

from __future__ import annotations

from typing import Any

import pytest

from kontorist.core.clock import utcnow
from kontorist.store import tables
from kontorist.store.actions import ActionRow
from tests.inbox.desks import Desk

DRAFT = "Dear Ms Berg,\n\nplease pay 77.77 EUR to DE89 3704 0044 0532 0130 00 until 24.12.2026.\nSee <b>https://pay.example/?a=1&b=2</b>. Shipping costs 6.90 EUR, not 177.777.\n\nKind regards"
MISSING = [
    "77.77 EUR",
    "DE89 3704 0044 0532 0130 00",
    "24.12.2026",
    "<b>https://pay.example/?a=1&b=2</b>",
    "<script>alert(1)</script>",
]


def drafted(
    desk: Desk, text: str = DRAFT, missing: Any = MISSING, evidence: Any = None, confidence: float | None = None
) -> ActionRow:
    row = desk.card(text)
    output = {"text": text, "language": "en", "citations": [], "model": "small", "without_source": missing}
    entry = {"case_id": row.case_id, "round": 0, "path": "-1", "seq": 90, "step": "answer", "kind": "agent", "flow": "keep",
             "output": output, "evidence": evidence or {}, "info": {"confidence": confidence}, "model": "small", "ms": 1.0, "voided": False, "at": utcnow()}  # fmt: skip
    with desk.runtime.database.write() as connection:
        connection.execute(tables.journal.insert().values(**entry))
    return row


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_without_a_source_are_marked_in_the_draft_for_eyes_and_ears(
    desk: Desk, opens: Any, width: int, scheme: str
) -> None:
    row = drafted(desk)
    page = opens("anna", width=width, color_scheme=scheme)
    page.goto(f"/card/{row.id}")
    marks = page.locator(".action mark.unsourced")
    said = " (without a source)"
    assert [text.removesuffix(said) for text in marks.all_text_contents()] == [*MISSING[:4]]
    assert all("no source" in mark.get_attribute("title") and said in mark.text_content() for mark in marks.all())
    look = "e => { const s = getComputedStyle(e), a = getComputedStyle(e, '::after'); return [s.textDecorationStyle, a.content, s.color] }"
    style, sign, ink = marks.first.evaluate(look)
    assert (style, sign) == ("wavy", '" ?"'), "told without colour as well"
    assert ink != page.locator(".action .long").first.evaluate("e => getComputedStyle(e).color")
    assert page.complaints == []
    assert page.locator(".action b").count() == 0, "what a model wrote stays text"
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.goto(f"/card/{row.id}?edit=1")
    assert page.input_value("textarea") == DRAFT, "the words to be edited are as they are"


def test_a_short_draft_is_marked_too_and_the_sourced_number_is_not(desk: Desk) -> None:
    row = drafted(desk, "It costs 5 EUR, not 15 EUR.", ["15 EUR"])
    page = desk.browser("anna").get(f"/card/{row.id}").text
    assert page.count('class="unsourced"') >= 1
    assert ">15 EUR<" in page
    assert ">5 EUR<" not in page
    assert 'class="unsourced"' not in desk.browser("anna").get(f"/card/{drafted(desk, 'Fine.', []).id}").text


@pytest.mark.parametrize(("confidence", "columns"), [(None, 0), (0.87, 1)])
def test_how_sure_is_a_column_only_where_something_has_a_figure(desk: Desk, confidence: float | None, columns: int) -> None:
    evidence = {"text": [{"quote": "Shipping costs 6.90 EUR", "part": "knowledge/shipping.md", "start": 0, "end": 23}]}
    row = drafted(desk, "Shipping costs 6.90 EUR", [], evidence, confidence)

    page = desk.browser("anna").get(f"/card/{row.id}").text

    table = page.split('class="inner rests"')[1].split("</table>")[0]
    assert (table.count("How sure"), table.count("87 %"), table.count("Shipping costs")) == (columns, columns, 1)
