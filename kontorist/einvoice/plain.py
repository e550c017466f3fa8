"""An invoice from the words on a PDF's pages alone, each value with its place; only what can be read without guessing."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

from kontorist.core.evidence import Evidence
from kontorist.einvoice import labels
from kontorist.einvoice.document import Found
from kontorist.einvoice.invoice import Invoice, Party, VatRow
from kontorist.einvoice.terms import due_date
from kontorist.reading.pdf import Page, Word

T = TypeVar("T")
_CENT = Decimal("0.01")


@dataclass(frozen=True)
class Hit:
    """A value on a page."""

    value: Any
    page: Page
    start: int
    end: int


@dataclass
class _Sheet:
    """All pages while they are read, and the evidence so far."""

    pages: Sequence[Page]
    document: str
    evidence: dict[str, list[Evidence]] = field(default_factory=dict)

    @property
    def text(self) -> str:
        return "\n".join(page.text for page in self.pages)

    def keep(self, key: str, hit: Hit | None) -> Any:
        """The value of a hit, with its evidence written down."""
        if hit is None:
            return None
        self.evidence.setdefault(key, []).append(hit.page.evidence(hit.start, hit.end, self.document))
        return hit.value

    def find(self, pattern: re.Pattern[str], value: Callable[[re.Match[str]], Any] = lambda m: m.group()) -> Iterator[Hit]:
        """Every match of a pattern whose value is one."""
        for page in self.pages:
            for match in pattern.finditer(page.text):
                if (found := value(match)) is not None:
                    yield Hit(found, page, *match.span())

    def labelled(
        self,
        names: Sequence[re.Pattern[str]],
        shape: re.Pattern[str],
        value: Callable[[re.Match[str]], Any],
        *,
        last: bool = False,
    ) -> Iterator[Hit]:
        """Values that stand behind a label on its line, or right below it in its column; better labels first."""
        for name in names:
            for page in self.pages:
                for match in name.finditer(page.text):
                    hit = _behind(page, match, shape, value, last=last) or _below(page, match, shape, value)
                    if hit is not None:
                        yield hit


def _behind(
    page: Page, label: re.Match[str], shape: re.Pattern[str], value: Callable[[re.Match[str]], Any], *, last: bool
) -> Hit | None:
    end = page.text.find("\n", label.end())
    found = [m for m in shape.finditer(page.text, label.end(), end) if value(m) is not None]
    if not found or (not last and found[0].start() - label.end() > 25):
        return None
    match = found[-1] if last else found[0]
    return Hit(value(match), page, *match.span())


def _below(page: Page, label: re.Match[str], shape: re.Pattern[str], value: Callable[[re.Match[str]], Any]) -> Hit | None:
    """Head above value, as in a table: only when nothing but other heads stands on the label's line."""
    line_end = page.text.find("\n", label.end())
    if re.search(r"\d", page.text[label.end() : line_end]):
        return None
    box = page.box(label.start(), label.end())
    if box is None:
        return None
    for word in page.words:
        if 0 < word.top - box[3] + 2 < 2 * (box[3] - box[1]) and word.x0 < box[2] and word.x1 > box[0]:
            match = shape.match(page.text, word.start)
            if match is not None and value(match) is not None:
                return Hit(value(match), page, *match.span())
    return None


def read_pages(pages: Sequence[Page], document: str = "") -> Found | None:
    """The invoice on these pages; None when they do not look like one."""
    sheet = _Sheet(pages, document)
    if not _is_invoice(sheet.text):
        return None
    net, tax, gross = _totals(sheet)
    number = sheet.keep("number", next(sheet.labelled(labels.NUMBER, labels.CODE, _number), None))
    if number is None and gross is None:
        return None
    seller, buyer = _parties(sheet)
    issued = sheet.keep("issue_date", _day(sheet, labels.ISSUED))
    terms = next((hit.value.strip() for hit in sheet.find(labels.SKONTO)), None)
    ibans = tuple(dict.fromkeys(sheet.keep("iban", hit) for hit in sheet.find(labels.IBAN, _iban)))
    rows = _vat_rows(sheet, net, tax)
    invoice = Invoice(
        number=number,
        type_code="381" if labels.CREDIT.search(sheet.text) else "380",
        issue_date=issued,
        due_date=sheet.keep("due_date", _day(sheet, labels.DUE)) or due_date(_payment_line(sheet), issued),
        delivery_date=sheet.keep("delivery_date", _day(sheet, labels.DELIVERED)),
        currency=_currency(sheet),
        seller=seller,
        buyer=buyer,
        order_reference=sheet.keep("order_reference", next(sheet.labelled(labels.ORDER, labels.CODE, _number), None)),
        payment_terms=_payment_line(sheet),
        ibans=ibans,
        bic=sheet.keep("bic", next(sheet.labelled(labels.BIC, labels.BIC_CODE, lambda m: m.group()), None)),
        net=net,
        tax=tax,
        gross=gross,
        payable=gross,
        vat_breakdown=rows,
        syntax="PDF",
        direct_debit=bool(labels.DIRECT_DEBIT.search(sheet.text)),
        skonto=terms,
    )
    return Found(invoice, sheet.evidence, document, tuple(pages), confidence=_confidence(invoice))


