"""The action `post`: one approved invoice becomes one DATEV batch file and one archived original."""

from __future__ import annotations

import contextlib
import glob
import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connectors.accounting import accounts, booking, checks, extf, files, postings, sender, telling
from connectors.accounting.config import Payload as PostPayload
from connectors.accounting.vendors import Vendor, Vendors
from connectors.accounting.warnings import Refusal
from connectors.base import Action, Context, Proposal, Receipt, Warn
from kontorist.core.clock import utcnow
from kontorist.core.errors import NotReadable, Rejected, Unavailable, Uncertain
from kontorist.core.permit import Permit
from kontorist.core.values import sha256
from kontorist.einvoice.ahead import received_on
from kontorist.reading.german import said_in
from kontorist.reading.pdf import Page

if TYPE_CHECKING:
    from connectors.accounting import Accounting


class Post(Action):
    """Posts an invoice for the import into DATEV and archives its original."""

    Payload = PostPayload
    recipients = ("vendor",)
    authoritative_find = True

    def propose(self, connector: Accounting, payload: PostPayload, context: Context) -> Proposal:
        """The postings of an invoice, resolved. Raises Rejected for invoices with errors."""
        try:
            return self._resolved(connector, payload, context)
        except Refusal as error:
            raise error.said_in(context.language) from error

    def _resolved(self, connector: Accounting, payload: PostPayload, context: Context) -> Proposal:
        invoice = payload.invoice
        number, issued, gross = booking.needed(invoice)
        data = connector.document(payload.document, context.documents)
        doubts, pages = _examined(payload, data, context.language)
        vendors = connector.vendors()
        matched = _matched(vendors, invoice, context)
        vendor = _chosen(connector, vendors, payload.vendor) if payload.vendor else matched[0]
        choice = booking.choose(connector.config, vendor, invoice, payload.account, payload.text, payload.cost_center)
        rows = booking.rows(connector.config, invoice, choice, payload.document)
        twins = _twins(connector, vendor, invoice)
        company = connector.surroundings.settings.get("company") or {}
        around = list(accounts.pieces(pages, context, payload.document))
        stored = _stored(payload, choice, rows, data)
        signs = [
            *accounts.account_signs(invoice, vendor, vendors, around, company, context.language),
            *checks.signs(invoice, vendor, matched, twins, company, context.language),
            *checks.small_business(invoice, pages, context.language),
            *checks.ahead(issued, received_on(context.data), context.language),
            *sender.sender_signs(context.data, vendor, company, context.language),
        ]
        stranger = [] if vendor else [checks.unknown(invoice.get("seller") or {}, matched[1], vendors, context.language)]
        return Proposal(
            payload=stored,
            sentence=telling.sentence(
                stored, gross, context.language, automatic=connector.config.tax_of_account(choice.account) is not None
            ),
            business_key=telling.business_key(invoice, vendor, number),
            warnings=[*stranger, *signs, *doubts],
            rests_on={
                "vendor": vendor.digest() if vendor else None,
                "iban": vendor.iban if vendor else "",
                "posted": sorted(one.key for one in twins),
            },
        )

    def check(self, connector: Accounting, payload: Any, rests_on: Mapping[str, Any]) -> Sequence[str]:
        """The creditor's record and what was posted must be as they were when the invoice was shown."""
        payload = _typed(payload)
        vendor = connector.vendors().by_number(payload.vendor)
        found = _twins(connector, vendor, payload.invoice)
        new = [one for one in found if one.key not in (rests_on.get("posted") or [])]
        return telling.changes(payload.vendor, vendor, rests_on, new, connector.language)

    def execute(self, connector: Accounting, permit: Permit) -> Receipt:
        """Archive the original, then put the batch file in its place in one step that never replaces another file."""
        payload = _typed(permit.payload)
        if not payload.vendor or any(not row.get("Gegenkonto (ohne BU-Schlüssel)") for row in payload.rows) or not payload.rows:
            raise Rejected("The posting has no creditor; choose one and approve again.")
        content = _batch(connector, payload)
        target = _target(connector, payload, permit.key)
        with contextlib.ExitStack() as drafts:
            try:
                archived = _archive(connector, payload)
                prepared = drafts.enter_context(files.prepare(target, content))
            except OSError as error:
                raise Unavailable(f"The books' folder {connector.output} cannot be written: {error.strerror}.") from error
            mark = _mark(target, permit.attempt)
            try:
                _begin(mark, payload.document)  # before the fence: who finds no mark knows that nobody can still be writing
                permit.commit()
                files.put(prepared, target, lambda there: _same_rows(there, payload.rows))
            except Exception as error:
                if not permit.committed or isinstance(error, Rejected | Unavailable):  # this attempt wrote nothing
                    mark.unlink(missing_ok=True)
                raise
        with contextlib.suppress(OSError):  # the batch itself says the same; look-ups read both
            postings.append(connector.output, _posting(payload, permit.key, target))
            for begun in _begun(target):
                begun.unlink(missing_ok=True)
        return _receipt(target, archived, payload)

    def find(self, connector: Accounting, payload: Any, key: str) -> Receipt | None:
        """The batch with this key and these postings, or its line in the ledger when the file was imported and taken away."""
        typed = _typed(payload)
        target = _target(connector, typed, key)
        if target.exists() and _same_rows(target, typed.rows):
            return _receipt(target, connector.archived(typed.document), typed)
        every = postings.posted(connector.output)
        known = next((one for one in every if one.key == _safe(key) and one.document == typed.document), None)
        if known is None and _begun(target):
            raise Uncertain(
                f"Writing {target.name} had begun and the file is not there: it never appeared, or somebody imported it and took it away. "
                f"Look in DATEV for invoice {typed.invoice.get('number')}."
            )
        if known is None:
            return None
        return Receipt({"file": known.file, "ledger": postings.LEDGER, "document": known.document}, _outputs(target, typed))

    def outputs(self, connector: Accounting, payload: PostPayload, key: str) -> Mapping[str, Any]:
        """The batch's file, the creditor and the invoice's number."""
        return _outputs(_target(connector, payload, key), payload)


