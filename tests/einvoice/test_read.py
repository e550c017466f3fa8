"""Invoices are read alike whatever syntax they came in, and each value says where it stands."""

from __future__ import annotations

import json
import re
import time
from datetime import date
from decimal import Decimal

import pytest
from lxml import etree

from kontorist.core.errors import NotReadable
from kontorist.core.values import decode, encode
from kontorist.einvoice.document import read_xml
from kontorist.einvoice.plain import read_pages
from kontorist.einvoice.terms import discount, due_date
from kontorist.einvoice.tree import Tree
from kontorist.reading.pdf import Page
from tests.einvoice.inputs import DATA, load, made, make_pdf, make_ubl, needs_data

# what the two files of a pair really say differently
KNOWN = {
    "01.09a": {"order_reference"},
    "01.11a": {"order_reference"},
    "01.13a": {"order_reference"},
    "01.21a": {"seller.vat_id", "allowances", "vat_breakdown.0.exemption_reason"},
}
OTHER_DATES = {"issue_date", "due_date", "delivery_date", "buyer.email", "payment_terms", "notes", "skonto"}


def differing(one, other, prefix=""):
    for key in one:
        a, b = one[key], other[key]
        if isinstance(a, dict):
            yield from differing(a, b, f"{prefix}{key}.")
        elif isinstance(a, list) and a and isinstance(a[0], dict) and len(a) == len(b):
            for index, pair in enumerate(zip(a, b, strict=True)):
                yield from differing(*pair, f"{prefix}{key}.{index}.")
        elif a != b and key not in {"syntax", "profile"}:
            yield prefix + key


@needs_data
@pytest.mark.parametrize("ubl", sorted((DATA / "xrechnung").glob("*_ubl.xml")), ids=lambda p: p.name[:6])
def test_ubl_and_cii_of_one_xrechnung_say_the_same(ubl):
    cii = ubl.with_name(ubl.name.replace("_ubl", "_uncefact"))
    assert set(differing(load(ubl).invoice.as_dict(), load(cii).invoice.as_dict())) == KNOWN.get(ubl.name[:6], set())


@needs_data
@pytest.mark.parametrize("ubl", sorted((DATA / "zugferd").glob("*.ubl.xml")), ids=lambda p: p.name)
def test_ubl_cii_and_hybrid_pdf_of_one_invoice_say_the_same(ubl):
    one, cii, pdf = (load(ubl.parent / ubl.name.replace(".ubl.xml", suffix)) for suffix in (".ubl.xml", ".cii.xml", ".pdf"))
    assert set(differing(one.invoice.as_dict(), cii.invoice.as_dict())) == set()
    # the PDF of XRECHNUNG_Einfach carries a newer edition of its XML
    expected = OTHER_DATES if ubl.name.startswith("XRECHNUNG_Einfach") else set()
    assert set(differing(cii.invoice.as_dict(), pdf.invoice.as_dict())) == expected


FIELDS = {
    **{
        key: key
        for key in ("number", "type_code", "issue_date", "currency", "line_total", "net", "gross", "payable", "tax", "profile")
    },
    "seller": "seller.name",
    "buyer": "buyer.name",
    "buyer_ref": "buyer.reference",
    "order_ref": "order_reference",
    "iban": "ibans",
}
LINE_FIELDS = {
    "id": "id",
    "name": "name",
    "seller_id": "seller_item_id",
    "qty": "quantity",
    "unit_net": "unit_price",
    "total": "net",
    "rate": "vat_rate",
}


def truths():
    path = DATA / "en16931-rules" / "truth_fields.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [row for row in map(json.loads, lines) if row["syntax"] != "testSet"]


def at(values, path):
    for key in path.split("."):
        values = values[key]
    return values


def same(truth, value):
    if truth in ("", None, []):
        return value in (None, [])
    if isinstance(value, Decimal):
        return Decimal(truth) == value
    if isinstance(value, date):
        return truth.replace("-", "") == f"{value:%Y%m%d}"
    return [item.replace(" ", "") for item in truth] == value if isinstance(truth, list) else truth.strip() == value


@pytest.mark.parametrize("row", truths(), ids=lambda row: row["file"].rpartition("/")[2])
def test_the_official_examples_are_read_field_by_field(row):
    values = load(DATA / "en16931-rules" / row["file"]).invoice.as_dict()
    wrong = [key for key, path in FIELDS.items() if key in row and not same(row[key], at(values, path))]
    wrong += [
        f"line {key}"
        for truth, line in zip(row["lines"], values["lines"], strict=True)
        for key, path in LINE_FIELDS.items()
        if key in truth and not same(truth[key], line[path])
    ]
    assert wrong == []


