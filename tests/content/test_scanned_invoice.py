"""An invoice that came on paper: its scan in a mail becomes a posting that says it was read by OCR."""

from __future__ import annotations

import io
from email.message import EmailMessage
from pathlib import Path

import pytest
from fpdf import FPDF
from PIL import Image

from flows.advance import Tally
from flows.intake import intake
from flows.runtime import open_runtime
from flows.simulate import simulate
from kontorist.core.office import load_office
from kontorist.reading import pdf
from kontorist.store import cases
from tests.content.truth import OFFICE
from tests.flows.offices import work

HEIC = Path(__file__).parent / "rechnung.heic"
"""`scan()` as an iPhone stores it; nothing that writes HEIC is installed here."""
LINES = (
    "Wellpappe Nord GmbH, Hafenstraße 4, 24103 Kiel",
    "Hansen & Brandt Großhandel GmbH",
    "Rechnung Nr. WN-2026-1201",
    "Rechnungsdatum: 20.11.2026",
    "Summe netto 100,00 EUR",
    "MwSt. 19 % 19,00 EUR",
    "Gesamtbetrag 119,00 EUR",
    "IBAN DE89 3704 0044 0532 0130 00",
)


def scan() -> bytes:
    page = FPDF(format=(150, 120))
    page.add_page()
    page.set_font("helvetica", size=12)
    for line in LINES:
        page.cell(0, 10, line, new_x="LMARGIN", new_y="NEXT")
    target = io.BytesIO()
    Image.open(io.BytesIO(pdf.render(bytes(page.output()), 1, 200 / 72))).convert("RGB").save(target, "JPEG")
    return target.getvalue()


def test_the_card_of_a_scanned_invoice_says_once_that_it_was_read_by_ocr(tmp_path: Path) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = (
        "Wellpappe Nord <rechnung@wellpappe-nord.example>",
        "buero@hansen.example",
        "Rechnung",
    )
    mail["Message-ID"], mail["Date"] = "<scan@wellpappe-nord.example>", "Mon, 23 Nov 2026 08:00:00 +0100"
    mail.set_content("Anbei unsere Rechnung als Scan.")
    mail.add_attachment(scan(), maintype="image", subtype="jpeg", filename="scan.jpg")
    path = tmp_path / "scan.eml"
    path.write_bytes(bytes(mail))

    [case] = simulate(load_office(OFFICE), tmp_path / "data", "invoice-intake", [path])

    [read] = [step["output"]["invoice"] for step in case["steps"] if step["id"] == "read"]
    assert (read["number"], str(read["gross"]), read["iban"]) == ("WN-2026-1201", "119.00", "DE89370400440532013000")
    said = [w["text"] for w in case["proposals"][0]["warnings"] if "OCR" in w["text"]]
    assert said == ["'scan.jpg' ist ein Scan, per OCR gelesen: bitte mit dem Bild vergleichen."]


@pytest.mark.parametrize("photo", ["IMG_2040.jpg", "IMG_2040.heic"])
def test_what_is_put_into_the_folder_is_read_or_laid_before_a_person_whatever_it_is(tmp_path: Path, photo: str) -> None:
    files = {
        photo: HEIC.read_bytes() if photo.endswith("heic") else scan(),
        "IMG_2041.heic": b"\x00\x00\x00\x18ftypheic\x00" + bytes(range(256)),
        "brief.docx": b"PK\x03\x04\x00",
    }
    runtime = open_runtime(OFFICE, tmp_path / "data", url=f"sqlite:///{tmp_path}/store.sqlite")
    (tmp_path / "data" / "scans").mkdir(parents=True)
    for name, data in files.items():
        (tmp_path / "data" / "scans" / name).write_bytes(data)

    intake(runtime, "invoice-intake", Tally())
    work(runtime)

    with runtime.database.read() as connection:
        found = {case.title: case.state for case in cases.load(connection, range(1, len(files) + 1))}
    assert found == {photo: "waiting", "IMG_2041.heic": "unclear", "brief.docx": "unclear"}
