"""Who sent an invoice: the domain of the mail against the one in the creditor's record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from connectors._domains import domain_of as _domain
from connectors._domains import looks_like
from connectors._domains import within as _within
from connectors.accounting.vendors import Vendor
from connectors.accounting.warnings import warn
from connectors.base import Warn


def domains(data: Mapping[str, Any], seller: Mapping[str, Any]) -> list[str]:
    """The domains of the mail's author and of the seller's address on the invoice."""
    mail = data.get("mail")
    author = (mail.get("from") or {}) if isinstance(mail, Mapping) else {}
    given = (author.get("address") if isinstance(author, Mapping) else "", seller.get("email"))
    return list(dict.fromkeys(domain for one in given if (domain := _domain(one))))


def sender_signs(data: Mapping[str, Any], vendor: Vendor | None, company: Mapping[str, Any], language: str) -> Iterator[Warn]:
    """The mail came from another domain than the creditor's; one that only looks like it stops the posting."""
    sender = next(iter(domains(data, {})), "")
    known = _domain(vendor.email_domain) if vendor else ""
    if not sender or not known or _within(sender, known) or _within(sender, _domain(company.get("email"))):
        return
    similar = looks_like(sender, known)
    german, english = (" und sieht ihr nur ähnlich", " and only looks like it") if similar else ("", "")
    yield warn(
        "sender-look-alike" if similar else "sender-domain",
        language,
        f"Die Mail kommt von {sender}; das ist nicht die Domain des Kreditors ({known}){german}.",
        f"The mail came from {sender}, which is not the vendor's domain ({known}){english}.",
        stop=similar,
    )
