"""What a mail is about may stand in an attachment, in what it forwards, in HTML or far down; the mailroom sorts it all the same."""

from __future__ import annotations

from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from connectors.mail.gist import gist
from flows.simulate import simulate
from kontorist.core.office import load_office
from tests.content.truth import OFFICE
from tests.einvoice.inputs import make_pdf

FORWARDED = """Zur Info.

-------- Weitergeleitete Nachricht --------
Betreff: Lieferung
Von: Karl Behrens <k.behrens@example.com>
An: einkauf@example.com

Guten Tag, wann kommt unsere Lieferung zu Auftrag 47001 bei uns an? Bitte nennen Sie uns einen Termin."""
HTML = "<html><body><table><tr><td><p>Guten Tag,</p><p>was kosten <b>500 Rollen</b> Stretchfolie? Bitte um ein Angebot.</p></td></tr></table></body></html>"
LONG = (
    "Guten Tag,\n\nwie telefonisch besprochen schildere ich kurz, wie es bei uns läuft. "
    + "Unser Lager hat drei Tore und wird von zwei Kollegen betreut. " * 40
    + "\n\nDie Ware kam beschädigt an: die Kartons sind nass und eingedrückt. Wir reklamieren die ganze Lieferung.\n\nMfG\nJ. Ahrens"
)


def mail(subject: str, text: str = "", html: str = "", attached: bytes = b"") -> bytes:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "J. Ahrens <j.ahrens@example.com>", "buero@example.com", subject
    made["Message-ID"], made["Date"] = f"<{len(text)}-{len(html)}-{len(attached)}@example.com>", "Mon, 23 Nov 2026 08:00:00 +0100"
    made.set_content(html or text, subtype="html" if html else "plain")
    if attached:
        made.add_attachment(attached, maintype="application", subtype="pdf", filename="scan0001.pdf")
    return bytes(made)


MAILS = {
    "order": mail("Dokument", "Siehe Anhang.", attached=make_pdf("Bestellung Nr. 88", "Hiermit bestellen wir:", "200 Kartons Klebeband", "Lieferung bitte bis Freitag.")),
    "order-status": mail("WG: Lieferung", FORWARDED),
    "quote": mail("Anfrage", html=HTML),
    "complaint": mail("Lieferung", LONG),
}  # fmt: skip


@pytest.fixture(scope="module")
def labels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("mails")
    for name, data in MAILS.items():
        (folder / f"{name}.eml").write_bytes(data)
    found = simulate(load_office(OFFICE), folder / "data", "mailroom", sorted(folder.glob("*.eml")))
    return {Path(one["source"]).stem: next(s for s in one["steps"] if s["id"] == "topic") for one in found}


@pytest.mark.parametrize("label", MAILS)
def test_the_mailroom_sorts_it_wherever_it_stands(labels: dict[str, dict[str, Any]], label: str) -> None:
    assert labels[label]["output"]["label"] == label


def test_the_evidence_lies_in_the_attachment(labels: dict[str, dict[str, Any]]) -> None:
    [first, *_] = labels["order"]["evidence"]["label"]
    assert first["part"] == "attachment:1"
    assert "bestellen wir" in first["quote"]


def test_what_an_answer_quotes_does_not_count_and_what_is_forwarded_does() -> None:
    quoted = "Danke, erledigt.\n\nAm 3. November 2026 um 10:12 schrieb Anna <anna@example.com>:\n> Wo bleibt Auftrag 47001?"
    assert gist("Re: Auftrag", quoted, []) == "Re: Auftrag\nDanke, erledigt."
    assert "wann kommt unsere Lieferung" in gist("WG: Lieferung", FORWARDED, [])


def test_xml_and_the_end_of_a_long_attachment_do_not_count() -> None:
    long = {"text": "Seite " * 2000 + "Ende"}
    assert gist("a", "b", [{"text": "<Invoice>1</Invoice>"}]) == "a\nb"
    assert len(gist("a", "b", [long] * 9)) < 8000
