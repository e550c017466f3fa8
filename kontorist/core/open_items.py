"""Open items by one name, so that a payment and a reminder of the same invoice know of each other."""

from __future__ import annotations

from collections.abc import Iterable


def item_key(party: object, number: object) -> str:
    """The name of an open item: whose account it is on, and the invoice's number, which others may have given, too."""
    return f"{str(party).strip()}/{str(number).strip()}"


def item_keys(party: object, numbers: object) -> list[str]:
    """The names of several, each once; one number may stand alone."""
    listed = numbers if isinstance(numbers, Iterable) and not isinstance(numbers, str) else [numbers]
    return list(dict.fromkeys(item_key(party, n) for n in listed if n is not None and str(n).strip()))
