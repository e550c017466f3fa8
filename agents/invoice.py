"""Reads the invoice among a case's documents, checks it, and says where each value stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from pydantic import Field

from agents.base import Agent, Options, Result, Setting, Task
from kontorist.core.errors import KontoristError, NotReadable
from kontorist.core.evidence import Evidence
from kontorist.einvoice.ahead import dated_ahead, is_far, received_on
from kontorist.einvoice.document import Found, find_invoice
from kontorist.einvoice.onpage import with_places
from kontorist.einvoice.problem import Problem, errors
from kontorist.einvoice.problems import problems
from kontorist.reading.german import said_in
from kontorist.reading.parts import Part, notes_on


class InvoiceOptions(Options):
    """Options of the step."""

    documents: str = Field(description='The documents to look through, usually "{{ mail.attachments }}"')
    ignore_xml: bool = Field(default=False, description="Read the words of PDFs even where they carry invoice data")


@dataclass
class _Reading:
    """What was found in one case's documents."""

    found: list[tuple[str, Found]] = field(default_factory=list)
    """(document's name, invoice)"""
    unreadable: list[str] = field(default_factory=list)


class Invoice(Agent):
    """Finds and checks invoices: e-invoices by their data, PDFs by their words."""

    Options = InvoiceOptions
    templates = ("documents",)
    version = "1"

    def run(self, tasks: Sequence[Task], setting: Setting) -> list[Result | Exception]:
        """One result a case."""
        language = str(next(iter(setting.languages), "de"))
        company = setting.settings.get("company")
        name = str(company.get("name") or "") if isinstance(company, Mapping) else ""
        return [self._one(task, language, name) for task in tasks]

    def outputs(self, options: Any) -> Mapping[str, str]:
        """The fields of the result."""
        return {
            "found": "boolean",
            "invoice": "invoice",
            "problems": "list",
            "errors": "integer",
            "source_document": "text",
            "document_name": "text",
            "others": "list",
            "more": "list",
        }

    def _one(self, task: Task, language: str, company: str) -> Result | Exception:
        try:
            reading = _read(task, company, language)
        except KontoristError as error:
            return error
        groups = _same_invoices(reading.found)
        if not groups:
            return _nothing(reading, language)
        return _result(groups, reading, language, received_on(task.context))


def _read(task: Task, company: str, language: str) -> _Reading:
    reading = _Reading()
    for document in _documents(task):
        name, digest = str(document.get("name") or "document"), str(document.get("sha256") or "")
        data = task.documents.get(digest)
        if data is None:
            continue
        try:
            found = find_invoice(name, str(document.get("media_type") or ""), data, ignore_xml=bool(task.options.ignore_xml))
        except NotReadable as error:
            reading.unreadable.append(f"'{name}': {said_in(language, str(error))}")
            continue
        if found is not None:
            reading.found.append((name, replace(_addressed(found, company), document=digest)))
    return reading


def _addressed(found: Found, company: str) -> Found:
    """A page without data does not say who is who; where the office's own name stands on it, that is the buyer."""
    invoice, wanted = found.invoice, "".join(company.casefold().split())
    if invoice.syntax != "PDF" or not company:
        return found
    if wanted in "".join((invoice.seller.name or "").casefold().split()):  # the only name that was found is ours
        evidence = {key: places for key, places in found.evidence.items() if key != "seller.name"}
        invoice = replace(invoice, seller=replace(invoice.seller, name=None))
        found = replace(found, invoice=invoice, evidence=evidence)
    if invoice.buyer.name or not any(wanted in "".join(page.text.casefold().split()) for page in found.pages):
        return found
    return replace(found, invoice=replace(invoice, buyer=replace(invoice.buyer, name=company)))


def _documents(task: Task) -> list[Mapping[str, Any]]:
    given = task.rendered.get("documents") or []
    given = [given] if isinstance(given, Mapping) else given
    return [one for one in given if isinstance(one, Mapping)] if isinstance(given, list | tuple) else []


def _same_invoices(found: Sequence[tuple[str, Found]]) -> list[list[tuple[str, Found]]]:
    """Documents that are one invoice stand together, the one to be booked first: XML before hybrid before plain PDF."""
    groups: list[list[tuple[str, Found]]] = []
    for name, one in sorted(found, key=lambda item: _rank(item[1])):
        group = next((group for group in groups if _same(group[0][1], one)), None)
        if group is None:
            groups.append([(name, one)])
        else:
            group.append((name, one))
    order = {id(one): index for index, (_, one) in enumerate(found)}
    return sorted(groups, key=lambda group: min(order[id(one)] for _, one in group))


def _rank(found: Found) -> int:
    return 2 if found.invoice.syntax == "PDF" else 1 if found.pages else 0


def _same(first: Found, second: Found) -> bool:
    """One invoice twice: the same number; or a PDF alone beside data, with the number or the seller's VAT id in common.

    The last case matters for fraud: a PDF that shows another number or amount than the XML beside it must be compared.
    """
    one, other = first.invoice, second.invoice
    if one.number and one.number == other.number:
        return True
    alone = other.syntax == "PDF" and one.syntax != "PDF" and not first.pages
    return alone and bool(one.seller.vat_id) and one.seller.vat_id == other.seller.vat_id and one.gross == other.gross


