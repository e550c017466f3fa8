"""The action `post`: one approved invoice becomes one DATEV batch file and one archived original."""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connectors.accounting import accounts, booking, checks, extf, postings, sender
from connectors.accounting.config import Payload as PostPayload
from connectors.accounting.vendors import Vendor, flat
from connectors.base import Action, Context, Proposal, Receipt
from kontorist.core.clock import utcnow
from kontorist.core.errors import NotReadable, Rejected, Unavailable, Uncertain
from kontorist.core.permit import Permit
from kontorist.core.values import sha256
from kontorist.einvoice.accounts import unmasked
from kontorist.einvoice.invoice import CREDIT_NOTES

if TYPE_CHECKING:
    from connectors.accounting import Accounting


class Post(Action):
    """Posts an invoice for the import into DATEV and archives its original."""

    Payload = PostPayload
    recipients = ("vendor",)
    authoritative_find = True

    def propose(self, connector: Accounting, payload: PostPayload, context: Context) -> Proposal:
        """The postings of an invoice, resolved. Raises Rejected for invoices with errors."""
        invoice = payload.invoice
        number, _, gross = booking.needed(invoice)
        data = connector.document(payload.document, context.documents)
        try:
            doubts, pages = checks.examined(data, payload.document_name or _name(data), invoice, context.language)
        except NotReadable as error:
            raise Rejected(f"The document of invoice {number} cannot be read: {error}") from error
        vendors = connector.vendors()
        seller = invoice.get("seller") or {}
        ibans = [str(iban) for iban in invoice.get("ibans") or []]
        matched = vendors.match(seller, ibans, sender.domains(context.data, seller))
        vendor = vendors.by_number(payload.vendor) if payload.vendor else matched[0]
        if payload.vendor and vendor is None:
            raise Rejected(f"There is no creditor {payload.vendor} in {connector.config.vendors}; choose another one.")
        choice = booking.choose(connector.config, vendor, invoice, payload.account, payload.text, payload.cost_center)
        rows = booking.rows(connector.config, invoice, choice, payload.document)
        twins = _twins(connector, vendor, invoice)
        company = connector.surroundings.settings.get("company") or {}
        around = list(accounts.pieces(pages, context, payload.document))
        stored = _stored(payload, choice, rows, data)
        return Proposal(
            payload=stored,
            sentence=_sentence(stored, gross, context.language),
            business_key=_business_key(invoice, vendor, number),
            warnings=[
                *accounts.account_signs(invoice, vendor, vendors, around, company, context.language),
                *([] if vendor else [checks.unknown(seller, matched[1], vendors, context.language)]),
                *sender.sender_signs(context.data, vendor, company, context.language),
                *checks.signs(invoice, vendor, matched, twins, company, context.language),
                *doubts,
            ],
            rests_on={"vendor": vendor.digest() if vendor else None, "posted": sorted(one.key for one in twins)},
        )

    def check(self, connector: Accounting, payload: Any, rests_on: Mapping[str, Any]) -> Sequence[str]:
        """The creditor's record and what was posted must be as they were when the invoice was shown."""
        payload = _typed(payload)
        vendor = connector.vendors().by_number(payload.vendor)
        changed = []
        if (vendor.digest() if vendor else None) != rests_on.get("vendor"):
            changed.append(f"Der Stammsatz des Kreditors {payload.vendor} wurde geändert.")
        new = [one for one in _twins(connector, vendor, payload.invoice) if one.key not in (rests_on.get("posted") or [])]
        changed += [f"Die Rechnung {one.number} wurde inzwischen gebucht: {one.file}." for one in new]
        return changed

    def execute(self, connector: Accounting, permit: Permit) -> Receipt:
        """Archive the original, then put the batch file in its place in one step that never replaces another file."""
        payload = _typed(permit.payload)
        if not payload.vendor or any(not row.get("Gegenkonto (ohne BU-Schlüssel)") for row in payload.rows) or not payload.rows:
            raise Rejected("The posting has no creditor; choose one and approve again.")
        content = _batch(connector, payload)
        target = _target(connector, payload, permit.key)
        try:
            archived = _archive(connector, payload)
            prepared = _prepare(target, content)
        except OSError as error:
            raise Unavailable(f"The books' folder {connector.output} cannot be written: {error.strerror}.") from error
        try:
            permit.commit()
            _put(prepared, target, payload.rows)
        finally:
            prepared.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # the batch itself says the same; look-ups read both
            postings.append(connector.output, _posting(payload, permit.key, target))
        return _receipt(target, archived, payload)

    def find(self, connector: Accounting, payload: Any, key: str) -> Receipt | None:
        """The batch with this key and these postings, or its line in the ledger when the file was imported and taken away."""
        typed = _typed(payload)
        target = _target(connector, typed, key)
        if target.exists() and _same_rows(target, typed.rows):
            return _receipt(target, connector.archived(typed.document), typed)
        known = next(
            (one for one in postings.posted(connector.output) if one.key == _safe(key) and one.document == typed.document), None
        )
        return None if known is None else Receipt({"file": known.file, "ledger": postings.LEDGER, "document": known.document})


