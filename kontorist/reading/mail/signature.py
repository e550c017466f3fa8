"""Whether the sender's domain has signed a mail, checked by ourselves (DKIM, RFC 6376). Needs a name server to ask."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

_LARGEST = 20 * 2**20
_AT_MOST = 3  # signatures; each costs a question to the name server
_SECONDS = 4.0


@dataclass(frozen=True)
class Signature:
    """What a mail's signatures say."""

    result: str
    """`pass` (signed by the author's domain, unchanged), `other` (by another domain), `fail`, `none` or `unknown`."""
    domain: str = ""
    """Who has signed."""


def signature_of(data: bytes, author: str, resolver: str | None) -> Signature:
    """Check the signatures of a mail from this author. Without a resolver nothing is asked and nothing known."""
    if not resolver or len(data) > _LARGEST:
        return Signature("unknown")
    domains = _signers(data)
    if not domains:
        return Signature("none")
    found = [Signature(_verified(data, i, resolver, domain, author), domain) for i, domain in enumerate(domains)]
    order = ("pass", "other", "fail", "unknown")
    return min(found, key=lambda s: order.index(s.result))


def _signers(data: bytes) -> list[str]:
    head = re.split(rb"\r?\n\r?\n", data[:200_000], maxsplit=1)[0]
    fields = re.findall(rb"(?im)^DKIM-Signature:((?:[^\r\n]*\r?\n[ \t])*[^\r\n]*)", head)[:_AT_MOST]
    names = [
        None
        if re.search(rb"(?:^|;)\s*l\s*=", f)
        else re.search(rb"(?:^|;)\s*d\s*=\s*([A-Za-z0-9._-]+)", re.sub(rb"\s+", b" ", f))
        for f in fields
    ]
    # with l= anybody may add to the mail: that is no signature of what people read (RFC 6376 §8.2)
    return [n[1].decode("ascii").lower() if n else "" for n in names]


def _verified(data: bytes, index: int, resolver: str, domain: str, author: str) -> str:
    import dkim

    if not domain:
        return "fail"
    asked = _Asked(resolver)
    try:
        good = dkim.DKIM(data, timeout=int(_SECONDS)).verify(idx=index, dnsfunc=asked)
    except Exception:  # noqa: BLE001 - a signature is a stranger's text: whatever it breaks, it is no proof
        return "unknown" if asked.failed else "fail"
    if not good:
        return "unknown" if asked.failed else "fail"
    sender = author.rpartition("@")[2].lower()
    if "." not in sender:
        return "other"
    return "pass" if sender == domain or sender.endswith(f".{domain}") or domain.endswith(f".{sender}") else "other"


class _Asked:
    """Asks one name server for TXT records, and remembers whether it did not answer."""

    def __init__(self, resolver: str) -> None:
        self._resolver = resolver
        self.failed = False

    def __call__(self, name: Any, timeout: float = _SECONDS) -> bytes | None:
        import dns.exception
        import dns.resolver

        try:
            answer = self._made().resolve(bytes(name).decode("ascii"), "TXT", lifetime=_SECONDS, search=False)
            return b"".join(next(iter(answer)).strings)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return None
        except (dns.exception.DNSException, UnicodeError, OSError):
            self.failed = True
            return None

    def _made(self) -> Any:
        import dns.resolver

        if self._resolver == "system":
            return dns.resolver.Resolver()
        host, _, port = self._resolver.partition(":") if self._resolver.count(":") == 1 else (self._resolver, "", "")
        made = dns.resolver.Resolver(configure=False)
        made.nameservers = [host]
        made.port = int(port or 53)
        return made
