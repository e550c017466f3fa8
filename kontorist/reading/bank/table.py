"""Account statements as CSV files of German banks: the columns are found by their headings, whatever stands above them."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from itertools import islice

from kontorist.core.errors import NotReadable
from kontorist.reading.bank.statement import Entry, Statement

_DELIMITERS = ";,\t|"
_ROLES: Mapping[str, Sequence[str]] = {
    "booking_date": ("buchungstag", "buchungsdatum", "buchung", "datum", "date", "booking date"),
    "value_date": ("valutadatum", "wertstellung", "wertstellungsdatum", "wertstellung (valuta)", "valuta", "wert", "value date"),
    "amount": ("betrag", "umsatz", "amount"),
    "debit": ("soll",),
    "credit": ("haben",),
    "sign": ("soll/haben", "soll / haben", "s/h", "soll/haben-kennzeichen", "soll-/haben-kennzeichen"),
    "currency": ("wahrung", "waehrung", "currency"),
    "account": ("auftragskonto", "iban auftragskonto", "iban kontoinhaber"),
    "counterparty": (
        *("beguenstigter/zahlungspflichtiger", "begunstigter/zahlungspflichtiger", "name zahlungsbeteiligter"),
        *(
            "auftraggeber/empfanger",
            "empfanger/zahlungspflichtiger",
            "auftraggeber/zahlungsempfanger",
            "begunstigter / auftraggeber",
            "auftraggeber / begunstigter",
            "partner name",
            "payee",
            "name",
            "empfaenger 1",
            "empfanger 1",
            "empfanger/auftraggeber",
            "empfanger / auftraggeber",
            "auftraggeber / empfanger",
            "auftraggeber/begunstigter",
            "begunstigter/auftraggeber",
        ),
    ),
    "payer": ("zahlungspflichtige*r", "auftraggeber"),
    "payee": ("zahlungsempfanger*in", "empfanger"),
    "iban": (
        *("kontonummer/iban", "iban zahlungsbeteiligter", "iban / kontonummer", "iban", "kontonummer", "konto-nr."),
        *("partner iban", "account number"),
    ),
    "bic": ("bic (swift-code)", "bic (swift-code) zahlungsbeteiligter", "bic zahlungsbeteiligter", "bic", "blz"),
    "purpose": (
        *("verwendungszweck", "vorgang/verwendungszweck", "payment reference", "buchungsdetails", "text", "beschreibung"),
        *("description", "details"),
    ),
    "text": ("buchungstext", "umsatzart", "umsatztyp", "vorgang", "transaction type", "type"),
    "end_to_end_id": ("kundenreferenz (end-to-end)", "kundenreferenz", "end-to-end-referenz"),
    "mandate": ("mandatsreferenz",),
    "creditor_id": ("glaeubiger id", "glaubiger id", "glaubiger-id", "glaeubiger-id"),
    "status": ("info", "status"),
}
_BANKS = {  # headings that only this bank's files have
    "Sparkasse": {"beguenstigter/zahlungspflichtiger", "begunstigter/zahlungspflichtiger"},
    "Volksbank": {"name zahlungsbeteiligter", "vorgang/verwendungszweck"},
    "DKB": {"zahlungspflichtige*r"},
    "ING": {"auftraggeber/empfanger"},
    "comdirect": {"wertstellung (valuta)"},
    "Commerzbank": {"iban kontoinhaber"},
    "Deutsche Bank, Postbank": {"begunstigter / auftraggeber"},
    "N26": {"payment reference"},
}
_IN_EURO = re.compile(r"\s*[\[(]?\s*(?:in )?(?:eur|euro|€)\s*[\])]?$")
_LINE = re.compile(r"(?:verwendungszweck|vwz)(?:zeile)?[-. ]?\d{1,2}$")
"""A heading of one of several columns that hold the lines of the purpose."""
_DAY = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4}|\d{2})$|(\d{4})-(\d{2})-(\d{2})$")
_COMMA = re.compile(r"[+-]?(\d{1,3}(\.\d{3})+|\d+)(,\d{1,2})?$")
_POINT = re.compile(r"[+-]?(\d{1,3}(,\d{3})+|\d+)(\.\d{1,2})?$")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b")
_PENDING = ("vorgemerkt", "pending", "ausstehend")
_NONE = {"NOTPROVIDED", "NONREF"}
_BALANCES = {"anfangssaldo", "endsaldo"}
_DEBIT, _CREDIT = {"S", "SOLL"}, {"H", "HABEN"}
_BEHIND = re.compile(r"(?P<bare>[\d.,']+)(?P<sign>[-+SH])$")
"""A sign behind the amount: `140,00-`, `140,00 S`."""
_APOSTROPHES = re.compile(r"(?<=\d)['\u2019](?=\d{3})")
"""Swiss banks group thousands with them."""
_DIGITS = 20
_LONGEST = 100_000
"""No cell of a bank is that long: a longer one is a broken file."""


def read_table(text: str) -> Statement:
    """The statement in a CSV file. Raises NotReadable when it has no columns for date and amount, or a row cannot be read."""
    lines = text.splitlines()
    for delimiter in _DELIMITERS:
        for number, line in enumerate(islice(lines, 40)):
            roles, headings = _roles(_cells(line, delimiter))
            if {"booking_date"} <= set(roles) and ({"amount"} <= set(roles) or {"debit", "credit"} <= set(roles)):
                return _statement(lines, number, delimiter, roles, headings)
    raise NotReadable("The file is no bank statement: it has no columns for booking date and amount.")


def _cells(line: str, delimiter: str) -> list[str]:
    return next(csv.reader([line], delimiter=delimiter), []) if len(line) < _LONGEST else []


def _roles(cells: Sequence[str]) -> tuple[dict[str, int], list[str]]:
    """Which column says what; of several that could, the one whose heading comes first in the list."""
    headings = [_plain(cell) for cell in cells]
    known = [_IN_EURO.sub("", heading) for heading in headings]
    roles: dict[str, int] = {}
    for role, words in _ROLES.items():
        places = [known.index(word) for word in words if word in known]
        if places:
            roles[role] = places[0]
    _own_account(roles, known)
    if "amount" in roles and headings.count("wahrung") > 1:  # ING: one for the balance, one for the amount
        later = [i for i in range(roles["amount"], len(headings)) if headings[i] == "wahrung"]
        roles["currency"] = later[0] if later else roles["currency"]
    if (
        "amount" in roles and "sign" not in roles and headings[roles["amount"] + 1 :][:1] == [""]
    ):  # VR banks: S or H behind the amount
        roles["sign"] = roles["amount"] + 1
    return roles, headings


def _own_account(roles: dict[str, int], known: Sequence[str]) -> None:
    """What names an account before the day of booking is the account that was exported, not the other side's."""
    places = [place for place, word in enumerate(known) if word in _ROLES["iban"]]
    before = [place for place in places if place < roles.get("booking_date", 0)]
    if "account" in roles or not before:
        return
    roles["account"] = before[0]
    if roles["iban"] in before:
        behind = [place for place in places if place not in before]
        roles.pop("iban")
        roles.update({"iban": behind[0]} if behind else {})