def _typed(payload: Any) -> PostPayload:
    return payload if isinstance(payload, PostPayload) else PostPayload.model_validate(payload)


def _name(data: bytes) -> str:
    return "document.pdf" if b"%PDF-" in data[:1024] else "document.xml"


def _twins(connector: Accounting, vendor: Vendor | None, invoice: Mapping[str, Any]) -> list[postings.Posting]:
    number, issued, gross = booking.needed(invoice)
    seller = invoice.get("seller") or {}
    vat_id, name = str(seller.get("vat_id") or ""), str(seller.get("name") or "")
    wanted = postings.Wanted(vendor.number if vendor else None, vat_id, name, number, abs(gross), issued)
    return postings.twins(connector.posted(), wanted)


def _stored(payload: PostPayload, choice: booking.Choice, rows: list[dict[str, str]], data: bytes) -> dict[str, Any]:
    """The complete payload: what is shown is what is written."""
    return {
        "invoice": booking.facts(payload.invoice),
        "document": payload.document,
        "document_name": payload.document_name or _name(data),
        "vendor": choice.vendor.number if choice.vendor else None,
        "vendor_name": choice.vendor.name if choice.vendor else "",
        "account": choice.account,
        "text": choice.text,
        "cost_center": choice.cost_center or None,
        "rows": rows,
    }


def _business_key(invoice: Mapping[str, Any], vendor: Vendor | None, number: str) -> str:
    """Names the invoice: the same for its XML and its PDF, for any way to write its number, whoever found the creditor."""
    seller = invoice.get("seller") or {}
    ids = (vendor.vat_id if vendor else "", seller.get("vat_id"), vendor.number if vendor else "", seller.get("name"))
    whose = next((flat(one) for one in ids if flat(one)), "?")
    return f"invoice:{whose}/{''.join(unmasked(number).split())}"


def _sentence(stored: Mapping[str, Any], gross: Decimal, language: str) -> str:
    invoice, seller = stored["invoice"], (stored["invoice"]["seller"] or {}).get("name") or "?"
    german, back = language.startswith("de"), invoice["type_code"] in CREDIT_NOTES or gross < 0
    account, whom = f"{'Konto' if german else 'account'} {stored['account']}", _whom(stored, german)
    first, second = (whom, account) if back else (account, whom)
    rows = ", ".join(_share(row, german) for row in stored["rows"])
    amount = f"{extf.amount(gross)} {invoice['currency'] or ''}".strip()
    if german:
        what = "Gutschrift" if back else "Rechnung"
        return f"{what} {invoice['number']} von {seller} über {amount} buchen: {first} an {second}, {rows}."
    what = "credit note" if back else "invoice"
    return f"Post {what} {invoice['number']} of {seller} for {amount.replace(',', '.')}: {first} to {second}, {rows}."


def _whom(stored: Mapping[str, Any], german: bool) -> str:
    if not stored["vendor"]:
        return "noch keinen Kreditor" if german else "no vendor yet"
    return f"{'Kreditor' if german else 'vendor'} {stored['vendor']} {stored['vendor_name']}"


def _share(row: Mapping[str, str], german: bool) -> str:
    amount, key = row["Umsatz (ohne Soll/Haben-Kz)"], row.get("BU-Schlüssel", "")
    keyed = f"Steuerschlüssel {key}" if german else f"tax key {key}"
    none = "ohne Steuerschlüssel" if german else "no tax key"
    return f"{amount if german else amount.replace(',', '.')} ({keyed if key else none})"


