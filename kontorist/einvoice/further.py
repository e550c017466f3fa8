"""Rules of EN 16931 about what hangs on an invoice: accounts, documents, attributes, periods, and code lists that are short."""

from __future__ import annotations

import functools
from collections.abc import Iterator

from kontorist.einvoice.codes import LABELS, TEXTS
from kontorist.einvoice.extra import Extra
from kontorist.einvoice.problem import ERROR, WARNING, Problem

_MIME = frozenset(
    {
        *("application/pdf", "image/png", "image/jpeg", "text/csv", "application/vnd.oasis.opendocument.spreadsheet"),
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "application/xml",  # the extension of XRechnung
    }
)
_TAX_POINTS = frozenset({"3", "35", "432"})
_MEANS = frozenset([*map(str, range(1, 71)), *map(str, range(74, 79)), *map(str, range(91, 99)), "ZZZ"])


@functools.cache
def _currencies() -> frozenset[str]:
    from babel.core import Locale

    return frozenset(map(str, Locale("en").currencies))


@functools.cache
def _countries() -> frozenset[str]:
    from babel.core import Locale

    return frozenset(code for code in map(str, Locale("en").territories) if len(code) == 2) | {"1A", "XI"}


def further(extra: Extra) -> Iterator[Problem]:
    """What is wrong there, a problem a rule."""
    for rule, wrong, german, english, field in (*_groups(extra), *_codes(extra)):
        if wrong:
            yield Problem(rule, f"{german} ({rule}).", f"{english} ({rule}).", field)
    for rule, field, said in extra.breaches:
        german, english = TEXTS[rule]
        shown = f": '{said[:40]}'" if said else ""
        yield Problem(
            rule, f"{german}{shown} ({rule}).", f"{english}{shown} ({rule}).", field, WARNING if rule in LABELS else ERROR
        )


_Check = tuple[str, bool, str, str, str]


def _groups(extra: Extra) -> Iterator[_Check]:
    point, codes = extra.tax_point
    yield (
        "BR-50",
        any(not account for means in extra.means for account in means.accounts),
        "Einer Überweisung fehlt das Konto des Empfängers",
        "A credit transfer has no account",
        "iban",
    )
    yield (
        "BR-52",
        any(not one for one in extra.documents),
        "Einer Anlage fehlt die Kennung",
        "A supporting document has no reference",
        "documents",
    )
    yield (
        "BR-54",
        any(not all(pair) for pair in extra.attributes),
        "Einer Artikeleigenschaft fehlt Name oder Wert",
        "An item attribute lacks its name or value",
        "lines",
    )
    yield (
        "BR-64",
        any(not one for one in extra.standard_ids),
        "Einer Artikelnummer fehlt das Schema",
        "A standard item identifier has no scheme",
        "lines",
    )
    yield (
        "BR-65",
        any(not one for one in extra.classes),
        "Einer Artikelklasse fehlt das Schema",
        "An item classification has no scheme",
        "lines",
    )
    yield (
        "BR-CO-03",
        point and bool(codes),
        "Datum und Code der Steuerfälligkeit schließen einander aus",
        "The VAT point date and its code exclude each other",
        "delivery_date",
    )
    yield (
        "BR-CO-19",
        not all(extra.periods),
        "Der Abrechnungszeitraum hat weder Beginn noch Ende",
        "The invoicing period has neither start nor end",
        "delivery_date",
    )
    yield (
        "BR-CO-20",
        not all(extra.line_periods),
        "Der Zeitraum einer Position hat weder Beginn noch Ende",
        "The period of a line has neither start nor end",
        "lines",
    )


def _codes(extra: Extra) -> Iterator[_Check]:
    yield (
        "BR-CL-03",
        any(one not in _currencies() for one in extra.currencies),
        "Eine Währung steht nicht in ISO 4217",
        "A currency is not one of ISO 4217",
        "currency",
    )
    yield (
        "BR-CL-06",
        any(one not in _TAX_POINTS for one in extra.tax_point[1]),
        "Der Code der Steuerfälligkeit ist unbekannt",
        "The code of the VAT point date is unknown",
        "delivery_date",
    )
    yield (
        "BR-CL-15",
        any(one not in _countries() for one in extra.origins),
        "Ein Ursprungsland steht nicht in ISO 3166",
        "A country of origin is not one of ISO 3166",
        "lines",
    )
    yield (
        "BR-CL-16",
        any(one.code not in _MEANS for one in extra.means if one.code),
        "Ein Zahlungsweg steht nicht in UNTDID 4461",
        "A payment means is not one of UNTDID 4461",
        "payment",
    )
    yield (
        "BR-CL-24",
        any(mime not in _MIME for _, mime in extra.attachments),
        "Eine Anlage hat eine Dateiart, die nicht erlaubt ist",
        "An attachment is of a kind that is not allowed",
        "documents",
    )
