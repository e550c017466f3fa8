"""Domains of senders: the same one, one below it, or one that only looks like it."""

from __future__ import annotations

import contextlib
import re
from difflib import SequenceMatcher

from kontorist.einvoice.accounts import unmasked


def looks_like(one: str, other: str) -> bool:
    """Whether people could take one domain for the other."""
    first, second = (_skeleton(domain.rpartition(".")[0] or domain) for domain in (one, other))
    close = SequenceMatcher(None, first, second).ratio() >= 0.85
    return first == second or close or (len(second) > 4 and second in first)


def domain_of(address: object) -> str:
    """The domain of an address. Not casefold(): that makes one of gross.example and groß.example, which are two owners' domains."""
    return str(address or "").rpartition("@")[2].strip().strip(".").lower()


def within(domain: str, known: str) -> bool:
    """Whether a domain is another one or lies below it."""
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