def _examined(payload: PostPayload, data: bytes, language: str) -> tuple[list[Warn], tuple[Page, ...]]:
    try:
        return checks.examined(data, payload.document_name or _name(data), payload.invoice, language)
    except NotReadable as error:
        number, why = payload.invoice.get("number"), str(error)
        german = f"Der Beleg der Rechnung {number} ist nicht lesbar: {said_in('de', why)}"
        raise Refusal(german, f"The document of invoice {number} cannot be read: {why}") from error


def _matched(vendors: Vendors, invoice: Mapping[str, Any], context: Context) -> tuple[Vendor | None, str]:
    seller = invoice.get("seller") or {}
    return vendors.match(seller, [str(iban) for iban in invoice.get("ibans") or []], sender.domains(context.data, seller))


def _chosen(connector: Accounting, vendors: Vendors, number: str) -> Vendor:
    vendor = vendors.by_number(number)
    if vendor is None:
        german = f"Den Kreditor {number} gibt es in {connector.config.vendors} nicht; einen anderen wählen."
        raise Refusal(german, f"There is no creditor {number} in {connector.config.vendors}; choose another one.")
    return vendor


def _mark(target: Path, attempt: int) -> Path:
    """The mark that an attempt is about to write a batch: it stays when the program dies before the ledger says so.

    Each attempt has its own, so that one which was too late takes back its own mark and nobody else's.
    """
    return target.parent / ".begun" / f"{target.stem}.{attempt}"


def _begun(target: Path) -> list[Path]:
    return list((target.parent / ".begun").glob(f"{glob.escape(target.stem)}.*"))


def _begin(mark: Path, document: str) -> None:
    try:
        files.keep(mark, document.encode())
    except OSError as error:
        raise Unavailable(f"The folder {mark.parent} cannot be written: {error.strerror}; nothing was posted.") from error


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
        files.keep(target, data)
    return target


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
    return Receipt(evidence, _outputs(target, payload))


def _outputs(target: Path, payload: PostPayload) -> dict[str, Any]:
    return {"file": str(target), "vendor": payload.vendor, "number": payload.invoice.get("number")}
