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
    """What is odd about who sent it: another domain than the creditor's, answers that go elsewhere, a forged author."""
    sender = next(iter(domains(data, {})), "")
    known = _domain(vendor.email_domain) if vendor else ""
    yield from _author(sender, known, company, language)
    mail = data.get("mail")
    if isinstance(mail, Mapping):
        yield from _answers(mail, sender, known, language)
        yield from _forged(mail, sender, language)


def _answers(mail: Mapping[str, Any], sender: str, known: str, language: str) -> Iterator[Warn]:
    """Who asks back would ask somebody else: neither the author nor the creditor."""
    given = [_domain(one.get("address")) for one in mail.get("reply_to") or () if isinstance(one, Mapping)]
    others = [one for one in given if one and not _within(one, sender) and not _within(one, known) and not _within(sender, one)]
    if others:
        yield warn(
            "reply-to",
            language,
            f"Antworten auf die Mail gingen an {others[0]}, nicht an {known or sender}: den Kreditor unter einer bekannten Nummer fragen.",
            f"Answers to the mail would go to {others[0]}, not to {known or sender}: ask the vendor by a number that is known.",
        )


def _forged(mail: Mapping[str, Any], sender: str, language: str) -> Iterator[Warn]:
    if mail.get("sender_check") == "forged":
        yield warn(
            "sender-forged",
            language,
            f"Der Absender {sender} ist gefälscht: die Mail kam nicht von einem Server, der für ihn senden darf.",
            f"The author {sender} is forged: the mail did not come from a server that may send for them.",
        )


def _author(sender: str, known: str, company: Mapping[str, Any], language: str) -> Iterator[Warn]:
    """The mail came from another domain than the creditor's; one that only looks like it stops the posting."""
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
