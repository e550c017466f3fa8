"""The sample office's records and mails are what the script writes, fit together, and name nobody real."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from stdnum.eu import vat

from agents._draft.knowledge import sections
from connectors.accounting.vendor_file import read_vendors
from connectors.base import Surroundings
from connectors.erp_csv import ErpCsv
from kontorist.core.errors import NotReadable
from kontorist.einvoice.document import find_invoice
from kontorist.reading.mail import parse_mail
from scripts import make_sample_mails
from scripts.sample import erp as records
from scripts.sample import vendors as creditors
from tests.content.truth import MAILS, OFFICE, TRUTH

ANSWERED = [row for row in TRUTH if row["label"] == "order-status" and row["outcome"] == "reply"]
INVOICES = [row for row in TRUTH if "invoice_number" in row]


@pytest.fixture(scope="module")
def erp(tmp_path_factory):
    options = yaml.safe_load((OFFICE / "connections.yaml").read_text(encoding="utf-8"))["erp"]
    options.pop("connector")
    opened = ErpCsv(ErpCsv.Config.model_validate(options), Surroundings("erp", OFFICE, tmp_path_factory.mktemp("erp")))
    yield opened
    opened.close()


def read(row):
    return parse_mail((MAILS / row["file"]).read_bytes())


def test_the_script_writes_the_mails_that_are_there():
    written = make_sample_mails.files()

    assert sorted(written) == sorted(path.name for path in MAILS.glob("*.eml"))
    assert [name for name, data in written.items() if (MAILS / name).read_bytes() != data] == []


def test_the_script_writes_the_truth_that_is_there():
    assert make_sample_mails.truth() == (Path(__file__).parent / "truth.jsonl").read_text(encoding="utf-8")


def test_the_script_writes_the_records_that_are_there(tmp_path):
    records.write(tmp_path / "erp")
    creditors.write(tmp_path / "books" / "vendors.csv")

    written = list(tmp_path.rglob("*.csv"))
    assert len(written) == 6
    assert [p.name for p in written if p.read_bytes() != (OFFICE / p.relative_to(tmp_path)).read_bytes()] == []


def test_the_truth_names_each_mail_once():
    assert [row["file"] for row in TRUTH] == sorted(path.name for path in MAILS.glob("*.eml"))


def test_the_exports_are_read_without_problems(erp):
    rows = {name: len(erp.look_up(name, [{}])[0]) for name in erp.tables()}

    assert list(erp.problems()) == []
    assert rows["customers"] >= 40
    assert rows["orders"] >= 70
    assert rows["articles"] >= 60
    assert rows["open_items"] >= 30


@pytest.mark.parametrize("row", ANSWERED, ids=lambda row: row["file"])
def test_who_is_answered_asked_about_an_order_of_theirs(row, erp):
    asked = {"number": row["order_number"], "customer_email": read(row).sender.address}

    assert len(erp.look_up("orders", [asked])[0]) == 1


@pytest.mark.parametrize("row", INVOICES, ids=lambda row: row["file"])
def test_each_invoice_says_what_the_truth_says(row):
    found = [f for a in read(row).attachments if (f := find_invoice(a.name, a.media_type, a.data))]

    assert [(f.invoice.number, f.invoice.gross) for f in found] == [(row["invoice_number"], Decimal(row["gross"]))]


def test_no_other_mail_holds_an_invoice():
    others = [row for row in TRUTH if "invoice_number" not in row]

    assert [row["file"] for row in others if any(_is_invoice(a) for a in read(row).attachments)] == []


def _is_invoice(attachment):
    try:
        found = find_invoice(attachment.name, attachment.media_type, attachment.data)
    except NotReadable:
        return False
    return found is not None and bool(found.invoice.number) and found.invoice.gross is not None


def test_creditors_have_valid_numbers():
    found = read_vendors(OFFICE / "books/vendors.csv")

    assert found.problems == ()
    assert len(found.every) >= 15
    assert [one.number for one in found.every if one.vat_id and not vat.is_valid(one.vat_id)] == []
    assert [one.number for one in found.every if not one.vat_id and not one.tax_number] == []


def test_each_knowledge_page_is_there_in_both_languages_with_the_same_number_of_sections():
    found = sections(OFFICE / "knowledge")
    counts = {
        page: [sum(s.page == page and s.language == language for s in found) for language in ("de", "en")]
        for page in {s.page for s in found}
    }

    assert set(counts) == {"lieferung", "reklamation", "angebote", "zahlung", "bewerbung"}
    assert {page: pair for page, pair in counts.items() if pair[0] != pair[1] or not pair[0]} == {}


def test_every_address_in_the_sample_office_is_an_invented_one():
    files = [path for folder in ("erp", "books", "knowledge", "mails") for path in (OFFICE / folder).iterdir()]
    hosts = {
        (path.name, host.decode())
        for path in files
        for host in re.findall(rb"(?:[\w.+-]+@|https?://)([A-Za-z0-9.-]+\.[A-Za-z]{2,})", path.read_bytes())
    }

    assert len(hosts) > 200
    assert {(name, host) for name, host in hosts if not host.endswith(".example")} == set()
