"""Reading mails and invoices, against the bare parsers underneath."""

from __future__ import annotations

import sys
from email import message_from_bytes, policy
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.common import compare
from kontorist.einvoice.document import find_invoice
from kontorist.reading.mail import parse_mail, split_reply

MAILS = [p.read_bytes() for p in sorted((Path(__file__).resolve().parents[1] / "config/mails").glob("*.eml"))]


def _ours() -> None:
    for data in MAILS:
        split_reply(parse_mail(data).text)


def _bare() -> None:
    for data in MAILS:
        for part in message_from_bytes(data, policy=policy.compat32).walk():
            part.get_payload(decode=True)


def _invoices() -> list[bytes]:
    found = [a.data for data in MAILS for a in parse_mail(data).attachments if a.name.endswith(".xml")]
    return [d for d in found if b"CrossIndustryInvoice" in d or b"UBL" in d or b"ubl" in d]


def main() -> None:
    """A mail read and split; an e-invoice read."""
    from lxml import etree

    compare("read a mail", _ours, _bare, "standard library alone", len(MAILS), "ms")
    xml = _invoices()
    compare(
        "read an e-invoice",
        lambda: [find_invoice("x.xml", "", d) for d in xml],
        lambda: [etree.fromstring(d) for d in xml],
        "lxml alone",
        len(xml),
        "ms",
    )


if __name__ == "__main__":
    main()
