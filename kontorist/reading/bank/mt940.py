"""MT940 and MT942 (SWIFT) as banks really write them, read strictly: what cannot be understood is refused with its line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from kontorist.core.errors import NotReadable
from kontorist.reading.bank.details import Details, read_details
from kontorist.reading.bank.statement import REPORT, STATEMENT, Balance, Entry, Statement

_TAG = re.compile(r":(\d\d[A-Z]?):(.*)", re.DOTALL)
_KNOWN = re.compile(r"(25|28C?|60[FM]|62[FM]|86|34F|13[A-Z]|90[A-Z])$")
"""The fields that may follow an entry."""
_END = re.compile(r"-(\}.*|X*)?\s*$")
_ENTRY = re.compile(
    r"(?P<value>\d{6})(?P<booked>\d{4}| {4})?(?P<sign>E?R?[CD])(?P<funds>[A-Z])?(?P<amount>\d{1,15}(?:,\d*)?)"
    r"(?P<kind>[NFS][A-Z0-9]{3})(?P<reference>.*?)(?://(?P<bank>[^\n]{0,34}))?$"
)
_BEGUN = re.compile(r"\d{6}(\d{4}| {4})?E?R?[CD]")
"""How an entry begins: one that is broken behind that is refused, not taken for text of the entry before it."""
_BALANCE = re.compile(r"(?P<sign>[CD])(?P<day>\d{6})(?P<currency>[A-Z]{3})(?P<amount>\d{1,15}(?:,\d*)?)")
_FURTHER = re.compile(r"/(?:OCMT|CHGS|EXCH)/")
"""What belongs into a line of its own below; some banks write it right behind the reference."""
_NONE = {"NONREF", ""}


@dataclass(frozen=True)
class _Field:
    tag: str
    line: int
    lines: list[str]

    @property
    def text(self) -> str:
        return self.lines[0].strip()


def looks_like_mt940(text: str) -> bool:
    """Whether a text is one, whole or not."""
    return bool(re.search(r"^:(20|25|28C?|60[FM]|61|62[FM]|86):", text, re.MULTILINE))


def read_mt940(text: str) -> list[Statement]:
    """The statements in a file. Raises NotReadable for the first thing that is missing or cannot be understood."""
    found = [_strict(fields) for fields in _split(text)]
    if not found:
        raise NotReadable("The file holds no statement (MT940).")
    return found


def read_fragments(text: str) -> list[Statement]:
    """The same for pieces of a file, without asking for account and balances."""
    return [_statement(fields) for fields in _split(text)]


def _split(text: str) -> Iterator[list[_Field]]:
    """The fields of each statement; a new one begins after `-` or at the next field :20:."""
    fields: list[_Field] = []
    for one in _fields(text):
        if one.tag == "20" and any(f.tag != "20" for f in fields):
            yield fields
            fields = []
        fields.append(one)
    if fields:
        yield fields


def _fields(text: str) -> Iterator[_Field]:
    current: _Field | None = None
    lines = re.split(r"\r\n|\n|\r", text)
    for number, line in enumerate(lines, 1):
        found = _TAG.match(line)
        if found and not (current and current.tag in ("61", "86") and _is_text(found, lines[number : number + 1])):
            if current:
                yield current
            current = _Field(found.group(1), number, [found.group(2)])
        elif _END.match(line):
            if current:
                yield current
            current = None
        elif current is not None:
            current.lines.append(line)
    if current:
        yield current


def _is_text(tag: re.Match[str], following: list[str]) -> bool:
    """Whether a line inside an entry only looks like a field: payers write `:15:00 Uhr`, and worse."""
    name, value = tag.groups()
    if name == "61":
        return not _BEGUN.match(value)
    if name == "20":
        return not "".join(following).startswith((":21:", ":25:", ":28"))
    if name in ("64", "65"):
        return not _BALANCE.match(value.strip())
    return not _KNOWN.match(name)


def _strict(fields: list[_Field]) -> Statement:
    tags = {one.tag for one in fields}
    where = f"line {fields[0].line}"
    for needed, name in (({"20"}, "reference (:20:)"), ({"25"}, "account (:25:)"), ({"28", "28C"}, "number (:28C:)")):
        if not tags & needed:
            raise NotReadable(f"{where}: the statement has no {name}.")
    if not tags & {"34F"} and not tags & {"60F", "60M"}:
        raise NotReadable(f"{where}: the statement has no opening balance (:60F:).")
    if not tags & {"34F"} and not tags & {"62F", "62M"}:
        raise NotReadable(f"{where}: the statement has no closing balance (:62F:); it breaks off.")
    accounts = [one for one in fields if one.tag == "25"]
    if len(accounts) > 1:
        raise NotReadable(
            f"line {accounts[1].line}: the statement names a second account (:25:), where text of an entry belongs."
        )
    return _statement(fields)


def _statement(fields: list[_Field]) -> Statement:
    first: dict[str, _Field] = {}
    for one in fields:
        first.setdefault(one.tag, one)
    openings, closings = ([one for one in fields if one.tag in tags] for tags in (("60F", "60M"), ("62F", "62M")))
    opening, closing = _balance(openings[0]) if openings else None, _balance(closings[-1]) if closings else None
    account, currency = _account(first["25"].text if "25" in first else "")
    currency = currency or next((one.currency for one in (opening, closing) if one), "") or _floor(first)
    entries = tuple(_entries(fields, account, currency))
    number = first.get("28C") or first.get("28")
    interim = "34F" in first
    return Statement(
        format="MT942" if interim else "MT940",
        account=account,
        id=first["20"].text if "20" in first else "",
        number=number.text if number else "",
        currency=currency,
        message=REPORT if interim else STATEMENT,
        opening=opening,
        closing=closing,
        entries=entries,
    ).sound()


def _floor(first: dict[str, _Field]) -> str:
    return first["34F"].text[:3] if "34F" in first else ""


def _account(text: str) -> tuple[str, str]:
    """The account, and the currency that some banks write right behind it."""
    found = re.fullmatch(r"(.*\d)\s?([A-Z]{3})", text)
    return (found.group(1), found.group(2)) if found else (text, "")


def _balance(field: _Field) -> Balance:
    found = _BALANCE.match(field.text)
    if not found:
        raise NotReadable(f"line {field.line}: '{field.text}' is no balance (:{field.tag}:).")
    value = _money(found["amount"])
    return Balance(value if found["sign"] == "C" else -value, found["currency"], _day(found["day"], field))


def _entries(fields: list[_Field], account: str, currency: str) -> Iterator[Entry]:
    """Each field :61: with the fields :86: that follow it; one behind the closing balance is the statement's."""
    for index, one in enumerate(fields):
        if one.tag == "61":
            lines = []
            for follower in fields[index + 1 :]:
                if follower.tag != "86":
                    break
                lines += follower.lines
            yield _entry(one, read_details(lines), account, currency)


