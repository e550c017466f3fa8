"""Creditors from DATEV's own export (Debitoren/Kreditoren), and our creditors as such a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from connectors.accounting.extf_files import PARTIES, ExtfFile, read_file
from connectors.accounting.vendors import Vendor
from kontorist.core.errors import ConfigurationError, NotReadable

_NAMES = ("Name (Adressatentyp Unternehmen)", "Name (Adressatentyp keine Angabe)", "Name (Adressatentyp natürl. Person)")
_IBANS = [f"IBAN {n}" for n in range(1, 11)]


def is_extf(data: bytes) -> bool:
    """Whether a file begins as DATEV's files do."""
    return data.lstrip(b"\xef\xbb\xbf")[:6].strip(b'"').startswith((b"EXTF", b"DTVF"))


def vendors_in(name: str, data: bytes) -> Iterator[Vendor]:
    """The creditors in an export; debitors in it are left out. Raises ConfigurationError when it is another file."""
    try:
        found = read_file(data)
    except NotReadable as error:
        raise ConfigurationError(f"{name}: {error}") from error
    if found.category != PARTIES:
        raise ConfigurationError(f"{name} holds {found.name}; export Debitoren/Kreditoren (category {PARTIES}) instead.")
    for line, row in zip(found.lines, found.rows, strict=True):
        if _is_creditor(row["Konto"], found):
            yield _vendor(row, f"{name}:{line}")


def _is_creditor(number: str, found: ExtfFile) -> bool:
    """Accounts of persons have a digit more than ledger accounts; creditors begin with 7, 8 or 9."""
    return len(number) == (found.account_length or 4) + 1 and number[:1] in "789"


def _vendor(row: Mapping[str, str], place: str) -> Vendor:
    person = " ".join(one for one in (row.get("Vorname (Adressatentyp natürl. Person)", ""), row.get(_NAMES[2], "")) if one)
    name = row.get(_NAMES[0]) or row.get(_NAMES[1]) or person
    return Vendor(
        number=row["Konto"].strip(),
        name=" ".join(str(name).split()),
        vat_id=f"{row.get('EU-Land', '')}{row.get('EU-USt-IdNr.', '')}",
        tax_number=row.get("Steuernummer", ""),
        iban=", ".join(row[one] for one in _IBANS if row.get(one)),
        email_domain=row.get("E-Mail", "").rpartition("@")[2].lower(),
        payment_terms_days=row.get("Kreditoren-Ziel 1 (Tage)", ""),
        place=place,
    )


def as_party(vendor: Vendor) -> dict[str, str]:
    """A creditor as a row of Debitoren/Kreditoren."""
    vat = vendor.vat_id.replace(" ", "")
    cells = {
        "Konto": vendor.number,
        _NAMES[0]: vendor.name[:50],
        "Adressatentyp": "2",
        "Kurzbezeichnung": vendor.name[:15],
        "EU-Land": vat[:2] if vat[:2].isalpha() else "",
        "EU-USt-IdNr.": vat[2:] if vat[:2].isalpha() else vat,
        "Steuernummer": vendor.tax_number[:20],
        **dict(zip(_IBANS, vendor.ibans, strict=False)),
    }
    return {caption: value for caption, value in cells.items() if value}
