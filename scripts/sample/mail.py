"""How a sample mail is described and written: the same bytes every time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any

OFFICE = "Hansen & Brandt Kundenservice <service@hansen-brandt.example>"
BERLIN = timezone(timedelta(hours=1))  # in winter
DAYS = (19, 20, 23)
"""Thursday, Friday and Monday of November 2026, on which the mails arrive."""
A_DAY = 30


@dataclass(frozen=True)
class File:
    """An attachment."""

    name: str
    media_type: str
    data: bytes = field(repr=False)


@dataclass(frozen=True)
class Sample:
    """One mail and what the office should make of it."""

    slug: str
    """The file's name without its number."""
    sender: str
    subject: str
    text: str = ""
    html: str = ""
    files: Sequence[File] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: bytes = b""
    """The whole mail instead, for those that no mail library writes; `{id}` and `{date}` are filled in."""
    truth: Mapping[str, Any] = field(default_factory=dict)
    """label (of the flow mailroom; None: a machine's mail), `also`: labels that a person may find right too, outcome (reply |
    posting | filed | unclear | stopped), language, and where they apply order_number, invoice_number, gross, warnings (codes)."""


def message_id(slug: str, sender: str) -> str:
    """An id that stays the same."""
    domain = sender.rpartition("@")[2].rstrip("> ") or "unknown.example"
    return f"<{slug}.2026@{domain}>"


def _moment(position: int) -> datetime:
    """Within office hours, some minutes after the one before."""
    day, nth = divmod(position, A_DAY)
    return datetime(2026, 11, DAYS[day], 7, 12, tzinfo=BERLIN) + timedelta(minutes=19 * nth + position * 7 % 11)


def written(sample: Sample, position: int) -> bytes:
    """The mail as bytes; the position decides its date."""
    moment = _moment(position)
    ident, date = message_id(sample.slug, sample.sender), format_datetime(moment)
    if sample.raw:
        return sample.raw.replace(b"{id}", ident.encode()).replace(b"{date}", date.encode())
    mail = EmailMessage(policy=SMTP.clone(max_line_length=200))
    mail["Received"] = f"from mx.{ident.rpartition('@')[2].rstrip('>')} by mail.hansen-brandt.example; {date}"
    for name, value in {
        "From": sample.sender,
        "To": OFFICE,
        "Subject": sample.subject,
        "Date": date,
        "Message-ID": ident,
    }.items():
        mail[name] = value
    for name, value in sample.headers.items():
        mail[name] = value
    if sample.text or not sample.html:
        mail.set_content(sample.text, cte="8bit")
    if sample.html and sample.text:
        mail.add_alternative(sample.html, subtype="html", cte="8bit")
    elif sample.html:
        mail.set_content(sample.html, subtype="html", cte="8bit")
    for file in sample.files:
        main, _, sub = file.media_type.partition("/")
        mail.add_attachment(file.data, maintype=main, subtype=sub, filename=file.name)
    if mail.is_multipart():
        _fixed_boundaries(mail, sample.slug)
    return mail.as_bytes()


def _fixed_boundaries(mail: EmailMessage, slug: str) -> None:
    for number, part in enumerate(p for p in mail.walk() if p.is_multipart()):
        part.set_boundary(f"=_{slug}_{number}")