def _batch(connector: Accounting, payload: PostPayload) -> bytes:
    _, issued, _ = booking.needed(payload.invoice)
    config = connector.config
    head = extf.Head(
        consultant=config.consultant_number,
        client=config.client_number,
        year_start=booking.year_start(config, issued),
        account_length=config.account_length,
        first=issued.replace(day=1),
        last=_month_end(issued),
        label=f"Rechnung {payload.invoice['number']}",
        created=utcnow(),
    )
    try:
        return extf.write(head, payload.rows)
    except (KeyError, ValueError) as error:
        raise Rejected(f"The postings are not what DATEV takes: {error}") from error


def _month_end(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def _safe(key: str) -> str:
    return re.sub(r"[^A-Za-z0-9-]", "-", key)[:80]


def _target(connector: Accounting, payload: PostPayload, key: str) -> Path:
    """The file's name tells the document's date and the action's key, so that every attempt means the same file."""
    _, issued, _ = booking.needed(payload.invoice)
    return connector.output / f"EXTF_Buchungsstapel_{issued:%Y%m%d}_{_safe(key)}.csv"


def _archive(connector: Accounting, payload: PostPayload) -> Path:
    """The original, byte for byte, under its SHA-256; harmless when it is there already."""
    data = connector.document(payload.document, {})
    suffix = Path(payload.document_name).suffix.lower()
    target = connector.archive / f"{payload.document}{suffix if re.fullmatch(r'[.][a-z0-9]{1,5}', suffix) else ''}"
    if not (target.exists() and sha256(target.read_bytes()) == payload.document):
        prepared = _prepare(target, data)
        prepared.replace(target)
        _sync(target.parent)
    return target


def _prepare(target: Path, content: bytes) -> Path:
    """A finished temporary file beside the target, on disk."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=target.parent, prefix=".new-", delete=False) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    Path(file.name).chmod(0o640)
    return Path(file.name)


def _put(prepared: Path, target: Path, rows: list[dict[str, str]]) -> None:
    """Give the file its name unless another has it. The same postings there already are our own earlier attempt."""
    try:
        os.link(prepared, target)
    except FileExistsError as error:
        if not _same_rows(target, rows):
            raise Rejected(f"{target.name} is there already with other postings; nothing was written.") from error
    except OSError as error:
        raise Unavailable(f"{target.name} could not be written: {error.strerror}; nothing was posted.") from error
    try:
        _sync(target.parent)
    except OSError as error:
        raise Uncertain(f"{target.name} was written, but the disk did not confirm it: {error.strerror}.") from error


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _same_rows(path: Path, rows: list[dict[str, str]]) -> bool:
    try:
        found = [extf.plain_row(row) for row in extf.read(path.read_bytes()).rows]
    except (OSError, NotReadable):
        return False
    wanted = extf.read(extf.write(_ANY_HEAD, rows)).rows
    return found == [extf.plain_row(row) for row in wanted]


_ANY_HEAD = extf.Head(1001, 1, date(2000, 1, 1), 4, date(2000, 1, 1), date(2000, 1, 1), "", utcnow())


def _posting(payload: PostPayload, key: str, target: Path) -> postings.Posting:
    number, issued, gross = booking.needed(payload.invoice)
    seller = payload.invoice.get("seller") or {}
    return postings.Posting(
        key=_safe(key),
        vendor=payload.vendor or "",
        number=number,
        gross=str(abs(gross)),
        issue_date=issued.isoformat(),
        document=payload.document,
        file=target.name,
        vendor_vat_id=str(seller.get("vat_id") or ""),
        seller=str(seller.get("name") or ""),
    )


def _receipt(target: Path, archived: Path | None, payload: PostPayload) -> Receipt:
    evidence = {
        "file": target.name,
        "sha256": sha256(target.read_bytes()),
        "document": payload.document,
        "archived": archived.name if archived else "",
        "guid": booking.guid(payload.document),
    }
    return Receipt(evidence, {"file": str(target), "vendor": payload.vendor, "number": payload.invoice.get("number")})