def _result(groups: list[list[tuple[str, Found]]], reading: _Reading, language: str, received: date) -> Result:
    name, found = _joined(groups[0])
    trouble = [*_problems(found, received), *_between(groups[0])]
    more = [_entry(*_joined(group), language, received) for group in groups[1:]]
    scans = [said_in(language, note) for own, one in (item for group in groups for item in group) for note in _notes(own, one)]
    first = _entry(name, found, language, received, trouble)
    output = {"found": True} | first | {"others": [entry["document_name"] for entry in more], "more": more}
    return Result(
        output,
        evidence={f"invoice.{key}": places for key, places in found.evidence.items()},
        confidence=found.confidence,
        unclear=_doubt(found, reading, language),
        warnings=[*_more(more, language), *scans, *(entry["text"] for entry in first["problems"])],
        alarms=_alarms(found, received, language),
    )


def _problems(found: Found, received: date) -> list[Problem]:
    ahead = dated_ahead(found.invoice.issue_date, received)
    return [*problems(found), *([ahead] if ahead else [])]


def _alarms(found: Found, received: date, language: str) -> list[str]:
    """What nobody should approve in passing: a date far ahead."""
    issued = found.invoice.issue_date
    ahead = dated_ahead(issued, received)
    return [ahead.as_dict(language)["text"]] if ahead and issued and is_far(issued, received) else []


def _notes(name: str, found: Found) -> list[str]:
    """What was read by OCR, and what could not be: only where the pages are what is booked."""
    if found.invoice.syntax != "PDF":
        return []
    return notes_on(name, [Part("page", "", page.number, page.read_by, page.problem) for page in found.pages])


def _joined(group: list[tuple[str, Found]]) -> tuple[str, Found]:
    """The invoice to book, with the pages of a PDF that came beside the XML for places and comparison."""
    name, found = group[0]
    beside = next((one for _, one in group[1:] if one.pages), None)
    if beside is None or found.pages:
        return name, found
    return name, with_places(found, beside.pages, beside.document)


def _between(group: list[tuple[str, Found]]) -> Iterator[Problem]:
    """Two structured versions of one invoice that say different amounts or accounts."""
    ours = group[0][1].invoice
    for name, other in group[1:]:
        theirs = other.invoice
        for key, german, english in (("gross", "Brutto", "gross"), ("ibans", "IBAN", "IBAN")):
            one, two = getattr(ours, key), getattr(theirs, key)
            if theirs.syntax != "PDF" and one != two:
                yield Problem(
                    "TWO-VERSIONS",
                    f"'{name}' ist dieselbe Rechnung mit anderen Angaben: {german} ist dort {_plain(two, ',')}, hier {_plain(one, ',')}.",
                    f"'{name}' is the same invoice with other data: {english} is {_plain(two)} there and {_plain(one)} here.",
                    key,
                )


def _plain(value: Any, point: str = ".") -> str:
    return ", ".join(value) or "–" if isinstance(value, tuple) else str(value).replace(".", point)


def _entry(name: str, found: Found, language: str, received: date, trouble: list[Problem] | None = None) -> dict[str, Any]:
    known = _problems(found, received) if trouble is None else trouble
    return {
        "invoice": found.invoice.as_dict(),
        "problems": [problem.as_dict(language) for problem in known],
        "errors": errors(known),
        "source_document": found.document,
        "document_name": name,
    }


def _more(more: list[dict[str, Any]], language: str) -> list[str]:
    """The step goes on with the first invoice; nobody should believe that it was the only one."""
    named = ", ".join(f"{entry['invoice']['number']} ('{entry['document_name']}')" for entry in more)
    german, english = "Hier sind weitere Rechnungen dabei", "There are further invoices"
    return [f"{german if language.startswith('de') else english}: {named}."] if more else []


def _doubt(found: Found, reading: _Reading, language: str) -> str:
    """Why a person should look although something was found."""
    if reading.unreadable:
        return _unread(reading, language)
    if found.invoice.syntax == "PDF" and found.confidence < 0.6:
        german = "Das PDF sieht wie eine Rechnung aus, aber mehrere Werte waren nicht lesbar."
        english = "The PDF looks like an invoice, but several of its values could not be read."
        return german if language.startswith("de") else english
    return ""


def _unread(reading: _Reading, language: str) -> str:
    start = "Nicht lesbar" if language.startswith("de") else "Not readable"
    return f"{start}: {'; '.join(reading.unreadable)}" if reading.unreadable else ""


def _nothing(reading: _Reading, language: str) -> Result:
    output: dict[str, Any] = {
        "found": False,
        "invoice": None,
        "problems": [],
        "errors": 0,
        "source_document": "",
        "document_name": "",
        "others": [],
        "more": [],
    }
    evidence: dict[str, list[Evidence]] = {}
    return Result(output, evidence, unclear=_unread(reading, language))
