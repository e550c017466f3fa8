"""Counts what becomes of files that others wrote: read, refused rightly, or wrong. Writes docs/formats.md.

python -m scripts.formats FOLDER
"""

from __future__ import annotations

import copy
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from connectors.accounting.extf_files import read_file
from kontorist.core.errors import NotReadable
from kontorist.einvoice.document import find_invoice, read_root
from kontorist.einvoice.problem import ERROR
from kontorist.einvoice.problems import problems
from kontorist.reading import text_of
from kontorist.reading.bank import read_statements
from kontorist.reading.mail import parse_mail
from kontorist.reading.xml import parse_xml

PAGE = Path(__file__).resolve().parents[1] / "docs" / "formats.md"
READ, REFUSED = "read", "refused"


@dataclass
class Count:
    """What became of one set."""

    name: str
    files: int = 0
    read: int = 0
    refused: int = 0
    wrong: list[str] = field(default_factory=list)

    def row(self) -> str:
        """A row of the table."""
        return f"| {self.name} | {self.files} | {self.read} | {self.refused} | {len(self.wrong)} |"


BROKEN_BANK = {
    *("betterplace-amount_formats.sta", "betterplace-currency_in_25.sta", "betterplace-empty_86.sta"),
    *("betterplace-empty_entry_date.sta", "betterplace-empty_line.sta", "betterplace-missing_crlf_at_end.sta"),
    *("betterplace-sepa_snippet_broken.sta", "camt053.v2.wrong.xml"),
}
"""Pieces of statements without account or balance, one with an account in the middle of an entry, one without a statement."""


def counts(data: Path) -> Iterator[Count]:
    """All sets below a folder."""
    einvoice, bank, mail = data / "einvoice", data / "bank", data / "mail"
    good = [*(einvoice / "xrechnung").glob("*"), *(einvoice / "zugferd").glob("*")]
    yield _count("e-invoices: XRechnung, ZUGFeRD, Factur-X (UBL, CII, PDF)", good, _invoice, lambda _: READ)
    yield _count("e-invoices that are faulty", (einvoice / "zugferd-invalid").glob("*"), _invoice, lambda _: REFUSED)
    examples = [*(einvoice / "en16931-rules/ubl").rglob("*.xml"), *(einvoice / "en16931-rules/cii").rglob("*.[xX][mM][lL]")]
    yield _count("e-invoices: examples of EN 16931, every field", examples, _is_invoice, lambda _: READ)
    yield _count("invoices as PDF without data", (einvoice / "plain-pdf").glob("*"), _is_invoice, lambda _: READ)
    swift = [p for p in (bank / "mt940").glob("*") if p.suffix in (".sta", ".txt")]
    yield _count("bank: MT940 of many banks", swift, _statement, _wanted_of_bank)
    yield _count("bank: camt.052, .053, .054", (bank / "camt").glob("*.xml"), _statement, _wanted_of_bank)
    yield _count("DATEV: batch, master data, labels of accounts", (data / "datev").glob("*.csv"), _extf, lambda _: READ)
    odd = list((mail / "odd").glob("*.txt"))
    folders = ("plain_emails", "attachment_emails", "multi_charset", "expected-json", "replies")
    mails = [p for folder in folders for p in (mail / folder).glob("*.eml")]
    yield _count("mails, whole and broken", [*mails, *odd], _mail, lambda _: READ)
    hostile = list((data / "hostile/xml").glob("*"))
    yield _count("hostile XML", hostile, _xml, lambda p: READ if p.name.startswith("simple") else REFUSED)
    locked = {"libreoffice-writer-password.pdf"}
    pages = list((data / "pdf").rglob("*.pdf"))
    yield _count("PDF: forms, attachments, pictures, passwords", pages, _pdf, lambda p: REFUSED if p.name in locked else READ)


def _count(name: str, paths: Iterable[Path], look: Callable[[Path], str], wanted: Callable[[Path], str]) -> Count:
    count = Count(name)
    for path in sorted(p for p in paths if p.is_file()):
        count.files += 1
        try:
            found = look(path)
        except NotReadable:
            found = REFUSED
        if found != wanted(path):
            count.wrong.append(f"{path.name}: {found}")
        elif found == READ:
            count.read += 1
        else:
            count.refused += 1
    return count


def _invoice(path: Path) -> str:
    found = find_invoice(path.name, "", path.read_bytes())
    return READ if found and not any(one.severity == ERROR for one in problems(found)) else REFUSED


def _is_invoice(path: Path) -> str:
    found = find_invoice(path.name, "", path.read_bytes())
    return READ if found and found.invoice.number and found.invoice.gross is not None else REFUSED


def _wanted_of_bank(path: Path) -> str:
    return REFUSED if path.name in BROKEN_BANK else READ


def _statement(path: Path) -> str:
    return READ if any(one.entries for one in read_statements(path.name, path.read_bytes())) else REFUSED


def _extf(path: Path) -> str:
    return READ if read_file(path.read_bytes()).rows else REFUSED


def _mail(path: Path) -> str:
    return READ if parse_mail(path.read_bytes()) else REFUSED


def _xml(path: Path) -> str:
    parse_xml(path.read_bytes())
    return READ


def _pdf(path: Path) -> str:
    text_of(path.name, "application/pdf", path.read_bytes())
    return READ


def official_rules(data: Path) -> tuple[int, int, list[str], list[str]]:
    """The official unit tests: faults that are named by their rule, faults that are not, rules never named, false alarms."""
    from lxml import etree

    met = missed = 0
    rules: dict[str, int] = {}
    false: list[str] = []
    for path in sorted((data / "einvoice/en16931-rules/test").glob("*/*.xml")):
        for test in etree.parse(path).getroot().iter("{*}test"):
            inner = [child for child in test if etree.QName(child).localname in {"Invoice", "CreditNote"}]
            found = {one.rule for one in problems(read_root(copy.deepcopy(inner[0])))} if inner else set()
            for rule in (one.text.strip() for one in test.iter("{*}error")):
                met, missed = met + (rule in found), missed + (rule not in found)
                rules[rule] = rules.get(rule, 0) + (rule in found)
            false += [f"{path.name} {one.text}" for one in test.iter("{*}success") if one.text.strip() in found]
    return met, missed, sorted(rule for rule, times in rules.items() if not times), false


def page(data: Path) -> str:
    """The text of docs/formats.md."""
    met, missed, never, false = official_rules(data)
    left = f"{missed} are not ({', '.join(never)})" if missed else "none is left out"
    rules = (
        f"The official unit tests of the rules of EN 16931 contain {met + missed} faults: {met} are named by their rule, {left}. "
        f"False alarms: {len(false)}."
    )
    lines = [
        "# Formats, tried on files of others",
        "",
        "Files that other projects publish for tests (statements of many banks, official examples of e-invoices, odd mails). *Refused* are files that are",
        "faulty and are told so with the reason; *wrong* would be one that is refused without fault, or read with one.",
        "Made by `python -m scripts.formats FOLDER`; a test counts them again.",
        "",
        "| set | files | read | refused rightly | wrong |",
        "|---|---|---|---|---|",
        *(one.row() for one in counts(data)),
        "",
        "What was read is compared with what others read in it, where they say so: MT940 with the dumps beside the files, camt likewise, the",
        "fields of the official e-invoices, senders, recipients and attachments of mails. One difference is meant: a *reversed credit* (`RC`) in MT940",
        "takes money away; the dumps give it as income, and their balances do not add up.",
        "",
        rules,
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    PAGE.write_text(page(Path(sys.argv[1])), encoding="utf-8")
