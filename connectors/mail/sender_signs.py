"""What speaks against the sender of a mail: another domain that looks like a known one, a broken signature, ourselves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from connectors._domains import domain_of, looks_like, within
from kontorist.reading.mail import Mail
from kontorist.reading.mail.signature import Signature

_PROVIDERS = {
    "gmail.com",
    "googlemail.com",
    "gmx.de",
    "gmx.net",
    "web.de",
    "t-online.de",
    "outlook.com",
    "hotmail.com",
    "icloud.com",
}


@dataclass(frozen=True)
class Sign:
    """One sign: `code` is that of its sentence."""

    code: str
    values: Sequence[str] = ()


def sender_signs(mail: Mail, own: str, known: Sequence[str], signature: Signature) -> Iterator[Sign]:
    """The signs of one mail; `own` is the mailbox's address, `known` are domains of partners."""
    sender = mail.sender.address
    if sender and sender.lower() == own.lower():
        yield Sign("ourselves", [sender])
    trusted = _trusted(mail, own, known)
    for address in dict.fromkeys(a.address for a in (mail.sender, *mail.reply_to[:3])):
        domain = domain_of(address)
        if like := _look_alike(domain, trusted):
            yield Sign("look-alike", [domain, like])
    if signature.result == "fail":
        yield Sign("signature", [signature.domain or "?"])


def _trusted(mail: Mail, own: str, known: Sequence[str]) -> list[str]:
    """Domains that one could be taken in by: ours, partners', and those of the others in the conversation."""
    others = [domain_of(a.address) for a in (*mail.to[:20], *mail.cc[:20])]
    found = [domain_of(own), *(k.strip().lower() for k in known), *others]
    return [d for d in dict.fromkeys(found) if d and d not in _PROVIDERS]


def _look_alike(domain: str, trusted: Sequence[str]) -> str:
    """The known domain that this one only looks like; empty when it is one of them, or like none."""
    if not domain or domain in _PROVIDERS or any(within(domain, t) or within(t, domain) for t in trusted):
        return ""
    return next((t for t in trusted if looks_like(domain, t)), "")
