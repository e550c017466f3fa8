"""A value found in a text, and the finders for values with a form of their own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import attrs


@attrs.frozen(slots=False)
class Candidate:
    """A value, where it stands, and how sure its form alone makes it."""

    value: Any
    start: int
    end: int
    confidence: float


_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}[ ]?\d{2}(?:[ ]?[A-Za-z0-9]{4}){2,7}(?:[ ]?[A-Za-z0-9]{1,4})?(?![A-Za-z0-9])")
_VAT = re.compile(
    r"(?<![A-Za-z0-9])(?:AT|BE|BG|CH|CY|CZ|DE|DK|EE|EL|ES|FI|FR|GB|HR|HU|IE|IT|LT|LU|LV|MT|NL|PL|PT|RO|SE|SI|SK|XI)[A-Z]?[ .-]?[0-9A-Z][0-9A-Z .-]{6,14}"
)
_EMAIL = re.compile(r"(?<![\w.+%-])[\w.+%-]+@[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,}(?![\w-])")
_PHONE = re.compile(
    r"(?<![\w.,:/-])(?:\+\d{1,3}|00[1-9]\d?|\(?0\d{1,5}\)?)[ ./()-]{0,3}\d(?:[ /()-]{0,3}\d){4,12}(?![\w]|[.,]\d)"
)
_LINK = re.compile(r"(?:https?://|www\.)[^\s<>\"')\]]+")


def ibans(text: str) -> Iterator[Candidate]:
    """IBANs whose checksum, country and length are right."""
    from schwifty import IBAN
    from schwifty.exceptions import SchwiftyException

    for match in _IBAN.finditer(text):
        # what follows an IBAN may look like a part of it ("… 00 BIC …"), so shorter readings are tried as well
        written = match.group()
        while len(written) >= 15:
            try:
                value = str(IBAN(written))
            except SchwiftyException:
                written = written[: max(written.rfind(" "), 0)].rstrip()
                continue
            yield Candidate(value, match.start(), match.start() + len(written), 0.99)
            break


def vat_ids(text: str) -> Iterator[Candidate]:
    """VAT identification numbers of the EU, Switzerland and the United Kingdom whose check digits are right."""
    from stdnum.exceptions import ValidationError

    at = 0
    while match := _VAT.search(text, at):
        written, at = match.group().rstrip(" .-"), match.start() + 2
        while len(written) >= 8:
            try:
                yield Candidate(_vat(written), match.start(), at := match.start() + len(written), 0.98)
                break
            except ValidationError:
                written = written[: max(written.rfind(" "), written.rfind("."), 0)].rstrip(" .-")


def _vat(written: str) -> str:
    from stdnum.ch import uid
    from stdnum.eu import vat
    from stdnum.gb import vat as gb_vat

    if written.startswith("CH"):
        return str(uid.validate(written.removesuffix(" MWST")))
    if written.startswith("GB"):
        return f"GB{gb_vat.validate(written)}"
    return str(vat.validate(written))


def emails(text: str) -> Iterator[Candidate]:
    """E-mail addresses, in lower case."""
    for match in _EMAIL.finditer(text):
        yield Candidate(match.group().rstrip(".").lower(), match.start(), match.end(), 0.95)


def phones(text: str) -> Iterator[Candidate]:
    """Phone numbers as they are written, blanks made single."""
    for match in _PHONE.finditer(text):
        if 7 <= sum(c.isdigit() for c in match.group()) <= 15:
            yield Candidate(" ".join(match.group().split()), match.start(), match.end(), 0.85)


def links(text: str) -> Iterator[Candidate]:
    """Web addresses."""
    for match in _LINK.finditer(text):
        written = match.group().rstrip(".,;:!?")
        yield Candidate(written, match.start(), match.start() + len(written), 0.95)
