"""Field :86: of MT940: the subfields of German banks, the slash codes of others, plain text."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_WIDTH = 27
"""Characters a subfield of the purpose holds: a full one goes on in the next without a blank."""
_LINE = 65
# a sign that also stands in plain text (`166.00 EUR`, `471-22`) is none, and banks begin with one of these three
_SUBFIELDS = re.compile(r"\d{3}([^\w\s.,:;/()-])(?=00|10|20)")
_SEPA = re.compile(
    r"((?:EREF|KREF|MREF|CRED|DEBT|COAM|OAMT|SVWZ|ABWA|ABWE|IBAN|BIC|PURP)(?=\+|: )|MTLG(?=:))[+:]"  # some write `EREF: `
)
_SLASHED = re.compile(
    r"/(EREF|PREF|KREF|MARF|CSID|CNTP|BENM|ORDP|NAME|REMI|IBAN|BIC|TRTP|ISDT|ADDR|ULTB|ULTD|RTRN|PURP|NRTX|TRCD|SVCL|OCMT|EXCH)/"
)
_NONE = {"NOTPROVIDED", "NONREF", ""}


@dataclass
class Details:
    """What field :86: tells about an entry."""

    kind: str = ""
    purpose: str = ""
    counterparty: str = ""
    iban: str = ""
    bic: str = ""
    end_to_end_id: str = ""
    mandate: str = ""
    creditor_id: str = ""
    customer_reference: str = ""
    parts: dict[str, str] = field(default_factory=dict)
    """The subfields as they came."""


def read_details(lines: list[str]) -> Details:
    """What the lines of a field :86: say, in whichever way they are structured."""
    glued = "".join(lines)
    if found := _SUBFIELDS.match(glued):
        return _german(glued, found.group(1))
    if glued.startswith("/") and _SLASHED.match(glued):
        return _slashed(glued)
    return Details(purpose=joined([line.strip("\r") for line in lines], _LINE))


def _german(text: str, sign: str) -> Details:
    pieces = re.split(rf"{re.escape(sign)}(?=\d\d)", text[3:])
    parts: dict[str, str] = {}
    for piece in pieces[1:]:
        parts[piece[:2]] = parts.get(piece[:2], "") + piece[2:]
    told = joined([parts[one] for one in sorted(parts) if "20" <= one <= "29" or "60" <= one <= "63"])
    tags = _tagged(_SEPA, told)
    return Details(
        kind=" ".join(one for one in (text[:3], parts.get("00", "").strip()) if one),
        purpose=tags.get("SVWZ") or tags.get("MTLG") or tags[""],
        counterparty=joined([parts.get("32", ""), parts.get("33", "")]),
        # the bank's own subfields first: what the payer wrote must not name another account
        iban=parts.get("31", "").strip() or tags.get("IBAN", ""),
        bic=parts.get("30", "").strip() or tags.get("BIC", ""),
        end_to_end_id=_real(tags.get("EREF")),
        mandate=_real(tags.get("MREF")),
        creditor_id=_real(tags.get("CRED")),
        customer_reference=_real(tags.get("KREF")),
        parts=parts,
    )


def _slashed(text: str) -> Details:
    tags = _tagged(_SLASHED, text)
    account = tags.get("CNTP", "").strip("/").split("/")
    names = re.match(r"/?(?:NAME/)?(.*)", tags.get("BENM") or tags.get("ORDP") or "")
    account += [""] * (3 - len(account))
    return Details(
        kind=tags.get("TRTP", "").strip("/ "),
        purpose=re.sub(r"^/*(?:(?:USTD|STRD)/+)?", "", tags.get("REMI", "")).strip("/ "),
        counterparty=(tags.get("NAME") or account[2] or (names.group(1) if names else "")).strip("/ "),
        iban=(tags.get("IBAN") or account[0]).strip("/ "),
        bic=(tags.get("BIC") or account[1]).strip("/ "),
        end_to_end_id=_real(tags.get("EREF", "").strip("/")),
        mandate=_real(tags.get("MARF", "").strip("/")),
        creditor_id=_real(tags.get("CSID", "").strip("/")),
        parts={key: value for key, value in tags.items() if key},
    )


def _tagged(pattern: re.Pattern[str], text: str) -> dict[str, str]:
    """The text behind each tag; what stands before the first one under an empty key. The first of twins counts."""
    found = pattern.split(text)
    tags = {"": found[0].strip()}
    for tag, value in zip(found[1::2], found[2::2], strict=True):
        tags.setdefault(tag, value.strip())
    return tags


def joined(pieces: list[str], width: int = _WIDTH) -> str:
    """Subfields as one text: one that is full, or breaks off with a blank, goes on in the next."""
    text = last = ""
    for piece in pieces:
        glue = "" if not text or len(last) >= width or last.endswith(" ") or piece.startswith(" ") else " "
        text, last = text + glue + piece, piece
    return " ".join(text.split())


def _real(reference: str | None) -> str:
    return "" if (reference or "").upper() in _NONE else str(reference)
