"""DATEV's published rule for each column of a posting batch (developer.datev.de, Datenformat, Buchungsstapel, "Ausdruck").

A rule is about the cell without its quotation marks; an empty cell is always allowed except where a column is needed.
DATEV prints four digits for the BU-Schlüssel and takes fewer without leading zeros, as its own programs write them;
of a discount it says that 0 is not allowed, and takes one below 1,00.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping

_AMOUNT, _CURRENCY, _ACCOUNT = r"(?!0+,00)\d{1,10},\d{2}", "[A-Z]{3}", r"(?!0+$)\d{1,9}"
_FLAG, _COUNTRY, _DAY = "[01]", "[A-Z]{2}", r"(0[1-9]|[12]\d|3[01])(0[1-9]|1[0-2])20\d{2}"
_RATE, _UP_TO_THREE = r"\d{1,2},\d{2}", r"\d{0,3}"


def _text(length: int) -> str:
    return f".{{0,{length}}}"


def _pairs(kind: str, content: str, count: int) -> Mapping[str, str]:
    return {f"{name} {n}": _text(length) for n in range(1, count + 1) for name, length in ((kind, 20), (content, 210))}


RULES: Mapping[str, str] = {
    "Umsatz (ohne Soll/Haben-Kz)": _AMOUNT,
    "Soll/Haben-Kennzeichen": "[SH]",
    "WKZ Umsatz": _CURRENCY,
    "Kurs": r"[1-9]\d{0,3},\d{2,6}",
    "Basisumsatz": _AMOUNT,
    "WKZ Basisumsatz": _CURRENCY,
    "Konto": _ACCOUNT,
    "Gegenkonto (ohne BU-Schlüssel)": _ACCOUNT,
    "BU-Schlüssel": r"\d{1,4}",
    "Belegdatum": r"(0[1-9]|[12]\d|3[01])(0[1-9]|1[0-2])",
    "Belegfeld 1": r"[\w$%\-/]{0,36}",
    "Belegfeld 2": r"[\w$%\-/]{0,12}",
    "Skonto": r"[1-9]\d{0,7},\d{2}|0,(?!00)\d{2}",
    "Buchungstext": _text(60),
    "Postensperre": _FLAG,
    "Diverse Adressnummer": r"\w{0,9}",
    "Geschäftspartnerbank": r"\d{3}",
    "Sachverhalt": r"\d{2}",
    "Zinssperre": _FLAG,
    "Beleglink": _text(210),
    **_pairs("Beleginfo – Art", "Beleginfo – Inhalt", 8),
    "KOST1 – Kostenstelle": r"[\w ]{0,36}",
    "KOST2 – Kostenstelle": r"[\w ]{0,36}",
    "Kost Menge": r"\d{1,12},\d{1,4}",
    "EU-Land u. USt-IdNr.": _text(15),
    "EU-Steuersatz": r"\d{2},\d{2}",
    "Abw. Versteuerungsart": "[IKPS]",
    "Sachverhalt L+L": r"(?!0+$)\d{1,3}",
    "Funktionsergänzung L+L": _UP_TO_THREE,
    "BU 49 Hauptfunktionstyp": r"\d",
    "BU 49 Hauptfunktionsnummer": r"\d{0,2}",
    "BU 49 Funktionsergänzung": _UP_TO_THREE,
    **_pairs("Zusatzinformation – Art", "Zusatzinformation – Inhalt", 20),
    "Stück": r"\d{0,8}",
    "Gewicht": r"\d{1,8},\d{2}",
    "Zahlweise": r"\d{0,2}",
    "Forderungsart": r"\w{0,10}",
    "Veranlagungsjahr": r"20\d{2}",
    "Zugeordnete Fälligkeit": _DAY,
    "Skontotyp": r"\d",
    "Auftragsnummer": _text(30),
    "Buchungstyp": "[A-Z]{2}",
    "USt-Schlüssel (Anzahlungen)": r"\d{0,4}",
    "EU-Mitgliedstaat (Anzahlungen)": _COUNTRY,
    "Sachverhalt L+L (Anzahlungen)": _UP_TO_THREE,
    "EU-Steuersatz (Anzahlungen)": _RATE,
    "Erlöskonto (Anzahlungen)": r"\d{4,8}",
    "Herkunft-Kz": "[A-Z]{2}",
    "Leerfeld": _text(36),
    "KOST-Datum": _DAY,
    "SEPA-Mandatsreferenz": _text(35),
    "Skontosperre": _FLAG,
    "Gesellschaftername": _text(76),
    "Beteiligtennummer": r"\d{4}",
    "Identifikationsnummer": _text(11),
    "Zeichnernummer": _text(20),
    "Postensperre bis": _DAY,
    "Bezeichnung": _text(30),
    "Kennzeichen": r"\d{1,2}",
    "Festschreibung": _FLAG,
    "Leistungsdatum": _DAY,
    "Datum Zuord.": _DAY,
    "Fälligkeit": _DAY,
    "Generalumkehr": "[01G]",
    "Steuersatz": _RATE,
    "Land": _COUNTRY,
}
"""Caption → what may stand in the cell, as a regular expression."""

PARTY_RULES: Mapping[str, str] = {
    "Konto": _ACCOUNT,
    "Name (Adressatentyp Unternehmen)": _text(50),
    "Adressatentyp": "[0-2]",
    "Kurzbezeichnung": _text(15),
    "EU-Land": _COUNTRY,
    "EU-USt-IdNr.": r"\w{0,13}",
    "Steuernummer": _text(20),
    **{f"IBAN {n}": r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}" for n in range(1, 11)},
}
"""The same for those columns of Debitoren/Kreditoren that are filled."""

NEEDED = ("Umsatz (ohne Soll/Haben-Kz)", "Soll/Haben-Kennzeichen", "Konto", "Gegenkonto (ohne BU-Schlüssel)", "Belegdatum")


@functools.cache
def _rule(caption: str) -> re.Pattern[str]:
    return re.compile(RULES[caption], re.ASCII)


def fits(caption: str, cell: str) -> bool:
    """Whether DATEV takes this cell in this column. Raises KeyError for a caption that the format does not have."""
    return not cell or _rule(caption).fullmatch(cell) is not None


def problems(row: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Each caption whose cell DATEV does not take, with the cell; a needed one that is missing comes with an empty cell."""
    yield from ((caption, "") for caption in NEEDED if not row.get(caption))
    yield from ((caption, cell) for caption, cell in row.items() if not fits(caption, cell))
    for one, other in (("WKZ Basisumsatz", "Basisumsatz"), *_belong_together()):
        if bool(row.get(one)) is not bool(row.get(other)):
            yield (one if row.get(other) else other), ""


def _belong_together() -> Iterator[tuple[str, str]]:
    """An information always consists of its kind and its content."""
    yield from ((f"Beleginfo – Art {n}", f"Beleginfo – Inhalt {n}") for n in range(1, 9))
    yield from ((f"Zusatzinformation – Art {n}", f"Zusatzinformation – Inhalt {n}") for n in range(1, 21))
