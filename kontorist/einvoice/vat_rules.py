"""The rules of EN 16931 for each VAT category: BR-S, BR-Z, BR-E, BR-AE, BR-IC, BR-G, BR-O, BR-AF, BR-AG, 01 to 14."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from kontorist.einvoice.invoice import Allowance, Invoice, Line, VatRow
from kontorist.einvoice.problem import Problem, shown, shown_de

_ONE = Decimal(1)  # the tolerance that the official rules give to sums and products


@dataclass(frozen=True)
class Category:
    """How one VAT category behaves."""

    code: str
    rule: str
    german: str
    english: str
    taxed: bool = False
    """The tax is base times rate, and every rate has its own row."""
    zero_allowed: bool = True
    reason: bool = False
    """An exemption reason is needed; where it is not, there must be none."""
    seller: str = "any"
    """`any`: VAT id, tax number or representative; `vat`: VAT id or representative; `none`: no VAT id at all."""
    buyer: bool = False


CATEGORIES = (
    Category("S", "BR-S", "Normalsatz", "standard rate", taxed=True, zero_allowed=False),
    Category("Z", "BR-Z", "Nullsatz", "zero rate"),
    Category("E", "BR-E", "steuerfrei", "exempt", reason=True),
    Category("AE", "BR-AE", "Umkehrung der Steuerschuld", "reverse charge", reason=True, buyer=True),
    Category("K", "BR-IC", "innergemeinschaftliche Lieferung", "intra-community supply", reason=True, seller="vat", buyer=True),
    Category("G", "BR-G", "Ausfuhr", "export outside the EU", reason=True, seller="vat"),
    Category("O", "BR-O", "nicht steuerbar", "not subject to VAT", reason=True, seller="none"),
    Category("L", "BR-AF", "IGIC", "Canary Islands tax", taxed=True),
    Category("M", "BR-AG", "IPSI", "tax of Ceuta and Melilla", taxed=True),
)


def vat_problems(invoice: Invoice) -> Iterator[Problem]:
    """What is wrong between the lines, the allowances and charges, the parties and the VAT breakdown."""
    for category in CATEGORIES:
        lines = [line for line in invoice.lines if line.vat_category == category.code]
        others = [one for one in invoice.allowance_charges if one.category == category.code]
        rows = [row for row in invoice.vat_breakdown if row.category == category.code]
        if lines or others or rows:
            yield from _rows_present(category, rows, used=bool(lines or others))
            yield from _identified(category, invoice, lines, others)
            yield from _rates(category, lines, others)
            yield from _bases(category, rows, lines, others, detailed=bool(invoice.lines))
            for row in rows:
                yield from _row(category, row)
            yield from _special(category, invoice, rows)


def _problem(category: Category, number: str, german: str, english: str, field: str = "vat_breakdown") -> Problem:
    rule = f"{category.rule}-{number}"
    return Problem(
        rule, f"Umsatzsteuer ({category.german}): {german} ({rule}).", f"VAT ({category.english}): {english} ({rule}).", field
    )


def _rows_present(category: Category, rows: list[VatRow], *, used: bool) -> Iterator[Problem]:
    if used and not rows:
        yield _problem(
            category, "01", "die Aufschlüsselung nennt diese Kategorie nicht", "the breakdown does not have this category"
        )
    elif len(rows) > 1 and not category.taxed:
        yield _problem(
            category, "01", "die Aufschlüsselung nennt diese Kategorie mehrfach", "the breakdown has this category more than once"
        )


def _identified(category: Category, invoice: Invoice, lines: list[Line], others: list[Allowance]) -> Iterator[Problem]:
    used = {"02": bool(lines), "03": any(not one.charge for one in others), "04": any(one.charge for one in others)}
    for number, concerned in used.items():
        if concerned and not _seller_ok(category, invoice):
            german, english = ("die USt-IdNr. des Verkäufers fehlt", "the seller's VAT id is missing")
            if category.seller == "none":
                german, english = ("eine USt-IdNr. darf nicht angegeben sein", "no VAT id may be given")
            yield _problem(category, number, german, english, "seller.vat_id")
        elif concerned and category.buyer and not _buyer_ok(category, invoice):
            yield _problem(category, number, "die USt-IdNr. des Käufers fehlt", "the buyer's VAT id is missing", "buyer.vat_id")


def _seller_ok(category: Category, invoice: Invoice) -> bool:
    agent = invoice.representative.vat_id if invoice.representative else None
    if category.seller == "none":
        return not (invoice.seller.vat_id or invoice.buyer.vat_id or agent)
    return bool(invoice.seller.vat_id or agent or (category.seller == "any" and invoice.seller.tax_number))


def _buyer_ok(category: Category, invoice: Invoice) -> bool:
    return bool(invoice.buyer.vat_id or (category.code == "AE" and invoice.buyer.identified))


def _rates(category: Category, lines: list[Line], others: list[Allowance]) -> Iterator[Problem]:
    rates = [("05", line.vat_rate) for line in lines] + [("07" if one.charge else "06", one.rate) for one in others]
    for number in ("05", "06", "07"):
        if any(place == number and not _rate_ok(category, rate) for place, rate in rates):
            yield _problem(category, number, "der Steuersatz passt nicht zur Kategorie", "the rate does not fit the category")


def _rate_ok(category: Category, rate: Decimal | None) -> bool:
    if category.code == "O":
        return rate is None
    if category.taxed:
        return rate is not None and (rate > 0 or (rate == 0 and category.zero_allowed))
    return rate == 0


def _bases(
    category: Category, rows: list[VatRow], lines: list[Line], others: list[Allowance], *, detailed: bool
) -> Iterator[Problem]:
    """BR-x-08, only where there are lines to compare with."""
    if not detailed:
        return
    for row in rows:
        ours = [line.net or Decimal(0) for line in lines if not category.taxed or line.vat_rate == row.rate]
        extra = [
            (one.amount or Decimal(0)) * (1 if one.charge else -1) for one in others if not category.taxed or one.rate == row.rate
        ]
        total = sum(ours + extra, Decimal(0))
        if row.base is not None and abs(row.base - total) >= _ONE:
            yield _problem(
                category,
                "08",
                f"die Bemessungsgrundlage {shown_de(row.base)} ist nicht die Summe der Positionen {shown_de(total)}",
                f"the taxable amount {shown(row.base)} is not the sum of the lines {shown(total)}",
            )


def _row(category: Category, row: VatRow) -> Iterator[Problem]:
    if row.tax is not None and not category.taxed and row.tax != 0:
        yield _problem(category, "09", "der Steuerbetrag muss 0 sein", "the tax amount must be 0")
    if category.taxed and None not in (row.tax, row.base, row.rate):
        assert row.tax is not None
        assert row.base is not None
        assert row.rate is not None
        due = row.base * row.rate / 100
        if abs(abs(row.tax) - abs(due)) >= _ONE:
            yield _problem(
                category,
                "09",
                f"der Steuerbetrag {shown_de(row.tax)} ist nicht {shown_de(row.base)} × {shown_de(row.rate)} %",
                f"the tax amount {shown(row.tax)} is not {shown(row.base)} × {shown(row.rate)} %",
            )
    if category.reason and not row.exemption_reason:
        yield _problem(category, "10", "der Grund der Befreiung fehlt", "the exemption reason is missing")
    if not category.reason and row.exemption_reason:
        yield _problem(category, "10", "ein Befreiungsgrund darf nicht stehen", "there must be no exemption reason")


def _special(category: Category, invoice: Invoice, rows: list[VatRow]) -> Iterator[Problem]:
    if category.code == "K" and rows:
        if not (invoice.delivery_date or invoice.start or invoice.end):
            yield _problem(
                category, "11", "Lieferdatum oder Zeitraum fehlt", "the delivery date or period is missing", "delivery_date"
            )
        if not invoice.delivery_country:
            yield _problem(category, "12", "das Bestimmungsland fehlt", "the deliver-to country is missing", "delivery_date")
    if category.code == "O" and rows:
        if len(invoice.vat_breakdown) > len(rows):
            yield _problem(category, "11", "daneben darf keine andere Kategorie stehen", "no other category may stand beside it")
        others = [one for one in invoice.allowance_charges if one.category not in ("O", None)]
        mixed = {
            "12": any(line.vat_category not in ("O", None) for line in invoice.lines),
            "13": any(not one.charge for one in others),
            "14": any(one.charge for one in others),
        }
        for number in (number for number, is_so in mixed.items() if is_so):
            yield _problem(
                category, number, "daneben darf keine andere Kategorie stehen", "no other category may stand beside it"
            )
