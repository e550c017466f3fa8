"""Payment files: SEPA credit transfers as pain.001.001.09 (ISO 20022), written and read back."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from xml.sax.saxutils import escape

from kontorist.core.errors import NotReadable

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
# the signs that every bank in the SEPA area takes; umlauts are written out, as the German banks' rules say
_LETTERS = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss", "ẞ": "SS", "&": "+", "_": "-", "#": "."}
    # letters that Unicode does not take apart
    | {"ø": "o", "Ø": "O", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D"}
    | {"ð": "d", "Ð": "D", "þ": "th", "Þ": "TH", "ı": "i", "ħ": "h", "Ħ": "H", "ŧ": "t", "Ŧ": "T", "€": "EUR"}
    | {"’": "'", "‘": "'", "´": "'", "`": "'", "–": "-", "—": "-"}
)
_REFUSED = re.compile(r"[^A-Za-z0-9/\-?:().,'+ ]+")


@dataclass(frozen=True)
class Payer:
    """Who pays, from which account."""

    name: str
    iban: str
    bic: str = ""


@dataclass(frozen=True)
class Payment:
    """One payment of a file."""

    name: str
    iban: str
    amount: Decimal
    purpose: str
    reference: str


def plain(text: str, length: int) -> str:
    """A text in the signs that banks take, not longer than allowed."""
    return " ".join(_REFUSED.sub(" ", _flat(text)).split())[:length].strip()


def lost(text: str) -> str:
    """The letters and figures of a text that banks do not take and nothing stands for."""
    return "".join(dict.fromkeys(c for c in _flat(text) if c.isalnum() and not c.isascii()))


def _flat(text: str) -> str:
    flat = unicodedata.normalize("NFC", text).translate(_LETTERS)
    return "".join(c for c in unicodedata.normalize("NFKD", flat) if not unicodedata.combining(c))


def write(message: str, created: datetime, payer: Payer, payments: Sequence[Payment], execute_on: date | None) -> bytes:
    """The bytes of a file. `message` names it for the bank, which refuses a second one of the same name."""
    count, total = len(payments), sum((one.amount for one in payments), Decimal(0))
    sums = f"<NbOfTxs>{count}</NbOfTxs><CtrlSum>{total:.2f}</CtrlSum>"
    agent = f"<BICFI>{payer.bic}</BICFI>" if payer.bic else "<Othr><Id>NOTPROVIDED</Id></Othr>"
    name = escape(plain(payer.name, 70))
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<Document xmlns="{NAMESPACE}"><CstmrCdtTrfInitn>',
        f"<GrpHdr><MsgId>{message}</MsgId><CreDtTm>{created:%Y-%m-%dT%H:%M:%S}</CreDtTm>{sums}<InitgPty><Nm>{name}</Nm></InitgPty></GrpHdr>",
        f"<PmtInf><PmtInfId>{message}</PmtInfId><PmtMtd>TRF</PmtMtd>{sums}<PmtTpInf><SvcLvl><Cd>SEPA</Cd></SvcLvl></PmtTpInf>",
        # the first of January 1999 means: as soon as possible
        f"<ReqdExctnDt><Dt>{execute_on or date(1999, 1, 1):%Y-%m-%d}</Dt></ReqdExctnDt>",
        f"<Dbtr><Nm>{name}</Nm></Dbtr><DbtrAcct><Id><IBAN>{payer.iban}</IBAN></Id></DbtrAcct>",
        f"<DbtrAgt><FinInstnId>{agent}</FinInstnId></DbtrAgt><ChrgBr>SLEV</ChrgBr>",
        *map(_payment, payments),
        "</PmtInf></CstmrCdtTrfInitn></Document>",
    ]
    return ("\n".join(lines) + "\n").encode()


def _payment(one: Payment) -> str:
    return (
        f"<CdtTrfTxInf><PmtId><EndToEndId>{escape(one.reference)}</EndToEndId></PmtId>"
        f'<Amt><InstdAmt Ccy="EUR">{one.amount:.2f}</InstdAmt></Amt><Cdtr><Nm>{escape(plain(one.name, 70))}</Nm></Cdtr>'
        f"<CdtrAcct><Id><IBAN>{one.iban}</IBAN></Id></CdtrAcct><RmtInf><Ustrd>{escape(plain(one.purpose, 140))}</Ustrd></RmtInf></CdtTrfTxInf>"
    )


@dataclass(frozen=True)
class File:
    """A payment file that was read."""

    message: str
    payer: Payer
    payments: tuple[Payment, ...]


def read(data: bytes) -> File:
    """The payments in a file. Raises NotReadable when it is none, or its sums are wrong."""
    from kontorist.reading.xml import parse_xml

    root = parse_xml(data)
    spaces = {"p": NAMESPACE}

    def text(node: Any, path: str) -> str:
        return str(node.findtext("/".join(f"p:{step}" for step in path.split("/")), default="", namespaces=spaces)).strip()

    head = root.find("p:CstmrCdtTrfInitn", spaces)
    if head is None:
        raise NotReadable("The file is no payment file (pain.001.001.09).")
    parts = head.findall("p:PmtInf", spaces)
    if not parts:
        raise NotReadable("The payment file holds no payments (PmtInf is missing).")
    payments = tuple(
        Payment(
            text(one, "Cdtr/Nm"),
            text(one, "CdtrAcct/Id/IBAN"),
            _amount(text(one, "Amt/InstdAmt")),
            text(one, "RmtInf/Ustrd"),
            text(one, "PmtId/EndToEndId"),
        )
        for part in parts
        for one in part.findall("p:CdtTrfTxInf", spaces)
    )
    total = sum((one.amount for one in payments), Decimal(0))
    if _amount(text(head, "GrpHdr/CtrlSum") or "0") != total or text(head, "GrpHdr/NbOfTxs") != str(len(payments)):
        raise NotReadable("The payment file's sums are not those of its payments.")
    return File(text(head, "GrpHdr/MsgId"), Payer(text(parts[0], "Dbtr/Nm"), text(parts[0], "DbtrAcct/Id/IBAN")), payments)


def _amount(text: str) -> Decimal:
    if not re.fullmatch(r"\d{1,18}(\.\d{0,5})?", text, re.ASCII):
        raise NotReadable(f"The payment file has an amount that cannot be read: '{text[:20]}'.")
    return Decimal(text)


def reference(text: str) -> str:
    """A fact's name as an end-to-end reference: what banks take, at most 35 signs."""
    return re.sub("/{2,}", "/", plain(text, 35)).strip("/")  # banks refuse slashes at the ends and twice


def payments_of(transfers: Sequence[Mapping[str, Any]]) -> list[Payment]:
    """The payments of an approved payload."""
    return [
        Payment(one["name"], one["iban"], Decimal(str(one["amount"])), one["purpose"], reference(one["reference"]))
        for one in transfers
    ]
