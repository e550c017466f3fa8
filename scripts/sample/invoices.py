"""Mails of vendors with their invoices: good ones, faulty ones, and those that a fraudster sends."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from schwifty import IBAN

from scripts.sample.invoice import OTHER, Invoice, Line, cii, ubl
from scripts.sample.mail import File, Sample
from scripts.sample.page import pdf
from scripts.sample.vendors import Vendor, german_vat_id, vendor

_XRECHNUNG = "urn:cen.eu:en16931:2017#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0"
FOREIGN_IBAN = str(IBAN.generate("DE", bank_code="10010010", account_code="0666123456"))


def _truth(invoice: Invoice, outcome: str, *warnings: str) -> dict[str, Any]:
    return {
        "label": "invoice",
        "outcome": outcome,
        "invoice_number": invoice.number,
        "gross": str(invoice.gross_in_xml or invoice.gross),
        "language": "de",
        "warnings": sorted(warnings),
    }


def _sender(v: Vendor, name: str = "Buchhaltung") -> str:
    return f"{name} {v.name.split()[0]} <rechnung@{v.domain}>"


def _zugferd(invoice: Invoice) -> File:
    return File(f"Rechnung_{invoice.number}.pdf", "application/pdf", pdf(invoice))


def _xml(invoice: Invoice) -> File:
    return File(f"{invoice.number}.xml", "application/xml", cii(invoice, _XRECHNUNG))


WELLPAPPE = Invoice(
    "RE-2026-1187",
    vendor("70001"),
    date(2026, 11, 16),
    [
        Line("Wellpappbogen 1,2-wellig 1200 x 800", "1500", "0.46"),
        Line("Faltkarton-Rohling 300 x 200", "4000", "0.19"),
        Line("Palettenpauschale", "3", "9.50"),
    ],
)
POWER = Invoice(
    "2026-11-004871",
    vendor("70004"),
    date(2026, 11, 12),
    [Line("Strom Kaiserstraße 12, Oktober 2026", "2840", "0.2931", unit="KWH"), Line("Grundpreis", "1", "14.90", unit="MON")],
)
HOSTING = Invoice(
    "HH-88213",
    vendor("70009"),
    date(2026, 11, 15),
    [Line("Server M, November 2026", "1", "89.00", unit="MON"), Line("Zusatzspeicher 500 GB", "2", "12.50", unit="MON")],
)
OFFICE_SUPPLIES = Invoice(
    "B-260931",
    vendor("70006"),
    date(2026, 11, 17),
    [
        Line("Kopierpapier A4, 80 g, Palette", "1", "412.00"),
        Line("Fachbuch Umsatzsteuer 2026", "2", "38.32", rate="7"),
        Line("Toner schwarz", "4", "61.90"),
    ],
)
TAPE = Invoice(
    "KR-10442",
    vendor("70002"),
    date(2026, 11, 10),
    [Line("PP-Packband braun, Karton mit 36", "60", "26.40"), Line("PVC-Packband transparent, Karton mit 36", "20", "39.80")],
    discount="118.00",
)
KOWALSKI = Invoice(
    "FV/2026/11/0312",
    vendor("70010"),
    date(2026, 11, 9),
    [Line("Corrugated boxes 600 x 400 x 400", "2000", "0.98", rate="0", category="K")],
)
CLEANING = Invoice(
    "G-2611-77",
    vendor("70008"),
    date(2026, 11, 18),
    [Line("Gebäudereinigung November 2026, Pauschale", "1", "640.00", rate="0", category="AE")],
)
FOIL = Invoice(
    "FU-900127",
    vendor("70003"),
    date(2026, 11, 13),
    [
        Line("Stretchfolie Maschine 23 my, Palette 46 Rollen", "4", "1173.00"),
        Line("Luftpolsterfolie 100 cm x 100 m", "60", "15.70"),
    ],
)
FREIGHT = Invoice(
    "SA-55310",
    vendor("70007"),
    date(2026, 11, 14),
    [Line("Stückgut Lübeck - Kiel, Sendungen KW 45", "14", "38.50"), Line("Avis und Hebebühne", "14", "6.90")],
)
PHONE = Invoice(
    "NN-2026-447102",
    vendor("70005"),
    date(2026, 11, 11),
    [Line("Business-Anschluss 250, November 2026", "1", "79.95"), Line("Mobilfunk 6 Karten", "6", "14.95")],
)
ADVICE = Invoice(
    "2026/1093",
    vendor("70011"),
    date(2026, 11, 18),
    [Line("Lohnbuchhaltung Oktober 2026, 38 Abrechnungen", "38", "13.50"), Line("Beratung, Stunden", "3", "145.00", unit="HUR")],
)
FLOWERS = Invoice(
    "77", vendor("70012"), date(2026, 11, 17), [Line("Blumenstrauß Jubiläum", "1", "48.00", rate="0", category="E")]
)
JOURNAL = Invoice(
    "2026-30517",
    vendor("70013"),
    date(2026, 11, 16),
    [Line("Fachzeitschrift Lager & Versand, Jahresabonnement 2027", "3", "96.00", rate="7")],
)
CREDIT = Invoice(
    "GS-2026-0042",
    vendor("70001"),
    date(2026, 11, 18),
    [Line("Gutschrift beschädigte Wellpappbogen", "120", "0.46")],
    type_code="381",
)
UNKNOWN = Invoice("R-4402", Vendor("", "Schilder Sörensen GmbH", german_vat_id("27744551"), "", "21050170", "0005550777", "schilder-soerensen.example", "", 14, "Werkstraße 3", "24837", "Schleswig"), date(2026, 11, 12), [Line("Regalschilder A5 laminiert", "120", "1.85")])  # fmt: skip

_WRONG_SUMS = replace(FREIGHT, number="SA-55344", gross_in_xml="799.99")
_NO_TAX_ID = replace(HOSTING, number="HH-88290", without_tax_ids=True)
_NOT_OURS = replace(TAPE, number="KR-10460", buyer=OTHER)
_OTHER_PAGE = replace(OFFICE_SUPPLIES, number="B-260977", shown_gross="806.92")
_OTHER_ACCOUNT_ON_PAGE = replace(WELLPAPPE, number="RE-2026-1203", shown_iban=FOREIGN_IBAN)
_CHANGED_ACCOUNT = replace(
    FOIL, number="FU-900188", iban=FOREIGN_IBAN, lines=[Line("Versandbeutel Folie, blickdicht", "9000", "0.071")]
)

MAILS = [
    Sample("invoice-wellpappe-1187", _sender(WELLPAPPE.vendor), "Rechnung RE-2026-1187", "Sehr geehrte Damen und Herren,\n\nanbei erhalten Sie unsere Rechnung RE-2026-1187 als ZUGFeRD-PDF.\n\nMit freundlichen Grüßen\nWellpappe Nord GmbH\nBuchhaltung\n", files=[_zugferd(WELLPAPPE)], truth=_truth(WELLPAPPE, "posting")),
    Sample("invoice-stadtwerke", _sender(POWER.vendor, "Kundenservice"), "Ihre Stromrechnung Oktober 2026", "Guten Tag,\n\nim Anhang finden Sie Ihre Rechnung 2026-11-004871 im Format XRechnung. Der Betrag wird zum Fälligkeitstag erwartet.\n\nIhre Stadtwerke Travemünde\n", files=[_xml(POWER)], truth=_truth(POWER, "posting")),
    Sample("invoice-hosting", _sender(HOSTING.vendor), "Rechnung HH-88213 für November", "Moin,\n\nIhre Rechnung für November liegt bei (XRechnung, UBL).\n\nViele Grüße aus dem Havenweg\n", files=[File("HH-88213_xrechnung.xml", "text/xml", ubl(HOSTING))], truth=_truth(HOSTING, "posting")),
    Sample("invoice-buerohaus", _sender(OFFICE_SUPPLIES.vendor), "Ihre Bestellung vom 12.11. - Rechnung B-260931", "Sehr geehrte Frau Lorenz,\n\nvielen Dank für Ihre Bestellung. Die Ware ist unterwegs, die Rechnung B-260931 hängt an.\n\nFreundliche Grüße\nBürohaus Lübeck\n", files=[_zugferd(OFFICE_SUPPLIES)], truth=_truth(OFFICE_SUPPLIES, "posting")),
    Sample("invoice-klebtechnik", _sender(TAPE.vendor), "Rechnung KR-10442", "Guten Tag,\n\nanbei die Rechnung zu Ihrem Abruf, der vereinbarte Rabatt ist abgezogen.\n\nMit freundlichem Gruß\nRahlff, Klebtechnik\n", files=[_zugferd(TAPE)], truth=_truth(TAPE, "posting")),
    Sample("invoice-kowalski", _sender(KOWALSKI.vendor, "Accounts"), "Invoice FV/2026/11/0312", "Dear Sir or Madam,\n\nplease find attached our invoice FV/2026/11/0312 for the boxes delivered last week. VAT is due in Germany (intra-community supply).\n\nKind regards\nAnna Kowalska\n", files=[File("FV_2026_11_0312.xml", "application/xml", cii(KOWALSKI))], truth=_truth(KOWALSKI, "posting", "reverse-charge") | {"language": "en"}),
    Sample("invoice-reinigung", _sender(CLEANING.vendor, "Büro"), "Rechnung Reinigung November", "Hallo Herr Hansen,\n\ndie Rechnung für November ist dabei, wie immer nach § 13b.\n\nSchöne Grüße\nGlanz & Söhne\n", files=[File("Rechnung G-2611-77.xml", "application/xml", ubl(CLEANING))], truth=_truth(CLEANING, "posting", "reverse-charge")),
    Sample("invoice-folien", _sender(FOIL.vendor), "Folien Union AG: Rechnung FU-900127", "Sehr geehrte Damen und Herren,\n\nfür die Lieferung vom 11.11. erlauben wir uns, den beigefügten Betrag zu berechnen.\n\nFolien Union AG\nDebitorenbuchhaltung\n", files=[_zugferd(FOIL)], truth=_truth(FOIL, "posting")),
    Sample("invoice-nordnetz", _sender(PHONE.vendor, "Rechnung"), "Ihre Nordnetz-Rechnung NN-2026-447102", "Guten Tag,\n\nIhre Rechnung für November steht bereit und liegt dieser Mail als PDF bei. Der Betrag ist in zehn Tagen fällig.\n\nIhr Telekontor Nordnetz\n", files=[File("NN-2026-447102.pdf", "application/pdf", pdf(PHONE, with_xml=False))], truth=_truth(PHONE, "posting")),
    Sample("invoice-steuerberatung", _sender(ADVICE.vendor, "Kanzlei"), "Honorarrechnung 2026/1093", "Sehr geehrter Herr Hansen,\n\nanbei unsere Honorarrechnung für Oktober.\n\nMit freundlichen Grüßen\nThode Steuerberatung\n", files=[_zugferd(ADVICE)], truth=_truth(ADVICE, "posting")),
    Sample("invoice-blumen", _sender(FLOWERS.vendor, "Ute Petersilie,"), "Rechnung 77", "Liebe Frau Brandt,\n\nhier die Rechnung für den Strauß zum Jubiläum. Hat er gefallen?\n\nHerzliche Grüße\nUte Petersilie\n", files=[_zugferd(FLOWERS)], truth=_truth(FLOWERS, "posting")),
    Sample("invoice-verlag", _sender(JOURNAL.vendor, "Abonnements"), "Rechnung 2026-30517: Ihr Abonnement 2027", "Sehr geehrte Damen und Herren,\n\nvielen Dank, dass Sie uns auch 2027 treu bleiben. Die Rechnung für drei Exemplare finden Sie im Anhang.\n\nIhr Leserservice\n", files=[File("Rechnung_2026-30517.xml", "text/xml", ubl(JOURNAL))], truth=_truth(JOURNAL, "posting")),
    Sample("credit-wellpappe", _sender(CREDIT.vendor), "Gutschrift GS-2026-0042", "Sehr geehrte Damen und Herren,\n\nfür die beschädigten Bogen erhalten Sie anbei unsere Gutschrift.\n\nWellpappe Nord GmbH\n", files=[_zugferd(CREDIT)], truth=_truth(CREDIT, "posting")),
    Sample("invoice-unknown-vendor", _sender(UNKNOWN.vendor), "Rechnung R-4402 Regalschilder", "Guten Tag,\n\nanbei die Rechnung für die Regalschilder, vielen Dank für den Auftrag!\n\nMit freundlichen Grüßen\nSörensen\n", files=[_zugferd(UNKNOWN)], truth=_truth(UNKNOWN, "posting", "unknown-vendor")),
    Sample("invoice-wellpappe-copy", _sender(WELLPAPPE.vendor), "Rechnungskopie RE-2026-1187", "Sehr geehrte Damen und Herren,\n\nwie telefonisch gewünscht noch einmal unsere Rechnung RE-2026-1187 als Kopie.\n\nWellpappe Nord GmbH\n", files=[_zugferd(WELLPAPPE)], truth=_truth(WELLPAPPE, "posting") | {"same_as": "invoice-wellpappe-1187"}),
    Sample("invoice-wrong-sums", _sender(_WRONG_SUMS.vendor), "Spedition Albers Rechnung SA-55344", "Guten Tag,\n\nanbei unsere Rechnung für die Kalenderwoche 45.\n\nSpedition Albers\n", files=[File("SA-55344.xml", "application/xml", cii(_WRONG_SUMS, _XRECHNUNG))], truth=_truth(_WRONG_SUMS, "unclear")),
    Sample("invoice-without-tax-id", _sender(_NO_TAX_ID.vendor), "Rechnung HH-88290", "Moin,\n\nanbei die Rechnung HH-88290.\n\nHavenweg Hosting\n", files=[_zugferd(_NO_TAX_ID)], truth=_truth(_NO_TAX_ID, "unclear")),
    Sample("invoice-not-ours", _sender(_NOT_OURS.vendor), "Rechnung KR-10460", "Guten Tag,\n\nanbei die Rechnung KR-10460 zu Ihrer Bestellung.\n\nRahlff, Klebtechnik\n", files=[_zugferd(_NOT_OURS)], truth=_truth(_NOT_OURS, "posting", "not-our-company")),
    Sample("invoice-page-says-less", _sender(_OTHER_PAGE.vendor), "Rechnung B-260977", "Sehr geehrte Damen und Herren,\n\nanbei die Rechnung B-260977.\n\nBürohaus Lübeck\n", files=[_zugferd(_OTHER_PAGE)], truth=_truth(_OTHER_PAGE, "unclear")),
    Sample("invoice-account-on-page", _sender(_OTHER_ACCOUNT_ON_PAGE.vendor), "Rechnung RE-2026-1203", "Sehr geehrte Damen und Herren,\n\nanbei unsere Rechnung RE-2026-1203. Bitte beachten Sie die Bankverbindung auf der Rechnung.\n\nWellpappe Nord GmbH\n", files=[_zugferd(_OTHER_ACCOUNT_ON_PAGE)], truth=_truth(_OTHER_ACCOUNT_ON_PAGE, "unclear")),
    Sample("invoice-changed-account", "Debitoren Folien Union <rechnung@folien-uni0n.example>", "Rechnung FU-900188 - neue Bankverbindung", "Sehr geehrte Damen und Herren,\n\nbitte überweisen Sie den Betrag der beigefügten Rechnung ab sofort auf unser neues Konto. Die alte Bankverbindung ist nicht mehr gültig. Wegen der Umstellung bitten wir um Zahlung noch heute.\n\nFolien Union AG\n", files=[_zugferd(_CHANGED_ACCOUNT)], truth=_truth(_CHANGED_ACCOUNT, "posting", "bank-change-announced", "iban-changed", "sender-look-alike")),
]  # fmt: skip
