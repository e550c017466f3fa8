"""DATEV's EXTF format, posting batch (Buchungsstapel): writer and reader.

After DATEV's public description of the format (developer.datev.de, Datenformat, Buchungsstapel): header 700,
category 21, format version 9; Windows-1252, CR LF, texts in doubled quotes and without control characters.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from connectors.accounting import extf_rules
from kontorist.core.errors import NotReadable

HEADER_VERSION = "700"
FORMAT_VERSION = "9"
_TEXT, _OTHER = "text", "other"


def _pairs(art: str, content: str, count: int) -> list[tuple[str, int]]:
    return [pair for n in range(1, count + 1) for pair in ((f"{art} {n}", 20), (f"{content} {n}", 210))]


_TEXTS: dict[str, int] = {
    "Soll/Haben-Kennzeichen": 1,
    "WKZ Umsatz": 3,
    "WKZ Basisumsatz": 3,
    "BU-Schlüssel": 4,
    "Belegfeld 1": 36,
    "Belegfeld 2": 12,
    "Buchungstext": 60,
    "Diverse Adressnummer": 9,
    "Beleglink": 210,
    **dict(_pairs("Beleginfo – Art", "Beleginfo – Inhalt", 8)),
    "KOST1 – Kostenstelle": 36,
    "KOST2 – Kostenstelle": 36,
    "EU-Land u. USt-IdNr.": 15,
    "Abw. Versteuerungsart": 1,
    **dict(_pairs("Zusatzinformation – Art", "Zusatzinformation – Inhalt", 20)),
    "Forderungsart": 10,
    "Auftragsnummer": 30,
    "Buchungstyp": 2,
    "EU-Mitgliedstaat (Anzahlungen)": 2,
    "Herkunft-Kz": 2,
    "Leerfeld": 36,
    "SEPA-Mandatsreferenz": 35,
    "Gesellschaftername": 76,
    "Identifikationsnummer": 11,
    "Zeichnernummer": 20,
    "Bezeichnung": 30,
    "Generalumkehr": 1,
    "Land": 2,
}
"""Columns of type text with their greatest length; the others are numbers and dates."""

CAPTIONS: tuple[str, ...] = (
    *("Umsatz (ohne Soll/Haben-Kz)", "Soll/Haben-Kennzeichen", "WKZ Umsatz", "Kurs", "Basisumsatz", "WKZ Basisumsatz", "Konto"),
    *("Gegenkonto (ohne BU-Schlüssel)", "BU-Schlüssel", "Belegdatum", "Belegfeld 1", "Belegfeld 2", "Skonto", "Buchungstext"),
    *("Postensperre", "Diverse Adressnummer", "Geschäftspartnerbank", "Sachverhalt", "Zinssperre", "Beleglink"),
    *(name for name, _ in _pairs("Beleginfo – Art", "Beleginfo – Inhalt", 8)),
    *(
        "KOST1 – Kostenstelle",
        "KOST2 – Kostenstelle",
        "Kost Menge",
        "EU-Land u. USt-IdNr.",
        "EU-Steuersatz",
        "Abw. Versteuerungsart",
    ),
    *(
        "Sachverhalt L+L",
        "Funktionsergänzung L+L",
        "BU 49 Hauptfunktionstyp",
        "BU 49 Hauptfunktionsnummer",
        "BU 49 Funktionsergänzung",
    ),
    *(name for name, _ in _pairs("Zusatzinformation – Art", "Zusatzinformation – Inhalt", 20)),
    *(
        "Stück",
        "Gewicht",
        "Zahlweise",
        "Forderungsart",
        "Veranlagungsjahr",
        "Zugeordnete Fälligkeit",
        "Skontotyp",
        "Auftragsnummer",
    ),
    *("Buchungstyp", "USt-Schlüssel (Anzahlungen)", "EU-Mitgliedstaat (Anzahlungen)", "Sachverhalt L+L (Anzahlungen)"),
    *("EU-Steuersatz (Anzahlungen)", "Erlöskonto (Anzahlungen)", "Herkunft-Kz", "Leerfeld", "KOST-Datum", "SEPA-Mandatsreferenz"),
    *("Skontosperre", "Gesellschaftername", "Beteiligtennummer", "Identifikationsnummer", "Zeichnernummer", "Postensperre bis"),
    *(
        "Bezeichnung",
        "Kennzeichen",
        "Festschreibung",
        "Leistungsdatum",
        "Datum Zuord.",
        "Fälligkeit",
        "Generalumkehr",
        "Steuersatz",
        "Land",
    ),
)

Row = Mapping[str, str]
"""One posting: caption → value as text; amounts with a comma, dates as DATEV writes them."""


@dataclass(frozen=True)
class Head:
    """What the first line says of a batch."""

    consultant: int
    client: int
    year_start: date
    account_length: int
    first: date
    last: date
    label: str
    created: datetime


def write(head: Head, rows: Sequence[Row]) -> bytes:
    """The bytes of a file. Raises KeyError for a caption that the format does not have."""
    lines = [_head(head), ";".join(CAPTIONS), *(_line(row) for row in rows)]
    return "".join(f"{line}\r\n" for line in lines).encode("cp1252", "replace")


def _head(head: Head) -> str:
    created = f"{head.created:%Y%m%d%H%M%S}{head.created.microsecond // 1000:03d}"
    fields = [
        *('"EXTF"', HEADER_VERSION, "21", '"Buchungsstapel"', FORMAT_VERSION, created, "", '"KO"', '"Kontorist"', '""'),
        *(str(head.consultant), str(head.client), f"{head.year_start:%Y%m%d}", str(head.account_length)),
        *(f"{head.first:%Y%m%d}", f"{head.last:%Y%m%d}", _quoted(clean(head.label, 30)), '""', "1", "", "0", '"EUR"'),
        *('""', '""', '""', '""', '""', "", "", '""', '""'),
    ]
    return ";".join(fields)


def _line(row: Row) -> str:
    unknown = set(row) - set(CAPTIONS)
    if unknown:
        raise KeyError(f"no columns of the posting batch: {', '.join(sorted(unknown))}")
    return ";".join(_cell(caption, row.get(caption, "")) for caption in CAPTIONS)


def _cell(caption: str, value: str) -> str:
    cell = clean(value, _TEXTS[caption]) if caption in _TEXTS else value
    if not extf_rules.fits(caption, cell):
        raise ValueError(f"{caption}: DATEV does not take '{cell}'")
    return _quoted(cell) if caption in _TEXTS else cell


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def clean(text: str, length: int) -> str:
    """A text for a cell: no control characters, nothing that a spreadsheet takes for a formula, not longer than allowed."""
    flat = re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+", " ", text).strip()
    if flat.startswith(("=", "+", "-", "@")):
        flat = f"'{flat}"
    return flat[:length].rstrip()


def number_of_document(text: str) -> str:
    """An invoice number for Belegfeld 1, which knows letters, digits and _ $ % - / only."""
    return re.sub(r"[^A-Za-z0-9_$%\-/]+", "-", text).strip("-")[:36]


def amount(value: Decimal) -> str:
    """An amount without sign, as DATEV writes it."""
    return f"{abs(value):.2f}".replace(".", ",")


@dataclass(frozen=True)
class Batch:
    """A file that was read: header fields and postings by caption."""

    header: tuple[str, ...]
    rows: tuple[dict[str, str], ...]

    @property
    def year_start(self) -> date:
        """The first day of the fiscal year; the postings' dates have no year of their own."""
        return datetime.strptime(self.header[12], "%Y%m%d").date()  # noqa: DTZ007