def test_every_value_tells_where_it_stands_in_the_xml():
    place = made().evidence["gross"][0]
    assert (place.quote, place.part) == ("119.00", "xml")
    assert place.xpath == "/ubl:Invoice/cac:LegalMonetaryTotal/cbc:TaxInclusiveAmount"


@needs_data
def test_a_value_of_a_hybrid_is_found_on_its_page_too():
    places = load(DATA / "zugferd" / "MustangGnuaccountingBeispielRE-20190610_507.pdf").evidence["gross"]
    assert [place.part for place in places] == ["xml", "page"]
    assert places[1].quote == "571.04"
    assert places[1].box is not None


def test_an_invoice_survives_the_journal():
    values = made().invoice.as_dict()
    assert decode(encode(values)) == values


def test_the_amount_in_the_document_currency_is_taken_where_there_are_two():
    data = make_ubl().replace(
        b"<cac:TaxTotal>",
        b"<cbc:TaxCurrencyCode>SEK</cbc:TaxCurrencyCode><cac:TaxTotal><cbc:TaxAmount currencyID='SEK'>215.00</cbc:TaxAmount></cac:TaxTotal><cac:TaxTotal>",
        1,
    )
    assert read_xml(data).invoice.tax == Decimal("19.00")


def test_other_xml_is_no_invoice_and_broken_xml_is_not_readable():
    assert read_xml(b"<order/>") is None
    with pytest.raises(NotReadable):
        read_xml(b"<Invoice>")


@pytest.mark.parametrize(
    ("terms", "due"),
    [
        ("Zahlbar innerhalb 30 Tagen netto bis 04.07.2018, 3% Skonto innerhalb 10 Tagen bis 15.06.2018", date(2018, 7, 4)),
        ("Zahlbar innerhalb 30 Tagen netto", date(2018, 7, 5)),
        ("Zahlbar sofort ohne Abzug.", date(2018, 6, 5)),
        ("10 Tage 2 % Skonto, 30 Tage netto", date(2018, 7, 5)),
        ("Zahlbar bis 01.07.2018 oder 15.07.2018", None),
        ("Wie vereinbart", None),
        (None, None),
    ],
)
def test_the_due_date_is_taken_from_words_only_if_they_leave_no_doubt(terms, due):
    assert due_date(terms, date(2018, 6, 5)) == due


@pytest.mark.parametrize(
    ("terms", "due"),
    [
        ("Rechnung vom 15.01.2026 zahlbar innerhalb von 30 Tagen netto", date(2026, 2, 14)),
        ("Der Betrag wird per SEPA-Lastschrift eingezogen, Mandat vom 01.03.2014", None),
        ("Der Betrag wird am 30.01.2026 eingezogen, Mandat vom 01.03.2014", date(2026, 1, 30)),
        ("Leistungszeitraum bis 31.12.2025. Zahlbar innerhalb 14 Tagen", date(2026, 1, 29)),
        ("Leistungszeitraum 01.12.2025 bis 28.02.2026", None),
        ("Zahlungsziel 30 Tage; bei Zahlung bis 25.01.2026 abzgl. 2%", date(2026, 2, 14)),
        ("Zahlbar innerhalb von 10 Tagen abzüglich 3 %", None),
        ("Zahlbar innerhalb von 10 Tagen ohne Abzug, 19 % USt. sind enthalten", date(2026, 1, 25)),
        ("zahlbar bis 31.01.26", date(2026, 1, 31)),
        ("zahlbar bis Freitag, 30.01.2026", date(2026, 1, 30)),
        ("zahlbar bis 31.01.2026, 30 Tage netto", None),
        ("zahlbar bis 14.02.2026, 30 Tage netto", date(2026, 2, 14)),
        ("zahlbar bis 01.01.2026", None),
    ],
)
def test_a_day_in_the_terms_is_the_due_date_only_if_it_is_said_to_be(terms, due):
    assert due_date(terms, date(2026, 1, 15)) == due


def test_a_period_beyond_the_last_year_has_no_due_date():
    assert due_date("30 Tage netto", date(9999, 12, 31)) is None


@pytest.mark.parametrize(
    ("line", "due"),
    [
        ("Leistungszeitraum bis zum 31.03.2026", None),
        ("Bei Zahlung bis zum 25.03.2026 abzgl. 2 % ", None),
        ("Zahlbar bis zum 31.03.2026 ohne Abzug", date(2026, 3, 31)),
        ("Zahlbar bis zum 01.02.2026", None),
    ],
)
def test_a_day_on_the_page_is_the_due_date_only_if_it_is_said_to_be(line, due):
    from kontorist.einvoice.document import read_pdf

    data = make_pdf("Nord GmbH", "Rechnung Nr. G-17", "Rechnungsdatum: 02.03.2026", line, "Gesamtbetrag 119,00 EUR")
    assert read_pdf(data).invoice.due_date == due


