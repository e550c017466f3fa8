"""An invoice from the words on a PDF's pages alone, each value with its place; only what can be read without guessing."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from kontorist.einvoice import labels
from kontorist.einvoice.document import Found
from kontorist.einvoice.invoice import Invoice, Party
from kontorist.einvoice.page_totals import payable, totals, vat_rows
from kontorist.einvoice.sheet import Hit, Sheet
from kontorist.einvoice.terms import due_date, is_due
from kontorist.reading.pdf import Page, Word


def read_pages(pages: Sequence[Page], document: str = "") -> Found | None:
    """The invoice on these pages; None when they do not look like one."""
    sheet = Sheet(pages, document)
    if not _is_invoice(sheet.text):
        return None
    net, tax, gross = totals(sheet)
    prepaid, due = payable(sheet, gross)
    number = sheet.keep("number", next(sheet.labelled(labels.NUMBER, labels.CODE, _number), None))
    if number is None and gross is None:
        return None
    seller, buyer = _parties(sheet)
    issued = sheet.keep("issue_date", _issued(sheet))
    terms = next(sheet.lines(labels.SKONTO), None)
    ibans = tuple(dict.fromkeys(sheet.keep("iban", hit) for hit in sheet.find(labels.IBAN, _iban))) or _faulty_ibans(sheet)
    rows = vat_rows(sheet, net, tax)
    invoice = Invoice(
        number=number,
        type_code="381" if _is_credit_note(sheet.text) else "380",
        issue_date=issued,
        due_date=sheet.keep("due_date", _due(sheet, issued)) or due_date(_payment_line(sheet), issued),
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
        prepaid=prepaid,
        payable=due,
        vat_breakdown=rows,
        syntax="PDF",
        direct_debit=bool(labels.DIRECT_DEBIT.search(sheet.text)),
        skonto=terms,
    )
    return Found(invoice, sheet.evidence, document, tuple(pages), confidence=_confidence(invoice, pages))


def _is_invoice(text: str) -> bool:
    title = labels.TITLE.search(text)
    other = labels.OTHER_TITLE.search(text)
    return title is not None and (other is None or title.start() < other.start())


def _is_credit_note(text: str) -> bool:
    """By its title: invoices, too, speak of credit notes."""
    title = labels.TITLE.search(text)
    return title is not None and labels.CREDIT.match(text, title.start()) is not None


def _number(match: re.Match[str]) -> str | None:
    text = match.group().rstrip(".-/_")
    is_other = labels.DATE.fullmatch(text) or labels.AMOUNT.match(match.string, match.start()) or len(text) < 2
    return None if is_other or not re.search(r"\d", text) else text


def _day(sheet: Sheet, names: Sequence[re.Pattern[str]]) -> Hit | None:
    return next(sheet.labelled(names, labels.DATE, labels.as_date), None)


def _issued(sheet: Sheet) -> Hit | None:
    """The first day behind a label that is not the day of an invoice which a credit note or a letter refers to."""
    hits = sheet.labelled(labels.ISSUED, labels.DATE, labels.as_date)
    return next((hit for hit in hits if not _is_of_another(hit)), None)


def _is_of_another(hit: Hit) -> bool:
    """Whether its line says so, or goes on with an amount, like the list of earlier invoices on a final one."""
    begin, end = hit.line
    behind = hit.page.text[hit.end : end]
    listed = labels.AMOUNT.search(behind) and not labels.WHOLE.search(behind)
    return bool(listed or labels.REFERRED.search(hit.page.text[begin : hit.start]))


def _due(sheet: Sheet, issued: date | None) -> Hit | None:
    """The first day behind a label that is not one of a delivery or a cash discount, nor before the invoice."""
    for hit in sheet.labelled(labels.DUE, labels.DATE, labels.as_date):
        begin, end = hit.line
        if (issued is None or hit.value >= issued) and is_due(hit.page.text[begin:end], hit.start - begin):
            return hit
    return None


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


def _faulty_ibans(sheet: Sheet) -> tuple[str, ...]:
    """What is called IBAN and is none: the first one, for a person to see."""
    hit = next(sheet.find(labels.LABELLED_IBAN, lambda m: m), None)
    if hit is None:
        return ()
    start, end = hit.value.span("iban")
    value, end = _cut_to_length(hit.value["iban"], start)
    return (sheet.keep("iban", Hit(value, hit.page, start, end)),)


def _cut_to_length(written: str, start: int) -> tuple[str, int]:
    """As many characters as an IBAN of that country has, and where they end: behind it there may be a word."""
    from schwifty import IBAN
    from schwifty.exceptions import SchwiftyException

    letters = [(char, start + place + 1) for place, char in enumerate(written) if not char.isspace()]
    try:
        length = int(IBAN("".join(char for char, _ in letters), allow_invalid=True).spec.iban_length)
    except SchwiftyException:
        length = len(letters)
    return "".join(char for char, _ in letters[:length]), letters[:length][-1][1]


def _payment_line(sheet: Sheet) -> str | None:
    return "\n".join(sheet.lines(labels.PAYMENT)) or None


def _currency(sheet: Sheet) -> str | None:
    marks = Counter(
        labels.CURRENCIES[m.group()] for m in re.finditer(r"€|\$|£|\b(?:EUR|USD|CHF|GBP|DKK|SEK|PLN|CZK)\b", sheet.text)
    )
    return marks.most_common(1)[0][0] if marks else None


def _parties(sheet: Sheet) -> tuple[Party, Party]:
    seller = next(sheet.find(labels.SENDER, lambda m: m), None) or next(sheet.find(labels.LETTERHEAD, lambda m: m), None)
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


def _named(sheet: Sheet, block: re.Pattern[str]) -> Hit | None:
    """The name in a block with a heading: `Verkäufer`, then `Name: …`."""
    hit = next(sheet.find(block, lambda m: m), None)
    return None if hit is None else Hit(hit.value["name"].strip(), hit.page, *hit.value.span("name"))


def _company(sheet: Sheet) -> Hit | None:
    """The first name with a legal form, without the label before it."""
    hit = next(sheet.find(labels.LEGAL), None)
    if hit is None:
        return None
    name = re.sub(r"^.*:\s+", "", hit.value).strip()
    return Hit(name, hit.page, hit.end - len(name), hit.end)


def _vat_ids(sheet: Sheet, seller: str | None) -> tuple[str | None, str | None]:
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


def _buyer(sheet: Sheet, sender: Hit | None, vat: str | None) -> Party:
    """The address block below the sender's line: its left column, down to the postcode."""
    if sender is None:
        return Party(name=sheet.keep("buyer.name", _named(sheet, labels.BUYER_BLOCK)), vat_id=vat)
    left = _left_words(sender)
    lines = [words for words in _rows(left) if not labels.ID_LINE.match(" ".join(word.text for word in words))][:7]
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


def _confidence(invoice: Invoice, pages: Sequence[Page]) -> float:
    wanted: tuple[date | Decimal | str | None, ...] = (
        invoice.number,
        invoice.issue_date,
        invoice.gross,
        invoice.net,
        invoice.seller.name,
        invoice.currency,
    )
    read = min((page.confidence for page in pages if page.read_by), default=1.0)  # letters taken for others are seen by nobody
    best = 0.95 if read == 1.0 else min(0.8, read)
    return round(max(0.1, best - 0.15 * sum(value is None for value in wanted)), 2)