def read(data: bytes) -> Batch:
    """The postings in a file. Raises NotReadable when it is no posting batch."""
    text = data.decode("cp1252", "replace")
    lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=";"))
    if len(lines) < 2 or len(lines[0]) < 17 or lines[0][0] not in {"EXTF", "DTVF"} or lines[0][2] != "21":
        raise NotReadable("The file is no DATEV posting batch (EXTF, category 21).")
    rows = [dict(zip(lines[1], line, strict=False)) for line in lines[2:] if line]
    return Batch(tuple(lines[0]), tuple(rows))


def day_of(row: Row, year_start: date) -> date | None:
    """The date of a posting: day and month of the row in the batch's fiscal year."""
    digits = row.get("Belegdatum", "").zfill(4)
    try:
        day, month = int(digits[:2]), int(digits[2:])
        found = date(year_start.year, month, day)
        return found if found >= year_start else date(year_start.year + 1, month, day)
    except ValueError:
        return None


def value_of(row: Row) -> Decimal:
    """The amount of a posting, negative when it credits the account."""
    value = Decimal(row.get("Umsatz (ohne Soll/Haben-Kz)", "0").replace(".", "").replace(",", ".") or "0")
    return -value if row.get("Soll/Haben-Kennzeichen") == "H" else value


def plain_row(row: Row) -> dict[str, Any]:
    """The filled cells of a posting, for payloads."""
    return {caption: value for caption, value in row.items() if value}