def _entry(field: _Field, details: Details, account: str, currency: str) -> Entry:
    found = _ENTRY.match(field.lines[0].rstrip())
    if not found:
        raise NotReadable(f"line {field.line}: '{field.text}' is no entry (:61:).")
    value = _day(found["value"], field)
    # a reversed credit (RC) takes money away, a reversed debit (RD) brings it back
    sign = 1 if found["sign"][-2:] in ("C", "EC", "RD") else -1
    more = " ".join(" ".join(field.lines[1:]).split())
    told = _FURTHER.split(found["reference"])[0]
    reference, name = told[:16].strip(), told[16:].strip()  # Rabobank: the name behind it
    return Entry(
        amount=_money(found["amount"]) * sign,
        currency=currency,
        booking_date=_booked(found["booked"], value, field),
        value_date=value,
        account=account,
        counterparty=details.counterparty or name,
        iban=details.iban,
        bic=details.bic,
        purpose=details.purpose or more,
        end_to_end_id=details.end_to_end_id,
        mandate=details.mandate,
        creditor_id=details.creditor_id,
        customer_reference=details.customer_reference or ("" if reference in _NONE else reference),
        bank_reference="" if (found["bank"] or "") in _NONE else found["bank"].strip(),
        kind=details.kind or found["kind"],
        reversal="R" in found["sign"],
        pending=found["sign"].startswith("E"),
        place=f"line {field.line}",
    )


def _money(text: str) -> Decimal:
    whole, _, cents = text.partition(",")
    return Decimal(f"{whole}.{cents.ljust(2, '0')}")


def _day(text: str, field: _Field) -> date:
    try:
        return date(2000 + int(text[:2]), int(text[2:4]), int(text[4:6]))
    except ValueError as error:
        raise NotReadable(f"line {field.line}: '{text}' is no date (:{field.tag}:).") from error


def _booked(text: str | None, value: date, field: _Field) -> date:
    """The booking date has no year: of the three that fit, the one nearest to the value date."""
    if not (text or "").strip():
        return value
    month, day = int(str(text)[:2]), int(str(text)[2:])
    near = []
    for year in (value.year - 1, value.year, value.year + 1):
        try:
            near.append(date(year, month, day))
        except ValueError:
            continue
    if not near:
        raise NotReadable(f"line {field.line}: '{text}' is no day of a year (:61:).")
    return min(near, key=lambda one: abs(one - value) or timedelta(0))
