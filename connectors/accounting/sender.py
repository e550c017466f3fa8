"""Who sent an invoice: the domain of the mail against the one in the creditor's record."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher
from typing import Any

from connectors.accounting.vendors import Vendor
from connectors.accounting.warnings import warn
from connectors.base import Warn
from kontorist.einvoice.accounts import unmasked


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


def looks_like(one: str, other: str) -> bool:
    """Whether people could take one domain for the other."""
    first, second = (_skeleton(domain.rpartition(".")[0] or domain) for domain in (one, other))
    close = SequenceMatcher(None, first, second).ratio() >= 0.85
    return first == second or close or (len(second) > 4 and second in _skeleton(one))


def _domain(address: object) -> str:
    """Not casefold(): that makes one of gross.example and groß.example, which are two owners' domains."""
    return str(address or "").rpartition("@")[2].strip().strip(".").lower()


def _within(domain: str, known: str) -> bool:
    return bool(known) and (domain == known or domain.endswith(f".{known}"))


def _skeleton(domain: str) -> str:
    """What is left when look-alikes are one: 0 and o, 1 and l and i, rn and m, Cyrillic and Latin, with or without hyphens."""
    domain = ".".join(map(_written_out, domain.split("."))).replace("ß", "ss")
    latin = unmasked(domain).lower().replace("rn", "m").replace("vv", "w")
    return re.sub(r"[^a-z0-9]", "", latin.translate(str.maketrans("01i35", "olles")))


def _written_out(label: str) -> str:
    """A part of a domain as people read it. Python's `idna` knows only the rules of 2003, which have no `ß`."""
    with contextlib.suppress(UnicodeError):
        return label.encode("ascii").removeprefix(b"xn--").decode("punycode") if label.startswith("xn--") else label
    return label