def _plain(heading: str) -> str:
    """Without accents, case and marks: `Währung` may come as `Wahrung` and still be the same."""
    text = unicodedata.normalize("NFKD", heading.strip().lstrip("\ufeff").strip('"').lower())
    return " ".join("".join(c for c in text if not unicodedata.combining(c)).split())


def _statement(lines: list[str], start: int, delimiter: str, roles: Mapping[str, int], headings: list[str]) -> Statement:
    above = " ".join(lines[:start])
    own = next((found.group().replace(" ", "") for found in [_IBAN.search(above)] if found), "")
    heading = headings[roles["amount"]] if "amount" in roles else ""
    currency = "EUR" if "eur" in heading or "€" in heading or "currency" not in roles else ""
    entries = []
    purposes = _purposes(headings)
    letters: dict[int, set[str]] = {}
    for place, cells in _rows(lines, start, delimiter, roles["booking_date"]):
        if any(cell.strip().lower() in _BALANCES for cell in cells):
            continue
        row = _Row(_by_role(cells, roles, purposes), place, delimiter)
        if _DAY.match(row.text("booking_date")) or (row.text("booking_date") and row.money()):
            entries.append(row.entry(own, currency))
            for i, cell in enumerate(cells):
                letters.setdefault(i, set()).add(cell.strip().upper())
        elif row.text("amount") and _DAY.match(row.text("value_date")):
            raise NotReadable(f"{place}: the row has an amount, but no booking date.")
    _no_strange_sign(letters, roles, headings)
    accounts = {one.account for one in entries} - {""}
    if len(accounts) > 1:
        raise NotReadable(f"The file has entries of several accounts ({', '.join(sorted(accounts))}); export one at a time.")
    bank = next((name for name, signs in _BANKS.items() if signs & set(headings)), "")
    kept = tuple(one for one in entries if one is not None)
    return Statement(
        format=f"CSV ({bank})" if bank else "CSV",
        account=own or next(iter(accounts), ""),
        currency=next((one.currency for one in kept), currency),
        entries=kept,
    ).sound()


def _purposes(headings: Sequence[str]) -> list[int]:
    """The columns of a purpose that has several; none where it has one or none."""
    lines = [i for i, heading in enumerate(headings) if heading == "verwendungszweck" or _LINE.match(heading)]
    return lines if any(_LINE.match(headings[i]) for i in lines) else []


def _by_role(cells: Sequence[str], roles: Mapping[str, int], purposes: Sequence[int]) -> dict[str, str]:
    """The cells of a row by what they say; lines of a purpose in several columns are one."""
    found = {role: cells[i].strip() for role, i in roles.items() if i < len(cells)}
    if lines := [cells[i].strip() for i in purposes if i < len(cells) and cells[i].strip()]:
        found["purpose"] = " ".join(lines)
    return found


