"""Letters to the office in the sample mailbox: vendors who remind us to pay, people who apply for a job."""

from __future__ import annotations

from datetime import UTC, datetime

from fpdf import FPDF

from scripts.sample.mail import File, Sample
from scripts.sample.vendors import vendor


def _truth(label: str, outcome: str, language: str = "de") -> dict[str, str]:
    return {"label": label, "outcome": outcome, "language": language}


def _cv() -> bytes:
    """A curriculum vitae on one page, uncompressed and dated: the same bytes every time."""
    pdf = FPDF()
    pdf.set_producer("Sample")  # otherwise the version of the library
    pdf.set_compression(False)
    pdf.set_creation_date(datetime(2026, 11, 1, tzinfo=UTC))
    pdf.add_page()
    pdf.set_font("helvetica", "B", 16)
    pdf.cell(0, 12, "Lebenslauf", new_x="LMARGIN", new_y="NEXT")
    pdf.set_font("helvetica", size=11)
    for line in (
        "Mirko Böttcher, Schönböckener Straße 61, 23556 Lübeck",
        "Geboren am 14. März 1993 in Mölln",
        "2021 bis heute: Lagerist, Kühlhaus Trave GmbH, Lübeck (Kommissionierung, Wareneingang)",
        "2016 bis 2021: Fachlagerist, Möbellager Stecknitz, Mölln",
        "2013 bis 2015: Ausbildung zum Fachlageristen, Abschluss mit Note 2,3",
        "Flurfördermittelschein (Frontstapler, Schubmast), Führerschein Klasse B",
    ):
        pdf.cell(0, 8, line, new_x="LMARGIN", new_y="NEXT")
    return bytes(pdf.output())


DUNNING = [
    Sample(
        "dunning-rahlff-reminder",
        "Buchhaltung Klebtechnik Rahlff <buchhaltung@klebtechnik-rahlff.example>",
        "Zahlungserinnerung zu Rechnung KR-26-1877",
        f"""\
Sehr geehrte Damen und Herren,

sicher ist es Ihrer Aufmerksamkeit entgangen: Unsere Rechnung KR-26-1877 vom 02.10.2026 über 412,93 EUR war am
02.11.2026 fällig. Bis gestern haben wir keinen Zahlungseingang feststellen können.

Wir bitten Sie, den Betrag bis zum 27.11.2026 auf unser bekanntes Konto {vendor("70002").iban} zu überweisen. Haben Sie
inzwischen gezahlt, betrachten Sie dieses Schreiben bitte als gegenstandslos.

Mit freundlichen Grüßen
Birte Möller, Debitorenbuchhaltung
Klebtechnik Rahlff KG, Bandweg 12, 24148 Kiel
""",
        truth=_truth("dunning", "unclear"),
    ),
    Sample(
        "dunning-albers-second",
        "Spedition Albers Mahnwesen <mahnung@spedition-albers.example>",
        "2. Mahnung – Kundennummer 20417",
        f"""\
Guten Tag,

trotz unserer Zahlungserinnerung vom 28.10.2026 ist folgender Posten noch offen:

  Rechnung      vom          fällig am    Betrag
  SA-208834     29.09.2026   13.10.2026   1.276,80 EUR
  Mahngebühr                                 5,00 EUR
  offen gesamt                           1.281,80 EUR

Bitte überweisen Sie bis spätestens 26.11.2026 auf {vendor("70007").iban}. Nach Ablauf der Frist behalten wir uns vor,
weitere Transporte nur noch gegen Vorkasse auszuführen und die Forderung an ein Inkassobüro abzugeben.

Spedition Albers GmbH & Co. KG
Genter Straße 8, 23568 Lübeck
""",
        truth=_truth("dunning", "unclear"),
    ),
    Sample(
        "dunning-kowalski-english",
        "Agnieszka Wójcik <ksiegowosc@kartonage-kowalski.example>",
        "Overdue invoice FV/2026/09/0341 - first reminder",
        """\
Dear Sir or Madam,

according to our records invoice FV/2026/09/0341 dated 18 September 2026 for EUR 2,340.00 has been due since 18 October
and is now more than four weeks late. Could you please arrange payment within seven days, or let us know if there is any
reason why the invoice is being held back? A copy is available on request.

If the payment has crossed with this reminder, please disregard it.

Kind regards
Agnieszka Wójcik
Accounts receivable, Kartonage Kowalski Sp. z o.o., Szczecin
""",
        truth=_truth("dunning", "unclear", "en"),
    ),
]

APPLICATIONS = [
    Sample(
        "application-boettcher-warehouse",
        "Mirko Böttcher <mirko.boettcher@postfach-luebeck.example>",
        "Bewerbung als Lagerist",
        """\
Sehr geehrte Damen und Herren,

über einen Bekannten habe ich erfahren, dass Sie für Ihr Lager Verstärkung suchen. Ich bin gelernter Fachlagerist,
arbeite seit fünf Jahren in der Kommissionierung und besitze den Flurfördermittelschein für Front- und Schubmaststapler.
Schichtarbeit ist für mich kein Problem; anfangen könnte ich zum 1. Februar 2027.

Meinen Lebenslauf finden Sie im Anhang, Zeugnisse reiche ich gern nach. Über eine Einladung würde ich mich sehr freuen.

Mit freundlichen Grüßen
Mirko Böttcher
""",
        files=[File("Lebenslauf_Böttcher.pdf", "application/pdf", _cv())],
        truth=_truth("application", "reply"),
    ),
    Sample(
        "application-raman-english",
        "Priya Raman <priya.raman@brightmail.example>",
        "Application: export sales assistant",
        """\
Dear hiring team,

I would like to apply for a position in your export sales department. For the past three years I have handled English and
Dutch speaking accounts for a packaging distributor in Rotterdam, from quotation to customs papers. I am moving to Lübeck
in January, my German is at level B2, and I hold a residence permit that allows me to work full time.

May I send you my CV and references? I am available for a call on any weekday after 4 pm.

Best regards
Priya Raman
""",
        truth=_truth("application", "reply", "en"),
    ),
]

MAILS: list[Sample] = [*DUNNING, *APPLICATIONS]
