"""The arithmetic of an invoice, in Decimal: BR-CO-10 to BR-CO-17, and each line's quantity times price."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Context, Decimal

from kontorist.einvoice.invoice import Invoice, Line
from kontorist.einvoice.problem import ERROR, WARNING, Problem, shown, shown_de

_ZERO = Decimal(0)
_CENT = Decimal("0.01")
_WIDE = Context(prec=200)  # amounts have up to 40 characters each; a product of them must still have cents
_WHOLE = {"HUF", "JPY", "KRW", "ISK", "CLP"}  # currencies without cents


def wrong_sums(invoice: Invoice) -> Iterator[Problem]:
    """Totals that are not the sums of what they should sum up. In the EXTENDED profile a cent may be off."""
    yield from _parts(invoice)
    tax = invoice.tax or _ZERO
    rows = [row.tax for row in invoice.vat_breakdown if row.tax is not None]
    if rows and invoice.tax is not None:
        yield from _compare(
            invoice,
            "BR-CO-14",
            "tax",
            tax,
            sum(rows, _ZERO),
            "die Umsatzsteuer",
            "the VAT total",
            "der Summe der Steuerzeilen",
            "the sum of the VAT breakdown",
        )
    if invoice.tax_is_ambiguous:
        yield Problem(
            "BR-CO-15",
            "In derselben Währung stehen verschiedene Umsatzsteuerbeträge (BR-CO-15).",
            "There are different VAT totals in the same currency (BR-CO-15).",
            "tax",
        )
    if invoice.net is not None:
        yield from _compare(
            invoice,
            "BR-CO-15",
            "gross",
            invoice.gross,
            invoice.net + tax,
            "der Bruttobetrag",
            "the gross total",
            "netto plus Umsatzsteuer",
            "net plus VAT",
        )
    if invoice.gross is not None:
        due = invoice.gross - (invoice.prepaid or _ZERO) + (invoice.rounding or _ZERO)
        yield from _compare(
            invoice,
            "BR-CO-16",
            "payable",
            invoice.payable,
            due,
            "der fällige Betrag",
            "the amount due",
            "brutto minus Anzahlungen",
            "gross minus what was paid",
        )
    for index, row in enumerate(invoice.vat_breakdown):
        if (
            row.base is not None
            and row.rate is not None
            and row.tax is not None
            and abs(row.tax - _cents(row.base * row.rate / 100)) > _CENT
        ):
            far = abs(row.tax - row.base * row.rate / 100) >= 1
            yield from _compare(
                invoice,
                "BR-CO-17",
                f"vat_breakdown.{index}.tax",
                row.tax,
                _cents(row.base * row.rate / 100),
                "ein Steuerbetrag",
                "a tax amount",
                f"{shown_de(row.rate)} % von {shown_de(row.base)}",
                f"{shown(row.rate)} % of {shown(row.base)}",
                ERROR if far else WARNING,
            )
    for index, line in enumerate(invoice.lines):
        yield from _line(line, index, invoice.currency)


def _parts(invoice: Invoice) -> Iterator[Problem]:
    nets = [line.net for line in invoice.lines if line.net is not None]
    allowances = [one.amount or _ZERO for one in invoice.allowance_charges if not one.charge]
    charges = [one.amount or _ZERO for one in invoice.allowance_charges if one.charge]
    if nets:
        yield from _compare(
            invoice,
            "BR-CO-10",
            "line_total",
            invoice.line_total,
            sum(nets, _ZERO),
            "die Summe der Positionen",
            "the sum of lines",
            "den Positionen",
            "the lines",
        )
    if invoice.allowances is not None or allowances:
        yield from _compare(
            invoice,
            "BR-CO-11",
            "allowances",
            invoice.allowances or _ZERO,
            sum(allowances, _ZERO),
            "die Summe der Nachlässe",
            "the sum of allowances",
            "den Nachlässen",
            "the allowances",
        )
    if invoice.charges is not None or charges:
        yield from _compare(
            invoice,
            "BR-CO-12",
            "charges",
            invoice.charges or _ZERO,
            sum(charges, _ZERO),
            "die Summe der Zuschläge",
            "the sum of charges",
            "den Zuschlägen",
            "the charges",
        )
    if invoice.line_total is not None:
        net = invoice.line_total - (invoice.allowances or _ZERO) + (invoice.charges or _ZERO)
        yield from _compare(
            invoice,
            "BR-CO-13",
            "net",
            invoice.net,
            net,
            "der Nettobetrag",
            "the net total",
            "Positionen minus Nachlässe plus Zuschläge",
            "lines minus allowances plus charges",
        )


def _compare(
    invoice: Invoice,
    rule: str,
    field: str,
    stated: Decimal | None,
    due: Decimal,
    german: str,
    english: str,
    of: str,
    of_english: str,
    severity: str = ERROR,
) -> Iterator[Problem]:
    if stated is None or stated == due or _cents(stated) == _cents(due):
        return
    if "extended" in (invoice.profile or "").lower() and abs(stated - due) <= _CENT * max(1, len(invoice.lines)):
        severity = WARNING
    yield Problem(
        rule,
        f"Rechenfehler: {german} {shown_de(stated)} ist nicht {shown_de(_cents(due))} aus {of} ({rule}).",
        f"Wrong sum: {english} {shown(stated)} is not {shown(_cents(due))} from {of_english} ({rule}).",
        field,
        severity,
    )


def _line(line: Line, index: int, currency: str | None) -> Iterator[Problem]:
    """Quantity times price, as far as the price's own rounding allows; EN 16931 has no rule for it, buyers expect it."""
    if line.quantity is None or line.unit_price is None or line.net is None:
        return
    base = line.price_base_quantity or Decimal(1)
    extra = sum(((one.amount or _ZERO) * (1 if one.charge else -1) for one in line.allowances), _ZERO)
    times = line.quantity / base
    due = times * line.unit_price + extra
    slack = Decimal("0.02") + abs(times) * Decimal(5).scaleb(int(line.unit_price.as_tuple().exponent) - 1)
    slack = max(slack, Decimal("0.5")) if currency in _WHOLE else slack
    if abs(line.net - due) <= slack:
        return
    sloppy = any(
        abs(abs(line.net) - abs(other)) <= slack for other in _other_readings(line, line.unit_price, line.quantity, extra)
    )
    name = line.id or str(index + 1)
    yield Problem(
        "LINE-NET",
        f"Rechenfehler in Position {name}: {shown_de(line.net)} ist nicht Menge mal Preis, {shown_de(_cents(due))}.",
        f"Wrong sum in line {name}: {shown(line.net)} is not quantity times price, {shown(_cents(due))}.",
        f"lines.{index}.net",
        WARNING if sloppy else ERROR,
    )


def _other_readings(line: Line, price: Decimal, quantity: Decimal, extra: Decimal) -> Iterator[Decimal]:
    """How senders misuse price, base quantity and allowances; the line's amount is then right for the sender's reading."""
    times = quantity / (line.price_base_quantity or Decimal(1))
    yield times * price - extra
    yield times * price
    yield quantity * price + extra
    yield quantity * price
    yield -times * price + extra
    yield price + extra


def _cents(value: Decimal) -> Decimal:
    return value.quantize(_CENT, ROUND_HALF_UP, context=_WIDE)
