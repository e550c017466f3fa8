"""The original beside the proposal: the mail, its pages, the invoice in it, the rows of the ERP."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kontorist.core.errors import KontoristError
from kontorist.inbox.facts import Facts, boxes, is_digest, pieces, places, written
from kontorist.inbox.pictures import Sheet, picture_type, sheets
from kontorist.reading.parts import kind_of
from kontorist.store import documents
from kontorist.store.cases import Case, DocumentRef, Entry
from kontorist.store.database import Database

_TEXT_AT_MOST = 60_000
_SUBJECT_AT_MOST = 1_000


@dataclass
class View:
    """One thing to look at: `kind` is mail, html, pdf, picture, invoice, table, text or file."""

    kind: str
    title: str
    number: int | None = None
    """Position among the case's documents, for its addresses."""
    open: bool = True
    text: list[tuple[str, str]] = field(default_factory=list)
    rest: list[tuple[str, str]] = field(default_factory=list)
    """What was quoted from earlier mails."""
    pages: list[tuple[Sheet, list[tuple[float, float, float, float, str]]]] = field(default_factory=list)
    rows: list[Any] = field(default_factory=list)
    problem: str = ""
    cut: bool = False
    more: Mapping[str, Any] = field(default_factory=dict)


def views(database: Database, case: Case, entries: Sequence[Entry], facts: Facts, language: str) -> list[View]:
    """What to show of a case, what matters most first."""
    found = [*_written(case, facts), *_invoices(entries, facts, language), *_tables(entries, facts)]
    mail = case.data.get("mail")
    for number, document in enumerate(case.documents):
        if mail and document.role == "original":
            found.append(_eml(database, number, document))
        else:
            found.append(_document(database, case, facts, number, document))
    if any(v.pages for v in found):
        found.sort(key=lambda v: {"mail": 0, "pdf": 1, "invoice": 2}.get(v.kind, 3))
    return found


def _written(case: Case, facts: Facts) -> Iterator[View]:
    mail, file = case.data.get("mail"), case.data.get("file")
    original = next((d.sha256 for d in case.documents if d.role == "original"), "")
    if mail:
        yield _mail(mail, original, facts)
    elif file and file.get("text"):
        text = str(file["text"])
        shown = pieces(text[:_TEXT_AT_MOST], list(places(facts, original, "text")))
        yield View("text", str(file.get("name") or case.title), text=shown, cut=len(text) > _TEXT_AT_MOST)
    if row := case.data.get("row"):
        yield View("table", "row", rows=[(case.source, _cells(row, facts))])


def _mail(mail: Mapping[str, Any], original: str, facts: Facts) -> View:
    text, new = str(mail.get("text") or ""), str(mail.get("new_text") or "")
    border = text.index(new) + len(new) if new and new in text else len(text)
    border = border if text[border:].strip() else len(text)
    spans = list(places(facts, original, "text"))
    shown = text[:_TEXT_AT_MOST]
    subject = pieces(str(mail.get("subject") or "")[:_SUBJECT_AT_MOST], list(places(facts, original, "subject")))
    border = min(border, len(shown))
    rest = pieces(shown[border:], [(a - border, b - border, i) for a, b, i in spans if b > border])
    more = {"subject": subject, "mail": mail}
    head = pieces(shown[:border], [s for s in spans if s[0] < border])
    return View("mail", "", text=head, rest=rest, cut=len(text) > len(shown), more=more)


def _invoices(entries: Sequence[Entry], facts: Facts, language: str) -> Iterator[View]:
    from kontorist.einvoice.render import summary

    for entry in entries:
        invoice = entry.output.get("invoice") if entry.kind == "agent" and isinstance(entry.output, dict) else None
        if not isinstance(invoice, dict) or not invoice.get("number"):
            continue
        try:
            groups = summary(invoice, language)
        except (KeyError, TypeError, ValueError, ArithmeticError):
            continue
        by_text = {form: f.id for f in reversed(facts.listed) for form in [*f.forms, written(f.value)] if form}
        rows = [(h, [(label, value, by_text.get(value.split(" EUR")[0], "")) for label, value in g]) for h, g in groups]
        yield View("invoice", str(entry.output.get("document_name") or ""), rows=rows)


def _tables(entries: Sequence[Entry], facts: Facts) -> Iterator[View]:
    for entry in entries:
        for name, rows in _lists(entry):
            yield View("grid", name, rows=rows)
        if entry.kind == "lookup" and isinstance(entry.output, dict) and entry.output:
            place = ", ".join(map(str, entry.info.get("rows") or ()))
            rests = entry.info.get("rests_on") or {}
            source, _, name = str(rests.get("lookup") or entry.step).rpartition(".")
            yield View("table", name, rows=[(place, _cells(entry.output, facts))], more={"from": source})


def _lists(entry: Entry) -> Iterator[tuple[str, list[Any]]]:
    """The rows that a loop is about: its own entry of a list, such as the open items of one customer."""
    for name, value in entry.output.items() if entry.kind == "entry" and isinstance(entry.output, dict) else ():
        for inner in value if isinstance(value, list) else [value]:
            if isinstance(inner, list) and inner and all(isinstance(r, Mapping) for r in inner):
                yield name, inner[:50]
            elif isinstance(inner, Mapping):
                yield name, [inner]


def _cells(row: Mapping[str, Any], facts: Facts) -> list[tuple[str, Any, str]]:
    return [(name, value, facts.of(value)) for name, value in row.items() if value not in (None, "") and not is_digest(value)]


def _eml(database: Database, number: int, document: DocumentRef) -> View:
    """The mail as it was sent: its HTML in a cage if it has any, else the file alone."""
    view = View("file", document.name, number, open=False, more={"size": document.size})
    try:
        view.kind = "html" if b"text/html" in documents.get(database, document.sha256).lower() else "file"
    except KontoristError as error:
        view.problem = str(error)
    return view


def _document(database: Database, case: Case, facts: Facts, number: int, document: DocumentRef) -> View:
    """A file of the case: pages as pictures, photos, the text that was read, or just its name."""
    view = View("file", document.name, number, open=False, more={"size": document.size})
    try:
        data = documents.get(database, document.sha256)
        kind = kind_of(document.name, document.media_type, data)
        found = sheets(document.sha256, kind, data) if kind in {"pdf", "picture"} else []
        if found:
            view.kind, view.open = "pdf", True
            view.pages = [(s, boxes(facts, document.sha256, s.number)) for s in found]
        elif picture_type(data):
            view.kind = "picture"
        else:
            view.text = _text(case, facts, document)
    except KontoristError as error:
        view.problem = str(error)
    return view


def _text(case: Case, facts: Facts, document: DocumentRef) -> list[tuple[str, str]]:
    """What was read of an attachment when the mail came in."""
    attachments = (case.data.get("mail") or {}).get("attachments") or ()
    for i, attached in enumerate(attachments, 1):
        if attached.get("sha256") == document.sha256 and attached.get("text"):
            spans = list(places(facts, document.sha256, f"attachment:{i}"))
            return pieces(str(attached["text"])[:_TEXT_AT_MOST], spans)
    return []