def _is_invoice(text: str) -> bool:
    title = labels.TITLE.search(text)
    other = labels.OTHER_TITLE.search(text)
    return title is not None and (other is None or title.start() < other.start())


def _number(match: re.Match[str]) -> str | None:
    text = match.group().rstrip(".-/_")
    is_other = labels.DATE.fullmatch(text) or labels.AMOUNT.fullmatch(text) or len(text) < 2
    return None if is_other or not re.search(r"\d", text) else text


def _day(sheet: _Sheet, names: Sequence[re.Pattern[str]]) -> Hit | None:
    return next(sheet.labelled(names, labels.DATE, labels.as_date), None)


def _iban(match: re.Match[str]) -> str | None:
    """Only what has the right check digits and length for its country; a following word may have been taken for a part."""
    from schwifty import IBAN
    from schwifty.exceptions import SchwiftyException

    pieces = re.split(r"[ \u00a0]", match.group())
    while pieces:
        try:
            return str(IBAN("".join(pieces)))
        except SchwiftyException:
            pieces.pop()
    return None


def _payment_line(sheet: _Sheet) -> str | None:
    pattern = re.compile(
        r"[^\n]*\b(?:zahlbar|zahlungsziel|zahlungsbedingung\w*|payable\s+(?:within|by)|payment\s+terms|skonto)\b[^\n]*",
        re.IGNORECASE,
    )
    lines = [hit.value.strip() for hit in sheet.find(pattern)]
    return "\n".join(lines) or None


def _currency(sheet: _Sheet) -> str | None:
    marks = Counter(
        labels.CURRENCIES[m.group()] for m in re.finditer(r"€|\$|£|\b(?:EUR|USD|CHF|GBP|DKK|SEK|PLN|CZK)\b", sheet.text)
    )
    return marks.most_common(1)[0][0] if marks else None


def _amounts(sheet: _Sheet, names: Sequence[re.Pattern[str]]) -> list[Hit]:
    found = sheet.labelled(names, labels.AMOUNT, lambda m: labels.as_amount(m.group()), last=True)
    return list({(hit.page.number, hit.start): hit for hit in found}.values())[:12]


def totals_on(pages: Sequence[Page]) -> set[Decimal]:
    """Every gross amount on the pages that a net amount and a tax on them explain; without signs."""
    return {abs(gross.value) for _, _, gross in _fits(_Sheet(pages, ""))[0]}


def _fits(sheet: _Sheet) -> tuple[list[tuple[Hit, Hit, Hit]], list[Hit]]:
    """Net, tax and gross that add up, the largest gross first; and every labelled gross, best label first."""
    nets, taxes, grosses = (_amounts(sheet, names) for names in (labels.NET, labels.TAX, labels.GROSS))
    fits = [
        (net, tax, gross)
        for gross in sorted(grosses, key=lambda hit: -abs(hit.value))
        for net in nets
        for tax in taxes
        if net.value + tax.value == gross.value and net.start != gross.start and abs(tax.value) < abs(net.value)
    ]
    return fits, grosses


def _totals(sheet: _Sheet) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
    """Net, tax and gross: the first that add up; else the best labelled gross alone."""
    fits, grosses = _fits(sheet)
    if fits:
        net, tax, gross = fits[0]
        return sheet.keep("net", net), sheet.keep("tax", tax), sheet.keep("gross", gross)
    rows = _stated_rows(sheet)[0]
    base, due = sum((row.base or 0 for row in rows), Decimal(0)), sum((row.tax or 0 for row in rows), Decimal(0))
    whole = next((hit for hit in grosses if rows and hit.value == base + due), None)
    if whole is not None:  # several rates, and no line with the whole tax
        sheet.keep("net", next((hit for hit in _amounts(sheet, labels.NET) if hit.value == base), None))
        return base, due, sheet.keep("gross", whole)
    return None, None, sheet.keep("gross", grosses[0] if grosses else None)


def _vat_rows(sheet: _Sheet, net: Decimal | None, tax: Decimal | None) -> tuple[VatRow, ...]:
    """The rows that add up to the totals; else the one rate that explains the totals."""
    if net is None or tax is None:
        return ()
    rows, rates = _stated_rows(sheet)
    if rows and sum(row.base or 0 for row in rows) == net and sum(row.tax or 0 for row in rows) == tax:
        return tuple(rows)
    return tuple(_row(sheet, rate, net, tax) for rate in sorted(rates) if _explains(net, rate, tax))[:1]


def _stated_rows(sheet: _Sheet) -> tuple[list[VatRow], set[Decimal]]:
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