def _rows(lines: list[str], start: int, delimiter: str, day: int) -> Iterator[tuple[str, list[str]]]:
    """The records below the headings with the line each ends in. Raises NotReadable for one that swallows others."""
    rows = csv.reader(io.StringIO("\n".join(lines[start + 1 :])), delimiter=delimiter)
    before = start + 1
    while True:
        try:
            cells = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            raise NotReadable(f"line {before + 1}: the row cannot be read; a cell in it never ends.") from error
        now = start + 1 + rows.line_num
        for number in range(before + 1, now):  # the second line of the record and those behind it
            cut = [cell.strip().strip('"') for cell in lines[number].split(delimiter)]
            if len(cut) > day + 1 and _DAY.match(cut[day]):
                raise NotReadable(f"line {before + 1}: a quotation mark swallows line {number + 1}; take it out of the file.")
        if any(len(cell) > _LONGEST for cell in cells):
            raise NotReadable(f"line {before + 1}: the row cannot be read; a cell in it never ends.")
        before = now
        yield f"line {now}", cells


def _no_strange_sign(letters: Mapping[int, set[str]], roles: Mapping[str, int], headings: Sequence[str]) -> None:
    """Raises NotReadable for a column of S and H that is not known as the sign: amounts would count the wrong way."""
    for i, found in letters.items():
        if i != roles.get("sign") and found & {"S", "H"} and found <= {"S", "H", ""} and "debit" not in roles:
            heading = headings[i] if i < len(headings) else ""
            raise NotReadable(f"The column '{heading}' holds S and H, and it is not known whether they mean debit and credit.")


class _Row:
    """One line of the file by the roles of its columns."""

    def __init__(self, cells: Mapping[str, str], place: str, delimiter: str) -> None:
        self.cells, self.place, self.delimiter = cells, place, delimiter

    def text(self, role: str) -> str:
        return " ".join(self.cells.get(role, "").split())

    def entry(self, account: str, currency: str) -> Entry:
        amount = self.amount()
        party = self.text("counterparty") or self.text("payer" if amount > 0 else "payee")
        return Entry(
            amount=amount,
            currency=self.text("currency") or currency or "EUR",
            booking_date=self.day("booking_date"),
            value_date=self.day("value_date") if self.text("value_date") else None,
            account=account or self.text("account").replace(" ", ""),
            counterparty=party,
            iban=self.text("iban").replace(" ", ""),
            bic=self.text("bic"),
            purpose=self.text("purpose") or self.text("text"),
            kind=self.text("text"),
            pending=any(word in self.text("status").lower() for word in _PENDING),
            place=self.place,
            end_to_end_id=self.reference("end_to_end_id"),
            mandate=self.reference("mandate"),
            creditor_id=self.reference("creditor_id"),
        )

    def reference(self, role: str) -> str:
        return "" if self.text(role).upper() in _NONE else self.text(role)

    def day(self, role: str) -> date:
        found = _DAY.match(self.text(role))
        text = found.groups() if found else ()
        try:
            if found and found.group(4):
                return date(*map(int, text[3:6]))
            day, month, year = map(int, text[:3])
            return date(year + 2000 if year < 100 else year, month, day)
        except ValueError as error:
            raise NotReadable(f"{self.place}: '{self.text(role)}' is no date.") from error

    def money(self) -> str:
        """What stands where an amount belongs; sums below the table have none."""
        return self.text("amount") or self.text("debit") or self.text("credit")

    def amount(self) -> Decimal:
        if self.text("amount"):
            value = self.number("amount")
            sign = self.text("sign").upper()
            if sign not in {*_DEBIT, *_CREDIT, "+", "-", ""}:
                raise NotReadable(f"{self.place}: '{self.text('sign')}' is neither debit (S) nor credit (H).")
            return -abs(value) if sign in {*_DEBIT, "-"} else value
        if self.text("debit"):
            return -abs(self.number("debit"))
        return abs(self.number("credit"))

    def number(self, role: str) -> Decimal:
        bare = _APOSTROPHES.sub("", re.sub(r"[\s€]|EUR", "", self.text(role)))
        if behind := _BEHIND.match(bare):
            bare = ("-" if behind["sign"] in "-S" else "") + behind["bare"]
        if len(bare) > _DIGITS:
            raise NotReadable(f"{self.place}: '{bare[:_DIGITS]}…' is no amount.")
        if (_COMMA if self.delimiter != "," or "," in bare[-3:] else _POINT).match(bare):
            comma = self.delimiter != "," or "," in bare[-3:]
            return Decimal(bare.replace("." if comma else ",", "").replace(",", ".")).quantize(Decimal("0.01"))
        if _POINT.match(bare) and bare.count(".") == 1 and "," not in bare:
            return Decimal(bare).quantize(Decimal("0.01"))
        raise NotReadable(f"{self.place}: '{self.text(role)}' is no amount.")