@pytest.mark.parametrize(("text", "day"), [("202611", None), ("20261101", date(2026, 11, 1)), ("2026-11-01Z", date(2026, 11, 1))])
def test_a_month_is_no_day(text, day):
    tree = Tree(etree.fromstring(f"<a><b>{text}</b></a>"))
    assert (tree.day(tree.root, "b", "x"), tree.malformed) == (day, [] if day else [("x", text)])


def test_twins_are_counted_in_the_place_of_a_value():
    tree = Tree(etree.fromstring("<a><b>1</b><!-- no element --><c/><b>2</b></a>"))
    assert [tree.path(element) for element in tree.root.iterchildren("*")] == ["/a/b[1]", "/a/c", "/a/b[2]"]


def test_an_invoice_of_many_lines_is_read_without_counting_them_for_each():
    head, line, foot = re.split(b"(<cac:InvoiceLine>.*</cac:InvoiceLine>)", make_ubl(), flags=re.DOTALL)
    began = time.process_time()  # with the square of the lines, it would take minutes
    found = read_xml(head + line * 3_000 + foot)
    assert len(found.invoice.lines) == 3_000
    assert time.process_time() - began < 30


@pytest.mark.parametrize("filling", ["x " * 100_000, "\n" * 60_000, "- \n" * 60_000], ids=["long line", "no lines", "no words"])
def test_a_page_made_to_make_us_hang_does_not(filling):
    text = f"Rechnung Nr. R-17\nGesamtbetrag 119,00 EUR\n{filling}\nZahlbar mit 2 % Skonto\n"
    began = time.process_time()  # with the square of its length, it would take minutes
    invoice = read_pages([Page(1, 595, 842, text, ())]).invoice
    assert (invoice.number, invoice.payment_terms, invoice.skonto) == ("R-17", *["Zahlbar mit 2 % Skonto"] * 2)
    assert time.process_time() - began < 30


def test_a_cash_discount_is_quoted():
    assert discount("30 Tage netto; 2 % Skonto bis 10.06.2018") == "2 % Skonto bis 10.06.2018"
    assert discount("Ohne Skonto zahlbar") is None


@needs_data
def test_a_pdf_without_xml_is_read_from_its_words():
    found = load(next((DATA / "plain-pdf").glob("*.pdf")))
    invoice = found.invoice
    assert (invoice.number, invoice.issue_date, invoice.due_date) == ("R0005532486", date(2016, 1, 19), date(2016, 1, 22))
    assert (invoice.net, invoice.tax, invoice.gross, invoice.currency) == (
        Decimal("87.39"),
        Decimal("16.61"),
        Decimal("104.00"),
        "EUR",
    )
    assert (invoice.seller.name, invoice.seller.vat_id, invoice.buyer.vat_id) == (
        "Hetzner Online GmbH",
        "DE812871812",
        "DE199952957",
    )
    assert (invoice.ibans, invoice.direct_debit) == (("DE92760700120750007700",), True)
    place = found.evidence["gross"][0]
    assert found.pages[0].text[place.start : place.end] == "104,00"


def test_an_english_pdf_is_read_from_its_words():
    data = make_pdf(
        *("Baltic Ropes Ltd", "Invoice No: BR-4711", "Invoice date: 2 March 2026", "Due date: 2026-04-01"),
        *("Net total 1,000.00 EUR", "VAT 19 % 190.00 EUR", "Amount due 1,190.00 EUR", "IBAN: DE89 3704 0044 0532 0130 00"),
    )
    from kontorist.einvoice.document import read_pdf

    invoice = read_pdf(data).invoice
    assert (invoice.number, invoice.issue_date, invoice.due_date) == ("BR-4711", date(2026, 3, 2), date(2026, 4, 1))
    assert (invoice.net, invoice.tax, invoice.gross) == (Decimal("1000.00"), Decimal("190.00"), Decimal("1190.00"))
    assert invoice.vat_breakdown[0].rate == 19
    assert invoice.ibans == ("DE89370400440532013000",)


@pytest.mark.parametrize("title", ["Auftragsbestätigung", "Lieferschein", "Mahnung", "Angebot"])
def test_other_papers_are_no_invoices(title):
    from kontorist.einvoice.document import read_pdf

    assert read_pdf(make_pdf(title, "Nummer 4711 vom 02.03.2026", "Rechnungsadresse: Kai 1", "Summe 119,00 EUR")) is None