def _row(sheet: _Sheet, rate: Decimal, base: Decimal, tax: Decimal) -> VatRow:
    if rate > 0:
        return VatRow("S", Decimal(f"{rate:f}"), base, tax)
    reverse = re.search(r"reverse\s+charge|steuerschuldnerschaft|§\s?13\s?b", sheet.text, re.IGNORECASE)
    inner = re.search(r"innergemeinschaftlich|intra-?community", sheet.text, re.IGNORECASE)
    return VatRow("AE" if reverse else "K" if inner else "E", Decimal(0), base, tax)


def _parties(sheet: _Sheet) -> tuple[Party, Party]:
    seller = next(sheet.find(labels.SENDER, lambda m: m), None)
    known: dict[str, Any] = {}
    if seller is not None:
        known = {key: value.strip() for key, value in seller.value.groupdict().items()}
        start = seller.value.start("name")
        sheet.keep("seller.name", Hit(known["name"], seller.page, start, start + len(known["name"])))
    else:
        known = {"name": sheet.keep("seller.name", _named(sheet, labels.SELLER_BLOCK) or _company(sheet))}
    vat, buyer_vat = _vat_ids(sheet, known.get("name"))
    tax = next(sheet.find(labels.TAX_NUMBER, lambda m: m.group(1).strip()), None)
    country = vat[:2] if vat and vat[:2].isalpha() else None
    party = Party(**known, vat_id=vat, tax_number=sheet.keep("seller.tax_number", tax), country=country)
    return party, _buyer(sheet, seller, buyer_vat)


def _named(sheet: _Sheet, block: re.Pattern[str]) -> Hit | None:
    """The name in a block with a heading: `Verkäufer`, then `Name: …`."""
    hit = next(sheet.find(block, lambda m: m), None)
    return None if hit is None else Hit(hit.value["name"].strip(), hit.page, *hit.value.span("name"))


def _company(sheet: _Sheet) -> Hit | None:
    """The first name with a legal form, without the label before it."""
    hit = next(sheet.find(labels.LEGAL), None)
    if hit is None:
        return None
    name = re.sub(r"^.*:\s+", "", hit.value).strip()
    return Hit(name, hit.page, hit.end - len(name), hit.end)


def _vat_ids(sheet: _Sheet, seller: str | None) -> tuple[str | None, str | None]:
    """The seller's is the one in the foot of a page or nearest below the seller's name; another one is the buyer's."""
    hits = list(sheet.find(labels.VAT_ID, lambda m: re.sub(r"[\s.-]", "", m.group())))
    unique = list({hit.value: hit for hit in reversed(hits)}.values())
    if len(unique) < 2:
        return (sheet.keep("seller.vat_id", unique[0]) if unique else None), None
    unique.sort(key=lambda hit: _distance(hit, seller))
    return sheet.keep("seller.vat_id", unique[0]), sheet.keep("buyer.vat_id", unique[1])


def _distance(hit: Hit, seller: str | None) -> float:
    box = hit.page.box(hit.start, hit.end)
    top = box[1] if box else 0.0
    if top > 0.85 * hit.page.height:
        return 0.0
    named = [hit.page.box(m.start(), m.end()) for m in re.finditer(re.escape(seller or "\0"), hit.page.text)]
    return min((abs(top - place[1]) for place in named if place), default=hit.page.height)


def _buyer(sheet: _Sheet, sender: Hit | None, vat: str | None) -> Party:
    """The address block below the sender's line: its left column, down to the postcode."""
    if sender is None:
        return Party(name=sheet.keep("buyer.name", _named(sheet, labels.BUYER_BLOCK)), vat_id=vat)
    left = _left_words(sender)
    lines = _rows(left)[:7]
    for index, words in enumerate(lines):
        match = labels.POSTCODE_LINE.match(" ".join(word.text for word in words))
        if match is not None and index > 0:
            first = lines[0]
            name = " ".join(word.text for word in first)
            sheet.keep("buyer.name", Hit(name, sender.page, first[0].start, first[-1].end))
            street = " ".join(word.text for word in lines[index - 1]) if index > 1 else None
            return Party(name=name, street=street, postcode=match["postcode"], city=match["city"].strip(), vat_id=vat)
    return Party(vat_id=vat)


def _left_words(sender: Hit) -> list[Word]:
    box = sender.page.box(sender.start, sender.end)
    if box is None:
        return []
    return [w for w in sender.page.words if w.top > box[3] - 2 and box[0] - 20 < w.x0 < sender.page.width / 2]


def _rows(words: Sequence[Word]) -> list[list[Word]]:
    rows: list[list[Word]] = []
    for word in words:  # they come line by line, from left to right
        if rows and abs(rows[-1][-1].top - word.top) < 5 and word.x0 - rows[-1][-1].x1 < 40:
            rows[-1].append(word)
        elif not rows or word.top - rows[-1][-1].top > 5:
            rows.append([word])
    return rows


def _confidence(invoice: Invoice) -> float:
    wanted: tuple[date | Decimal | str | None, ...] = (
        invoice.number,
        invoice.issue_date,
        invoice.gross,
        invoice.net,
        invoice.seller.name,
        invoice.currency,
    )
    return round(max(0.1, 0.95 - 0.15 * sum(value is None for value in wanted)), 2)
