"""The amounts of an invoice that is only words on a page: what adds up counts, nothing is guessed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import combinations

from kontorist.einvoice import labels
from kontorist.einvoice.invoice import VatRow
from kontorist.einvoice.page_gross import is_untaxed, split
from kontorist.einvoice.sheet import Hit, Sheet
from kontorist.reading.pdf import Page

_CENT = Decimal("0.01")


def _rows(sheet: Sheet, name: re.Pattern[str]) -> list[tuple[Hit, ...]]:
    """The amounts behind each place of a label."""
    return list(sheet.rows(name, labels.AMOUNT, lambda match: labels.as_amount(match.group())))


def _amounts(sheet: Sheet, names: Sequence[re.Pattern[str]], *, last: bool = True) -> list[Hit]:
    """The last amount behind each label, as it stands in a column of sums, or all of them."""
    rows = [row for name in names for row in _rows(sheet, name)]
    found = [reading for row in rows for hit in (row[-1:] if last else row) for reading in _readings(hit)]
    return list({(hit.page.number, hit.start): hit for hit in found}.values())[: 12 if last else 24]


def _readings(hit: Hit) -> Iterator[Hit]:
    """An amount with blanks between its groups, and what it is when a blank parts it from a number: `MwSt 19 190,00`."""
    yield hit
    text = hit.page.text[hit.start : hit.end]
    for blank in re.finditer(r"(?<=\d) (?=\d)", text):
        yield Hit(labels.as_amount(text[blank.end() :]), hit.page, hit.start + blank.end(), hit.end)


def totals_on(pages: Sequence[Page]) -> set[Decimal]:
    """Every gross amount on the pages that a net amount and a tax on them explain; without signs."""
    return {abs(gross.value) for _, _, gross in _fits(Sheet(pages, ""))}


def _fits(sheet: Sheet, *, last: bool = True) -> list[tuple[Hit, Hit, Hit]]:
    """Net, tax and gross that add up, the largest gross first."""
    nets, taxes, grosses = (_amounts(sheet, names, last=last) for names in (labels.NET, labels.TAX, labels.GROSS))
    return [
        (net, tax, gross)
        for gross in sorted(grosses, key=lambda hit: -abs(hit.value))
        for net in nets
        for tax in taxes
        if net.value + tax.value == gross.value and net.start != gross.start and abs(tax.value) < abs(net.value)
    ]


def totals(sheet: Sheet) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
    """Net, tax and gross: the first that add up; else the best labelled gross alone."""
    if fits := _fits(sheet):
        return _kept(sheet, fits[0])
    grosses = _amounts(sheet, labels.GROSS)
    for base, due in _sums_of_rates(sheet):  # several rates, and no line with the whole tax
        whole = next((hit for hit in grosses if hit.value == base + due), None)
        if whole is not None:
            sheet.keep("net", next((hit for hit in _amounts(sheet, labels.NET) if hit.value == base), None))
            return base, due, sheet.keep("gross", whole)
    if fits := _fits(sheet, last=False):
        return _kept(sheet, fits[0])
    gross = sheet.keep("gross", _alone(sheet))
    parts = None if gross is None else split(sheet.text, gross, [hit.value for hit in _amounts(sheet, labels.TAX, last=False)])
    return (*(parts or (None, None)), gross)


def _kept(sheet: Sheet, fit: tuple[Hit, Hit, Hit]) -> tuple[Decimal, Decimal, Decimal]:
    net, tax, gross = fit
    return sheet.keep("net", net), sheet.keep("tax", tax), sheet.keep("gross", gross)


def _alone(sheet: Sheet) -> Hit | None:
    """The gross behind the best label, with nothing that explains it: None where its lines leave a doubt about which amount it is."""
    paid = next(sheet.find(labels.PREPAID), None) is not None
    for name in labels.GROSS:
        rows = [row for row in _rows(sheet, name) if not (paid and _is_rest(row[0]))]
        if rows:
            return next((hit for row in rows if (hit := _whole(row)) is not None), None)
    return None


def _whole(row: tuple[Hit, ...]) -> Hit | None:
    """Of several amounts on a line the sum of two others, or the first when words say that the next is a part of it or a lower one."""
    if len(row) == 1:
        return row[0]
    sums = {one.value + other.value for one, other in combinations(row, 2)}
    if len(row) == 3 and row[2].value in sums:
        return row[2]
    between = row[0].page.text[row[0].end : row[1].start]
    return row[0] if labels.PART.search(between) and not labels.ADDED.search(between) else None


def _is_rest(hit: Hit) -> bool:
    """Whether the words before an amount on its line say that it is what is left to pay."""
    return labels.REST.search(hit.page.text[hit.line[0] : hit.start]) is not None


def payable(sheet: Sheet, gross: Decimal | None) -> tuple[Decimal | None, Decimal | None]:
    """What was paid before and what is left to pay: only if the gross explains it; the whole gross when the page speaks of neither."""
    rests = _rows(sheet, labels.REST)
    paid = [reading.value for row in _rows(sheet, labels.PREPAID) for hit in row for reading in _readings(hit)][:6]
    for rest, *_ in rests:
        if gross is not None and abs(gross - rest.value) in _sums(paid):
            return gross - rest.value, sheet.keep("payable", rest)
    said = bool(rests) or not any(map(_says_paid, sheet.find(labels.PREPAID)))
    doubt = not said or any(paid) or any(gross not in [hit.value for hit in row] for row in rests)
    return None, None if doubt else gross


def _says_paid(hit: Hit) -> bool:
    """Whether words of a prepayment mean one: `keine Anzahlung` and `sollten Sie bereits bezahlt haben` do not."""
    before = hit.page.text[max(0, hit.start - 60) : hit.start]
    supposed = hit.value.lower().startswith(("bereits", "schon", "already"))
    return (labels.SUPPOSED if supposed else labels.NONE).search(before) is None


def _sums(values: Sequence[Decimal]) -> set[Decimal]:
    """What some of the values add up to, without signs."""
    return {abs(sum(some, Decimal(0))) for count in range(1, len(values) + 1) for some in combinations(values, count)}


def _sums_of_rates(sheet: Sheet) -> Iterator[tuple[Decimal, Decimal]]:
    """Net and tax: the sums of the rows for each rate; else a net amount with two or three taxes."""
    rows, zero = _stated_rows(sheet)[0], Decimal(0)
    if rows:
        yield sum((row.base or zero for row in rows), zero), sum((row.tax or zero for row in rows), zero)
    taxes = [hit.value for hit in _amounts(sheet, labels.TAX)]
    for net in _amounts(sheet, labels.NET):
        yield from ((net.value, sum(some, zero)) for count in (2, 3) for some in combinations(taxes, count))


def vat_rows(sheet: Sheet, net: Decimal | None, tax: Decimal | None) -> tuple[VatRow, ...]:
    """The rows that add up to the totals; else the one rate that explains the totals."""
    if net is None or tax is None:
        return ()
    rows, rates = _stated_rows(sheet)
    if rows and sum(row.base or 0 for row in rows) == net and sum(row.tax or 0 for row in rows) == tax:
        return tuple(rows)
    if by_lines := _rows_by_lines(sheet, rates, net, tax):
        return by_lines
    rates |= {Decimal(0)} if not tax and is_untaxed(sheet.text) else set()
    return tuple(_row(sheet, rate, net, tax) for rate in sorted(rates) if _explains(net, rate, tax))[:1]


def _rows_by_lines(sheet: Sheet, rates: set[Decimal], net: Decimal, tax: Decimal) -> tuple[VatRow, ...]:
    """A row for each rate whose lines add up to a base that explains a tax on another of its lines; all together or none."""
    rows = []
    for rate in sorted(rates, reverse=True):
        shown = [labels.as_amount(found[-1]) for line in sheet.text.splitlines() if (found := _of_rate(line, rate))]
        fits = [(sum(shown, Decimal(0)) - due, due) for due in shown if _explains(sum(shown, Decimal(0)) - due, rate, due)]
        rows += [_row(sheet, rate, *fits[0])] if fits else []
    whole = (sum((row.base or 0 for row in rows), Decimal(0)), sum((row.tax or 0 for row in rows), Decimal(0)))
    return tuple(rows) if whole == (net, tax) else ()


def _of_rate(line: str, rate: Decimal) -> list[str]:
    """The amounts of a line that states this rate."""
    rates = {Decimal(match.group(1).replace(",", ".")) for match in labels.PERCENT.finditer(line)}
    return [match.group() for match in labels.AMOUNT.finditer(line)] if rates == {rate} else []


def _stated_rows(sheet: Sheet) -> tuple[list[VatRow], set[Decimal]]:
    """One row for each rate whose line has a base and a tax that agree; and every rate there is."""
    rows: dict[Decimal, VatRow] = {}
    rates = set()
    for line in sheet.text.splitlines():
        amounts = [labels.as_amount(m.group()) for m in labels.AMOUNT.finditer(line)]
        for match in labels.PERCENT.finditer(line):
            rate = Decimal(match.group(1).replace(",", ".")).normalize() + 0
            rates.add(rate)
            pair = next(((base, due) for base in amounts for due in amounts if base != due and _explains(base, rate, due)), None)
            if pair is not None:
                rows.setdefault(rate, _row(sheet, rate, *pair))
    return list(rows.values()), rates


def _explains(base: Decimal, rate: Decimal, tax: Decimal) -> bool:
    return abs(base * rate / 100 - tax) <= 2 * _CENT


def _row(sheet: Sheet, rate: Decimal, base: Decimal, tax: Decimal) -> VatRow:
    if rate > 0:
        return VatRow("S", Decimal(f"{rate:f}"), base, tax)
    reverse = re.search(r"reverse\s+charge|steuerschuldnerschaft|§\s?13\s?b", sheet.text, re.IGNORECASE)
    inner = re.search(r"innergemeinschaftlich|intra-?community", sheet.text, re.IGNORECASE)
    return VatRow("AE" if reverse else "K" if inner else "E", Decimal(0), base, tax)
